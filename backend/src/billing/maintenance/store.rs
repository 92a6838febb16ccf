//! Ends of updates, and their automatic renewals, in the database.

use super::AutoRenewal;
use super::rules::NOTICE_MS;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{AccountId, AutoRenewalId, LicenseId, VendorId};

/// Active licenses whose updates end soon, after `after` in the order of their ids.
pub(crate) async fn list_ending_updates(
    tx: &mut Tx,
    vendor_id: &VendorId,
    now: UnixMs,
    after: &str,
    limit: i64,
) -> Result<Vec<LicenseId>, DbError> {
    let rows = fetch_all!(
        tx,
        (LicenseId,),
        "SELECT id FROM licenses WHERE vendor_id = $1 AND updates_until > $2 AND updates_until <= $3
         AND status = 'active' AND id > $4 ORDER BY id LIMIT $5",
        vendor_id,
        now,
        now.plus(NOTICE_MS),
        after,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The automatic renewal of a license's updates that is on.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_auto_renewal(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
) -> Result<Option<AutoRenewal>, DbError> {
    fetch_optional!(
        tx,
        AutoRenewal,
        "SELECT * FROM auto_renewals WHERE vendor_id = $1 AND license_id = $2 AND status = 'on'",
        vendor_id,
        license_id
    )
}

/// The automatic renewals that an account pays and that are on, or can still be agreed to on Stripe's page.
pub(crate) async fn list_living(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<AutoRenewal>, DbError> {
    fetch_all!(
        tx,
        AutoRenewal,
        "SELECT * FROM auto_renewals
         WHERE vendor_id = $1 AND account_id = $2
           AND (status = 'on' OR status = 'asked' AND stripe_session_id IS NOT NULL)
         ORDER BY id",
        vendor_id,
        account_id
    )
}

pub(super) async fn find(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AutoRenewalId,
) -> Result<Option<AutoRenewal>, DbError> {
    fetch_optional!(tx, AutoRenewal, "SELECT * FROM auto_renewals WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

pub(super) async fn lock(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AutoRenewalId,
) -> Result<Option<AutoRenewal>, DbError> {
    fetch_optional!(
        tx,
        AutoRenewal,
        "UPDATE auto_renewals SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 RETURNING *",
        vendor_id,
        id
    )
}

pub(super) async fn find_by_subscription(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_subscription_id: &str,
) -> Result<Option<AutoRenewal>, DbError> {
    fetch_optional!(
        tx,
        AutoRenewal,
        "SELECT * FROM auto_renewals WHERE vendor_id = $1 AND stripe_subscription_id = $2",
        vendor_id,
        stripe_subscription_id
    )
}

pub(super) async fn insert(tx: &mut Tx, renewal: &AutoRenewal, now: UnixMs) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO auto_renewals (id, vendor_id, account_id, license_id, user_id, status, currency, amount_minor,
                                    next_at, is_behind, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &renewal.id,
        &renewal.vendor_id,
        &renewal.account_id,
        &renewal.license_id,
        &renewal.user_id,
        renewal.status,
        renewal.currency,
        renewal.amount_minor,
        renewal.next_at,
        renewal.is_behind,
        now
    )?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, renewal: &AutoRenewal) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE auto_renewals SET status = $3, stripe_session_id = $4, stripe_subscription_id = $5, amount_minor = $6,
                next_at = $7, is_behind = $8
         WHERE vendor_id = $1 AND id = $2",
        &renewal.vendor_id,
        &renewal.id,
        renewal.status,
        renewal.stripe_session_id.as_deref(),
        renewal.stripe_subscription_id.as_deref(),
        renewal.amount_minor,
        renewal.next_at,
        renewal.is_behind
    )?;
    Ok(())
}

/// Notes that an invoice has brought its year: `true` the first time.
pub(super) async fn insert_year(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AutoRenewalId,
    stripe_invoice_id: &str,
    at: UnixMs,
) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO auto_renewal_years (vendor_id, stripe_invoice_id, auto_renewal_id, brought_at)
         VALUES ($1, $2, $3, $4) ON CONFLICT (vendor_id, stripe_invoice_id) DO NOTHING",
        vendor_id,
        stripe_invoice_id,
        id,
        at
    )?;
    Ok(inserted == 1)
}
