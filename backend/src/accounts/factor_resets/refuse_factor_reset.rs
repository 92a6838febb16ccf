//! "I have it": the person keeps its second factor, by the link in the mail or signed in.

use super::{PlannedReset, ResetEnd, ResetStatus, store, tell};
use crate::accounts::links::hash_of;
use crate::accounts::store as people;
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;

/// Refuses the reset whose mail has this secret. To be called on POST: mail scanners open links before people do.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn refuse_factor_reset(tx: &mut Tx, cx: &Cx, master: &MasterKey, secret: &str) -> Result<ResetEnd, DbError> {
    let Some(reset) = find_reset_to_refuse(tx, cx, secret).await? else { return Ok(ResetEnd::Nothing) };
    refuse(tx, cx, master, &reset).await
}

/// Refuses the reset that waits of whoever acts.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn keep_second_factor(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<ResetEnd, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(ResetEnd::NotAllowed) };
    let Some(reset) = store::find_waiting(tx, &cx.vendor_id, user_id).await? else { return Ok(ResetEnd::Nothing) };
    refuse(tx, cx, master, &reset).await
}

async fn refuse(tx: &mut Tx, cx: &Cx, master: &MasterKey, reset: &PlannedReset) -> Result<ResetEnd, DbError> {
    // It may have happened, or come to nothing, in between.
    if !store::settle(tx, cx, &reset.id, ResetStatus::Refused).await? {
        return Ok(ResetEnd::Nothing);
    }
    let Some(user) = people::find_user(tx, &cx.vendor_id, &reset.user_id).await? else {
        return Ok(ResetEnd::Nothing);
    };
    let cx = &Cx { actor: Actor::User(user.id.clone()), ..cx.clone() };
    let act = "user.refuse_factor_reset";
    audit::record(tx, cx, None, act, user.id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    tell::refused(tx, cx, master, &user, reset).await?;
    Ok(ResetEnd::Ended)
}

/// The reset that this secret refuses, for the page that asks; `None` where none waits.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_reset_to_refuse(tx: &mut Tx, cx: &Cx, secret: &str) -> Result<Option<PlannedReset>, DbError> {
    store::find_by_refuse_hash(tx, cx, &hash_of(secret)).await
}
