//! What every call of the management API begins with.

use std::net::IpAddr;

use super::{ApiToken, Scope, TokenText, rules, store};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx};
use crate::ids::VendorId;

/// What a token opens.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// The call, on behalf of the token's holder.
    Open(Box<ApiToken>),
    /// It is good, but not for this.
    OutOfScope,
    /// There is no such token, or it was revoked, or has ended: which of these is nobody's business.
    Unknown,
}

/// Whether a token opens what `scope` is needed for. Ask in the transaction of whatever follows.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn open_token(
    tx: &mut Tx,
    vendor_id: &VendorId,
    text: &TokenText,
    scope: Scope,
    now: UnixMs,
) -> Result<Opening, DbError> {
    let token = store::find_by_hash(tx, vendor_id, &text.hash()).await?;
    Ok(match token.filter(|token| token.is_live(now)) {
        None => Opening::Unknown,
        Some(token) if !token.has(scope) => Opening::OutOfScope,
        Some(token) => Opening::Open(Box::new(token)),
    })
}

/// Notes that a token was used now from `address`, once a minute; answers whether this was worth noting. Not audit.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn note_use(tx: &mut Tx, token: &ApiToken, address: IpAddr, now: UnixMs) -> Result<bool, DbError> {
    if !rules::is_worth_noting(token, now) {
        return Ok(false);
    }
    store::set_used(tx, token, rules::minute_of(now), &address.to_string()).await
}
