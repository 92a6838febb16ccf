//! Writing what only memory knows.

use std::sync::Arc;

use serde_json::json;
use sqlx::{QueryBuilder, Sqlite};

use super::entry::Heartbeat;
use crate::cx::Entropy;
use crate::db::{DbError, Tx};
use crate::events::{Renewals, record_renewals};
use crate::licenses::LicenseView;

/// So many instances are written at once at most.
const AT_ONCE: usize = 256;

/// What is to be written, with the license of each.
pub(super) type Heartbeats = Vec<(Arc<LicenseView>, Heartbeat)>;

/// Writes what many checks have changed, each vendor's by a few statements: per row this costs a fraction of a statement
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

/// SQLite's own statement for so many rows that lie in the memory of its connection.
fn fill(heartbeats: &[(Arc<LicenseView>, Heartbeat)]) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("INSERT INTO temp.heartbeats ");
    query.push_values(heartbeats, |mut row, (_, Heartbeat { instance: it, renewals })| {
        row.push_bind(&it.id)
            .push_bind(it.epoch)
            .push_bind(it.shown_n)
            .push_bind(&it.shown_nonce)
            .push_bind(it.shown_at)
            .push_bind(it.held_until)
            .push_bind(it.lease_exp)
            .push_bind(it.lease_life_ms)
            .push_bind(it.last_contact_at)
            .push_bind(&it.lease_id)
            .push_bind(*renewals);
    });
    query
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
    sqlx::query(
        "CREATE TEMP TABLE IF NOT EXISTS heartbeats (
             id TEXT NOT NULL, epoch INTEGER NOT NULL, shown_n INTEGER NOT NULL, shown_nonce TEXT NOT NULL,
             shown_at INTEGER NOT NULL, held_until INTEGER NOT NULL, lease_exp INTEGER NOT NULL,
             lease_life_ms INTEGER NOT NULL, last_contact_at INTEGER NOT NULL, lease_id TEXT NOT NULL,
             renewals INTEGER NOT NULL)",
    )
    .execute(&mut **connection)
    .await?;
    // Of any other number of rows there will hardly be another soon.
    let is_usual = heartbeats.len() == AT_ONCE;
    fill(heartbeats).build().persistent(is_usual).execute(&mut **connection).await?;
    // Those seats whose end is the same are left out, because SQLite writes an index anew for each column that is set,
    // whether it changes or not.
    sqlx::query(
        "UPDATE instances SET epoch = v.epoch, shown_n = v.shown_n, shown_nonce = v.shown_nonce,
                shown_at = v.shown_at, lease_exp = v.lease_exp, lease_life_ms = v.lease_life_ms,
                last_contact_at = v.last_contact_at
         FROM temp.heartbeats AS v WHERE +instances.vendor_id = $1 AND instances.id = v.id;
         UPDATE instances SET held_until = v.held_until
         FROM temp.heartbeats AS v
         WHERE +instances.vendor_id = $1 AND instances.id = v.id AND instances.held_until <> v.held_until;
         UPDATE leases SET last_issued_at = v.last_contact_at, exp = v.lease_exp, issued = issued + v.renewals
         FROM temp.heartbeats AS v WHERE +leases.vendor_id = $1 AND leases.id = v.lease_id;
         DELETE FROM temp.heartbeats",
    )
    .bind(vendor_id)
    .execute(&mut **connection)
    .await?;
    let told: Vec<_> = heartbeats
        .iter()
        .filter(|(_, it)| it.renewals > 0)
        .map(|(view, it)| (view, it, json!({ "identity": it.instance.identity(), "version": it.instance.version })))
        .collect();
    let renewals: Vec<_> = told
        .iter()
        .map(|(view, it, data)| Renewals {
            account_id: &view.license.account_id,
            license_id: &view.license.id,
            instance_id: &it.instance.id,
            data,
            count: it.renewals,
            at: it.instance.last_contact_at,
        })
        .collect();
    record_renewals(tx, vendor_id, entropy, &renewals).await
}
