//! Renewals that were answered from memory, written many at a time.

use serde_json::json;

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
    renewals: impl Iterator<Item = Renewals<'_>>,
) -> Result<(), DbError> {
    let Tx::Sqlite(connection) = tx else { return Ok(()) };
    let rows: Vec<_> = renewals
        .map(|it| {
            let bucket = format!("lease.renewed/{}//{}", it.instance_id, hour(it.at));
            let (id, data) = (entropy.id::<EventId>(), it.data.to_string());
            json!([id, it.instance_id, data, bucket, it.count, it.at, it.account_id, it.license_id])
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO events (id, vendor_id, event_type, subject, account_id, license_id, instance_id, data, bucket,
                             occurrences, occurred_at, last_at)
         SELECT v.value ->> 0, $1, 'lease.renewed', v.value ->> 1, v.value ->> 6, v.value ->> 7, v.value ->> 1,
                v.value ->> 2, v.value ->> 3, v.value ->> 4, v.value ->> 5, v.value ->> 5
         FROM json_each($2) AS v WHERE TRUE
         ON CONFLICT (vendor_id, bucket) DO UPDATE
         SET occurrences = events.occurrences + excluded.occurrences, last_at = excluded.last_at,
             data = excluded.data",
    )
    .bind(vendor_id)
    .bind(serde_json::Value::from(rows).to_string())
    .execute(&mut **connection)
    .await?;
    Ok(())
}
