//! Adding codes to a campaign: one with a name, or many that are drawn.

use super::keeper::{Keeper, Kept};
use super::rules::{Fault, draw_code, is_limit};
use super::store;
use crate::audit;
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::ids::CampaignId;
use crate::orders::promotion::read_code;

/// Most codes that are drawn at once.
pub const MOST_AT_ONCE: i64 = 10_000;
/// Codes that are written in one transaction: nobody's purchase waits for thousands of rows.
const BATCH: i64 = 500;
/// Characters that a drawn code can begin with.
const PREFIX_MAX_CHARS: usize = 20;

/// Which codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodesWanted {
    /// One, called so.
    Named(String),
    /// So many, drawn.
    Drawn {
        /// How many.
        count: i64,
        /// What each begins with, or nothing.
        prefix: String,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodesAdded {
    /// So many are there now that were not.
    Added(i64),
    /// It cannot be so.
    Refused(Fault),
    /// No such campaign of the vendor's, or of the partner's.
    NotFound,
    /// The one who acts may not.
    NotAllowed,
}

/// Adds codes, each of which can be redeemed `max_redemptions` times. Many are written a few hundred at a time: a run that
/// dies in between leaves those that it wrote, and the audit rows say how many.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn add_codes(
    db: &Db,
    cx: &Cx,
    campaign_id: &CampaignId,
    wanted: &CodesWanted,
    max_redemptions: Option<i64>,
) -> Result<CodesAdded, DbError> {
    add(db, cx, Keeper::Vendor, campaign_id, wanted, max_redemptions).await
}

/// The same, for whoever looks after the campaign's codes.
pub(super) async fn add(
    db: &Db,
    cx: &Cx,
    keeper: Keeper,
    campaign_id: &CampaignId,
    wanted: &CodesWanted,
    max_redemptions: Option<i64>,
) -> Result<CodesAdded, DbError> {
    let (tx_cx, id, asked) = (cx.clone(), campaign_id.clone(), wanted.clone());
    let refused = db.read(|tx| Box::pin(async move { refuse(tx, &tx_cx, keeper, &id, &asked, max_redemptions).await }));
    if let Some(refused) = refused.await? {
        return Ok(refused);
    }
    let mut left = match wanted {
        CodesWanted::Named(_) => 1,
        CodesWanted::Drawn { count, .. } => *count,
    };
    let mut added = 0;
    while left > 0 {
        let (tx_cx, id, now) = (cx.clone(), campaign_id.clone(), left.min(BATCH));
        let codes: Vec<String> = match wanted {
            CodesWanted::Named(code) => vec![code.trim().to_owned()],
            CodesWanted::Drawn { prefix, .. } => {
                (0..now).map(|_| draw_code(prefix.trim(), cx.entropy.bytes())).collect()
            }
        };
        let written = db
            .write(move |tx| Box::pin(async move { write(tx, &tx_cx, keeper, &id, &codes, max_redemptions).await }))
            .await?;
        match written {
            CodesAdded::Added(written) => added += written,
            // What was written before stays.
            _ if added > 0 => break,
            refused => return Ok(refused),
        }
        left -= now;
    }
    Ok(CodesAdded::Added(added))
}

async fn refuse(
    tx: &mut Tx,
    cx: &Cx,
    keeper: Keeper,
    campaign_id: &CampaignId,
    wanted: &CodesWanted,
    max_redemptions: Option<i64>,
) -> Result<Option<CodesAdded>, DbError> {
    match keeper.find(tx, cx, campaign_id).await? {
        Kept::Campaign(_) => {}
        Kept::NotFound => return Ok(Some(CodesAdded::NotFound)),
        Kept::NotAllowed => return Ok(Some(CodesAdded::NotAllowed)),
    }
    let room = keeper.most_codes() - store::count_codes(tx, &cx.vendor_id, campaign_id).await?;
    let fault = match wanted {
        CodesWanted::Named(code) if read_code(code).is_none() => Some(Fault::Code),
        CodesWanted::Drawn { prefix, .. } if !is_prefix(prefix) => Some(Fault::Prefix),
        CodesWanted::Drawn { count, .. } if !(1..=keeper.most_at_once().min(room)).contains(count) => {
            Some(Fault::Count)
        }
        CodesWanted::Named(_) if room < 1 => Some(Fault::Count),
        _ if !is_limit(max_redemptions) => Some(Fault::MaxRedemptions),
        _ => None,
    };
    Ok(fault.map(CodesAdded::Refused))
}

fn is_prefix(prefix: &str) -> bool {
    let prefix = prefix.trim();
    prefix.is_empty() || prefix.len() <= PREFIX_MAX_CHARS && read_code(prefix).is_some()
}

async fn write(
    tx: &mut Tx,
    cx: &Cx,
    keeper: Keeper,
    campaign_id: &CampaignId,
    codes: &[String],
    max_redemptions: Option<i64>,
) -> Result<CodesAdded, DbError> {
    // Asked again in the transaction that writes: who may is what holds now.
    let campaign = match keeper.find(tx, cx, campaign_id).await? {
        Kept::Campaign(campaign) => campaign,
        Kept::NotFound => return Ok(CodesAdded::NotFound),
        Kept::NotAllowed => return Ok(CodesAdded::NotAllowed),
    };
    // Counted under the campaign's lock: of many who add at once none goes beyond the limit.
    store::lock_campaign(tx, &cx.vendor_id, campaign_id).await?;
    let wanted = i64::try_from(codes.len()).unwrap_or(i64::MAX);
    if wanted > keeper.most_codes() - store::count_codes(tx, &cx.vendor_id, campaign_id).await? {
        return Ok(CodesAdded::Refused(Fault::Count));
    }
    let mut written = 0;
    for code in codes {
        written += i64::from(store::insert_code(tx, cx, campaign_id, code, max_redemptions).await?);
    }
    if written == 0 {
        return Ok(CodesAdded::Refused(Fault::CodeTaken));
    }
    let name = codes.first().filter(|_| codes.len() == 1);
    let after = serde_json::json!({ "count": written, "code": name, "max_redemptions": max_redemptions });
    let (account_id, act) = match keeper {
        Keeper::Vendor => (None, "campaign.add_codes"),
        Keeper::Owner => (campaign.owner_account_id.as_ref(), "partner.add_codes"),
    };
    audit::record(tx, cx, account_id, act, campaign_id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(CodesAdded::Added(written))
}
