//! Turning one's second factor off.

use super::super::{sessions, store as people};
use super::store;
use super::tell::tell;
use crate::audit;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{SessionId, UserId};
use crate::keys::MasterKey;
use crate::text::en::sign_in_mail as text;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorRemoval {
    /// It is gone with its recovery codes, the user's other sessions have ended, and the user was told by mail. Staff
    /// have to set up another one before they go on.
    Removed,
    /// There was none.
    NoFactor,
}

/// Turns off the second factor of whoever acts. Whoever calls it has made sure that password and code were typed a moment
/// ago.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn remove_second_factor(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    keep: Option<&SessionId>,
) -> Result<FactorRemoval, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(FactorRemoval::NoFactor) };
    let Some(user) = people::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(FactorRemoval::NoFactor) };
    if !store::delete_factor(tx, cx, user_id).await? {
        return Ok(FactorRemoval::NoFactor);
    }
    sessions::end_other_sessions(tx, cx, user_id, keep).await?;
    audit::record(tx, cx, None, "user.remove_second_factor", user_id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    tell(tx, cx, master, &user, |sender| text::factor_removed(sender, cx.now)).await?;
    Ok(FactorRemoval::Removed)
}

/// Takes away the second factor that somebody set up before the address was shown to be the user's. Whoever calls it has
/// seen that proof just now.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(in crate::accounts) async fn remove_unproven(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<(), DbError> {
    if store::delete_factor(tx, cx, user_id).await? {
        let act = "user.remove_second_factor";
        audit::record(tx, cx, None, act, user_id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    }
    Ok(())
}

/// Takes away the second factor that somebody set up since a moment, and answers whether there was one. Whoever calls it has
/// seen that somebody else may have been signed in since then, and tells the user.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(in crate::accounts) async fn remove_set_since(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    since: UnixMs,
) -> Result<bool, DbError> {
    let is_removed = store::delete_factor_since(tx, cx, user_id, since).await?;
    if is_removed {
        let act = "user.remove_second_factor";
        audit::record(tx, cx, None, act, user_id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    }
    Ok(is_removed)
}
