//! Conversions in the database.

use super::{Conversion, ConversionStatus};
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{ConversionId, VendorId};

pub(super) async fn find(tx: &mut Tx, vendor_id: &VendorId, id: &ConversionId) -> Result<Option<Conversion>, DbError> {
    fetch_optional!(tx, Conversion, "SELECT * FROM conversions WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

pub(super) async fn lock(tx: &mut Tx, vendor_id: &VendorId, id: &ConversionId) -> Result<Option<Conversion>, DbError> {
    fetch_optional!(
        tx,
        Conversion,
        "UPDATE conversions SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 RETURNING *",
        vendor_id,
        id
    )
}

pub(super) async fn insert(tx: &mut Tx, conversion: &Conversion) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO conversions (id, vendor_id, account_id, license_id, user_id, plan_id, seats, addons, status, currency,
                                  price_minor, credit_minor, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &conversion.id,
        &conversion.vendor_id,
        &conversion.account_id,
        &conversion.license_id,
        &conversion.user_id,
        &conversion.plan_id,
        conversion.seats,
        conversion.addons.clone(),
        conversion.status,
        conversion.currency,
        conversion.price_minor,
        conversion.credit_minor,
        conversion.created_at
    )?;
    Ok(())
}

pub(super) async fn set_session(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ConversionId,
    session_id: &str,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE conversions SET stripe_session_id = $3 WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        session_id
    )?;
    Ok(())
}

pub(super) async fn set_status(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ConversionId,
    status: ConversionStatus,
) -> Result<(), DbError> {
    execute!(tx, "UPDATE conversions SET status = $3 WHERE vendor_id = $1 AND id = $2", vendor_id, id, status)?;
    Ok(())
}

/// Conversions that are neither done nor dropped, oldest first: what the reconciler asks Stripe about.
pub(super) async fn list_unfinished(tx: &mut Tx, vendor_id: &VendorId, limit: i64) -> Result<Vec<Conversion>, DbError> {
    fetch_all!(
        tx,
        Conversion,
        "SELECT * FROM conversions WHERE vendor_id = $1 AND status IN ('asked', 'paid')
         ORDER BY created_at, id LIMIT $2",
        vendor_id,
        limit
    )
}

/// The same of the license that a subscription pays for.
pub(super) async fn list_unfinished_of(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_subscription_id: &str,
    limit: i64,
) -> Result<Vec<Conversion>, DbError> {
    fetch_all!(
        tx,
        Conversion,
        "SELECT c.* FROM conversions c JOIN subscriptions s ON s.vendor_id = c.vendor_id AND s.license_id = c.license_id
         WHERE c.vendor_id = $1 AND s.stripe_subscription_id = $2 AND c.status IN ('asked', 'paid')
         ORDER BY c.created_at, c.id LIMIT $3",
        vendor_id,
        stripe_subscription_id,
        limit
    )
}
