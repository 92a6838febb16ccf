//! Renewals that were answered from memory, written many at a time.

use sqlx::{QueryBuilder, Sqlite};

use super::hour;
use crate::clock::UnixMs;
use crate::cx::Entropy;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, EventId, InstanceId, LicenseId, VendorId};

/// Renewals of one instance since they were last recorded.
#[derive(Clone, Copy)]
pub(crate) struct Renewals<'a> {
    /// Of whose license.
    pub account_id: &'a AccountId,
    /// Which one.
    pub license_id: &'a LicenseId,
    /// Of which instance.
    pub instance_id: &'a InstanceId,
    /// What is told of it.
    pub data: &'a serde_json::Value,
    /// How many.
    pub count: i64,
    /// The last of them.
    pub at: UnixMs,
}

/// Adds renewals to the hourly `lease.renewed` of each instance: the same rows as [`super::record_hourly`] writes one
/// by one. SQLite only, like the table in memory that they come from.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn record_renewals(
    tx: &mut Tx,
    vendor_id: &VendorId,
    entropy: &Entropy,
    renewals: &[Renewals<'_>],
) -> Result<(), DbError> {
    let Tx::Sqlite(connection) = tx else { return Ok(()) };
    if renewals.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO events (id, vendor_id, event_type, subject, account_id, license_id, instance_id, data, bucket,
                             occurrences, occurred_at, last_at) ",
    );
    query.push_values(renewals, |mut row, it| {
        row.push_bind(entropy.id::<EventId>())
            .push_bind(vendor_id)
            .push("'lease.renewed'")
            .push_bind(it.instance_id)
            .push_bind(it.account_id)
            .push_bind(it.license_id)
            .push_bind(it.instance_id)
            .push_bind(it.data.to_string())
            .push_bind(format!("lease.renewed/{}//{}", it.instance_id, hour(it.at)))
            .push_bind(it.count)
            .push_bind(it.at)
            .push_bind(it.at);
    });
    query.push(
        " ON CONFLICT (vendor_id, bucket) DO UPDATE
          SET occurrences = events.occurrences + excluded.occurrences, last_at = excluded.last_at,
              data = excluded.data",
    );
    // Of a number of rows that is no power of two there will hardly be another soon.
    query.build().persistent(renewals.len().is_power_of_two()).execute(&mut **connection).await?;
    Ok(())
}
