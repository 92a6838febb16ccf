//! Closing an account for good, once its time has come.

use serde_json::json;

use super::look::is_unsettled;
use super::{account_store, mail_store, store, tell};
use crate::accounts::{self, Account, Field, lock_account};
use crate::billing::{self, Commerce, CommerceError, maintenance};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, LicenseId, OrderId};
use crate::keys::MasterKey;
use crate::text::en::deletion as words;
use crate::{audit, handovers, licenses, mail, orders, partners};

/// What goes of the address at Stripe; the country stays, as it does here.
const ADDRESS: [Field; 5] = [Field::Line1, Field::Line2, Field::PostalCode, Field::City, Field::State];

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountClosing {
    /// It is closed, and what was kept about it erased.
    Closed,
    /// Something is owed, or is being paid at this moment: the next round tries again.
    Waits,
    /// It is not due: kept, closed before, or there is no such account.
    NotDue,
}

/// Closes an account that is due: ends at Stripe what runs, gives open orders up, ends everything else and erases.
/// Nothing is paid back.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub async fn close_account(
    commerce: &Commerce,
    cx: &Cx,
    account_id: &AccountId,
) -> Result<AccountClosing, CommerceError> {
    let (tx_cx, id) = (cx.clone(), account_id.clone());
    let found = commerce.db.read(|tx| Box::pin(async move { find_due(tx, &tx_cx, &id).await })).await?;
    let Some((open_orders, running)) = found else { return Ok(AccountClosing::NotDue) };
    for order_id in &open_orders {
        orders::cancel_order(commerce, cx, order_id).await?;
    }
    for license_id in &running {
        billing::end_subscription(commerce, cx, license_id, words::CLOSED_ACCOUNT).await?;
    }
    // Also of whoever owes: it is not charged for more meanwhile.
    maintenance::end_auto_renewals_of(commerce, cx, account_id).await?;
    let (cx, master, id) = (cx.clone(), commerce.master.clone(), account_id.clone());
    let closed = commerce.db.write(move |tx| Box::pin(async move { finish(tx, &cx, &master, &id).await })).await;
    Ok(closed?)
}

/// What is to be ended at Stripe first; `None` where the account is not due.
async fn find_due(tx: &mut Tx, cx: &Cx, id: &AccountId) -> Result<Option<(Vec<OrderId>, Vec<LicenseId>)>, DbError> {
    let account = accounts::find_account(tx, &cx.vendor_id, id).await?;
    if account.filter(|account| is_due(account, cx)).is_none() {
        return Ok(None);
    }
    // Nothing is taken away while something is owed, by either side: the account stays as it is until that is settled.
    if is_unsettled(tx, &cx.vendor_id, id).await? {
        return Ok(Some((Vec::new(), Vec::new())));
    }
    let open_orders = store::list_open_orders(tx, &cx.vendor_id, id).await?;
    Ok(Some((open_orders, store::list_running(tx, &cx.vendor_id, id).await?)))
}

fn is_due(account: &Account, cx: &Cx) -> bool {
    account.closed_at.is_none() && account.closes_at.is_some_and(|at| at <= cx.now)
}

/// Ends what is ours to end, and erases: all or nothing.
async fn finish(tx: &mut Tx, cx: &Cx, master: &MasterKey, id: &AccountId) -> Result<AccountClosing, DbError> {
    let account = lock_account(tx, &cx.vendor_id, id).await?;
    let Some(account) = account.filter(|account| is_due(account, cx)) else { return Ok(AccountClosing::NotDue) };
    let vendor_id = &cx.vendor_id;
    let waits = is_unsettled(tx, vendor_id, id).await?
        || !store::list_open_orders(tx, vendor_id, id).await?.is_empty()
        || !store::list_running(tx, vendor_id, id).await?.is_empty()
        || !maintenance::list_living(tx, vendor_id, id).await?.is_empty();
    if waits {
        return Ok(AccountClosing::Waits);
    }
    let members = accounts::list_members(tx, vendor_id, id).await?;
    // Nobody has proved the address for invoices: it may be one to which others are written.
    let billing_email = account.billing_email.as_str();
    let is_own = mail_store::is_nobody_elses(tx, vendor_id, id.as_str(), billing_email).await?;
    if is_own {
        mail_store::forget_unsent(tx, vendor_id, billing_email, None).await?;
        mail::log::forget_recipient(tx, vendor_id, billing_email, None).await?;
    }
    mail_store::forget_company(tx, vendor_id, id, &account.company).await?;
    tell::closed(tx, cx, master, &account, &members).await?;
    // From here on nobody belongs to it, so that nobody is told of each thing that ends.
    account_store::delete_memberships(tx, vendor_id, id).await?;
    for handover_id in store::list_handovers(tx, vendor_id, id).await? {
        handovers::end_handover(tx, cx, master, &handover_id).await?;
    }
    partners::end_all_of_client(tx, cx, master, id).await?;
    partners::end_partnership(tx, cx, master, id).await?;
    // Each is locked by that, so that the table in memory lets go of its instances before their rows are emptied.
    let held = store::list_licenses(tx, vendor_id, id).await?;
    for license_id in &held {
        licenses::revoke_license(tx, cx, master, license_id, words::CLOSED_ACCOUNT).await?;
    }
    account_store::erase(tx, cx, &account).await?;
    if account.stripe_customer_id.is_some() {
        billing::handlers::enqueue_customer_sync(tx, cx, master, id, &ADDRESS).await?;
    }
    let after = json!({ "members": members.len(), "licenses": held.len() });
    audit::record(tx, cx, Some(id), "account.close", id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(AccountClosing::Closed)
}
