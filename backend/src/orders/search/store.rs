use super::{ListedOrder, OrderFilter, SoldBy};
use crate::accounts::customers::find_meant_customer;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, boxed, fetch_all, fetch_one, on};
use crate::ids::{AccountId, CampaignId, VendorId};
use crate::licenses::search::anywhere;
use crate::listing::{TimePlace, is_account_id};
use crate::money::Currency;
use crate::orders::{OrderKind, OrderStatus, Payment};

/// The list of orders, with what is asked of vendor and customer.
macro_rules! listed { ($customer:literal) => {
    concat!(
        "SELECT o.id, o.account_id, a.company, o.kind, r.name AS product_name, p.name AS plan_name, o.license_id, o.seats,
                o.amount_minor, o.currency, o.status, o.payment, o.promotion_code, d.campaign_id, o.created_at, o.paid_at,
                s.company AS partner
         FROM orders o
         JOIN accounts a ON a.vendor_id = o.vendor_id AND a.id = o.account_id
         JOIN plans p ON p.vendor_id = o.vendor_id AND p.id = o.plan_id
         JOIN products r ON r.vendor_id = p.vendor_id AND r.id = p.product_id
         LEFT JOIN redemptions d ON d.vendor_id = o.vendor_id AND d.order_id = o.id
         LEFT JOIN campaigns c ON c.vendor_id = d.vendor_id AND c.id = d.campaign_id
         LEFT JOIN client_relations l ON l.vendor_id = o.vendor_id AND l.id = o.relation_id
         LEFT JOIN accounts s ON s.vendor_id = o.vendor_id AND s.id = COALESCE(l.partner_id, c.owner_account_id)
         WHERE ",
        $customer,
        " AND ($2 = '' OR o.status = $2) AND ($3 = '' OR o.payment = $3) AND ($4 = '' OR o.kind = $4)
           AND o.created_at >= $5 AND o.created_at < $6 AND ($7 = '' OR d.campaign_id = $7)
           AND (o.created_at < $8 OR (o.created_at = $8 AND o.id < $9))
           AND ($11 = '' OR s.id = $11) AND ($13 = '' OR o.currency = $13)
           AND ($12 = '' OR $12 = 'client' AND l.id IS NOT NULL
                OR $12 = 'code' AND l.id IS NULL AND c.owner_account_id IS NOT NULL)
         ORDER BY o.created_at DESC, o.id DESC LIMIT $10"
    )
} }

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
    let Some(customer) = find_meant_customer(tx, vendor_id, &filter.customer).await? else { return Ok(Vec::new()) };
    let ((at, id), (from, until)) = (TimePlace::bound(after), filter.days.window());
    let currency = filter.currency.map_or_else(String::new, |currency| currency.as_str().to_owned());
    let query: &'static str = if is_account_id(&customer) {
        // The index of accounts is to be taken, and no other that begins with the vendor.
        listed!("o.account_id = $14 AND o.vendor_id || '' = $1 AND $15 <> ''")
    } else {
        listed!("o.vendor_id = $1 AND ($14 = '' OR lower(a.company) LIKE lower($15) ESCAPE '!')")
    };
    on!(tx, c => boxed(
        sqlx::query_as::<_, ListedOrder>(query)
            .bind(vendor_id)
            .bind(filter.status.map_or("", OrderStatus::as_str))
            .bind(filter.payment.map_or("", Payment::as_str))
            .bind(filter.kind.map_or("", OrderKind::as_str))
            .bind(from)
            .bind(until)
            .bind(&filter.campaign)
            .bind(at)
            .bind(id)
            .bind(limit)
            .bind(&filter.partner)
            .bind(filter.sold.map_or("", SoldBy::as_str))
            .bind(&currency)
            .bind(&customer)
            .bind(anywhere(&customer))
            .fetch_all(c)
    ).await)
    .map_err(DbError::from)
}

/// What a partner sold in one way and one currency.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PartnerSales {
    /// The partner.
    pub partner_id: AccountId,
    /// What it is called.
    pub company: String,
    /// In which way.
    pub sold: SoldBy,
    /// In which currency.
    pub currency: Currency,
    /// Orders that were paid.
    pub orders: i64,
    /// What was paid on their invoices, less what was credited of them: before tax, in minor units of `currency`.
    pub net_minor: i64,
}

/// What partners sold by orders that were placed from a moment on and are paid, by partner, way and currency.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn sum_partner_sales(tx: &mut Tx, vendor_id: &VendorId, from: UnixMs) -> Result<Vec<PartnerSales>, DbError> {
    fetch_all!(
        tx,
        PartnerSales,
        "SELECT t.partner_id, a.company, t.sold, t.currency, COUNT(*) AS orders, CAST(SUM(t.net_minor) AS BIGINT) AS net_minor
         FROM (SELECT p.partner_id, p.sold, p.currency,
                      COALESCE((SELECT SUM(i.subtotal_minor - i.discount_minor
                                           - COALESCE((SELECT SUM(n.total_minor - n.tax_minor) FROM credit_notes n
                                                       WHERE n.vendor_id = i.vendor_id AND n.invoice_id = i.id
                                                         AND n.status = 'issued'), 0))
                                FROM invoices i
                                WHERE i.vendor_id = $1 AND i.order_id = p.order_id AND i.status = 'paid'
                                  AND i.currency = p.currency), 0) AS net_minor
               FROM (SELECT o.id AS order_id, l.partner_id, o.currency, CAST('client' AS TEXT) AS sold
                     FROM orders o
                     JOIN client_relations l ON l.vendor_id = o.vendor_id AND l.id = o.relation_id
                     WHERE o.vendor_id = $1 AND o.relation_id IS NOT NULL AND o.created_at >= $2 AND o.status = 'paid'
                     UNION ALL
                     SELECT o.id AS order_id, c.owner_account_id AS partner_id, o.currency, CAST('code' AS TEXT) AS sold
                     FROM orders o
                     JOIN redemptions d ON d.vendor_id = o.vendor_id AND d.order_id = o.id
                     JOIN campaigns c ON c.vendor_id = d.vendor_id AND c.id = d.campaign_id
                     WHERE o.vendor_id = $1 AND o.relation_id IS NULL AND o.created_at >= $2 AND o.status = 'paid'
                       AND c.owner_account_id IS NOT NULL) p) t
         JOIN accounts a ON a.vendor_id = $1 AND a.id = t.partner_id
         GROUP BY t.partner_id, a.company, t.sold, t.currency
         ORDER BY a.company, t.partner_id, t.currency, t.sold",
        vendor_id,
        from
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
