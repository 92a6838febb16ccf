//! Sending the verification mail again.

use super::links::{LinkPurpose, create_link};
use super::rate_limits::{Limit, RateVerdict, hit};
use super::rules::VERIFICATION_LINK_MS;
use super::store;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::mail as text;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerificationRequest {
    /// A mail is on its way.
    Sent,
    /// The address is verified already.
    AlreadyVerified,
    /// Too many mails.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// There is no such user.
    NotFound,
}

/// Sends a user a fresh verification link.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn send_verification(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
) -> Result<VerificationRequest, DbError> {
    let Some(user) = store::find_user(tx, &cx.vendor_id, user_id).await? else {
        return Ok(VerificationRequest::NotFound);
    };
    if user.email_verified_at.is_some() {
        return Ok(VerificationRequest::AlreadyVerified);
    }
    if let RateVerdict::Limited { retry_after_s } =
        hit(tx, cx, master, Limit::VerificationUser, user_id.as_str()).await?
    {
        return Ok(VerificationRequest::Limited { retry_after_s });
    }
    if let Some(sender) = Sender::find(tx, &cx.vendor_id).await? {
        let link = create_link(tx, cx, &sender.origin, &user, LinkPurpose::VerifyEmail, VERIFICATION_LINK_MS).await?;
        let letter = text::verification(&sender, &link, cx.now.plus(VERIFICATION_LINK_MS));
        mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
    }
    Ok(VerificationRequest::Sent)
}
