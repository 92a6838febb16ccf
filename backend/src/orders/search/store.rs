use super::{ListedOrder, OrderFilter};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all, fetch_one};
use crate::ids::{CampaignId, VendorId};
use crate::listing::TimePlace;
use crate::orders::{OrderKind, OrderStatus, Payment};

/// The vendor's orders that pass the filter, newest first, at most `limit` of those after `after` in that order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn search_orders(
    tx: &mut Tx,
    vendor_id: &VendorId,
    filter: &OrderFilter,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<ListedOrder>, DbError> {
    let ((at, id), (from, until)) = (TimePlace::bound(after), filter.window());
    fetch_all!(
        tx,
        ListedOrder,
        "SELECT o.id, o.account_id, a.company, o.kind, r.name AS product_name, p.name AS plan_name, o.license_id, o.seats,
                o.amount_minor, o.currency, o.status, o.payment, o.promotion_code, d.campaign_id, o.created_at, o.paid_at
         FROM orders o
         JOIN accounts a ON a.vendor_id = o.vendor_id AND a.id = o.account_id
         JOIN plans p ON p.vendor_id = o.vendor_id AND p.id = o.plan_id
         JOIN products r ON r.vendor_id = p.vendor_id AND r.id = p.product_id
         LEFT JOIN redemptions d ON d.vendor_id = o.vendor_id AND d.order_id = o.id
         WHERE o.vendor_id = $1 AND ($2 = '' OR o.status = $2) AND ($3 = '' OR o.payment = $3) AND ($4 = '' OR o.kind = $4)
           AND o.created_at >= $5 AND o.created_at < $6 AND ($7 = '' OR d.campaign_id = $7)
           AND (o.created_at < $8 OR (o.created_at = $8 AND o.id < $9))
         ORDER BY o.created_at DESC, o.id DESC LIMIT $10",
        vendor_id,
        filter.status.map_or("", OrderStatus::as_str),
        filter.payment.map_or("", Payment::as_str),
        filter.kind.map_or("", OrderKind::as_str),
        from,
        until,
        &filter.campaign,
        at,
        id,
        limit
    )
}

/// How many of the vendor's orders were placed from a moment on.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_orders(tx: &mut Tx, vendor_id: &VendorId, from: UnixMs) -> Result<i64, DbError> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM orders WHERE vendor_id = $1 AND created_at >= $2",
        vendor_id,
        from
    )?;
    Ok(count)
}

/// Orders that were placed with codes of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CampaignOrders {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// Its name.
    pub name: String,
    /// How many orders, however they stand.
    pub orders: i64,
}

/// The campaigns with whose codes most orders were placed from a moment on, `limit` at most.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_campaign_orders(
    tx: &mut Tx,
    vendor_id: &VendorId,
    from: UnixMs,
    limit: i64,
) -> Result<Vec<CampaignOrders>, DbError> {
    fetch_all!(
        tx,
        CampaignOrders,
        "SELECT c.id AS campaign_id, c.name, COUNT(*) AS orders
         FROM orders o
         JOIN redemptions d ON d.vendor_id = o.vendor_id AND d.order_id = o.id
         JOIN campaigns c ON c.vendor_id = d.vendor_id AND c.id = d.campaign_id
         WHERE o.vendor_id = $1 AND o.created_at >= $2
         GROUP BY c.id, c.name ORDER BY COUNT(*) DESC, c.name, c.id LIMIT $3",
        vendor_id,
        from,
        limit
    )
}
