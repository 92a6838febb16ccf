//! The letters about a change of address: to the new one, which has to be proved, and to the old one, whose owner may not
//! have asked for it.

use super::{CONFIRM_EMAIL_PATH, EmailChange, NOT_ME_PATH};
use crate::accounts::User;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::email_change_mail as letters;

/// The new address's link, or word to its owner that somebody tried; and the notice to the old one, with the secret that
/// disowns the change.
pub(super) async fn asked(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    change: &EmailChange,
    confirm_secret: Option<&str>,
    not_me_secret: Option<&str>,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let to_new = match confirm_secret {
        Some(secret) => {
            let link = format!("{}{CONFIRM_EMAIL_PATH}?token={secret}", sender.origin);
            letters::confirm(&sender, &link, change.expires_at)
        }
        None => letters::already_used(&sender),
    };
    mail::enqueue(tx, cx, master, &sender.mail(&change.new_email, "", to_new)).await?;
    let to_old = letters::asked(&sender, &change.new_email, cx.now, not_me_link(&sender, not_me_secret).as_deref());
    mail::enqueue(tx, cx, master, &sender.mail(&change.old_email, &user.name, to_old)).await
}

/// Tells the old address that the change has happened.
pub(super) async fn changed(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    change: &EmailChange,
    undo_secret: Option<&str>,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let letter = letters::changed(&sender, &change.new_email, cx.now, not_me_link(&sender, undo_secret).as_deref());
    mail::enqueue(tx, cx, master, &sender.mail(&change.old_email, &user.name, letter)).await
}

/// Tells the address that somebody had until now that the change was undone.
pub(super) async fn undone(tx: &mut Tx, cx: &Cx, master: &MasterKey, user: &User) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let letter = letters::undone(&sender, cx.now);
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await
}

fn not_me_link(sender: &Sender, secret: Option<&str>) -> Option<String> {
    secret.map(|secret| format!("{}{NOT_ME_PATH}?token={secret}", sender.origin))
}
