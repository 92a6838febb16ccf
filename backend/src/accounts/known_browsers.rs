//! Browsers in which somebody has logged in before.
//!
//! After a log-in the browser keeps a random cookie, bound to its user, of which the hash is stored here. It lets nobody
//! in. It does two things: guesses of strangers do not lock the browser out (see `rate_limits.rs`), and a log-in from a
//! browser without it is told by mail. A new password forgets them all.

use std::net::IpAddr;

use super::User;
use crate::clock::{DAY_MS, UnixMs};
use crate::cx::{Cx, Entropy};
use crate::db::{DbError, Tx, execute, fetch_optional};
use crate::ids::UserId;
use crate::keys::{MasterKey, sha256};
use crate::mail::{self, Sender};
use crate::text::en::sign_in_mail as text;

/// A browser is known for this long after its last log-in, in milliseconds.
pub const KNOWN_BROWSER_MS: i64 = 180 * DAY_MS;
/// Random bytes of a cookie's value: 160 bits.
const TOKEN_BYTES: usize = 20;
/// Characters of a cookie's value.
const TOKEN_CHARS: usize = 32;

/// The value of a known browser's cookie; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserToken(String);

impl std::fmt::Debug for BrowserToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BrowserToken(…)")
    }
}

impl BrowserToken {
    /// Takes a cookie's value for a token; `None` for what we never gave out.
    #[must_use]
    pub fn from_cookie(value: &str) -> Option<Self> {
        let good = value.len() == TOKEN_CHARS && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        good.then(|| Self(value.to_owned()))
    }

    /// The cookie's value.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn generate(entropy: &Entropy) -> Self {
        Self(data_encoding::BASE32_DNSSEC.encode(&entropy.bytes::<TOKEN_BYTES>()))
    }

    fn hash(&self) -> Vec<u8> {
        sha256(self.0.as_bytes())
    }
}

/// How somebody came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// By signing up: no browser is known yet, and there is nothing to tell.
    SignedUp,
    /// By logging in.
    LoggedIn,
}

/// The browser that somebody came in with.
#[derive(Clone, Debug)]
pub struct Browser {
    /// As it names itself.
    pub user_agent: String,
    /// Its network address.
    pub address: IpAddr,
    /// Its cookie, where it has one.
    pub token: Option<BrowserToken>,
}

/// Notes that a user has come in with a browser, and answers the cookie that the browser keeps from now on. A log-in with
/// a browser that the user has not been known to use is told by mail.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn remember_browser(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    browser: &Browser,
    arrival: Arrival,
) -> Result<BrowserToken, DbError> {
    let known = match &browser.token {
        Some(token) => is_known(tx, cx, &user.id, token).await?,
        None => false,
    };
    // A token that somebody else has left in this browser is kept, so that it stays known to both. One that we never gave
    // out was planted.
    let token = match &browser.token {
        Some(token) if is_ours(tx, cx, token).await? => token.clone(),
        _ => BrowserToken::generate(&cx.entropy),
    };
    execute!(
        tx,
        "INSERT INTO known_browsers (token_hash, vendor_id, user_id, created_at, last_seen_at) VALUES ($1, $2, $3, $4, $4)
         ON CONFLICT (user_id, token_hash) DO UPDATE SET last_seen_at = excluded.last_seen_at",
        token.hash(),
        &cx.vendor_id,
        &user.id,
        cx.now
    )?;
    if !known
        && arrival == Arrival::LoggedIn
        && let Some(sender) = Sender::find(tx, &cx.vendor_id).await?
    {
        let letter = text::new_browser(&sender, cx.now, &browser.user_agent, browser.address);
        mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
    }
    Ok(token)
}

/// Whether the user has logged in with this browser not too long ago.
pub(super) async fn is_known(tx: &mut Tx, cx: &Cx, user_id: &UserId, token: &BrowserToken) -> Result<bool, DbError> {
    let found = fetch_optional!(
        tx,
        (UnixMs,),
        "SELECT last_seen_at FROM known_browsers
         WHERE vendor_id = $1 AND user_id = $2 AND token_hash = $3 AND last_seen_at > $4",
        &cx.vendor_id,
        user_id,
        token.hash(),
        cx.now.plus(-KNOWN_BROWSER_MS)
    )?;
    Ok(found.is_some())
}

async fn is_ours(tx: &mut Tx, cx: &Cx, token: &BrowserToken) -> Result<bool, DbError> {
    let found = fetch_optional!(
        tx,
        (UnixMs,),
        "SELECT last_seen_at FROM known_browsers WHERE vendor_id = $1 AND token_hash = $2 LIMIT 1",
        &cx.vendor_id,
        token.hash()
    )?;
    Ok(found.is_some())
}

/// Forgets every browser of a user.
pub(super) async fn forget_browsers(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<(), DbError> {
    execute!(tx, "DELETE FROM known_browsers WHERE vendor_id = $1 AND user_id = $2", &cx.vendor_id, user_id)?;
    Ok(())
}

/// Deletes the browsers of all vendors that are known no more; answers how many.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn delete_old_browsers(tx: &mut Tx, now: UnixMs) -> Result<u64, DbError> {
    execute!(tx, "DELETE FROM known_browsers WHERE last_seen_at <= $1", now.plus(-KNOWN_BROWSER_MS))
}
