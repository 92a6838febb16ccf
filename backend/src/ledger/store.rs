//! The ledger in the database.

use super::post::Booking;
use super::{LedgerAccount, Side, Source};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{AccountId, InvoiceId, PostingId, VendorId};
use crate::money::Currency;

/// What is posted for a thing, by account.
pub(super) async fn sum_source(
    tx: &mut Tx,
    vendor_id: &VendorId,
    source: Source,
    source_id: &str,
) -> Result<Vec<Side>, DbError> {
    fetch_all!(
        tx,
        (LedgerAccount, i64),
        "SELECT ledger_account, CAST(SUM(amount_minor) AS BIGINT) FROM ledger_entries
         WHERE vendor_id = $1 AND source = $2 AND source_id = $3 GROUP BY ledger_account",
        vendor_id,
        source,
        source_id
    )
}

pub(super) async fn insert_entry(
    tx: &mut Tx,
    cx: &Cx,
    posting_id: &PostingId,
    booking: &Booking<'_>,
    side: Side,
    booked_at: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO ledger_entries (vendor_id, posting_id, ledger_account, source, source_id, account_id, invoice_id,
                                     currency, amount_minor, booked_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &cx.vendor_id,
        posting_id,
        side.0,
        booking.source,
        booking.source_id,
        booking.account_id,
        booking.invoice_id,
        booking.currency,
        side.1,
        booked_at,
        cx.now
    )?;
    Ok(())
}

/// Sums by currency and account of what was booked in a period.
pub(super) async fn sum_accounts(
    tx: &mut Tx,
    vendor_id: &VendorId,
    from: UnixMs,
    until: UnixMs,
) -> Result<Vec<(Currency, LedgerAccount, i64)>, DbError> {
    fetch_all!(
        tx,
        (Currency, LedgerAccount, i64),
        "SELECT currency, ledger_account, CAST(SUM(amount_minor) AS BIGINT) FROM ledger_entries
         WHERE vendor_id = $1 AND booked_at >= $2 AND booked_at < $3
         GROUP BY currency, ledger_account ORDER BY currency, ledger_account",
        vendor_id,
        from,
        until
    )
}

/// Postings that do not sum to zero.
pub(super) async fn list_unbalanced(
    tx: &mut Tx,
    vendor_id: &VendorId,
    limit: i64,
) -> Result<Vec<(PostingId, String, String, i64)>, DbError> {
    fetch_all!(
        tx,
        (PostingId, String, String, i64),
        "SELECT posting_id, MIN(source), MIN(source_id), CAST(SUM(amount_minor) AS BIGINT) FROM ledger_entries
         WHERE vendor_id = $1 GROUP BY posting_id
         HAVING SUM(amount_minor) <> 0 OR MIN(currency) <> MAX(currency) ORDER BY posting_id LIMIT $2",
        vendor_id,
        limit
    )
}

/// What the ledger holds of an invoice beside what its row says.
#[derive(sqlx::FromRow)]
pub(super) struct ComparedRow {
    pub(super) id: InvoiceId,
    pub(super) number: String,
    pub(super) owed_minor: i64,
    pub(super) owed_posted: i64,
    pub(super) sold_minor: i64,
    pub(super) sold_posted: i64,
    pub(super) paid_minor: i64,
    pub(super) paid_posted: i64,
}

/// Invoices of which the ledger says something else than their rows: what is owed, sold or paid.
pub(super) async fn list_disagreeing_invoices(
    tx: &mut Tx,
    vendor_id: &VendorId,
    limit: i64,
) -> Result<Vec<ComparedRow>, DbError> {
    fetch_all!(
        tx,
        ComparedRow,
        "SELECT * FROM (
           SELECT i.id, i.number,
             CASE WHEN i.status = 'open' THEN i.due_minor ELSE 0 END AS owed_minor,
             CAST(COALESCE(SUM(CASE WHEN e.ledger_account = 'receivable' THEN e.amount_minor END), 0) AS BIGINT)
               AS owed_posted,
             CASE WHEN i.status = 'void' THEN 0 ELSE i.total_minor END AS sold_minor,
             CAST(COALESCE(SUM(CASE WHEN e.source = 'invoice' AND e.ledger_account IN ('revenue', 'tax_payable')
               THEN -e.amount_minor END), 0) AS BIGINT) AS sold_posted,
             i.paid_minor,
             CAST(COALESCE(SUM(CASE WHEN e.source = 'payment' AND e.ledger_account = 'cash'
               THEN e.amount_minor END), 0) AS BIGINT) AS paid_posted
           FROM invoices i LEFT JOIN ledger_entries e ON e.vendor_id = i.vendor_id AND e.invoice_id = i.id
           WHERE i.vendor_id = $1
           GROUP BY i.id, i.number, i.status, i.due_minor, i.total_minor, i.paid_minor) compared
         WHERE owed_minor <> owed_posted OR sold_minor <> sold_posted OR paid_minor <> paid_posted
         ORDER BY number LIMIT $2",
        vendor_id,
        limit
    )
}

/// One side of a posting, with whom it concerns.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct CustomerEntry {
    /// The posting.
    pub posting_id: PostingId,
    /// The account of the ledger.
    pub ledger_account: LedgerAccount,
    /// What it is about.
    pub source: Source,
    /// Stripe's id of that, or of the invoice.
    pub source_id: String,
    /// The customer.
    pub company: Option<String>,
    /// The invoice's number.
    pub number: Option<String>,
    /// Of the amount.
    pub currency: Currency,
    /// Debit positive, credit negative.
    pub amount_minor: i64,
    /// When it happened.
    pub booked_at: UnixMs,
}

/// What was booked in a period, oldest first, at most `limit` rows: for the accountant.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_entries(
    tx: &mut Tx,
    vendor_id: &VendorId,
    (from, until): (UnixMs, UnixMs),
    limit: i64,
) -> Result<Vec<CustomerEntry>, DbError> {
    fetch_all!(
        tx,
        CustomerEntry,
        "SELECT e.posting_id, e.ledger_account, e.source, e.source_id, a.company, i.number, e.currency,
                e.amount_minor, e.booked_at
         FROM ledger_entries e
         LEFT JOIN accounts a ON a.vendor_id = e.vendor_id AND a.id = e.account_id
         LEFT JOIN invoices i ON i.vendor_id = e.vendor_id AND i.id = e.invoice_id
         WHERE e.vendor_id = $1 AND e.booked_at >= $2 AND e.booked_at < $3
         ORDER BY e.booked_at, e.posting_id, e.ledger_account LIMIT $4",
        vendor_id,
        from,
        until,
        limit
    )
}

/// The currency in which an account has credit, or owes with its next invoice.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_credit_currency(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Option<Currency>, DbError> {
    let row = fetch_optional!(
        tx,
        (Currency,),
        "SELECT currency FROM ledger_entries WHERE vendor_id = $1 AND account_id = $2 AND ledger_account = $3
         GROUP BY currency HAVING SUM(amount_minor) <> 0 ORDER BY currency LIMIT 1",
        vendor_id,
        account_id,
        LedgerAccount::CustomerCredit
    )?;
    Ok(row.map(|(currency,)| currency))
}
