//! Single-use links in mails.

use super::User;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_optional, text_enum};
use crate::ids::UserId;
use crate::keys::sha256;

/// Where the portal answers verification links; the secret is the query's `token`.
pub const VERIFY_EMAIL_PATH: &str = "/verify-email";
/// Where the portal answers reset links; the secret is the query's `token`.
pub const RESET_PASSWORD_PATH: &str = "/reset-password";

/// Random bytes of a link's secret: 160 bits.
const SECRET_BYTES: usize = 20;

text_enum! {
    /// What a link is for.
    LinkPurpose {
        /// Proves that an address is its user's own.
        VerifyEmail = "verify_email",
        /// Lets its holder set a new password.
        ResetPassword = "reset_password",
    }
}

/// What a link is worth now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It can be used.
    Good,
    /// It never existed, is older than it may be, or was used.
    Spent,
}

/// A link as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Link {
    pub(super) user_id: UserId,
    pub(super) email_key: String,
    pub(super) expires_at: UnixMs,
    pub(super) used_at: Option<UnixMs>,
}

/// Makes a link and answers its address. The secret exists in the answer alone.
pub(super) async fn create_link(
    tx: &mut Tx,
    cx: &Cx,
    origin: &str,
    user: &User,
    purpose: LinkPurpose,
    life_ms: i64,
) -> Result<String, DbError> {
    let secret = data_encoding::BASE32_DNSSEC.encode(&cx.entropy.bytes::<SECRET_BYTES>());
    execute!(
        tx,
        "INSERT INTO user_tokens (token_hash, vendor_id, user_id, purpose, email_key, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        sha256(secret.as_bytes()),
        &cx.vendor_id,
        &user.id,
        purpose,
        &super::rules::email_key(&user.email),
        cx.now,
        cx.now.plus(life_ms)
    )?;
    let path = match purpose {
        LinkPurpose::VerifyEmail => VERIFY_EMAIL_PATH,
        LinkPurpose::ResetPassword => RESET_PASSWORD_PATH,
    };
    Ok(format!("{origin}{path}?token={secret}"))
}

pub(super) async fn find_link(
    tx: &mut Tx,
    cx: &Cx,
    purpose: LinkPurpose,
    secret: &str,
) -> Result<Option<Link>, DbError> {
    fetch_optional!(
        tx,
        Link,
        "SELECT user_id, email_key, expires_at, used_at FROM user_tokens
         WHERE vendor_id = $1 AND token_hash = $2 AND purpose = $3",
        &cx.vendor_id,
        sha256(secret.trim().as_bytes()),
        purpose
    )
}

/// Uses a link up; `None` when there is nothing to use. Of two at once, one gets it.
pub(super) async fn use_link(
    tx: &mut Tx,
    cx: &Cx,
    purpose: LinkPurpose,
    secret: &str,
) -> Result<Option<Link>, DbError> {
    fetch_optional!(
        tx,
        Link,
        "UPDATE user_tokens SET used_at = $4
         WHERE vendor_id = $1 AND token_hash = $2 AND purpose = $3 AND used_at IS NULL AND expires_at > $4
         RETURNING user_id, email_key, expires_at, used_at",
        &cx.vendor_id,
        sha256(secret.trim().as_bytes()),
        purpose,
        cx.now
    )
}

/// Spends all links of a user for this purpose.
pub(super) async fn spend_links(tx: &mut Tx, cx: &Cx, user_id: &UserId, purpose: LinkPurpose) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE user_tokens SET used_at = $4
         WHERE vendor_id = $1 AND user_id = $2 AND purpose = $3 AND used_at IS NULL",
        &cx.vendor_id,
        user_id,
        purpose,
        cx.now
    )?;
    Ok(())
}

/// Whether a reset link still works: for the page that asks for the new password. Changes nothing, because
/// mail scanners open links before people do.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn check_reset_link(tx: &mut Tx, cx: &Cx, secret: &str) -> Result<LinkState, DbError> {
    let link = find_link(tx, cx, LinkPurpose::ResetPassword, secret).await?;
    let good = link.is_some_and(|link| link.used_at.is_none() && link.expires_at > cx.now);
    Ok(if good { LinkState::Good } else { LinkState::Spent })
}
