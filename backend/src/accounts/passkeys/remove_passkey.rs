//! Taking one of one's own passkeys away.

use serde_json::json;

use super::store;
use crate::accounts::second_factor::tell;
use crate::accounts::{sessions, store as people};
use crate::audit;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{PasskeyId, SessionId, UserId};
use crate::keys::MasterKey;
use crate::text::en::passkey_mail as text;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyRemoval {
    /// It lets nobody in any more, the user's other sessions have ended, and the user was told by mail.
    Removed,
    /// Whoever acts has no such passkey.
    NotFound,
}

/// Removes a passkey of whoever acts; the password stays, so there is a way in without any. Whoever calls it has made sure
/// that the person showed a moment ago who it is.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn remove_passkey(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &PasskeyId,
    keep: Option<&SessionId>,
) -> Result<PasskeyRemoval, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(PasskeyRemoval::NotFound) };
    let Some(user) = people::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(PasskeyRemoval::NotFound) };
    let Some(name) = store::delete_passkey(tx, cx, user_id, id).await? else { return Ok(PasskeyRemoval::NotFound) };
    // It may be the device that was stolen, and still logged in.
    sessions::end_other_sessions(tx, cx, user_id, keep).await?;
    let before = json!({ "passkey": id, "name": name });
    audit::record(tx, cx, None, "user.remove_passkey", user_id.as_str(), Some(&before), audit::NOTHING).await?;
    tell(tx, cx, master, &user, |sender| text::passkey_removed(sender, cx.now, &name)).await?;
    Ok(PasskeyRemoval::Removed)
}

/// Takes away all passkeys of a user, of which one may be a stranger's, and answers how many there were. Whoever calls it has
/// made sure that the user asks for it, by the mail or through the operator, and tells the user where there were any.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(in crate::accounts) async fn remove_all(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<usize, DbError> {
    remove_added_since(tx, cx, user_id, UnixMs(i64::MIN)).await
}

/// Takes away those of them that were added at `since` or later, and answers how many there were.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(in crate::accounts) async fn remove_added_since(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    since: UnixMs,
) -> Result<usize, DbError> {
    remove_added_between(tx, cx, user_id, since, UnixMs(i64::MAX)).await
}

/// Takes away those of them that were added at `until` or before, and answers how many there were.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(in crate::accounts) async fn remove_added_until(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    until: UnixMs,
) -> Result<usize, DbError> {
    remove_added_between(tx, cx, user_id, UnixMs(i64::MIN), until).await
}

async fn remove_added_between(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    since: UnixMs,
    until: UnixMs,
) -> Result<usize, DbError> {
    let mut removed = 0;
    let rows = store::list_rows(tx, cx, user_id).await?;
    for row in rows.into_iter().filter(|row| (since..=until).contains(&row.created_at)) {
        if let Some(name) = store::delete_passkey(tx, cx, user_id, &row.id).await? {
            removed += 1;
            let before = json!({ "passkey": row.id, "name": name });
            audit::record(tx, cx, None, "user.remove_passkey", user_id.as_str(), Some(&before), audit::NOTHING).await?;
        }
    }
    Ok(removed)
}
