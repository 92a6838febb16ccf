//! Campaigns, codes and redemptions in the database.

use super::rules::code_key;
use super::{Campaign, Holding, ListedCampaign, PromotionCode, Taken, Whose};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, CampaignId, OrderId, PromotionCodeId, VendorId};
use crate::money::Money;

/// The campaign with this id.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_campaign(tx: &mut Tx, vendor_id: &VendorId, id: &CampaignId) -> Result<Option<Campaign>, DbError> {
    fetch_optional!(tx, Campaign, "SELECT * FROM campaigns WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

/// The campaign, its row locked: nobody else takes a redemption of it, or changes its limits, before this is committed.
pub(super) async fn lock_campaign(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &CampaignId,
) -> Result<Option<Campaign>, DbError> {
    fetch_optional!(
        tx,
        Campaign,
        "UPDATE campaigns SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 RETURNING *",
        vendor_id,
        id
    )
}

/// The vendor's campaigns, or those of them that are somebody's, newest first, at most `limit` of those older than `before`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_campaigns(
    tx: &mut Tx,
    vendor_id: &VendorId,
    whose: &Whose,
    before: Option<(UnixMs, &CampaignId)>,
    limit: i64,
) -> Result<Vec<ListedCampaign>, DbError> {
    let (at, id) = before.map_or((UnixMs(i64::MAX), ""), |(at, id)| (at, id.as_str()));
    fetch_all!(
        tx,
        ListedCampaign,
        "SELECT c.*,
                (SELECT COUNT(*) FROM redemptions r WHERE r.campaign_id = c.id AND r.state = 'redeemed') AS redeemed,
                (SELECT COUNT(*) FROM redemptions r WHERE r.campaign_id = c.id AND r.state = 'reserved') AS reserved,
                (SELECT COUNT(*) FROM promotion_codes p WHERE p.campaign_id = c.id) AS codes,
                (SELECT a.company FROM accounts a WHERE a.vendor_id = c.vendor_id AND a.id = c.owner_account_id)
                    AS owner_company
         FROM campaigns c
         WHERE c.vendor_id = $1 AND (c.created_at < $2 OR c.created_at = $2 AND c.id < $3)
           AND ($4 = '' OR $4 = 'vendor' AND c.owner_account_id IS NULL OR c.owner_account_id = $4)
         ORDER BY c.created_at DESC, c.id DESC LIMIT $5",
        vendor_id,
        at,
        id,
        whose.as_str(),
        limit
    )
}

/// A campaign as the list has it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_campaign_with_counts(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &CampaignId,
) -> Result<Option<ListedCampaign>, DbError> {
    fetch_optional!(
        tx,
        ListedCampaign,
        "SELECT c.*,
                (SELECT COUNT(*) FROM redemptions r WHERE r.campaign_id = c.id AND r.state = 'redeemed') AS redeemed,
                (SELECT COUNT(*) FROM redemptions r WHERE r.campaign_id = c.id AND r.state = 'reserved') AS reserved,
                (SELECT COUNT(*) FROM promotion_codes p WHERE p.campaign_id = c.id) AS codes,
                (SELECT a.company FROM accounts a WHERE a.vendor_id = c.vendor_id AND a.id = c.owner_account_id)
                    AS owner_company
         FROM campaigns c WHERE c.vendor_id = $1 AND c.id = $2",
        vendor_id,
        id
    )
}

pub(super) async fn insert_campaign(tx: &mut Tx, campaign: &Campaign) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO campaigns (id, vendor_id, owner_account_id, name, percent_bp, amount_minor, currency, duration,
                                duration_months, plan_ids, product_ids, minimum_minor, minimum_currency,
                                first_purchase_only, max_redemptions, max_per_account, starts_at, ends_at, created_by,
                                created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        &campaign.id,
        &campaign.vendor_id,
        campaign.owner_account_id.as_ref(),
        &campaign.name,
        campaign.percent_bp,
        campaign.amount_minor,
        campaign.currency,
        campaign.duration,
        campaign.duration_months,
        campaign.plan_ids.clone(),
        campaign.product_ids.clone(),
        campaign.minimum_minor,
        campaign.minimum_currency,
        campaign.first_purchase_only,
        campaign.max_redemptions,
        campaign.max_per_account,
        campaign.starts_at,
        campaign.ends_at,
        campaign.created_by.as_ref(),
        campaign.created_at
    )?;
    Ok(())
}

/// Writes what of a campaign may change.
pub(super) async fn update_campaign(tx: &mut Tx, campaign: &Campaign) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE campaigns SET name = $3, ends_at = $4, max_redemptions = $5, max_per_account = $6, paused_at = $7
         WHERE vendor_id = $1 AND id = $2",
        &campaign.vendor_id,
        &campaign.id,
        &campaign.name,
        campaign.ends_at,
        campaign.max_redemptions,
        campaign.max_per_account,
        campaign.paused_at
    )?;
    Ok(())
}

/// `true` where the coupon was not known before.
pub(super) async fn set_coupon(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &CampaignId,
    coupon_id: &str,
) -> Result<bool, DbError> {
    let set = execute!(
        tx,
        "UPDATE campaigns SET stripe_coupon_id = $3 WHERE vendor_id = $1 AND id = $2 AND stripe_coupon_id IS NULL",
        vendor_id,
        id,
        coupon_id
    )?;
    Ok(set == 1)
}

/// A code of the vendor's, in whatever case it was typed.
pub(super) async fn find_code(tx: &mut Tx, vendor_id: &VendorId, code: &str) -> Result<Option<PromotionCode>, DbError> {
    fetch_optional!(
        tx,
        PromotionCode,
        "SELECT id, campaign_id, code, max_redemptions, paused_at, paused_by_owner, created_at, CAST(0 AS BIGINT) AS redeemed,
                CAST(0 AS BIGINT) AS reserved
         FROM promotion_codes WHERE vendor_id = $1 AND code_key = $2",
        vendor_id,
        code_key(code)
    )
}

/// A campaign's codes, newest first, at most `limit` of those older than `before`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_codes(
    tx: &mut Tx,
    vendor_id: &VendorId,
    campaign_id: &CampaignId,
    before: Option<(UnixMs, &PromotionCodeId)>,
    limit: i64,
) -> Result<Vec<PromotionCode>, DbError> {
    let (at, id) = before.map_or((UnixMs(i64::MAX), ""), |(at, id)| (at, id.as_str()));
    fetch_all!(
        tx,
        PromotionCode,
        "SELECT p.id, p.campaign_id, p.code, p.max_redemptions, p.paused_at, p.paused_by_owner, p.created_at,
                (SELECT COUNT(*) FROM redemptions r WHERE r.code_id = p.id AND r.state = 'redeemed') AS redeemed,
                (SELECT COUNT(*) FROM redemptions r WHERE r.code_id = p.id AND r.state = 'reserved') AS reserved
         FROM promotion_codes p
         WHERE p.vendor_id = $1 AND p.campaign_id = $2 AND (p.created_at < $3 OR p.created_at = $3 AND p.id < $4)
         ORDER BY p.created_at DESC, p.id DESC LIMIT $5",
        vendor_id,
        campaign_id,
        at,
        id,
        limit
    )
}

/// How many codes a campaign has.
pub(super) async fn count_codes(tx: &mut Tx, vendor_id: &VendorId, campaign_id: &CampaignId) -> Result<i64, DbError> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM promotion_codes WHERE vendor_id = $1 AND campaign_id = $2",
        vendor_id,
        campaign_id
    )?;
    Ok(count)
}

/// Adds a code; `false` where another is called so.
pub(super) async fn insert_code(
    tx: &mut Tx,
    cx: &Cx,
    campaign_id: &CampaignId,
    code: &str,
    max_redemptions: Option<i64>,
) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO promotion_codes (id, vendor_id, campaign_id, code, code_key, max_redemptions, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (vendor_id, code_key) DO NOTHING",
        &cx.id::<PromotionCodeId>(),
        &cx.vendor_id,
        campaign_id,
        code,
        code_key(code),
        max_redemptions,
        cx.now
    )?;
    Ok(inserted == 1)
}

/// Lets a code rest, or work again, for the partner whose campaign it is or for the vendor: the code, where that changed
/// anything; `None` otherwise. What the vendor lets rest the partner cannot let work again, whoever let it rest first.
pub(super) async fn set_code_paused(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &PromotionCodeId,
    at: Option<UnixMs>,
    by_owner: bool,
) -> Result<Option<String>, DbError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "UPDATE promotion_codes SET paused_at = $3, paused_by_owner = ($4 = 1 AND $5 = 1)
         WHERE vendor_id = $1 AND id = $2
           AND ($4 = 1 AND (paused_at IS NULL OR $5 = 0 AND paused_by_owner)
                OR $4 = 0 AND paused_at IS NOT NULL AND ($5 = 0 OR paused_by_owner))
         RETURNING code",
        vendor_id,
        id,
        at,
        i64::from(at.is_some()),
        i64::from(by_owner)
    )?;
    Ok(row.map(|(code,)| code))
}

/// The campaign that a code of the vendor's belongs to.
pub(super) async fn find_campaign_of_code(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &PromotionCodeId,
) -> Result<Option<CampaignId>, DbError> {
    let row = fetch_optional!(
        tx,
        (CampaignId,),
        "SELECT campaign_id FROM promotion_codes WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id
    )?;
    Ok(row.map(|(campaign_id,)| campaign_id))
}

/// A partner's campaigns that do not rest, in the order in which they are locked.
pub(super) async fn list_unpaused_of(
    tx: &mut Tx,
    vendor_id: &VendorId,
    owner_id: &AccountId,
) -> Result<Vec<CampaignId>, DbError> {
    let rows = fetch_all!(
        tx,
        (CampaignId,),
        "SELECT id FROM campaigns WHERE vendor_id = $1 AND owner_account_id = $2 AND paused_at IS NULL ORDER BY id",
        vendor_id,
        owner_id
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// What is taken of a campaign. Counted, not kept in counters that could drift: each count reads a range of one index and no
/// row (`redemptions_by_campaign`, `redemptions_by_code`), and only where there is a limit to hold, so it is short under the
/// campaign's lock. Where there is none, it is 0.
pub(super) async fn count_taken(
    tx: &mut Tx,
    campaign: &Campaign,
    code: &PromotionCode,
    account_id: &AccountId,
) -> Result<Taken, DbError> {
    let is_limited = |limit: Option<i64>| i64::from(limit.is_some());
    fetch_one!(
        tx,
        Taken,
        "SELECT (SELECT COUNT(*) FROM redemptions
                 WHERE $4 = 1 AND campaign_id = $1 AND state IN ('reserved', 'redeemed')) AS of_campaign,
                (SELECT COUNT(*) FROM redemptions
                 WHERE $5 = 1 AND code_id = $2 AND state IN ('reserved', 'redeemed')) AS of_code,
                (SELECT COUNT(*) FROM redemptions
                 WHERE campaign_id = $1 AND state IN ('reserved', 'redeemed') AND account_id = $3) AS by_account",
        &campaign.id,
        &code.id,
        account_id,
        is_limited(campaign.max_redemptions),
        is_limited(code.max_redemptions)
    )
}

/// The account's open orders that hold redemptions of a campaign, oldest first.
pub(super) async fn list_held(
    tx: &mut Tx,
    vendor_id: &VendorId,
    campaign_id: &CampaignId,
    account_id: &AccountId,
) -> Result<Vec<Holding>, DbError> {
    fetch_all!(
        tx,
        Holding,
        "SELECT r.order_id, r.code_id, o.payment, o.created_at AS placed_at FROM redemptions r
         JOIN orders o ON o.vendor_id = r.vendor_id AND o.id = r.order_id
         WHERE r.vendor_id = $1 AND r.campaign_id = $2 AND r.account_id = $3 AND r.state = 'reserved' AND o.status = 'open'
         ORDER BY r.reserved_at, r.order_id",
        vendor_id,
        campaign_id,
        account_id
    )
}

/// The greatest number of redemptions that one account has of a campaign.
pub(super) async fn most_by_one_account(
    tx: &mut Tx,
    vendor_id: &VendorId,
    campaign_id: &CampaignId,
) -> Result<i64, DbError> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM redemptions WHERE vendor_id = $1 AND campaign_id = $2 AND state <> 'released'
         GROUP BY account_id ORDER BY 1 DESC LIMIT 1",
        vendor_id,
        campaign_id
    )?;
    Ok(row.map_or(0, |(count,)| count))
}

/// A redemption that an order takes.
pub(super) struct NewRedemption<'a> {
    pub(super) code: &'a PromotionCode,
    pub(super) account_id: &'a AccountId,
    pub(super) order_id: &'a OrderId,
    pub(super) takes_off: Money,
}

pub(super) async fn insert_redemption(tx: &mut Tx, cx: &Cx, new: &NewRedemption<'_>) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO redemptions (id, vendor_id, campaign_id, code_id, account_id, order_id, state, takes_off_minor,
                                  currency, reserved_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'reserved', $7, $8, $9)",
        &cx.id::<crate::ids::RedemptionId>(),
        &cx.vendor_id,
        &new.code.campaign_id,
        &new.code.id,
        new.account_id,
        new.order_id,
        new.takes_off.amount_minor,
        new.takes_off.currency,
        cx.now
    )?;
    Ok(())
}

/// Settles an order's redemption, which is in one of two states now: the campaign, where there was such a redemption.
pub(super) async fn settle(
    tx: &mut Tx,
    cx: &Cx,
    order_id: &OrderId,
    from: [super::RedemptionState; 2],
    to: super::RedemptionState,
) -> Result<Option<CampaignId>, DbError> {
    let [one, other] = from;
    let row = fetch_optional!(
        tx,
        (CampaignId,),
        "UPDATE redemptions SET state = $5, settled_at = $6
         WHERE vendor_id = $1 AND order_id = $2 AND state IN ($3, $4) RETURNING campaign_id",
        &cx.vendor_id,
        order_id,
        one,
        other,
        to,
        cx.now
    )?;
    Ok(row.map(|(id,)| id))
}
