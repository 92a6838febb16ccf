//! Letting one code of a campaign rest, and work again.

use super::{CampaignAct, store};
use crate::accounts::{StaffAct, staff_may_act};
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
    set(tx, cx, id, Some(cx.now), "promotion_code.pause").await
}

/// Lets a code work again.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn resume_code(tx: &mut Tx, cx: &Cx, id: &PromotionCodeId) -> Result<CampaignAct, DbError> {
    set(tx, cx, id, None, "promotion_code.resume").await
}

async fn set(
    tx: &mut Tx,
    cx: &Cx,
    id: &PromotionCodeId,
    paused_at: Option<UnixMs>,
    act: &str,
) -> Result<CampaignAct, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageCampaigns).await? {
        return Ok(CampaignAct::NotAllowed);
    }
    let Some((code, campaign_id)) = store::set_code_paused(tx, &cx.vendor_id, id, paused_at).await? else {
        let is_there = store::has_code(tx, &cx.vendor_id, id).await?;
        return Ok(if is_there { CampaignAct::Unchanged } else { CampaignAct::NotFound });
    };
    let after = serde_json::json!({ "code": code, "campaign_id": campaign_id, "paused_at": paused_at });
    audit::record(tx, cx, None, act, id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(CampaignAct::Done)
}
