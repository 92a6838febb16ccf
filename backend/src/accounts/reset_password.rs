//! Setting a new password with the link from the mail. A second factor stays: whoever reads the mail needs it still, unless
//! nobody had shown before that the address is theirs. Passkeys go: whoever made the new password necessary may have added one,
//! and it lets in past password and factor.

use std::net::IpAddr;

use super::known_browsers::forget_browsers;
use super::links::{LinkPurpose, find_link, spend_links, use_link};
use super::log_in::forgive_attempts;
use super::password::{Password, PasswordHash, Passwords};
use super::rules::{Field, FieldProblem, check_password};
use super::{User, email_change, passkeys, second_factor, sessions, store};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{Db, DbError, Tx};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::mail as text;

/// A link's secret and the password wanted.
#[derive(Clone, Debug)]
pub struct ResetPassword {
    /// The link's `token`.
    pub secret: String,
    /// The new password.
    pub password: Password,
    /// Network address of the client.
    pub address: IpAddr,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordReset {
    /// The password is set, every session of the user has ended, and the user was told by mail. The page
    /// sends to log-in.
    Reset(User),
    /// The link never existed, is older than an hour, or was used.
    LinkSpent,
    /// The password cannot be this one; the link still works.
    Refused(FieldProblem),
}

/// Sets a new password.
///
/// # Errors
/// [`DbError`] when the database or the password pool fails.
pub async fn reset_password(
    db: &Db,
    passwords: &Passwords,
    master: &MasterKey,
    cx: &Cx,
    request: &ResetPassword,
) -> Result<PasswordReset, DbError> {
    let holder = {
        let (cx, secret) = (cx.clone(), request.secret.clone());
        db.read(move |tx| Box::pin(async move { holder(tx, &cx, &secret).await })).await?
    };
    let Some(user) = holder else { return Ok(PasswordReset::LinkSpent) };
    if let Err(problem) = check_password(request.password.as_str(), &[&user.email, &user.name]) {
        return Ok(PasswordReset::Refused(FieldProblem::new(Field::Password, problem)));
    }
    let hash = passwords.hash(&request.password, &cx.entropy).await?;
    let cx = Cx { actor: Actor::User(user.id.clone()), ..cx.clone() };
    let (master, request) = (master.clone(), request.clone());
    db.write(move |tx| Box::pin(async move { set(tx, &cx, &master, &request, user, &hash).await })).await
}

async fn holder(tx: &mut Tx, cx: &Cx, secret: &str) -> Result<Option<User>, DbError> {
    let link = find_link(tx, cx, LinkPurpose::ResetPassword, secret).await?;
    let link = link.filter(|link| link.used_at.is_none() && link.expires_at > cx.now);
    match link {
        Some(link) => store::find_user(tx, &cx.vendor_id, &link.user_id).await,
        None => Ok(None),
    }
}

async fn set(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &ResetPassword,
    user: User,
    hash: &PasswordHash,
) -> Result<PasswordReset, DbError> {
    let Some(link) = use_link(tx, cx, LinkPurpose::ResetPassword, &request.secret).await? else {
        return Ok(PasswordReset::LinkSpent);
    };
    spend_links(tx, cx, &user.id, LinkPurpose::ResetPassword).await?;
    // Whoever asked to change the address may be who made the new password necessary.
    email_change::end_open(tx, cx, &user.id).await?;
    store::update_password(tx, cx, &user.id, None, hash.as_str()).await?;
    // Whoever had the link reads the address's mail.
    let is_first_proof = store::update_email_verified(tx, cx, &user.id, &link.email_key).await?;
    if is_first_proof {
        audit::record(tx, cx, None, "user.verify_email", user.id.as_str(), audit::NOTHING, audit::NOTHING).await?;
        // A second factor from before that may be a stranger's, who signed up with somebody else's address.
        second_factor::remove_unproven(tx, cx, &user.id).await?;
    }
    let keeps_passkeys = !is_first_proof && second_factor::rests_on_passkeys(tx, &user).await?;
    let passkeys = if keeps_passkeys { 0 } else { passkeys::remove_all(tx, cx, &user.id).await? };
    forgive_attempts(tx, cx, master, &user.email, request.address).await?;
    sessions::end_other_sessions(tx, cx, &user.id, None).await?;
    forget_browsers(tx, cx, &user.id).await?;
    audit::record(tx, cx, None, "user.reset_password", user.id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    tell_of_change(tx, cx, master, &user, passkeys).await?;
    let user = store::find_user(tx, &cx.vendor_id, &user.id).await?.unwrap_or(user);
    Ok(PasswordReset::Reset(user))
}

/// Tells a user by mail that the password was changed, so that nobody does it in silence, and that so many passkeys are gone.
pub(super) async fn tell_of_change(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    passkeys: usize,
) -> Result<(), DbError> {
    if let Some(sender) = Sender::find(tx, &cx.vendor_id).await? {
        let letter = text::password_changed(&sender, cx.now, passkeys > 0);
        mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
    }
    Ok(())
}
