//! Taking a lost second factor away when its time has come.

use serde_json::json;

use super::find_factor_reset::find_held;
use super::rules::{Step, Takes, next_step};
use super::{PlannedReset, ResetStatus, store, tell};
use crate::accounts::{StaffAct, User, known_browsers, passkeys, second_factor, sessions, staff_may, store as people};
use crate::audit;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::FactorResetId;
use crate::keys::MasterKey;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarryingOut {
    /// The second factor is gone, every session of the person has ended, and the person was told by mail.
    Done,
    /// There was nothing left to take away; or whoever asked may not any more, and the person was told so by mail.
    Lapsed,
    /// Somebody has settled it before.
    Over,
    /// Its time comes at this moment.
    NotDue(UnixMs),
}

/// Takes away what a reset is about, if its time has come and nobody has kept it from happening. Of several at once, one does.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn carry_out_factor_reset(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &FactorResetId,
) -> Result<CarryingOut, DbError> {
    let Some(reset) = store::find(tx, &cx.vendor_id, id).await? else { return Ok(CarryingOut::Over) };
    // What shows them locks them in this order, and settles the reset behind that.
    second_factor::lock_factor(tx, cx, &reset.user_id).await?;
    passkeys::lock_all(tx, cx, &reset.user_id).await?;
    let user = people::find_user(tx, &cx.vendor_id, &reset.user_id).await?;
    let Some(user) = user.filter(|user| !user.is_deleted()) else { return Ok(CarryingOut::Over) };
    let held = find_held(tx, cx, &user.id).await?;
    let asker = people::find_user(tx, &cx.vendor_id, &reset.asked_by).await?;
    let role = asker.filter(|asker| !asker.is_deleted()).and_then(|asker| asker.staff_role);
    let asker_may = role.is_some_and(|role| staff_may(role, StaffAct::ResetSecondFactors));
    match next_step(&reset, &held, asker_may, cx.now) {
        Step::Nothing => Ok(CarryingOut::Over),
        Step::Wait => Ok(CarryingOut::NotDue(reset.due_at)),
        step @ (Step::Lapse | Step::Void) => {
            if !store::settle(tx, cx, &reset.id, ResetStatus::Lapsed).await? {
                return Ok(CarryingOut::Over);
            }
            let is_void = step == Step::Void;
            let act = if is_void { "user.void_factor_reset" } else { "user.drop_factor_reset" };
            audit::record(tx, cx, None, act, user.id.as_str(), audit::NOTHING, audit::NOTHING).await?;
            if is_void {
                tell::void(tx, cx, master, &user, &reset).await?;
            }
            Ok(CarryingOut::Lapsed)
        }
        Step::Take(takes) => {
            if !store::settle(tx, cx, &reset.id, ResetStatus::Done).await? {
                return Ok(CarryingOut::Over);
            }
            take(tx, cx, master, &user, &reset, takes).await?;
            Ok(CarryingOut::Done)
        }
    }
}

async fn take(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    reset: &PlannedReset,
    takes: Takes,
) -> Result<(), DbError> {
    if takes.factor {
        second_factor::delete_factor(tx, cx, &user.id).await?;
        let after = json!({ "asked_by": reset.asked_by, "told_reason": reset.reason });
        let act = "user.reset_second_factor";
        audit::record(tx, cx, None, act, user.id.as_str(), audit::NOTHING, Some(&after)).await?;
    }
    if takes.passkeys {
        passkeys::remove_added_until(tx, cx, &user.id, reset.created_at).await?;
    }
    sessions::end_other_sessions(tx, cx, &user.id, None).await?;
    known_browsers::forget_browsers(tx, cx, &user.id).await?;
    tell::done(tx, cx, master, user, reset, takes).await
}
