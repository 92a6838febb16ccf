//! Writing what only memory knows.

use std::sync::Arc;

use serde_json::json;

use super::entry::Heartbeat;
use crate::cx::Entropy;
use crate::db::{DbError, Tx};
use crate::events::{Renewals, record_renewals};
use crate::licenses::LicenseView;

/// So many instances are written at once at most: SQLite reads what it is told of them four times.
const AT_ONCE: usize = 500;

/// What is to be written, with the license of each.
pub(super) type Heartbeats = Vec<(Arc<LicenseView>, Heartbeat)>;

/// Writes what many checks have changed, each vendor's in four statements: per row this costs a fraction of a statement
/// of its own. SQLite only, like everything that is kept in memory.
pub(super) async fn write_heartbeats(
    tx: &mut Tx,
    entropy: &Entropy,
    mut heartbeats: Heartbeats,
) -> Result<(), DbError> {
    heartbeats.sort_by(|(one, _), (other, _)| one.license.vendor_id.cmp(&other.license.vendor_id));
    for of_vendor in heartbeats.chunk_by(|(one, _), (other, _)| one.license.vendor_id == other.license.vendor_id) {
        for some in of_vendor.chunks(AT_ONCE) {
            write_some(tx, entropy, some).await?;
        }
    }
    Ok(())
}

/// The `+` keeps SQLite from going through all rows of the vendor by an index that begins with it: each row is found by
/// its own id.
async fn write_some(
    tx: &mut Tx,
    entropy: &Entropy,
    heartbeats: &[(Arc<LicenseView>, Heartbeat)],
) -> Result<(), DbError> {
    let (Tx::Sqlite(connection), Some((view, _))) = (&mut *tx, heartbeats.first()) else { return Ok(()) };
    let vendor_id = &view.license.vendor_id;
    let rows: Vec<_> = heartbeats
        .iter()
        .map(|(_, Heartbeat { instance: it, renewals })| {
            json!([
                it.id,
                it.epoch,
                it.shown_n,
                it.shown_nonce,
                it.shown_at,
                it.held_until,
                it.lease_exp,
                it.lease_life_ms,
                it.last_contact_at,
                it.lease_id,
                renewals
            ])
        })
        .collect();
    let rows = serde_json::Value::from(rows).to_string();
    sqlx::query(
        "UPDATE instances SET epoch = v.value ->> 1, shown_n = v.value ->> 2, shown_nonce = v.value ->> 3,
                shown_at = v.value ->> 4, lease_exp = v.value ->> 6, lease_life_ms = v.value ->> 7,
                last_contact_at = v.value ->> 8
         FROM json_each($2) AS v WHERE +instances.vendor_id = $1 AND instances.id = v.value ->> 0",
    )
    .bind(vendor_id)
    .bind(&rows)
    .execute(&mut **connection)
    .await?;
    // Apart, because SQLite writes an index anew for each column that is set, whether it changes or not.
    sqlx::query(
        "UPDATE instances SET held_until = v.value ->> 5
         FROM json_each($2) AS v
         WHERE +instances.vendor_id = $1 AND instances.id = v.value ->> 0 AND held_until <> v.value ->> 5",
    )
    .bind(vendor_id)
    .bind(&rows)
    .execute(&mut **connection)
    .await?;
    sqlx::query(
        "UPDATE leases SET last_issued_at = v.value ->> 8, exp = v.value ->> 6, issued = issued + (v.value ->> 10)
         FROM json_each($2) AS v WHERE +leases.vendor_id = $1 AND leases.id = v.value ->> 9",
    )
    .bind(vendor_id)
    .bind(&rows)
    .execute(&mut **connection)
    .await?;
    let told: Vec<_> = heartbeats
        .iter()
        .filter(|(_, it)| it.renewals > 0)
        .map(|(view, it)| (view, it, json!({ "identity": it.instance.identity(), "version": it.instance.version })))
        .collect();
    let renewals = told.iter().map(|(view, it, data)| Renewals {
        account_id: &view.license.account_id,
        license_id: &view.license.id,
        instance_id: &it.instance.id,
        data,
        count: it.renewals,
        at: it.instance.last_contact_at,
    });
    record_renewals(tx, vendor_id, entropy, renewals).await
}
