//! Orders in the database.

use super::{Order, OrderStatus};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
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

/// An order in the vendor's list of the latest.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LatestOrder {
    /// Its id.
    pub id: OrderId,
    /// Who buys.
    pub company: String,
    /// Name of the plan.
    pub plan_name: String,
    /// Seats.
    pub seats: i64,
    /// Before tax and discounts, in minor units of `currency`.
    pub amount_minor: i64,
    /// Of `amount_minor`.
    pub currency: Currency,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it was placed.
    pub created_at: UnixMs,
}

/// The vendor's latest orders, newest first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_latest_orders(tx: &mut Tx, vendor_id: &VendorId, limit: i64) -> Result<Vec<LatestOrder>, DbError> {
    fetch_all!(
        tx,
        LatestOrder,
        "SELECT o.id, a.company, p.name AS plan_name, o.seats, o.amount_minor, o.currency, o.status, o.created_at
         FROM orders o
         JOIN accounts a ON a.vendor_id = o.vendor_id AND a.id = o.account_id
         JOIN plans p ON p.vendor_id = o.vendor_id AND p.id = o.plan_id
         WHERE o.vendor_id = $1 ORDER BY o.created_at DESC, o.id DESC LIMIT $2",
        vendor_id,
        limit
    )
}

/// Open orders, oldest first: what the reconciler asks Stripe about.
pub(crate) async fn list_open_orders(tx: &mut Tx, vendor_id: &VendorId, limit: i64) -> Result<Vec<Order>, DbError> {
    fetch_all!(
        tx,
        Order,
        "SELECT * FROM orders WHERE vendor_id = $1 AND status = 'open' ORDER BY created_at, id LIMIT $2",
        vendor_id,
        limit
    )
}

pub(super) async fn lock_order(tx: &mut Tx, vendor_id: &VendorId, id: &OrderId) -> Result<Option<Order>, DbError> {
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
                             billing_interval, seats, currency, amount_minor, status, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
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
        order.currency,
        order.amount_minor,
        order.status,
        order.created_at
    )?;
    Ok(())
}

pub(super) async fn set_session(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &OrderId,
    session_id: &str,
    checkout_url: Option<&str>,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE orders SET stripe_session_id = $3, checkout_url = $4, lock_no = lock_no + 1
         WHERE vendor_id = $1 AND id = $2 AND status = 'open'",
        vendor_id,
        id,
        session_id,
        checkout_url
    )?;
    Ok(())
}

pub(super) async fn set_paid(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &OrderId,
    license_id: &LicenseId,
    session_id: &str,
    at: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE orders SET status = 'paid', license_id = $3, stripe_session_id = $4, checkout_url = NULL, paid_at = $5
         WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        license_id,
        session_id,
        at
    )?;
    Ok(())
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
