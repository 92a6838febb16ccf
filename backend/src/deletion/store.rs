use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one};
use crate::ids::{AccountId, HandoverId, InvoiceId, LicenseId, OrderId, UserId, VendorId};

/// An invoice that keeps an account from closing.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OpenInvoice {
    /// Its id.
    pub id: InvoiceId,
    /// Its number.
    pub number: String,
}

/// Writes when an account closes, or that it does not. The caller holds its lock.
pub(super) async fn set_closes_at(
    tx: &mut Tx,
    cx: &Cx,
    id: &AccountId,
    closes_at: Option<UnixMs>,
) -> Result<(), DbError> {
    execute!(tx, "UPDATE accounts SET closes_at = $3 WHERE vendor_id = $1 AND id = $2", &cx.vendor_id, id, closes_at)?;
    Ok(())
}

/// The accounts whose time to close has come, after `after` in the order of their ids.
pub(super) async fn list_due(
    tx: &mut Tx,
    vendor_id: &VendorId,
    now: UnixMs,
    after: &str,
    limit: i64,
) -> Result<Vec<AccountId>, DbError> {
    let rows = fetch_all!(
        tx,
        (AccountId,),
        "SELECT id FROM accounts WHERE vendor_id = $1 AND closes_at <= $2 AND closed_at IS NULL AND id > $3
         ORDER BY id LIMIT $4",
        vendor_id,
        now,
        after,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// What an account owes, oldest first: open invoices, but for those of orders that are open still, which are given up.
pub(super) async fn list_owed(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<OpenInvoice>, DbError> {
    fetch_all!(
        tx,
        OpenInvoice,
        "SELECT i.id, i.number FROM invoices i
         WHERE i.vendor_id = $1 AND i.account_id = $2 AND i.status = 'open' AND i.due_minor > 0
           AND NOT EXISTS (SELECT 1 FROM orders o
                           WHERE o.vendor_id = i.vendor_id AND o.account_id = i.account_id AND o.status = 'open'
                             AND (o.id = i.order_id OR o.stripe_invoice_id = i.stripe_invoice_id))
         ORDER BY i.issued_at, i.id LIMIT 20",
        vendor_id,
        account_id
    )
}

/// Orders that somebody may still pay and that are for the account, or paid by it.
pub(super) async fn list_open_orders(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<OrderId>, DbError> {
    let rows = fetch_all!(
        tx,
        (OrderId,),
        "SELECT id FROM orders WHERE vendor_id = $1 AND (account_id = $2 OR licensee_id = $2) AND status = 'open'
         ORDER BY created_at, id",
        vendor_id,
        account_id
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The account's own licenses for which it pays a subscription that is not over.
pub(super) async fn list_running(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<LicenseId>, DbError> {
    let rows = fetch_all!(
        tx,
        (LicenseId,),
        "SELECT s.license_id FROM subscriptions s
         JOIN licenses l ON l.vendor_id = s.vendor_id AND l.id = s.license_id
         WHERE s.vendor_id = $1 AND s.account_id = $2 AND l.account_id = $2 AND s.ended_at IS NULL
         ORDER BY s.license_id",
        vendor_id,
        account_id
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Licenses, its own and its clients', whose subscription the account pays and which renew.
pub(super) async fn list_renewing(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<LicenseId>, DbError> {
    let rows = fetch_all!(
        tx,
        (LicenseId,),
        "SELECT license_id FROM subscriptions
         WHERE vendor_id = $1 AND account_id = $2 AND ended_at IS NULL AND NOT cancel_at_period_end
         ORDER BY license_id",
        vendor_id,
        account_id
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Handovers from or to the account that wait for somebody.
pub(super) async fn list_handovers(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<HandoverId>, DbError> {
    let rows = fetch_all!(
        tx,
        (HandoverId,),
        "SELECT id FROM handovers
         WHERE vendor_id = $1 AND (from_account_id = $2 OR to_account_id = $2) AND status = 'asked' ORDER BY license_id",
        vendor_id,
        account_id
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Everything that the account has a license for.
pub(super) async fn list_licenses(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<LicenseId>, DbError> {
    let rows = fetch_all!(
        tx,
        (LicenseId,),
        "SELECT id FROM licenses WHERE vendor_id = $1 AND account_id = $2 ORDER BY id",
        vendor_id,
        account_id
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// How many others own an account that a user belongs to.
pub(super) async fn count_other_owners(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    user_id: &UserId,
) -> Result<i64, DbError> {
    let (others,): (i64,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM memberships
         WHERE vendor_id = $1 AND account_id = $2 AND user_id <> $3 AND role = 'owner'",
        vendor_id,
        account_id,
        user_id
    )?;
    Ok(others)
}
