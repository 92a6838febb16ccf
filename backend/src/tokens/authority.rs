//! What a token may, asked in the transaction of the act: a token that was revoked may nothing from that commit on.

use super::{Holder, rules, store};
use crate::accounts::{Act, StaffAct, may_act, staff_may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, ApiTokenId};

/// Whether a token may do this in an account: in its own alone.
pub(crate) async fn token_may_act(
    tx: &mut Tx,
    cx: &Cx,
    id: &ApiTokenId,
    account_id: &AccountId,
    act: Act,
) -> Result<bool, DbError> {
    let token = store::find_token(tx, &cx.vendor_id, id).await?;
    let token = token.filter(|token| token.is_live(cx.now) && token.account_id.as_ref() == Some(account_id));
    Ok(token.is_some_and(|token| rules::include(&token.scopes.0, act)))
}

/// Whether a token may do this for the vendor: one of its own alone.
pub(crate) async fn token_may_act_for_vendor(
    tx: &mut Tx,
    cx: &Cx,
    id: &ApiTokenId,
    act: StaffAct,
) -> Result<bool, DbError> {
    let token = store::find_token(tx, &cx.vendor_id, id).await?;
    let token = token.filter(|token| token.is_live(cx.now) && token.account_id.is_none());
    Ok(token.is_some_and(|token| rules::include_for_vendor(&token.scopes.0, act)))
}

/// Whether the one who acts may see, make and revoke a holder's tokens.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn may_manage(tx: &mut Tx, cx: &Cx, holder: &Holder) -> Result<bool, DbError> {
    match holder {
        Holder::Account(id) => may_act(tx, cx, id, Act::ManageTokens).await,
        Holder::Vendor => staff_may_act(tx, cx, StaffAct::ManageTokens).await,
    }
}
