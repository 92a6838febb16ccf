//! Asking for the reset of a second factor that somebody has lost.

use serde_json::json;

use super::find_factor_reset::find_held;
use super::rules::{AskFault, DELAY_MS, check_ask};
use super::{PlannedReset, ResetStatus, handlers, store, tell};
use crate::accounts::links::new_secret;
use crate::accounts::{StaffAct, staff_may_act, store as people};
use crate::acting::rules::check_reason;
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct AskFactorReset {
    /// Whose second factor.
    pub user_id: UserId,
    /// Why, as typed.
    pub reason: String,
    /// Whether the passkeys are lost as well.
    pub passkeys_too: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetAsking {
    /// It waits for its time, and the person is told by mail.
    Asked(Box<PlannedReset>),
    /// One waits already, which stays as it is.
    AlreadyWaiting,
    /// It cannot be asked for like this.
    Refused(AskFault),
    /// The one who acts may not, or the vendor has no such person: the same answer to both.
    NotAllowed,
}

/// Asks for the reset of somebody's second factor. Whoever calls it has made sure that the administrator showed a moment ago
/// who it is; and the administrator, by other means than mail, who the person is.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn ask_factor_reset(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &AskFactorReset,
) -> Result<ResetAsking, DbError> {
    // A person: programs make sure of nobody, and the operator has a command that waits for nothing.
    let Some(admin_id) = cx.actor.person().cloned() else { return Ok(ResetAsking::NotAllowed) };
    if !staff_may_act(tx, cx, StaffAct::ResetSecondFactors).await? {
        return Ok(ResetAsking::NotAllowed);
    }
    // Locked, so that nobody is asked about who deletes itself at this moment.
    let user = people::lock_user(tx, &cx.vendor_id, &request.user_id).await?;
    let Some(user) = user.filter(|user| !user.is_deleted()) else { return Ok(ResetAsking::NotAllowed) };
    let held = find_held(tx, cx, &user.id).await?;
    if let Err(fault) = check_ask(&admin_id, &user.id, &held, request.passkeys_too) {
        return Ok(ResetAsking::Refused(fault));
    }
    let reason = match check_reason(&request.reason) {
        Ok(reason) => reason,
        Err(fault) => return Ok(ResetAsking::Refused(AskFault::Reason(fault))),
    };
    // Whatever else the person is: here it acts for the vendor.
    let cx = &Cx { actor: Actor::Staff(admin_id.clone()), ..cx.clone() };
    let reset = PlannedReset {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        user_id: user.id.clone(),
        asked_by: admin_id,
        reason,
        passkeys_too: request.passkeys_too,
        status: ResetStatus::Waiting,
        created_at: cx.now,
        due_at: cx.now.plus(DELAY_MS),
        settled_at: None,
    };
    let (secret, hash) = new_secret(cx);
    if !store::insert(tx, &reset, &hash).await? {
        return Ok(ResetAsking::AlreadyWaiting);
    }
    handlers::enqueue(tx, cx, master, &reset).await?;
    let after = json!({
        "told_reason": reset.reason,
        "passkeys_too": reset.passkeys_too,
        "due_at": reset.due_at.timestamp().to_string(),
    });
    let act = "user.ask_factor_reset";
    audit::record(tx, cx, None, act, user.id.as_str(), audit::NOTHING, Some(&after)).await?;
    tell::asked(tx, cx, master, &user, &reset, &secret).await?;
    Ok(ResetAsking::Asked(Box::new(reset)))
}
