//! Refunds and disputes in the database.

use super::rules::PaidInvoice;
use super::{Dispute, DisputeStatus, Refund, RefundStatus};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{InvoiceId, LicenseId, OrderId, VendorId};

/// The refunds of an invoice, oldest first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_refunds(tx: &mut Tx, vendor_id: &VendorId, invoice_id: &InvoiceId) -> Result<Vec<Refund>, DbError> {
    fetch_all!(
        tx,
        Refund,
        "SELECT * FROM refunds WHERE vendor_id = $1 AND invoice_id = $2 ORDER BY refunded_at, id",
        vendor_id,
        invoice_id
    )
}

/// The disputes about an invoice, oldest first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_disputes(tx: &mut Tx, vendor_id: &VendorId, invoice_id: &InvoiceId) -> Result<Vec<Dispute>, DbError> {
    fetch_all!(
        tx,
        Dispute,
        "SELECT * FROM disputes WHERE vendor_id = $1 AND invoice_id = $2 ORDER BY opened_at, id",
        vendor_id,
        invoice_id
    )
}

/// Whether the order that made a license was given up: the license has ended with that, and what was paid for it meanwhile was
/// given back with it. Not where somebody has paid for it to go on since.
pub(super) async fn was_given_up(tx: &mut Tx, vendor_id: &VendorId, license_id: &LicenseId) -> Result<bool, DbError> {
    let row = fetch_optional!(
        tx,
        (OrderId,),
        "SELECT id FROM orders
         WHERE vendor_id = $1 AND license_id = $2 AND kind IN ('subscription', 'perpetual')
           AND status IN ('cancelled', 'expired')
           AND NOT EXISTS (SELECT 1 FROM orders goes_on WHERE goes_on.vendor_id = $1 AND goes_on.license_id = $2
                           AND goes_on.kind = 'continuation' AND goes_on.status = 'paid')
         LIMIT 1",
        vendor_id,
        license_id
    )?;
    Ok(row.is_some())
}

/// The newest paid invoices of a license with what was given back of each, newest first. Where it came of a voucher, what paid
/// for the voucher is among them.
pub(super) async fn list_paid_invoices(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    now: UnixMs,
) -> Result<Vec<PaidInvoice>, DbError> {
    fetch_all!(
        tx,
        PaidInvoice,
        "SELECT i.billing_reason, o.kind AS order_kind, k.kind AS license_kind, i.total_minor, i.paid_minor,
            EXISTS (SELECT 1 FROM invoice_lines l WHERE l.vendor_id = i.vendor_id AND l.invoice_id = i.id
              AND NOT l.is_proration) AS begins_period,
            CASE WHEN o.kind = 'continuation' AND i.total_minor <= 0
                AND (i.account_id <> s.account_id OR i.issued_at < s.begins_at)
              THEN TRUE ELSE FALSE END AS precedes_first_charge,
            CASE WHEN i.account_id <> s.account_id AND EXISTS (
              SELECT 1 FROM former_subscriptions f WHERE f.vendor_id = i.vendor_id AND f.license_id = k.id
                AND f.account_id = i.account_id AND COALESCE(s.begins_at, f.replaced_at) <= $3)
              THEN TRUE ELSE FALSE END AS is_over,
            CASE WHEN i.account_id = k.account_id THEN TRUE ELSE FALSE END AS is_holders,
            CAST(COALESCE((SELECT SUM(r.amount_minor) FROM refunds r WHERE r.vendor_id = i.vendor_id
              AND r.invoice_id = i.id AND r.status IN ('pending', 'succeeded')), 0) AS BIGINT) AS refunded_minor,
            CAST(COALESCE((SELECT SUM(c.total_minor) FROM credit_notes c WHERE c.vendor_id = i.vendor_id
              AND c.invoice_id = i.id AND c.status = 'issued'), 0) AS BIGINT) AS credited_minor,
            (SELECT COUNT(*) FROM disputes d WHERE d.vendor_id = i.vendor_id AND d.invoice_id = i.id
              AND d.status = 'lost') AS disputes_lost,
            (SELECT MIN(d.opened_at) FROM disputes d WHERE d.vendor_id = i.vendor_id AND d.invoice_id = i.id
              AND d.status = 'open') AS disputed_at
         FROM invoices i LEFT JOIN orders o ON o.vendor_id = i.vendor_id AND o.id = i.order_id
         JOIN licenses k ON k.vendor_id = i.vendor_id AND k.id = $2
         LEFT JOIN subscriptions s ON s.vendor_id = k.vendor_id AND s.license_id = k.id
         WHERE i.vendor_id = $1 AND i.status = 'paid' AND i.id IN (
           SELECT own.id FROM invoices own WHERE own.vendor_id = $1 AND own.license_id = $2
           UNION ALL
           SELECT paid.id FROM vouchers v
           JOIN invoices paid ON paid.vendor_id = v.vendor_id AND paid.order_id = v.order_id
           WHERE v.vendor_id = $1 AND v.license_id = $2)
         ORDER BY i.issued_at DESC, LENGTH(i.number) DESC, i.number DESC LIMIT 500",
        vendor_id,
        license_id,
        now
    )
}

/// The paid invoices of an order of vouchers with what was given back of each, newest first.
pub(super) async fn list_paid_invoices_of_order(
    tx: &mut Tx,
    vendor_id: &VendorId,
    order_id: &OrderId,
) -> Result<Vec<PaidInvoice>, DbError> {
    fetch_all!(
        tx,
        PaidInvoice,
        "SELECT i.billing_reason, o.kind AS order_kind, p.kind AS license_kind, i.total_minor, i.paid_minor,
            TRUE AS begins_period, FALSE AS precedes_first_charge, FALSE AS is_over, TRUE AS is_holders,
            CAST(COALESCE((SELECT SUM(r.amount_minor) FROM refunds r WHERE r.vendor_id = i.vendor_id
              AND r.invoice_id = i.id AND r.status IN ('pending', 'succeeded')), 0) AS BIGINT) AS refunded_minor,
            CAST(COALESCE((SELECT SUM(c.total_minor) FROM credit_notes c WHERE c.vendor_id = i.vendor_id
              AND c.invoice_id = i.id AND c.status = 'issued'), 0) AS BIGINT) AS credited_minor,
            (SELECT COUNT(*) FROM disputes d WHERE d.vendor_id = i.vendor_id AND d.invoice_id = i.id
              AND d.status = 'lost') AS disputes_lost,
            (SELECT MIN(d.opened_at) FROM disputes d WHERE d.vendor_id = i.vendor_id AND d.invoice_id = i.id
              AND d.status = 'open') AS disputed_at
         FROM invoices i JOIN orders o ON o.vendor_id = i.vendor_id AND o.id = i.order_id
         JOIN plans p ON p.vendor_id = o.vendor_id AND p.id = o.plan_id
         WHERE i.vendor_id = $1 AND i.order_id = $2 AND i.status = 'paid'
         ORDER BY i.issued_at DESC, LENGTH(i.number) DESC, i.number DESC LIMIT 500",
        vendor_id,
        order_id
    )
}

pub(super) async fn lock_refund(tx: &mut Tx, vendor_id: &VendorId, stripe_id: &str) -> Result<Option<Refund>, DbError> {
    fetch_optional!(
        tx,
        Refund,
        "UPDATE refunds SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND stripe_refund_id = $2 RETURNING *",
        vendor_id,
        stripe_id
    )
}

pub(super) async fn insert_refund(tx: &mut Tx, cx: &Cx, refund: &Refund) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO refunds (id, vendor_id, account_id, invoice_id, stripe_refund_id, status, currency, amount_minor,
                              reason, refunded_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &refund.id,
        &refund.vendor_id,
        &refund.account_id,
        &refund.invoice_id,
        &refund.stripe_refund_id,
        refund.status,
        refund.currency,
        refund.amount_minor,
        &refund.reason,
        refund.refunded_at,
        cx.now
    )?;
    Ok(())
}

pub(super) async fn update_refund(tx: &mut Tx, cx: &Cx, refund: &Refund, status: RefundStatus) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE refunds SET status = $3, updated_at = $4 WHERE vendor_id = $1 AND id = $2",
        &refund.vendor_id,
        &refund.id,
        status,
        cx.now
    )?;
    Ok(())
}

pub(super) async fn lock_dispute(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_id: &str,
) -> Result<Option<Dispute>, DbError> {
    fetch_optional!(
        tx,
        Dispute,
        "UPDATE disputes SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND stripe_dispute_id = $2 RETURNING *",
        vendor_id,
        stripe_id
    )
}

pub(super) async fn insert_dispute(tx: &mut Tx, cx: &Cx, dispute: &Dispute) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO disputes (id, vendor_id, account_id, invoice_id, stripe_dispute_id, status, currency,
                               amount_minor, reason, opened_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &dispute.id,
        &dispute.vendor_id,
        &dispute.account_id,
        &dispute.invoice_id,
        &dispute.stripe_dispute_id,
        dispute.status,
        dispute.currency,
        dispute.amount_minor,
        &dispute.reason,
        dispute.opened_at,
        cx.now
    )?;
    Ok(())
}

pub(super) async fn update_dispute(
    tx: &mut Tx,
    cx: &Cx,
    dispute: &Dispute,
    status: DisputeStatus,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE disputes SET status = $3, updated_at = $4 WHERE vendor_id = $1 AND id = $2",
        &dispute.vendor_id,
        &dispute.id,
        status,
        cx.now
    )?;
    Ok(())
}

/// Invoices with something undecided, a refund on its way or a dispute that is open, by Stripe's ids: first those that nobody
/// has asked Stripe about for the longest time.
pub(crate) async fn list_undecided(tx: &mut Tx, vendor_id: &VendorId, limit: i64) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT i.stripe_invoice_id FROM invoices i WHERE i.vendor_id = $1 AND (
           EXISTS (SELECT 1 FROM refunds r WHERE r.vendor_id = i.vendor_id AND r.invoice_id = i.id
                   AND r.status = 'pending')
           OR EXISTS (SELECT 1 FROM disputes d WHERE d.vendor_id = i.vendor_id AND d.invoice_id = i.id
                      AND d.status IN ('inquiry', 'open')))
         ORDER BY i.reversals_looked_at, i.issued_at, i.id LIMIT $2",
        vendor_id,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Notes that Stripe is asked now about what was given back of an invoice.
pub(crate) async fn set_looked_at(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_invoice_id: &str,
    now: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE invoices SET reversals_looked_at = $3 WHERE vendor_id = $1 AND stripe_invoice_id = $2",
        vendor_id,
        stripe_invoice_id,
        now
    )?;
    Ok(())
}
