//! Letting one code of a campaign rest, and work again.

use super::keeper::{Keeper, Kept};
use super::{CampaignAct, store};
use crate::audit;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::PromotionCodeId;

/// Lets a code rest.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn pause_code(tx: &mut Tx, cx: &Cx, id: &PromotionCodeId) -> Result<CampaignAct, DbError> {
    set(tx, cx, Keeper::Vendor, id, Some(cx.now)).await
}

/// Lets a code work again.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn resume_code(tx: &mut Tx, cx: &Cx, id: &PromotionCodeId) -> Result<CampaignAct, DbError> {
    set(tx, cx, Keeper::Vendor, id, None).await
}

/// The same, for whoever looks after the campaign's codes.
pub(super) async fn set(
    tx: &mut Tx,
    cx: &Cx,
    keeper: Keeper,
    id: &PromotionCodeId,
    paused_at: Option<UnixMs>,
) -> Result<CampaignAct, DbError> {
    let Some(campaign_id) = store::find_campaign_of_code(tx, &cx.vendor_id, id).await? else {
        return Ok(CampaignAct::NotFound);
    };
    let campaign = match keeper.find(tx, cx, &campaign_id).await? {
        Kept::Campaign(campaign) => campaign,
        Kept::NotFound => return Ok(CampaignAct::NotFound),
        Kept::NotAllowed => return Ok(CampaignAct::NotAllowed),
    };
    let by_owner = keeper == Keeper::Owner;
    let Some(code) = store::set_code_paused(tx, &cx.vendor_id, id, paused_at, by_owner).await? else {
        return Ok(CampaignAct::Unchanged);
    };
    let after = serde_json::json!({ "code": code, "campaign_id": campaign_id, "paused_at": paused_at });
    let (account_id, act) = match (keeper, paused_at) {
        (Keeper::Vendor, Some(_)) => (None, "promotion_code.pause"),
        (Keeper::Vendor, None) => (None, "promotion_code.resume"),
        (Keeper::Owner, Some(_)) => (campaign.owner_account_id.as_ref(), "partner.pause_code"),
        (Keeper::Owner, None) => (campaign.owner_account_id.as_ref(), "partner.resume_code"),
    };
    audit::record(tx, cx, account_id, act, id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(CampaignAct::Done)
}
