//! Orders in the database.

use super::take_back::GivingUp;
use super::{Order, OrderKind, OrderStatus, Payment};
use crate::clock::UnixMs;
use crate::db::{DbError, JsonText, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{AccountId, LicenseId, OrderId, VendorId};
use crate::money::Currency;

/// The order with this id.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_order(tx: &mut Tx, vendor_id: &VendorId, id: &OrderId) -> Result<Option<Order>, DbError> {
    fetch_optional!(tx, Order, "SELECT * FROM orders WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

/// An account's orders, newest first, at most `limit` of those older than `before`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_orders(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    before: Option<(UnixMs, &OrderId)>,
    limit: i64,
) -> Result<Vec<Order>, DbError> {
    let (at, id) = before.map_or((UnixMs(i64::MAX), ""), |(at, id)| (at, id.as_str()));
    fetch_all!(
        tx,
        Order,
        "SELECT * FROM orders WHERE vendor_id = $1 AND account_id = $2 AND (created_at < $3 OR created_at = $3 AND id < $4)
         ORDER BY created_at DESC, id DESC LIMIT $5",
        vendor_id,
        account_id,
        at,
        id,
        limit
    )
}

/// The order that was placed by the request with this key, and the hash of what was asked for.
pub(super) async fn find_by_request(
    tx: &mut Tx,
    vendor_id: &VendorId,
    key: &[u8],
) -> Result<Option<(OrderId, Vec<u8>)>, DbError> {
    fetch_optional!(
        tx,
        (OrderId, Vec<u8>),
        "SELECT id, request_hash FROM orders WHERE vendor_id = $1 AND request_key = $2",
        vendor_id,
        key
    )
}

pub(super) async fn set_request(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &OrderId,
    key: &[u8],
    hash: &[u8],
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE orders SET request_key = $3, request_hash = $4 WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        key,
        hash
    )?;
    Ok(())
}

/// Lets the key of an order go, so that the same request orders anew.
pub(super) async fn free_request(tx: &mut Tx, vendor_id: &VendorId, id: &OrderId) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE orders SET request_key = NULL, request_hash = NULL WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id
    )?;
    Ok(())
}

/// Open orders, those that nobody has asked Stripe about for the longest time first: what the reconciler asks about. What
/// only waits for its transfer is not among them where it was asked about after `waiting_until`.
pub(crate) async fn list_open_orders(
    tx: &mut Tx,
    vendor_id: &VendorId,
    waiting_until: UnixMs,
    limit: i64,
) -> Result<Vec<Order>, DbError> {
    fetch_all!(
        tx,
        Order,
        "SELECT * FROM orders
         WHERE vendor_id = $1 AND status = 'open'
           AND (payment <> 'transfer' OR (license_id IS NULL AND kind <> 'vouchers') OR stripe_invoice_id IS NULL
                OR looked_at <= $2)
         ORDER BY looked_at, created_at, id LIMIT $3",
        vendor_id,
        waiting_until,
        limit
    )
}

/// Open orders by transfer of what comes on top of a license that another account has by now.
pub(super) async fn list_open_of_handed_over(
    tx: &mut Tx,
    vendor_id: &VendorId,
    limit: i64,
) -> Result<Vec<Order>, DbError> {
    fetch_all!(
        tx,
        Order,
        "SELECT o.* FROM orders o JOIN licenses l ON l.vendor_id = o.vendor_id AND l.id = o.license_id
         WHERE o.vendor_id = $1 AND o.status = 'open' AND o.payment = 'transfer' AND o.kind IN ('maintenance', 'seats')
           AND l.account_id <> COALESCE(o.licensee_id, o.account_id)
         ORDER BY o.created_at, o.id LIMIT $2",
        vendor_id,
        limit
    )
}

/// Notes that Stripe is asked about an order now.
pub(crate) async fn set_looked_at(tx: &mut Tx, vendor_id: &VendorId, id: &OrderId, now: UnixMs) -> Result<(), DbError> {
    execute!(tx, "UPDATE orders SET looked_at = $3 WHERE vendor_id = $1 AND id = $2", vendor_id, id, now)?;
    Ok(())
}

pub(crate) async fn lock_order(tx: &mut Tx, vendor_id: &VendorId, id: &OrderId) -> Result<Option<Order>, DbError> {
    fetch_optional!(
        tx,
        Order,
        "UPDATE orders SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 RETURNING *",
        vendor_id,
        id
    )
}

pub(super) async fn insert_order(tx: &mut Tx, order: &Order) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO orders (id, vendor_id, account_id, user_id, session_hash, kind, plan_id, license_id,
                             billing_interval, seats, years, currency, amount_minor, status, payment, items,
                             trial_days, days_until_due, promotion_code, promotion_code_id, created_at, plan_version,
                             stripe_coupon_id, licensee_id, relation_id, discount_bp, partner_id, commission_bp, is_taxed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
                 $24, $25, $26, $27, $28, $29)",
        &order.id,
        &order.vendor_id,
        &order.account_id,
        &order.user_id,
        order.session_hash.as_deref(),
        order.kind,
        &order.plan_id,
        order.license_id.as_ref(),
        order.billing_interval,
        order.seats,
        order.years,
        order.currency,
        order.amount_minor,
        order.status,
        order.payment,
        order.items.clone(),
        order.trial_days,
        order.days_until_due,
        order.promotion_code.as_deref(),
        order.promotion_code_id.as_deref(),
        order.created_at,
        order.plan_version,
        order.stripe_coupon_id.as_deref(),
        order.licensee_id.as_ref(),
        order.relation_id.as_ref(),
        order.discount_bp,
        order.partner_id.as_ref(),
        order.commission_bp,
        order.is_taxed
    )?;
    Ok(())
}

/// `false` where the order was given up in the meantime: then the session must not be paid.
pub(super) async fn set_session(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &OrderId,
    session_id: &str,
    checkout_url: Option<&str>,
) -> Result<bool, DbError> {
    let set = execute!(
        tx,
        "UPDATE orders SET stripe_session_id = $3, checkout_url = $4, lock_no = lock_no + 1
         WHERE vendor_id = $1 AND id = $2 AND status = 'open'",
        vendor_id,
        id,
        session_id,
        checkout_url
    )?;
    Ok(set == 1)
}

pub(super) async fn set_paid(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &OrderId,
    license_id: Option<&LicenseId>,
    at: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE orders SET status = 'paid', license_id = $3, checkout_url = NULL, paid_at = $4
         WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        license_id,
        at
    )?;
    Ok(())
}

/// What Stripe has made for an order; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MadeIds<'a> {
    pub(super) session: Option<&'a str>,
    pub(super) subscription: Option<&'a str>,
    pub(super) invoice: Option<&'a str>,
    pub(super) license: Option<&'a LicenseId>,
    /// Stripe's id and the text.
    pub(super) promotion: Option<(&'a str, &'a str)>,
}

pub(super) async fn set_made(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &OrderId,
    made: MadeIds<'_>,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE orders SET stripe_session_id = COALESCE($3, stripe_session_id),
                stripe_subscription_id = COALESCE($4, stripe_subscription_id),
                stripe_invoice_id = COALESCE($5, stripe_invoice_id), license_id = COALESCE($6, license_id),
                promotion_code_id = COALESCE($7, promotion_code_id), promotion_code = COALESCE($8, promotion_code)
         WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        made.session,
        made.subscription,
        made.invoice,
        made.license,
        made.promotion.map(|(id, _)| id),
        made.promotion.map(|(_, code)| code)
    )?;
    Ok(())
}

/// How an order stood when a run of ours began to take back what Stripe has made for it; `None` where none has.
pub(super) async fn find_giving_up(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &OrderId,
) -> Result<Option<GivingUp>, DbError> {
    let row = fetch_optional!(
        tx,
        (JsonText<GivingUp>,),
        "SELECT giving_up FROM orders WHERE vendor_id = $1 AND id = $2 AND giving_up IS NOT NULL",
        vendor_id,
        id
    )?;
    Ok(row.map(|(found,)| found.0))
}

pub(super) async fn set_giving_up(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &OrderId,
    giving_up: &GivingUp,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE orders SET giving_up = $3 WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        JsonText(giving_up.clone())
    )?;
    Ok(())
}

/// The order whose transfer pays this Stripe invoice.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_order_by_invoice(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_invoice_id: &str,
) -> Result<Option<Order>, DbError> {
    fetch_optional!(
        tx,
        Order,
        "SELECT * FROM orders WHERE vendor_id = $1 AND stripe_invoice_id = $2",
        vendor_id,
        stripe_invoice_id
    )
}

/// The order to go on with a license that waits to be paid, if any.
pub(super) async fn find_open_continuation(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
) -> Result<Option<OrderId>, DbError> {
    let row = fetch_optional!(
        tx,
        (OrderId,),
        "SELECT id FROM orders WHERE vendor_id = $1 AND license_id = $2 AND kind = 'continuation' AND status = 'open'
         ORDER BY created_at, id LIMIT 1",
        vendor_id,
        license_id
    )?;
    Ok(row.map(|(id,)| id))
}

/// An order that was begun and not finished, with what it was for.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct UnfinishedOrder {
    /// Its id.
    pub id: OrderId,
    /// How it is to be paid.
    pub payment: Payment,
    /// Where it stands: open or expired.
    pub status: OrderStatus,
    /// Name of the product.
    pub product_name: String,
    /// Name of the plan.
    pub plan_name: String,
    /// Before tax and discounts, in minor units of `currency`.
    pub amount_minor: i64,
    /// Of `amount_minor`.
    pub currency: Currency,
    /// Stripe's page to pay it on, while it is open.
    pub checkout_url: Option<String>,
    /// When it was placed.
    pub created_at: UnixMs,
}

/// An account's unfinished orders, newest first: those that wait to be paid, and those that expired since `since`,
/// unless the plan was ordered again since. Of vouchers, each batch is an order of its own.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_unfinished_orders(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    since: UnixMs,
    limit: i64,
) -> Result<Vec<UnfinishedOrder>, DbError> {
    fetch_all!(
        tx,
        UnfinishedOrder,
        "SELECT o.id, o.payment, o.status, r.name AS product_name, p.name AS plan_name, o.amount_minor, o.currency,
                o.checkout_url, o.created_at
         FROM orders o
         JOIN plans p ON p.vendor_id = o.vendor_id AND p.id = o.plan_id
         JOIN products r ON r.vendor_id = p.vendor_id AND r.id = p.product_id
         WHERE o.vendor_id = $1 AND o.account_id = $2 AND o.payment <> 'none'
           AND (o.status = 'open' OR o.status = 'expired' AND o.created_at >= $3)
           AND NOT EXISTS (SELECT 1 FROM orders later
                           WHERE later.account_id = o.account_id AND later.plan_id = o.plan_id
                             AND o.kind <> 'vouchers' AND later.kind <> 'vouchers'
                             AND COALESCE(later.licensee_id, later.account_id) = COALESCE(o.licensee_id, o.account_id)
                             AND later.created_at > o.created_at AND later.status IN ('open', 'paid'))
         ORDER BY o.created_at DESC, o.id DESC LIMIT $4",
        vendor_id,
        account_id,
        since,
        limit
    )
}

/// Whether an account has ordered a plan of the same product again since an order was placed. Vouchers are not that, and
/// neither is another batch of them.
pub(super) async fn was_ordered_again(tx: &mut Tx, order: &Order) -> Result<bool, DbError> {
    if order.kind == OrderKind::Vouchers {
        return Ok(false);
    }
    let row = fetch_optional!(
        tx,
        (OrderId,),
        "SELECT o.id FROM orders o
         JOIN plans p ON p.vendor_id = o.vendor_id AND p.id = o.plan_id
         JOIN plans mine ON mine.vendor_id = o.vendor_id AND mine.id = $3
         WHERE o.vendor_id = $1 AND o.account_id = $2 AND o.created_at >= $4 AND o.id <> $5
           AND o.status IN ('open', 'paid') AND p.product_id = mine.product_id
           AND COALESCE(o.licensee_id, o.account_id) = $6 AND o.kind <> 'vouchers'
         LIMIT 1",
        &order.vendor_id,
        &order.account_id,
        &order.plan_id,
        order.created_at,
        &order.id,
        order.licensee()
    )?;
    Ok(row.is_some())
}

/// Whether an account has ever paid anything: an invoice with money on it, whatever it was for, or an order whose invoice
/// is not here yet. What was free, a plan or a trial, is no purchase; what it turned into is.
pub(super) async fn has_paid(tx: &mut Tx, vendor_id: &VendorId, account_id: &AccountId) -> Result<bool, DbError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "SELECT i.id FROM invoices i WHERE i.vendor_id = $1 AND i.account_id = $2 AND i.paid_minor > 0
         UNION ALL
         SELECT o.id FROM orders o
         WHERE o.vendor_id = $1 AND o.account_id = $2 AND o.status = 'paid' AND o.payment <> 'none' AND o.trial_days = 0
           AND NOT EXISTS (SELECT 1 FROM invoices i WHERE i.vendor_id = o.vendor_id AND i.order_id = o.id)
         LIMIT 1",
        vendor_id,
        account_id
    )?;
    Ok(row.is_some())
}

/// The currency in which a license was last paid for; `None` where nothing ever was.
pub(super) async fn find_paid_currency(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
) -> Result<Option<Currency>, DbError> {
    let row = fetch_optional!(
        tx,
        (Currency,),
        "SELECT currency FROM orders
         WHERE vendor_id = $1 AND license_id = $2 AND status = 'paid' AND payment <> 'none'
         ORDER BY paid_at DESC, created_at DESC, id DESC LIMIT 1",
        vendor_id,
        license_id
    )?;
    Ok(row.map(|(currency,)| currency))
}

pub(super) async fn set_status(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &OrderId,
    status: OrderStatus,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE orders SET status = $3, checkout_url = NULL WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        status
    )?;
    Ok(())
}
