//! Changes that wait for a transfer, in the database.

use super::UnpaidChange;
use crate::db::{DbError, Tx, execute, fetch_optional};
use crate::ids::{LicenseId, SubscriptionId, VendorId};

/// The change of a license that waits for its transfer.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_unpaid_change(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
) -> Result<Option<UnpaidChange>, DbError> {
    fetch_optional!(
        tx,
        UnpaidChange,
        "SELECT * FROM unpaid_changes WHERE vendor_id = $1 AND license_id = $2",
        vendor_id,
        license_id
    )
}

/// The same, of a subscription with this id at Stripe.
pub(crate) async fn find_by_stripe_subscription(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_subscription_id: &str,
) -> Result<Option<UnpaidChange>, DbError> {
    fetch_optional!(
        tx,
        UnpaidChange,
        "SELECT * FROM unpaid_changes WHERE vendor_id = $1 AND stripe_subscription_id = $2",
        vendor_id,
        stripe_subscription_id
    )
}

/// The same, of an invoice with this id at Stripe.
pub(super) async fn find_by_stripe_invoice(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_invoice_id: &str,
) -> Result<Option<UnpaidChange>, DbError> {
    fetch_optional!(
        tx,
        UnpaidChange,
        "SELECT * FROM unpaid_changes WHERE vendor_id = $1 AND stripe_invoice_id = $2",
        vendor_id,
        stripe_invoice_id
    )
}

pub(super) async fn insert(tx: &mut Tx, change: &UnpaidChange) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO unpaid_changes (vendor_id, subscription_id, license_id, account_id, stripe_subscription_id,
                                     items_before, wanted, give_up_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &change.vendor_id,
        &change.subscription_id,
        &change.license_id,
        &change.account_id,
        &change.stripe_subscription_id,
        change.items_before.clone(),
        change.wanted.clone(),
        change.give_up_at,
        change.created_at
    )?;
    Ok(())
}

pub(super) async fn set_invoice(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &SubscriptionId,
    stripe_invoice_id: &str,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE unpaid_changes SET stripe_invoice_id = $3 WHERE vendor_id = $1 AND subscription_id = $2",
        vendor_id,
        id,
        stripe_invoice_id
    )?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx, vendor_id: &VendorId, id: &SubscriptionId) -> Result<(), DbError> {
    execute!(tx, "DELETE FROM unpaid_changes WHERE vendor_id = $1 AND subscription_id = $2", vendor_id, id)?;
    Ok(())
}
