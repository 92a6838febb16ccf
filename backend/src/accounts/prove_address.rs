//! The first proof that an address is its user's own, by a link that lets its holder in.
//!
//! Anybody can sign up with any address, and so may have set a password and a second factor for somebody else's, to be
//! there when the owner comes (account pre-hijacking). The owner comes by mail: what was there before goes.

use super::known_browsers::forget_browsers;
use super::password::PasswordHash;
use super::{User, email_change, passkeys, second_factor, sessions, store};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{UserId, VendorId};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::sign_in_mail as text;

/// Notes that a user reads the mail of this address. Where nobody had shown that before, password, second factor, sessions
/// and whatever else could be a stranger's go, the user is told by mail, and the answer is `true`.
pub(super) async fn prove_address(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    email_key: &str,
) -> Result<bool, DbError> {
    if !store::update_email_verified(tx, cx, &user.id, email_key).await? {
        return Ok(false);
    }
    let id = user.id.as_str();
    audit::record(tx, cx, None, "user.verify_email", id, audit::NOTHING, audit::NOTHING).await?;
    second_factor::remove_unproven(tx, cx, &user.id).await?;
    passkeys::remove_all(tx, cx, &user.id).await?;
    store::update_password(tx, cx, &user.id, None, PasswordHash::of_nobody().as_str()).await?;
    audit::record(tx, cx, None, "user.withdraw_password", id, audit::NOTHING, audit::NOTHING).await?;
    email_change::end_open(tx, cx, &user.id).await?;
    sessions::end_other_sessions(tx, cx, &user.id, None).await?;
    forget_browsers(tx, cx, &user.id).await?;
    if let Some(sender) = Sender::find(tx, &cx.vendor_id).await? {
        let letter = text::password_withdrawn(&sender, cx.now);
        mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
    }
    Ok(true)
}

/// Whether a user has a password, or lost it to the first proof of the address or to a change of it that was disowned.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn has_password(tx: &mut Tx, vendor_id: &VendorId, id: &UserId) -> Result<bool, DbError> {
    let found = store::find_user_with_hash(tx, vendor_id, id).await?;
    Ok(found.is_some_and(|(_, hash)| hash != PasswordHash::of_nobody().as_str()))
}
