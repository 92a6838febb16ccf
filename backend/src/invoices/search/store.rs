use super::InvoiceFilter;
use crate::accounts::customers::find_meant_customer;
use crate::db::{DbError, Tx, fetch_all};
use crate::ids::{OrderId, VendorId};
use crate::invoices::{Invoice, InvoiceStatus};
use crate::licenses::search::anywhere;
use crate::listing::{TimePlace, is_account_id};

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
    let Some(customer) = find_meant_customer(tx, vendor_id, &filter.customer).await? else { return Ok(Vec::new()) };
    let (from, until) = filter.days.window();
    let (at, id) = TimePlace::bound_before(after, until);
    let status = filter.status.map_or("", InvoiceStatus::as_str);
    if is_account_id(&customer) {
        // The index of accounts is to be taken, and no other that begins with the vendor.
        return fetch_all!(
            tx,
            Invoice,
            "SELECT i.* FROM invoices i
             WHERE i.account_id = $3 AND i.vendor_id || '' = $1 AND ($2 = '' OR i.number = $2) AND ($4 = '' OR i.status = $4)
               AND i.issued_at >= $5 AND (i.issued_at, i.id) < ($6, $7)
             ORDER BY i.issued_at DESC, i.id DESC LIMIT $8",
            vendor_id,
            &filter.number,
            &customer,
            status,
            from,
            at,
            id,
            limit
        );
    }
    fetch_all!(
        tx,
        Invoice,
        "SELECT i.* FROM invoices i
         JOIN accounts a ON a.vendor_id = i.vendor_id AND a.id = i.account_id
         WHERE i.vendor_id = $1 AND ($2 = '' OR i.number = $2)
           AND ($3 = '' OR lower(a.company) LIKE lower($4) ESCAPE '!') AND ($5 = '' OR i.status = $5)
           AND i.issued_at >= $6 AND (i.issued_at, i.id) < ($7, $8)
         ORDER BY i.issued_at DESC, i.id DESC LIMIT $9",
        vendor_id,
        &filter.number,
        &customer,
        anywhere(&customer),
        status,
        from,
        at,
        id,
        limit
    )
}

/// The invoices that charge an order, newest first, `limit` at most.
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
        "SELECT * FROM invoices WHERE vendor_id = $1 AND order_id = $2 ORDER BY issued_at DESC, id DESC LIMIT $3",
        vendor_id,
        order_id,
        limit
    )
}
