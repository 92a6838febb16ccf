use serde_json::json;

use super::entry::Heartbeat;
use crate::cx::Entropy;
use crate::db::{DbError, Tx};
use crate::events::{Renewals, record_renewals};
use crate::licenses::License;

/// Writes what many checks have changed in three statements, however many they are: per row this costs a fraction of
/// a statement of its own. SQLite only, like everything that is kept in memory.
pub(super) async fn write_heartbeats(
    tx: &mut Tx,
    license: &License,
    entropy: &Entropy,
    heartbeats: &[Heartbeat],
) -> Result<(), DbError> {
    let Tx::Sqlite(connection) = &mut *tx else { return Ok(()) };
    if heartbeats.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = heartbeats
        .iter()
        .map(|Heartbeat { instance: it, renewals }| {
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
                shown_at = v.value ->> 4, held_until = v.value ->> 5, lease_exp = v.value ->> 6,
                lease_life_ms = v.value ->> 7, last_contact_at = v.value ->> 8
         FROM json_each($2) AS v WHERE instances.vendor_id = $1 AND instances.id = v.value ->> 0",
    )
    .bind(&license.vendor_id)
    .bind(&rows)
    .execute(&mut **connection)
    .await?;
    sqlx::query(
        "UPDATE leases SET last_issued_at = v.value ->> 8, exp = v.value ->> 6, issued = issued + (v.value ->> 10)
         FROM json_each($2) AS v WHERE leases.vendor_id = $1 AND leases.id = v.value ->> 9",
    )
    .bind(&license.vendor_id)
    .bind(&rows)
    .execute(&mut **connection)
    .await?;
    let told: Vec<_> = heartbeats
        .iter()
        .filter(|it| it.renewals > 0)
        .map(|it| (it, json!({ "identity": it.instance.identity(), "version": it.instance.version })))
        .collect();
    let renewals = told.iter().map(|(it, data)| Renewals {
        instance_id: &it.instance.id,
        data,
        count: it.renewals,
        at: it.instance.last_contact_at,
    });
    record_renewals(tx, &license.vendor_id, &license.account_id, &license.id, entropy, renewals).await
}
