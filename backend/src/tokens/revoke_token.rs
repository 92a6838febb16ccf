//! Revoking a token.

use serde_json::json;

use super::{Holder, may_manage, store};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::ApiTokenId;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRevocation {
    /// No call with it is answered any more.
    Revoked,
    /// It was revoked before, or has ended by itself.
    Over,
    /// The holder has no such token, or whoever acts may not.
    NotFound,
}

/// Revokes a token of a holder, for good.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn revoke_token(tx: &mut Tx, cx: &Cx, holder: &Holder, id: &ApiTokenId) -> Result<TokenRevocation, DbError> {
    if !may_manage(tx, cx, holder).await? {
        return Ok(TokenRevocation::NotFound);
    }
    let token = store::find_token(tx, &cx.vendor_id, id).await?;
    let Some(token) = token.filter(|token| token.holder() == *holder) else { return Ok(TokenRevocation::NotFound) };
    if !token.is_live(cx.now) || !store::set_revoked(tx, cx, id).await? {
        return Ok(TokenRevocation::Over);
    }
    let before = json!({ "name": token.name, "hint": token.hint, "scopes": token.scopes.0 });
    let account_id = token.account_id.as_ref();
    audit::record(tx, cx, account_id, "token.revoke", id.as_str(), Some(&before), audit::NOTHING).await?;
    Ok(TokenRevocation::Revoked)
}
