//! What closing an account, or deleting oneself, would mean, and what keeps one from it: to be read before.

use super::{OpenInvoice, store};
use crate::accounts::{self, Account, Act, Role, may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, LicenseId, VendorId};
use crate::money::Money;
use crate::{commissions, vouchers};

/// An account as somebody sees it who may close it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingOutlook {
    /// What is owed, which keeps the account from closing.
    pub owed: Vec<OpenInvoice>,
    /// Its licenses with subscriptions that end with it.
    pub running: Vec<LicenseId>,
    /// How many orders are given up.
    pub open_orders: usize,
    /// What the vendor owes it as a partner, for each currency; it does not close before that is paid out.
    pub earned: Vec<Money>,
    /// How many of the vouchers that it bought as a partner can still be redeemed; they stay good.
    pub open_vouchers: i64,
}

/// What closing an account means, for whoever may close it; for others it does not exist.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn look_at_closing(tx: &mut Tx, cx: &Cx, account_id: &AccountId) -> Result<Option<ClosingOutlook>, DbError> {
    if !may_act(tx, cx, account_id, Act::CloseAccount).await? {
        return Ok(None);
    }
    Ok(Some(ClosingOutlook {
        owed: store::list_owed(tx, &cx.vendor_id, account_id).await?,
        running: store::list_running(tx, &cx.vendor_id, account_id).await?,
        open_orders: store::list_open_orders(tx, &cx.vendor_id, account_id).await?.len(),
        earned: commissions::list_owed(tx, &cx.vendor_id, account_id).await?,
        open_vouchers: vouchers::count_open(tx, &cx.vendor_id, account_id).await?,
    }))
}

/// Whether something is owed, by the account or to it: then it does not close, and nothing is taken away from it.
pub(super) async fn is_unsettled(tx: &mut Tx, vendor_id: &VendorId, account_id: &AccountId) -> Result<bool, DbError> {
    Ok(!store::list_owed(tx, vendor_id, account_id).await?.is_empty()
        || !commissions::list_owed(tx, vendor_id, account_id).await?.is_empty())
}

/// Somebody's sign-in as the person sees it before deleting it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionOutlook {
    /// Whether the person is of the vendor's staff, which keeps it.
    pub is_staff: bool,
    /// The accounts that nobody else owns, which keep it.
    pub owned_alone: Vec<Account>,
    /// The accounts that it leaves.
    pub leaves: Vec<Account>,
}

/// What deleting oneself means; `None` for whoever is no person.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn look_at_deletion(tx: &mut Tx, cx: &Cx) -> Result<Option<DeletionOutlook>, DbError> {
    let Some(me) = cx.actor.person() else { return Ok(None) };
    let Some(user) = accounts::find_user(tx, &cx.vendor_id, me).await? else { return Ok(None) };
    let (mut owned_alone, mut leaves) = (Vec::new(), Vec::new());
    for membership in accounts::list_memberships(tx, &cx.vendor_id, me).await? {
        let is_owner = membership.role == Role::Owner;
        if is_owner && store::count_other_owners(tx, &cx.vendor_id, &membership.account.id, me).await? == 0 {
            owned_alone.push(membership.account);
        } else {
            leaves.push(membership.account);
        }
    }
    Ok(Some(DeletionOutlook { is_staff: user.staff_role.is_some(), owned_alone, leaves }))
}
