//! Proving that an address is one's own, with the link from the mail.
//!
//! Whoever opens the link without being signed in need not be who signed up: a stranger may have done that, with a second
//! factor to keep the owner out. At the first proof those go, as they do when a password is set by mail.

use super::links::{LinkPurpose, find_link, use_link};
use super::{User, passkeys, second_factor, store};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailVerification {
    /// The address is verified now.
    Verified(User),
    /// It was before; the link is used up or old, and nothing is to be done.
    AlreadyVerified,
    /// The link never existed, is too old, or is for an address that the user no longer has.
    LinkSpent,
}

/// Verifies an address. To be called on POST: mail scanners open links before people do.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn verify_email(tx: &mut Tx, cx: &Cx, secret: &str) -> Result<EmailVerification, DbError> {
    let Some(link) = use_link(tx, cx, LinkPurpose::VerifyEmail, secret).await? else {
        let known = find_link(tx, cx, LinkPurpose::VerifyEmail, secret).await?;
        let Some(known) = known else { return Ok(EmailVerification::LinkSpent) };
        let user = store::find_user(tx, &cx.vendor_id, &known.user_id).await?;
        let verified = user.is_some_and(|user| user.email_verified_at.is_some());
        return Ok(if verified { EmailVerification::AlreadyVerified } else { EmailVerification::LinkSpent });
    };
    let is_signed_in = cx.actor.person() == Some(&link.user_id);
    let cx = Cx { actor: Actor::User(link.user_id.clone()), ..cx.clone() };
    let verified = store::update_email_verified(tx, &cx, &link.user_id, &link.email_key).await?;
    let Some(user) = store::find_user(tx, &cx.vendor_id, &link.user_id).await? else {
        return Ok(EmailVerification::LinkSpent);
    };
    if !verified {
        let already = user.email_verified_at.is_some();
        return Ok(if already { EmailVerification::AlreadyVerified } else { EmailVerification::LinkSpent });
    }
    let after = serde_json::json!({ "email": user.email });
    audit::record(tx, &cx, None, "user.verify_email", user.id.as_str(), audit::NOTHING, Some(&after)).await?;
    if !is_signed_in {
        second_factor::remove_unproven(tx, &cx, &user.id).await?;
        passkeys::remove_all(tx, &cx, &user.id).await?;
    }
    Ok(EmailVerification::Verified(user))
}
