use super::InvoiceFilter;
use crate::db::{DbError, Tx, fetch_all};
use crate::ids::{OrderId, VendorId};
use crate::invoices::{Invoice, InvoiceStatus};
use crate::licenses::search::anywhere;
use crate::listing::TimePlace;

/// The vendor's invoices that pass the filter, newest first, at most `limit` of those after `after` in that order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn search_invoices(
    tx: &mut Tx,
    vendor_id: &VendorId,
    filter: &InvoiceFilter,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<Invoice>, DbError> {
    let ((at, id), (from, until)) = (TimePlace::bound(after), filter.window());
    fetch_all!(
        tx,
        Invoice,
        "SELECT i.* FROM invoices i
         JOIN accounts a ON a.vendor_id = i.vendor_id AND a.id = i.account_id
         WHERE i.vendor_id = $1 AND ($2 = '' OR i.number = $2)
           AND ($3 = '' OR i.account_id = $3 OR lower(a.company) LIKE lower($4) ESCAPE '!') AND ($5 = '' OR i.status = $5)
           AND i.issued_at >= $6 AND i.issued_at < $7 AND (i.issued_at < $8 OR (i.issued_at = $8 AND i.id < $9))
         ORDER BY i.issued_at DESC, i.id DESC LIMIT $10",
        vendor_id,
        &filter.number,
        &filter.customer,
        anywhere(&filter.customer),
        filter.status.map_or("", InvoiceStatus::as_str),
        from,
        until,
        at,
        id,
        limit
    )
}

/// The invoices that charge an order, oldest first, `limit` at most.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_invoices_of_order(
    tx: &mut Tx,
    vendor_id: &VendorId,
    order_id: &OrderId,
    limit: i64,
) -> Result<Vec<Invoice>, DbError> {
    fetch_all!(
        tx,
        Invoice,
        "SELECT * FROM invoices WHERE vendor_id = $1 AND order_id = $2 ORDER BY issued_at, id LIMIT $3",
        vendor_id,
        order_id,
        limit
    )
}
