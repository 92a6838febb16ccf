//! Invoices and their documents in the database.

use super::{Invoice, InvoiceLine, InvoiceStatus};
use crate::clock::UnixMs;
use crate::db::{DbError, JsonText, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{AccountId, InvoiceId, LicenseId, OrderId, VendorId};
use crate::stripe::StripeInvoiceLine;

/// The invoice with this id, if it is the account's.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_invoice(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    id: &InvoiceId,
) -> Result<Option<Invoice>, DbError> {
    fetch_optional!(
        tx,
        Invoice,
        "SELECT * FROM invoices WHERE vendor_id = $1 AND account_id = $2 AND id = $3",
        vendor_id,
        account_id,
        id
    )
}

/// The invoice with this id at Stripe.
pub(crate) async fn find_by_stripe_id(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_invoice_id: &str,
) -> Result<Option<Invoice>, DbError> {
    fetch_optional!(
        tx,
        Invoice,
        "SELECT * FROM invoices WHERE vendor_id = $1 AND stripe_invoice_id = $2",
        vendor_id,
        stripe_invoice_id
    )
}

/// The invoice with this id, whoever's it is: for the vendor's staff.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_invoice_for_staff(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &InvoiceId,
) -> Result<Option<Invoice>, DbError> {
    fetch_optional!(tx, Invoice, "SELECT * FROM invoices WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

/// The vendor's invoices, newest first, at most `limit` of those issued before `before`; with a number, only that one.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_invoices_for_staff(
    tx: &mut Tx,
    vendor_id: &VendorId,
    number: Option<&str>,
    before: Option<(UnixMs, &InvoiceId)>,
    limit: i64,
) -> Result<Vec<Invoice>, DbError> {
    let (at, id) = before.map_or((UnixMs(i64::MAX), ""), |(at, id)| (at, id.as_str()));
    fetch_all!(
        tx,
        Invoice,
        "SELECT * FROM invoices
         WHERE vendor_id = $1 AND ($2 = '' OR number = $2) AND (issued_at < $3 OR issued_at = $3 AND id < $4)
         ORDER BY issued_at DESC, id DESC LIMIT $5",
        vendor_id,
        number.unwrap_or_default(),
        at,
        id,
        limit
    )
}

/// Invoices that were issued in a period, oldest first: one account's, or all of the vendor's.
pub(super) async fn list_invoices_between(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: Option<&AccountId>,
    (from, until): (UnixMs, UnixMs),
    limit: i64,
) -> Result<Vec<Invoice>, DbError> {
    fetch_all!(
        tx,
        Invoice,
        "SELECT * FROM invoices
         WHERE vendor_id = $1 AND ($2 = '' OR account_id = $2) AND issued_at >= $3 AND issued_at < $4
         ORDER BY issued_at, id LIMIT $5",
        vendor_id,
        account_id.map_or("", AccountId::as_str),
        from,
        until,
        limit
    )
}

/// An account's invoices, newest first, at most `limit` of those issued before `before`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_invoices(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    before: Option<(UnixMs, &InvoiceId)>,
    limit: i64,
) -> Result<Vec<Invoice>, DbError> {
    let (at, id) = before.map_or((UnixMs(i64::MAX), ""), |(at, id)| (at, id.as_str()));
    fetch_all!(
        tx,
        Invoice,
        "SELECT * FROM invoices
         WHERE vendor_id = $1 AND account_id = $2 AND (issued_at < $3 OR issued_at = $3 AND id < $4)
         ORDER BY issued_at DESC, id DESC LIMIT $5",
        vendor_id,
        account_id,
        at,
        id,
        limit
    )
}

/// An invoice's lines, in order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_lines(tx: &mut Tx, vendor_id: &VendorId, id: &InvoiceId) -> Result<Vec<InvoiceLine>, DbError> {
    fetch_all!(
        tx,
        InvoiceLine,
        "SELECT description, quantity, unit_amount_minor, amount_minor, discount_minor, period_start, period_end,
                is_proration, taxes
         FROM invoice_lines WHERE vendor_id = $1 AND invoice_id = $2 ORDER BY position",
        vendor_id,
        id
    )
}

/// Whether anything was ever paid for a license.
pub(crate) async fn has_paid_invoice(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
) -> Result<bool, DbError> {
    let row = fetch_optional!(
        tx,
        (InvoiceId,),
        "SELECT id FROM invoices WHERE vendor_id = $1 AND license_id = $2 AND status = 'paid' LIMIT 1",
        vendor_id,
        license_id
    )?;
    Ok(row.is_some())
}

/// Whether an account was invoiced something for a license that is still to be paid.
pub(crate) async fn has_open_invoice(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    account_id: &AccountId,
) -> Result<bool, DbError> {
    let row = fetch_optional!(
        tx,
        (InvoiceId,),
        "SELECT id FROM invoices
         WHERE vendor_id = $1 AND license_id = $2 AND account_id = $3 AND status = 'open' AND due_minor > 0 LIMIT 1",
        vendor_id,
        license_id,
        account_id
    )?;
    Ok(row.is_some())
}

/// Stripe's ids of invoices that are not paid, void or given up: first those that nobody has asked Stripe about for the
/// longest time.
pub(crate) async fn list_open_invoices(tx: &mut Tx, vendor_id: &VendorId, limit: i64) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT stripe_invoice_id FROM invoices WHERE vendor_id = $1 AND status = 'open'
         ORDER BY looked_at, issued_at, id LIMIT $2",
        vendor_id,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Notes that Stripe is asked about an open invoice now.
pub(crate) async fn set_looked_at(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_invoice_id: &str,
    now: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE invoices SET looked_at = $3 WHERE vendor_id = $1 AND stripe_invoice_id = $2",
        vendor_id,
        stripe_invoice_id,
        now
    )?;
    Ok(())
}

/// Stripe's ids of the account's invoices of which it is not known what they are for; vouchers are for no license yet.
pub(crate) async fn list_unattached_invoices(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT i.stripe_invoice_id FROM invoices i
         WHERE i.vendor_id = $1 AND i.account_id = $2 AND i.license_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM orders o
                           WHERE o.vendor_id = i.vendor_id AND o.id = i.order_id AND o.kind = 'vouchers')
         ORDER BY i.issued_at, i.id",
        vendor_id,
        account_id
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The license that an order made, while the invoice only knows the order.
pub(super) async fn find_license_of_order(
    tx: &mut Tx,
    vendor_id: &VendorId,
    order_id: &OrderId,
) -> Result<Option<LicenseId>, DbError> {
    let row = fetch_optional!(
        tx,
        (Option<LicenseId>,),
        "SELECT license_id FROM orders WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        order_id
    )?;
    Ok(row.and_then(|(id,)| id))
}

/// Claims the row of a Stripe invoice, if it is here.
pub(crate) async fn lock_invoice(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_invoice_id: &str,
) -> Result<Option<Invoice>, DbError> {
    fetch_optional!(
        tx,
        Invoice,
        "UPDATE invoices SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND stripe_invoice_id = $2 RETURNING *",
        vendor_id,
        stripe_invoice_id
    )
}

/// Inserts an invoice with its lines; `false` when another process was quicker.
pub(super) async fn insert_invoice(
    tx: &mut Tx,
    invoice: &Invoice,
    lines: &[StripeInvoiceLine],
) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO invoices (id, vendor_id, account_id, license_id, order_id, stripe_invoice_id, number, status, currency,
                               subtotal_minor, discount_minor, tax_minor, total_minor, paid_minor, due_minor, issued_due_minor,
                               taxes, payment_url, billing_reason, parties, issued_at, due_at, paid_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                 $23, $24)
         ON CONFLICT (vendor_id, stripe_invoice_id) DO NOTHING",
        &invoice.id,
        &invoice.vendor_id,
        &invoice.account_id,
        invoice.license_id.as_ref(),
        invoice.order_id.as_ref(),
        &invoice.stripe_invoice_id,
        &invoice.number,
        invoice.status,
        invoice.currency,
        invoice.subtotal_minor,
        invoice.discount_minor,
        invoice.tax_minor,
        invoice.total_minor,
        invoice.paid_minor,
        invoice.due_minor,
        invoice.issued_due_minor,
        invoice.taxes.clone(),
        invoice.payment_url.as_deref(),
        &invoice.billing_reason,
        invoice.parties.clone(),
        invoice.issued_at,
        invoice.due_at,
        invoice.paid_at,
        invoice.created_at
    )?;
    if inserted == 0 {
        return Ok(false);
    }
    for (position, line) in (0_i64..).zip(lines) {
        execute!(
            tx,
            "INSERT INTO invoice_lines (vendor_id, invoice_id, position, description, quantity, unit_amount_minor,
                                        amount_minor, discount_minor, period_start, period_end, is_proration, taxes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            &invoice.vendor_id,
            &invoice.id,
            position,
            &line.description,
            line.quantity,
            line.unit_amount_minor,
            line.amount_minor,
            line.discount_minor,
            line.period_start,
            line.period_end,
            line.is_proration,
            JsonText(line.taxes.clone())
        )?;
    }
    Ok(true)
}

/// Sets what may still change of a final invoice: its standing and what is paid of it.
pub(super) async fn update_standing(tx: &mut Tx, invoice: &Invoice) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE invoices SET status = $3, paid_minor = $4, due_minor = $5, payment_url = $6, paid_at = $7,
                license_id = $8
         WHERE vendor_id = $1 AND id = $2",
        &invoice.vendor_id,
        &invoice.id,
        invoice.status,
        invoice.paid_minor,
        invoice.due_minor,
        invoice.payment_url.as_deref(),
        invoice.paid_at,
        invoice.license_id.as_ref()
    )?;
    Ok(())
}

/// The status that an invoice has in our words; `None` for drafts, which are no invoices yet.
pub(super) fn status_of(state: crate::stripe::InvoiceState) -> Option<InvoiceStatus> {
    use crate::stripe::InvoiceState;
    Some(match state {
        InvoiceState::Draft => return None,
        InvoiceState::Open => InvoiceStatus::Open,
        InvoiceState::Paid => InvoiceStatus::Paid,
        InvoiceState::Void => InvoiceStatus::Void,
        InvoiceState::Uncollectible => InvoiceStatus::Uncollectible,
    })
}
