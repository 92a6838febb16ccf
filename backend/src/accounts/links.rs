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
/// Where the portal answers links that log in; the secret is the query's `token`.
pub const SIGN_IN_PATH: &str = "/log-in/by-link";

/// Random bytes of a link's secret: 256 bits.
const SECRET_BYTES: usize = 32;

text_enum! {
    /// What a link is for.
    LinkPurpose {
        /// Proves that an address is its user's own.
        VerifyEmail = "verify_email",
        /// Lets its holder set a new password.
        ResetPassword = "reset_password",
        /// Lets its holder in without a password.
        SignIn = "sign_in",
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

/// A new secret of a link, and what is stored of it.
pub(super) fn new_secret(cx: &Cx) -> (String, Vec<u8>) {
    let secret = data_encoding::BASE32_DNSSEC.encode(&cx.entropy.bytes::<SECRET_BYTES>());
    let hash = hash_of(&secret);
    (secret, hash)
}

/// What is stored of a secret that came with a link.
pub(super) fn hash_of(secret: &str) -> Vec<u8> {
    sha256(secret.trim().as_bytes())
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
    let secret = create_secret(tx, cx, user, purpose, life_ms).await?;
    let path = match purpose {
        LinkPurpose::VerifyEmail => VERIFY_EMAIL_PATH,
        LinkPurpose::ResetPassword => RESET_PASSWORD_PATH,
        LinkPurpose::SignIn => SIGN_IN_PATH,
    };
    Ok(format!("{origin}{path}?token={secret}"))
}

/// Makes the secret of a link for somebody who is at the portal already, and needs no mail to go on.
pub(super) async fn create_secret(
    tx: &mut Tx,
    cx: &Cx,
    user: &User,
    purpose: LinkPurpose,
    life_ms: i64,
) -> Result<String, DbError> {
    let (secret, hash) = new_secret(cx);
    execute!(
        tx,
        "INSERT INTO user_tokens (token_hash, vendor_id, user_id, purpose, email_key, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        hash,
        &cx.vendor_id,
        &user.id,
        purpose,
        &super::rules::email_key(&user.email),
        cx.now,
        cx.now.plus(life_ms)
    )?;
    Ok(secret)
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
        hash_of(secret),
        purpose
    )
}

/// Uses a link up; `None` when there is nothing to use, or its user has another address by now than the one that it was
/// mailed to. Of two at once, one gets it.
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
           AND EXISTS (SELECT 1 FROM users u WHERE u.vendor_id = user_tokens.vendor_id AND u.id = user_tokens.user_id
                       AND u.email_key = user_tokens.email_key)
         RETURNING user_id, email_key, expires_at, used_at",
        &cx.vendor_id,
        hash_of(secret),
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

/// Spends all links of a user, whatever they are for.
pub(super) async fn spend_all_links(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<(), DbError> {
    for purpose in LinkPurpose::ALL {
        spend_links(tx, cx, user_id, *purpose).await?;
    }
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
