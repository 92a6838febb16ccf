//! Telling people by mail what happened to their second factor, so that nobody does it in silence.

use super::super::{User, store as people};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;
use crate::mail::{self, Letter, Sender};
use crate::text::en::sign_in_mail as text;

/// Queues the letter that `write` makes.
pub(in crate::accounts) async fn tell(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    write: impl FnOnce(&Sender) -> Letter + Send,
) -> Result<(), DbError> {
    if let Some(sender) = Sender::find(tx, &cx.vendor_id).await? {
        let letter = write(&sender);
        mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
    }
    Ok(())
}

/// Tells a user that a recovery code was used up, and how many are left.
pub(in crate::accounts) async fn tell_of_recovery_code(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
    left: i64,
) -> Result<(), DbError> {
    let Some(user) = people::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(()) };
    tell(tx, cx, master, &user, |sender| text::recovery_code_used(sender, cx.now, left)).await
}
