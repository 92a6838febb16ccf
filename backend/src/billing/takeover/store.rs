//! What pays for a license, and what did before, in the database.

use std::collections::BTreeSet;

use crate::billing::Subscription;
use crate::billing::store::{self as billing, SubscriptionFacts};
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{AccountId, LicenseId, VendorId};
use crate::stripe::StripeSubscription;

/// Locks what pays for a license.
pub(super) async fn lock_subscription_of_license(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
) -> Result<Option<Subscription>, DbError> {
    fetch_optional!(
        tx,
        Subscription,
        "UPDATE subscriptions SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND license_id = $2 RETURNING *",
        vendor_id,
        license_id
    )
}

/// Makes the row of what pays for a license another subscription's, paid by `after.account_id`. What it brings in goes on
/// where it was; where it brought nothing in, its projection says when it does. The caller holds its lock.
pub(super) async fn replace_subscription(
    tx: &mut Tx,
    cx: &Cx,
    after: &Subscription,
    subscription: &StripeSubscription,
    facts: &SubscriptionFacts,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE subscriptions SET account_id = $3, stripe_subscription_id = $4, currency = $5, begins_at = $6, card = NULL,
                card_ends_at = NULL, cancel_reason = NULL, cancel_comment = NULL, lock_no = lock_no + 1
         WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        &after.id,
        &after.account_id,
        &subscription.id,
        subscription.currency,
        after.begins_at
    )?;
    billing::update_subscription(tx, cx, &after.id, subscription, facts, None, false).await?;
    billing::set_renews(tx, &cx.vendor_id, &after.license_id, subscription).await
}

/// Notes that another subscription is about to take a row's place.
pub(super) async fn insert_former_subscription(tx: &mut Tx, cx: &Cx, row: &Subscription) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO former_subscriptions (vendor_id, stripe_subscription_id, account_id, license_id, period_end,
                                           replaced_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &cx.vendor_id,
        &row.stripe_subscription_id,
        &row.account_id,
        &row.license_id,
        row.period_end,
        cx.now
    )?;
    Ok(())
}

/// Whether this Stripe subscription has paid for a license that another one pays for by now.
pub(super) async fn is_former_subscription(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_id: &str,
) -> Result<bool, DbError> {
    let row = fetch_optional!(
        tx,
        (LicenseId,),
        "SELECT license_id FROM former_subscriptions WHERE vendor_id = $1 AND stripe_subscription_id = $2",
        vendor_id,
        stripe_id
    )?;
    Ok(row.is_some())
}

/// The licenses that an account has paid for, and that `holder_id` continues at its own expense.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_continued_licenses(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    holder_id: &AccountId,
) -> Result<BTreeSet<LicenseId>, DbError> {
    let rows = fetch_all!(
        tx,
        (LicenseId,),
        "SELECT f.license_id FROM former_subscriptions f
         JOIN subscriptions s ON s.vendor_id = f.vendor_id AND s.license_id = f.license_id
         WHERE f.vendor_id = $1 AND f.account_id = $2 AND s.account_id = $3",
        vendor_id,
        account_id,
        holder_id
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
