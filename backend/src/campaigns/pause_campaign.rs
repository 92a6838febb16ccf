//! Letting a campaign rest, going on with it, and ending it. Orders that were placed keep their discount.

use serde_json::json;

use super::{Campaign, CampaignAct, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, CampaignId};
use crate::partners;

/// Lets a campaign rest: none of its codes works.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn pause_campaign(tx: &mut Tx, cx: &Cx, id: &CampaignId) -> Result<CampaignAct, DbError> {
    let paused_at = |it: &Campaign| Campaign { paused_at: it.paused_at.or(Some(cx.now)), ..it.clone() };
    set(tx, cx, id, "campaign.pause", paused_at).await
}

/// Goes on with a campaign that rests. One of a partner's needs its partnership: the partner's row is locked, so that it
/// does not end meanwhile.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn resume_campaign(tx: &mut Tx, cx: &Cx, id: &CampaignId) -> Result<CampaignAct, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageCampaigns).await? {
        return Ok(CampaignAct::NotAllowed);
    }
    let found = store::find_campaign(tx, &cx.vendor_id, id).await?;
    if let Some(owner_id) = found.and_then(|campaign| campaign.owner_account_id)
        && !partners::lock_live_partner(tx, &cx.vendor_id, &owner_id).await?
    {
        return Ok(CampaignAct::OwnerGone);
    }
    set(tx, cx, id, "campaign.resume", |it| Campaign { paused_at: None, ..it.clone() }).await
}

/// Ends a campaign now.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn end_campaign(tx: &mut Tx, cx: &Cx, id: &CampaignId) -> Result<CampaignAct, DbError> {
    let ended = |it: &Campaign| match it.ends_at {
        Some(at) if at <= cx.now => it.clone(),
        _ => Campaign { ends_at: Some(cx.now), ..it.clone() },
    };
    set(tx, cx, id, "campaign.end", ended).await
}

/// Lets all campaigns of a partner rest, because its partnership ends, and answers how many did not before. Who may is
/// asked by whoever ends it, under the lock of the partner's row, which making and resuming such a campaign take as well.
pub(crate) async fn pause_owned(tx: &mut Tx, cx: &Cx, owner_id: &AccountId) -> Result<usize, DbError> {
    let paused_at = |it: &Campaign| Campaign { paused_at: it.paused_at.or(Some(cx.now)), ..it.clone() };
    let ids = store::list_unpaused_of(tx, &cx.vendor_id, owner_id).await?;
    for id in &ids {
        change(tx, cx, id, "campaign.pause", paused_at).await?;
    }
    Ok(ids.len())
}

async fn set(
    tx: &mut Tx,
    cx: &Cx,
    id: &CampaignId,
    act: &str,
    becomes: impl Fn(&Campaign) -> Campaign + Send,
) -> Result<CampaignAct, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageCampaigns).await? {
        return Ok(CampaignAct::NotAllowed);
    }
    change(tx, cx, id, act, becomes).await
}

async fn change(
    tx: &mut Tx,
    cx: &Cx,
    id: &CampaignId,
    act: &str,
    becomes: impl Fn(&Campaign) -> Campaign + Send,
) -> Result<CampaignAct, DbError> {
    let Some(campaign) = store::lock_campaign(tx, &cx.vendor_id, id).await? else { return Ok(CampaignAct::NotFound) };
    let changed = becomes(&campaign);
    if changed == campaign {
        return Ok(CampaignAct::Unchanged);
    }
    store::update_campaign(tx, &changed).await?;
    let shown = |it: &Campaign| json!({ "paused_at": it.paused_at, "ends_at": it.ends_at });
    audit::record(tx, cx, None, act, id.as_str(), Some(&shown(&campaign)), Some(&shown(&changed))).await?;
    Ok(CampaignAct::Done)
}
