//! Changing what of a campaign may change: its name, its end, and its limits, though never below what is taken.

use super::rules::{Fault, is_limit, is_name};
use super::{Campaign, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::CampaignId;

/// What it shall be from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignChanges {
    /// What it is called.
    pub name: String,
    /// First moment at which it is over.
    pub ends_at: Option<UnixMs>,
    /// How often it can be redeemed in all.
    pub max_redemptions: Option<i64>,
    /// How often one account can redeem it.
    pub max_per_account: Option<i64>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CampaignUpdate {
    /// It is as it shall be.
    Updated,
    /// It cannot be so.
    Refused(Vec<Fault>),
    /// No such campaign of the vendor.
    NotFound,
    /// The one who acts may not.
    NotAllowed,
}

/// Changes a campaign, under the lock that redemptions take as well.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn update_campaign(
    tx: &mut Tx,
    cx: &Cx,
    id: &CampaignId,
    changes: &CampaignChanges,
) -> Result<CampaignUpdate, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageCampaigns).await? {
        return Ok(CampaignUpdate::NotAllowed);
    }
    let Some(campaign) = store::lock_campaign(tx, &cx.vendor_id, id).await? else {
        return Ok(CampaignUpdate::NotFound);
    };
    let faults = faults(tx, &campaign, changes).await?;
    if !faults.is_empty() {
        return Ok(CampaignUpdate::Refused(faults));
    }
    let changed = Campaign {
        name: changes.name.trim().to_owned(),
        ends_at: end(campaign.ends_at, changes.ends_at),
        max_redemptions: changes.max_redemptions,
        max_per_account: changes.max_per_account,
        ..campaign.clone()
    };
    if changed != campaign {
        store::update_campaign(tx, &changed).await?;
        let (before, after) = (shown(&campaign), shown(&changed));
        audit::record(tx, cx, None, "campaign.update", id.as_str(), Some(&before), Some(&after)).await?;
    }
    Ok(CampaignUpdate::Updated)
}

/// Its end from now on. People name days: the day on which it ended already is no wish to begin it again until midnight.
fn end(stands: Option<UnixMs>, wanted: Option<UnixMs>) -> Option<UnixMs> {
    let day = |at: UnixMs| at.plus(-1).date();
    if stands.map(day) == wanted.map(day) { stands } else { wanted }
}

async fn faults(tx: &mut Tx, campaign: &Campaign, changes: &CampaignChanges) -> Result<Vec<Fault>, DbError> {
    let (vendor_id, id) = (&campaign.vendor_id, &campaign.id);
    let listed = store::find_campaign_with_counts(tx, vendor_id, id).await?;
    let taken = listed.map_or(0, |listed| listed.redeemed + listed.reserved);
    let by_one = store::most_by_one_account(tx, vendor_id, id).await?;
    let below = |limit: Option<i64>, taken: i64| limit.is_some_and(|limit| limit < taken);
    // Lowered only: a limit that stands is kept, whatever became of it.
    let lowers = |to: Option<i64>, from: Option<i64>| to != from;
    let (most, each) = (changes.max_redemptions, changes.max_per_account);
    Ok([
        (!is_name(&changes.name)).then_some(Fault::Name),
        (!is_limit(most)).then_some(Fault::MaxRedemptions),
        (!is_limit(each)).then_some(Fault::MaxPerAccount),
        (is_limit(most) && lowers(most, campaign.max_redemptions) && below(most, taken))
            .then_some(Fault::BelowTaken(taken)),
        (is_limit(each) && lowers(each, campaign.max_per_account) && below(each, by_one))
            .then_some(Fault::BelowTakenByAccount(by_one)),
        changes.ends_at.is_some_and(|ends_at| ends_at <= campaign.starts_at).then_some(Fault::EndsAt),
    ]
    .into_iter()
    .flatten()
    .collect())
}

fn shown(campaign: &Campaign) -> serde_json::Value {
    serde_json::json!({
        "name": campaign.name, "ends_at": campaign.ends_at, "max_redemptions": campaign.max_redemptions,
        "max_per_account": campaign.max_per_account,
    })
}
