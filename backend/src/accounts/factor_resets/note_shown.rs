//! Whoever shows what was said to be lost has called its reset off by that.

use super::rules::{Shown, is_disproved_by};
use super::{ResetStatus, store, tell};
use crate::accounts::store as people;
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;

/// Calls off the reset of somebody who has just shown a code or a passkey. Whoever calls it holds the lock of what was shown,
/// so that it was not taken away meanwhile.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(in crate::accounts) async fn note_shown(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
    shown: Shown,
) -> Result<(), DbError> {
    let Some(reset) = store::find_waiting(tx, &cx.vendor_id, user_id).await? else { return Ok(()) };
    if !is_disproved_by(&reset, shown) || !store::settle(tx, cx, &reset.id, ResetStatus::Shown).await? {
        return Ok(());
    }
    let Some(user) = people::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(()) };
    let cx = &Cx { actor: Actor::User(user.id.clone()), ..cx.clone() };
    let act = "user.disprove_factor_reset";
    audit::record(tx, cx, None, act, user.id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    tell::disproved(tx, cx, master, &user, &reset).await
}
