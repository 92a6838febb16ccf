use super::{Return, ReturnFilter, ReturnKind, ReturnRow, Undecided};
use crate::db::{DbError, Tx, fetch_all, fetch_one};
use crate::ids::VendorId;
use crate::listing::TimePlace;

/// What the vendor gave back, newest first, at most `limit` of what comes after `after` in that order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_returns(
    tx: &mut Tx,
    vendor_id: &VendorId,
    filter: &ReturnFilter,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<Return>, DbError> {
    let (at, id) = TimePlace::bound(after);
    let rows = fetch_all!(
        tx,
        ReturnRow,
        "SELECT g.kind, g.id, g.invoice_id, i.number AS invoice_number, g.account_id, a.company, g.status, g.currency,
                g.amount_minor, g.reason, g.given_at
         FROM (SELECT 'refund' AS kind, id, invoice_id, account_id, status, currency, amount_minor, reason,
                      refunded_at AS given_at
               FROM refunds WHERE vendor_id = $1
               UNION ALL
               SELECT 'dispute', id, invoice_id, account_id, status, currency, amount_minor, reason, opened_at
               FROM disputes WHERE vendor_id = $1
               UNION ALL
               SELECT 'credit_note', id, invoice_id, account_id, status, currency, total_minor, reason, issued_at
               FROM credit_notes WHERE vendor_id = $1) g
         JOIN invoices i ON i.vendor_id = $1 AND i.id = g.invoice_id
         JOIN accounts a ON a.vendor_id = $1 AND a.id = g.account_id
         WHERE ($2 = '' OR g.kind = $2)
           AND (NOT $3 OR (g.kind = 'refund' AND g.status = 'pending')
                       OR (g.kind = 'dispute' AND g.status IN ('inquiry', 'open')))
           AND (g.given_at < $4 OR (g.given_at = $4 AND g.id < $5))
         ORDER BY g.given_at DESC, g.id DESC LIMIT $6",
        vendor_id,
        filter.kind.map_or("", ReturnKind::as_str),
        filter.undecided,
        at,
        id,
        limit
    )?;
    Ok(rows.into_iter().filter_map(ReturnRow::read).collect())
}

/// How many refunds and disputes of the vendor's are not decided.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_undecided(tx: &mut Tx, vendor_id: &VendorId) -> Result<Undecided, DbError> {
    fetch_one!(
        tx,
        Undecided,
        "SELECT (SELECT COUNT(*) FROM refunds WHERE vendor_id = $1 AND status = 'pending') AS refunds,
                (SELECT COUNT(*) FROM disputes WHERE vendor_id = $1 AND status IN ('inquiry', 'open')) AS disputes",
        vendor_id
    )
}
