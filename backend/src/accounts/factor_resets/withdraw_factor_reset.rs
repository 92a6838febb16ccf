//! An administrator takes a reset back that waits, whoever asked for it.

use super::{ResetEnd, ResetStatus, store, tell};
use crate::accounts::{StaffAct, staff_may_act, store as people};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;

/// Takes back the reset of somebody's second factor. The person is told by mail.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn withdraw_factor_reset(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
) -> Result<ResetEnd, DbError> {
    if cx.actor.person().is_none() || !staff_may_act(tx, cx, StaffAct::ResetSecondFactors).await? {
        return Ok(ResetEnd::NotAllowed);
    }
    let user = people::find_user(tx, &cx.vendor_id, user_id).await?;
    let Some(user) = user.filter(|user| !user.is_deleted()) else { return Ok(ResetEnd::NotAllowed) };
    let Some(reset) = store::find_waiting(tx, &cx.vendor_id, user_id).await? else { return Ok(ResetEnd::Nothing) };
    if !store::settle(tx, cx, &reset.id, ResetStatus::Withdrawn).await? {
        return Ok(ResetEnd::Nothing);
    }
    let act = "user.withdraw_factor_reset";
    audit::record(tx, cx, None, act, user.id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    tell::withdrawn(tx, cx, master, &user).await?;
    Ok(ResetEnd::Ended)
}
