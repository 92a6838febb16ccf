use super::{Instance, rules};
use crate::catalog::LicenseType;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{InstanceId, LeaseId, LicenseId, VendorId};

/// An instance of this vendor.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_instance(tx: &mut Tx, vendor_id: &VendorId, id: &InstanceId) -> Result<Option<Instance>, DbError> {
    fetch_optional!(
        tx,
        Instance,
        "SELECT id, license_id, kind, identity, device, name, status, version, instance_key_sealed, epoch, shown_n,
                shown_nonce, shown_at, activation_nonce, forks, held_since, held_until, lease_exp, lease_life_ms,
                lease_id, deactivated_at, levels, first_contact_at, last_contact_at
         FROM instances WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id
    )
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
        "SELECT id, license_id, kind, identity, device, name, status, version, instance_key_sealed, epoch, shown_n,
                shown_nonce, shown_at, activation_nonce, forks, held_since, held_until, lease_exp, lease_life_ms,
                lease_id, deactivated_at, levels, first_contact_at, last_contact_at
         FROM instances WHERE vendor_id = $1 AND license_id = $2 AND kind = $3 AND identity = $4 AND device = $5",
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
        "SELECT id, license_id, kind, identity, device, name, status, version, instance_key_sealed, epoch, shown_n,
                shown_nonce, shown_at, activation_nonce, forks, held_since, held_until, lease_exp, lease_life_ms,
                lease_id, deactivated_at, levels, first_contact_at, last_contact_at
         FROM instances WHERE vendor_id = $1 AND license_id = $2
         ORDER BY CASE WHEN held_until > $3 THEN 0 ELSE 1 END, last_contact_at DESC, id LIMIT $4",
        vendor_id,
        license_id,
        now,
        limit
    )
}

/// Who holds seats of a license at `now`, longest first; at most a hundred.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_holders(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    now: UnixMs,
) -> Result<Vec<sdk::wire::Holder>, DbError> {
    let holders = fetch_all!(
        tx,
        Instance,
        "SELECT id, license_id, kind, identity, device, name, status, version, instance_key_sealed, epoch, shown_n,
                shown_nonce, shown_at, activation_nonce, forks, held_since, held_until, lease_exp, lease_life_ms,
                lease_id, deactivated_at, levels, first_contact_at, last_contact_at
         FROM instances WHERE vendor_id = $1 AND license_id = $2 AND held_until > $3
         ORDER BY held_since, id LIMIT 100",
        vendor_id,
        license_id,
        now
    )?;
    Ok(holders.iter().map(Instance::as_holder).collect())
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

#[derive(sqlx::FromRow)]
struct SeatHolderRow {
    identity: String,
    id: String,
    held_since: UnixMs,
}

/// How a license's seats stand for an instance (`None`: one that does not exist yet) with this identity.
pub(super) async fn seats_for(
    tx: &mut Tx,
    license: &crate::licenses::License,
    identity: &str,
    instance: Option<&Instance>,
    now: UnixMs,
) -> Result<rules::Seats, DbError> {
    let by_user = license.license_type == LicenseType::User;
    // One row per seat: on `user` plans all devices of a user share one, held since the first of them.
    let holders = if by_user {
        fetch_all!(
            tx,
            SeatHolderRow,
            "SELECT identity, MIN(id) AS id, MIN(held_since) AS held_since FROM instances
             WHERE license_id = $1 AND held_until > $2 GROUP BY identity",
            &license.id,
            now
        )?
    } else {
        fetch_all!(
            tx,
            SeatHolderRow,
            "SELECT identity, id, held_since FROM instances WHERE license_id = $1 AND held_until > $2",
            &license.id,
            now
        )?
    };
    let is_mine = |holder: &SeatHolderRow| match instance {
        _ if by_user => holder.identity == identity,
        Some(instance) => holder.id == instance.id.as_str(),
        None => false,
    };
    let mine = holders.iter().find(|holder| is_mine(holder));
    let older_holders = holders.iter().filter(|holder| {
        !is_mine(holder) && mine.is_none_or(|mine| (holder.held_since, &holder.id) < (mine.held_since, &mine.id))
    });
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(rules::Seats {
        allowed: license.seats,
        held_by_others: count(holders.len() - usize::from(mine.is_some())),
        holds: mine.is_some(),
        older_holders: count(older_holders.count()),
    })
}

pub(super) async fn insert_instance(tx: &mut Tx, cx: &Cx, instance: &Instance) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO instances (id, vendor_id, license_id, kind, identity, device, name, status, version,
                                instance_key_sealed, epoch, shown_n, shown_nonce, shown_at, activation_nonce,
                                held_since, held_until, lease_exp, lease_life_ms, lease_id, first_contact_at,
                                last_contact_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
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
        instance.first_contact_at,
        instance.last_contact_at
    )?;
    Ok(())
}

pub(super) async fn update_instance(tx: &mut Tx, cx: &Cx, instance: &Instance) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE instances SET name = $3, status = $4, version = $5, epoch = $6, shown_n = $7, shown_nonce = $8,
                shown_at = $9, activation_nonce = $10, forks = $11, held_since = $12, held_until = $13,
                lease_exp = $14, lease_life_ms = $15, lease_id = $16, deactivated_at = $17, levels = $18,
                last_contact_at = $19
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
        instance.forks,
        instance.held_since,
        instance.held_until,
        instance.lease_exp,
        instance.lease_life_ms,
        &instance.lease_id,
        instance.deactivated_at,
        JsonText(instance.levels.0.clone()),
        instance.last_contact_at
    )?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct LevelsRow {
    levels: JsonText<std::collections::BTreeMap<String, i64>>,
}

/// What the instances that hold seats report of each limit.
pub(super) async fn list_levels(
    tx: &mut Tx,
    license_id: &LicenseId,
    now: UnixMs,
) -> Result<Vec<std::collections::BTreeMap<String, i64>>, DbError> {
    let rows = fetch_all!(
        tx,
        LevelsRow,
        "SELECT levels FROM instances WHERE license_id = $1 AND held_until > $2 AND levels <> '{}'",
        license_id,
        now
    )?;
    Ok(rows.into_iter().map(|row| row.levels.0).collect())
}

/// Opens a new interval in which an instance holds its seat.
pub(super) async fn insert_lease(tx: &mut Tx, cx: &Cx, instance: &Instance) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO leases (id, vendor_id, license_id, instance_id, opened_at, last_issued_at, exp, issued)
         VALUES ($1, $2, $3, $4, $5, $5, $6, 1)",
        &instance.lease_id,
        &cx.vendor_id,
        &instance.license_id,
        &instance.id,
        cx.now,
        instance.lease_exp
    )?;
    Ok(())
}

/// Extends an open interval by one more token and answers how many were signed in it.
pub(super) async fn extend_lease(tx: &mut Tx, cx: &Cx, id: &LeaseId, exp: UnixMs) -> Result<i64, DbError> {
    let (issued,) = fetch_one!(
        tx,
        (i64,),
        "UPDATE leases SET last_issued_at = $2, exp = $3, issued = issued + 1 WHERE id = $1 RETURNING issued",
        id,
        cx.now,
        exp
    )?;
    Ok(issued)
}

/// Closes an instance's open interval, if it has one.
pub(super) async fn close_lease(
    tx: &mut Tx,
    instance_id: &InstanceId,
    at: UnixMs,
    reason: &str,
    returned_early: bool,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE leases SET closed_at = $2, close_reason = $3, returned_early = $4
         WHERE instance_id = $1 AND closed_at IS NULL",
        instance_id,
        at,
        reason,
        returned_early
    )?;
    Ok(())
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
