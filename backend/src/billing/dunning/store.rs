//! Overdue payments in the database.

use super::{OverduePlace, Owed};
use crate::billing::Subscription;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, LicenseId, VendorId};
use crate::licenses::LicenseStatus;
use crate::money::Currency;

/// The oldest invoice of a license that waits for its payment.
pub(crate) async fn find_owed(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
) -> Result<Option<Owed>, DbError> {
    fetch_optional!(
        tx,
        Owed,
        "SELECT number, due_minor, currency, payment_url FROM invoices
         WHERE vendor_id = $1 AND license_id = $2 AND status = 'open' AND due_minor > 0
         ORDER BY issued_at, id LIMIT 1",
        vendor_id,
        license_id
    )
}

/// Living subscriptions that are behind, after `after` in the order of their ids.
pub(crate) async fn list_behind(
    tx: &mut Tx,
    vendor_id: &VendorId,
    after: &str,
    limit: i64,
) -> Result<Vec<Subscription>, DbError> {
    fetch_all!(
        tx,
        Subscription,
        "SELECT * FROM subscriptions WHERE vendor_id = $1 AND past_due_since IS NOT NULL AND ended_at IS NULL
         AND id > $2 ORDER BY id LIMIT $3",
        vendor_id,
        after,
        limit
    )
}

/// A payment that is overdue, for the vendor's staff.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OverduePayment {
    /// The license that it keeps running.
    pub license_id: LicenseId,
    /// The owner's name for it.
    pub license_name: String,
    /// What it is for.
    pub product_name: String,
    /// Under which plan.
    pub plan_name: String,
    /// Who owes.
    pub account_id: AccountId,
    /// The company of who owes.
    pub company: String,
    /// Where invoices go.
    pub billing_email: String,
    /// Since when.
    pub since: UnixMs,
    /// Where the license stands.
    pub status: LicenseStatus,
    /// End of the grace.
    pub ends_at: Option<UnixMs>,
    /// All that is left to pay, in minor units of `currency`.
    pub due_minor: i64,
    /// Of `due_minor`.
    pub currency: Currency,
}

impl OverduePayment {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> OverduePlace {
        OverduePlace { since: self.since, license_id: self.license_id.clone() }
    }
}

/// The vendor's overdue payments, the longest overdue first, at most `limit` of those after `after`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_overdue_payments(
    tx: &mut Tx,
    vendor_id: &VendorId,
    after: Option<&OverduePlace>,
    limit: i64,
) -> Result<Vec<OverduePayment>, DbError> {
    let (since, id) = after.map_or((UnixMs(i64::MIN), ""), |place| (place.since, place.license_id.as_str()));
    fetch_all!(
        tx,
        OverduePayment,
        "SELECT s.license_id, l.name AS license_name, r.name AS product_name, p.name AS plan_name,
                a.id AS account_id, a.company, a.billing_email, s.past_due_since AS since, l.status, l.ends_at, s.currency,
                COALESCE((SELECT CAST(SUM(i.due_minor) AS BIGINT) FROM invoices i
                          WHERE i.vendor_id = s.vendor_id AND i.license_id = s.license_id AND i.status = 'open'), 0)
                    AS due_minor
         FROM subscriptions s
         JOIN licenses l ON l.vendor_id = s.vendor_id AND l.id = s.license_id
         JOIN products r ON r.vendor_id = l.vendor_id AND r.id = l.product_id
         JOIN plans p ON p.vendor_id = l.vendor_id AND p.id = l.plan_id
         JOIN accounts a ON a.vendor_id = s.vendor_id AND a.id = s.account_id
         WHERE s.vendor_id = $1 AND s.past_due_since IS NOT NULL AND s.ended_at IS NULL
           AND (s.past_due_since > $2 OR s.past_due_since = $2 AND s.license_id > $3)
         ORDER BY s.past_due_since, s.license_id LIMIT $4",
        vendor_id,
        since,
        id,
        limit
    )
}

/// How many payments are overdue: as many as [`list_overdue_payments`] lists.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_overdue_payments(tx: &mut Tx, vendor_id: &VendorId) -> Result<i64, DbError> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM subscriptions WHERE vendor_id = $1 AND past_due_since IS NOT NULL AND ended_at IS NULL",
        vendor_id
    )?;
    Ok(count)
}
