use std::collections::BTreeMap;

use jiff::civil::Date;

use super::Instance;
use super::seats::Holding;
use crate::catalog::LicenseType;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx, execute, fetch_all, fetch_one, fetch_optional, later};
use crate::ids::{InstanceId, LeaseId, LicenseId, VendorId};
use crate::licenses::License;

/// An instance of this vendor.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_instance(tx: &mut Tx, vendor_id: &VendorId, id: &InstanceId) -> Result<Option<Instance>, DbError> {
    fetch_optional!(tx, Instance, "SELECT * FROM instances WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

pub(super) async fn find_by_identity(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    identity: &sdk::wire::Identity,
) -> Result<Option<Instance>, DbError> {
    fetch_optional!(
        tx,
        Instance,
        "SELECT * FROM instances
         WHERE vendor_id = $1 AND license_id = $2 AND kind = $3 AND identity = $4 AND device = $5
           AND tombstone = ''",
        vendor_id,
        license_id,
        identity.kind.as_str(),
        &identity.id,
        identity.device.as_deref().unwrap_or_default()
    )
}

/// A license's instances, those that hold seats first, then by last contact.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_instances(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    now: UnixMs,
    limit: i64,
) -> Result<Vec<Instance>, DbError> {
    fetch_all!(
        tx,
        Instance,
        "SELECT * FROM instances WHERE vendor_id = $1 AND license_id = $2 AND tombstone = ''
         ORDER BY CASE WHEN held_until > $3 THEN 0 ELSE 1 END, last_contact_at DESC, id LIMIT $4",
        vendor_id,
        license_id,
        now,
        limit
    )
}

/// How many seats of a license are held at `now`: users on `user` plans, else instances.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_seats(
    tx: &mut Tx,
    license_id: &LicenseId,
    license_type: LicenseType,
    now: UnixMs,
) -> Result<i64, DbError> {
    let (held,) = if license_type == LicenseType::User {
        fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(DISTINCT identity) FROM instances WHERE license_id = $1 AND held_until > $2",
            license_id,
            now
        )?
    } else {
        fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM instances WHERE license_id = $1 AND held_until > $2",
            license_id,
            now
        )?
    };
    Ok(held)
}

/// Everybody who holds a seat of a license at `now`.
pub(super) async fn list_holdings(tx: &mut Tx, license_id: &LicenseId, now: UnixMs) -> Result<Vec<Holding>, DbError> {
    fetch_all!(
        tx,
        Holding,
        "SELECT identity, id, held_since, surge, levels FROM instances WHERE license_id = $1 AND held_until > $2",
        license_id,
        now
    )
}

/// Notes that the surge of a license opens. The caller holds its lock.
pub(super) async fn open_surge(tx: &mut Tx, cx: &Cx, license_id: &LicenseId) -> Result<(), DbError> {
    later!(
        tx,
        "UPDATE licenses SET surge_opened_at = $3 WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        license_id,
        cx.now
    )
}

pub(super) async fn insert_instance(tx: &mut Tx, cx: &Cx, instance: &Instance) -> Result<(), DbError> {
    later!(
        tx,
        "INSERT INTO instances (id, vendor_id, license_id, kind, identity, device, name, status, version,
                                instance_key_sealed, epoch, shown_n, shown_nonce, shown_at, activation_nonce,
                                held_since, held_until, lease_exp, lease_life_ms, lease_id, surge, interval_open,
                                first_contact_at, last_contact_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                 $23, $24)",
        &instance.id,
        &cx.vendor_id,
        &instance.license_id,
        &instance.kind,
        &instance.identity,
        &instance.device,
        &instance.name,
        instance.status,
        &instance.version,
        &instance.instance_key_sealed,
        instance.epoch,
        instance.shown_n,
        &instance.shown_nonce,
        instance.shown_at,
        &instance.activation_nonce,
        instance.held_since,
        instance.held_until,
        instance.lease_exp,
        instance.lease_life_ms,
        &instance.lease_id,
        instance.surge,
        instance.interval_open,
        instance.first_contact_at,
        instance.last_contact_at
    )
}

pub(super) async fn update_instance(tx: &mut Tx, cx: &Cx, instance: &Instance) -> Result<(), DbError> {
    later!(
        tx,
        "UPDATE instances SET name = $3, status = $4, version = $5, epoch = $6, shown_n = $7, shown_nonce = $8,
                shown_at = $9, activation_nonce = $10, contests = $11, conflict = $12, held_since = $13,
                held_until = $14, lease_exp = $15, lease_life_ms = $16, lease_id = $17, surge = $18,
                interval_open = $19, deactivated_at = $20, levels = $21, counters = $22, last_contact_at = $23
         WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        &instance.id,
        &instance.name,
        instance.status,
        &instance.version,
        instance.epoch,
        instance.shown_n,
        &instance.shown_nonce,
        instance.shown_at,
        &instance.activation_nonce,
        JsonText(&instance.contests.0),
        instance.conflict.as_ref().map(|conflict| JsonText(conflict.0)),
        instance.held_since,
        instance.held_until,
        instance.lease_exp,
        instance.lease_life_ms,
        &instance.lease_id,
        instance.surge,
        instance.interval_open,
        instance.deactivated_at,
        JsonText(&instance.levels.0),
        JsonText(&instance.counters.0),
        instance.last_contact_at
    )
}

/// Notes that an instance's interval is closed.
pub(super) async fn note_closed(tx: &mut Tx, cx: &Cx, id: &InstanceId) -> Result<(), DbError> {
    later!(tx, "UPDATE instances SET interval_open = FALSE WHERE vendor_id = $1 AND id = $2", &cx.vendor_id, id)
}

/// Frees the identity of an instance for a new one.
pub(super) async fn bury_instance(tx: &mut Tx, cx: &Cx, id: &InstanceId) -> Result<(), DbError> {
    execute!(tx, "UPDATE instances SET tombstone = id WHERE vendor_id = $1 AND id = $2", &cx.vendor_id, id)?;
    Ok(())
}

/// Licenses with instances whose seat ran out by `now` without that having been noted, in the order of their ids.
pub(super) async fn list_lapsed(
    tx: &mut Tx,
    vendor_id: &VendorId,
    now: UnixMs,
    limit: i64,
) -> Result<Vec<(LicenseId, InstanceId)>, DbError> {
    fetch_all!(
        tx,
        (LicenseId, InstanceId),
        "SELECT license_id, id FROM
            (SELECT license_id, id FROM instances WHERE vendor_id = $1 AND interval_open AND held_until <= $2
             ORDER BY held_until LIMIT $3) AS due
         ORDER BY license_id, id",
        vendor_id,
        now,
        limit
    )
}

/// What each instance last reported of the limits that holds a seat at `now`, or may check and has held one since
/// `silent_since`.
pub(super) async fn list_levels(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    now: UnixMs,
    silent_since: UnixMs,
) -> Result<Vec<BTreeMap<String, i64>>, DbError> {
    let rows = fetch_all!(
        tx,
        (JsonText<BTreeMap<String, i64>>,),
        "SELECT levels FROM instances
         WHERE vendor_id = $1 AND license_id = $2 AND held_until > $3 AND (status = 'active' OR held_until > $4)
           AND levels <> '{}'",
        vendor_id,
        license_id,
        now.min(silent_since),
        now
    )?;
    Ok(rows.into_iter().map(|(levels,)| levels.0).collect())
}

/// Opens a new interval in which an instance holds its seat.
pub(super) async fn insert_lease(tx: &mut Tx, cx: &Cx, instance: &Instance) -> Result<(), DbError> {
    later!(
        tx,
        "INSERT INTO leases (id, vendor_id, license_id, instance_id, opened_at, last_issued_at, exp, issued)
         VALUES ($1, $2, $3, $4, $5, $5, $6, 1)",
        &instance.lease_id,
        &cx.vendor_id,
        &instance.license_id,
        &instance.id,
        cx.now,
        instance.lease_exp
    )
}

/// Extends an open interval by one more token.
pub(super) async fn extend_lease(tx: &mut Tx, cx: &Cx, id: &LeaseId, exp: UnixMs) -> Result<(), DbError> {
    later!(tx, "UPDATE leases SET last_issued_at = $2, exp = $3, issued = issued + 1 WHERE id = $1", id, cx.now, exp)
}

/// Closes an instance's open interval, which it has.
pub(super) async fn close_lease(
    tx: &mut Tx,
    instance_id: &InstanceId,
    at: UnixMs,
    reason: &str,
    returned_early: bool,
) -> Result<(), DbError> {
    later!(
        tx,
        "UPDATE leases SET closed_at = $2, close_reason = $3, returned_early = $4
         WHERE instance_id = $1 AND closed_at IS NULL",
        instance_id,
        at,
        reason,
        returned_early
    )
}

pub(super) async fn count_early_returns(tx: &mut Tx, license_id: &LicenseId, since: UnixMs) -> Result<i64, DbError> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM leases WHERE license_id = $1 AND returned_early AND closed_at > $2",
        license_id,
        since
    )?;
    Ok(count)
}

/// Adds to the use of a feature on a day; answers the day's total.
pub(super) async fn add_feature_use(
    tx: &mut Tx,
    cx: &Cx,
    license_id: &LicenseId,
    feature: &str,
    amount: i64,
) -> Result<i64, DbError> {
    let (total,) = fetch_one!(
        tx,
        (i64,),
        "INSERT INTO feature_use (vendor_id, license_id, feature, day, amount) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (license_id, feature, day) DO UPDATE SET amount = feature_use.amount + excluded.amount
         RETURNING amount",
        &cx.vendor_id,
        license_id,
        feature,
        cx.now.date().to_string(),
        amount
    )?;
    Ok(total)
}

/// How often each feature of a license was used from a UTC day on, both ends included.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn feature_use(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    since: Date,
    until: Date,
) -> Result<BTreeMap<String, i64>, DbError> {
    let rows = fetch_all!(
        tx,
        (String, i64),
        "SELECT feature, CAST(SUM(amount) AS BIGINT) FROM feature_use
         WHERE vendor_id = $1 AND license_id = $2 AND day >= $3 AND day <= $4 GROUP BY feature ORDER BY feature",
        vendor_id,
        license_id,
        since.to_string(),
        until.to_string()
    )?;
    Ok(rows.into_iter().collect())
}

/// Instances of a license whose seats are held or whose leases are out, deleted ones among them, with the identity of
/// the holder and the end of the last lease.
pub(super) async fn list_unfinished(
    tx: &mut Tx,
    license: &License,
    now: UnixMs,
) -> Result<Vec<(InstanceId, String, UnixMs)>, DbError> {
    fetch_all!(
        tx,
        (InstanceId, String, UnixMs),
        "SELECT id, identity, lease_exp FROM instances
         WHERE vendor_id = $1 AND license_id = $2 AND (held_until > $3 OR lease_exp > $3) ORDER BY held_since, id",
        &license.vendor_id,
        &license.id,
        now
    )
}

/// Calls whoever holds a seat by another identity; its name is wiped.
pub(super) async fn update_identity(tx: &mut Tx, cx: &Cx, id: &InstanceId, identity: &str) -> Result<(), DbError> {
    // A row keeps its own tombstone, so two devices of one identity do not meet.
    execute!(
        tx,
        "UPDATE instances SET identity = $3, device = '', name = '', tombstone = id WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        id,
        identity
    )?;
    Ok(())
}

/// Closes the open intervals of all instances of a license.
pub(super) async fn close_all_leases(tx: &mut Tx, license: &License, at: UnixMs) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE leases SET closed_at = $3, close_reason = 'handed_over'
         WHERE vendor_id = $1 AND closed_at IS NULL
           AND instance_id IN (SELECT id FROM instances WHERE license_id = $2 AND interval_open)",
        &license.vendor_id,
        &license.id,
        at
    )?;
    Ok(())
}

/// Deletes all instances of a license. What they hold is free `margin_ms` after the end of their last leases.
pub(super) async fn delete_all(tx: &mut Tx, license: &License, margin_ms: i64) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE instances SET status = 'deleted', tombstone = id, interval_open = FALSE, conflict = NULL, levels = '{}',
                held_until = CASE WHEN held_until > lease_exp + $3 THEN lease_exp + $3 ELSE held_until END
         WHERE vendor_id = $1 AND license_id = $2",
        &license.vendor_id,
        &license.id,
        margin_ms
    )?;
    Ok(())
}
