//! A partner that buys for itself, and what is agreed with it.

use super::{PartnerTerms, store};
use crate::accounts::{self, Account, Act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;

/// The account and what is agreed with it, while it is a partner, for whoever may do this in it; for others it is none.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_partnership(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    act: Act,
) -> Result<Option<(Account, PartnerTerms)>, DbError> {
    if !accounts::may_act(tx, cx, account_id, act).await? {
        return Ok(None);
    }
    let partner = store::find_partner(tx, &cx.vendor_id, account_id).await?;
    let Some(partner) = partner.filter(super::Partner::is_live) else { return Ok(None) };
    let account = accounts::find_account(tx, &cx.vendor_id, account_id).await?;
    Ok(account.map(|account| (account, partner.terms())))
}

/// The same, so that what is agreed does not change before the transaction ends.
pub(crate) async fn lock_partnership(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    act: Act,
) -> Result<Option<(Account, PartnerTerms)>, DbError> {
    // Asked before the lock as well, so that strangers hold nobody up.
    if find_partnership(tx, cx, account_id, act).await?.is_none() {
        return Ok(None);
    }
    store::lock_partner(tx, &cx.vendor_id, account_id).await?;
    find_partnership(tx, cx, account_id, act).await
}
