use super::{InstancePlace, LicensedInstance, ListedInstance};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, InstanceId, LicenseId, VendorId};
use crate::licenses::search::anywhere;

/// A license's instances whose name, identity, device, version or id has `text` in it: those whose seats are
/// held longest first, so that whatever holds none comes after whatever does.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn search_instances(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    text: &str,
    after: Option<&InstancePlace>,
    limit: i64,
) -> Result<Vec<ListedInstance>, DbError> {
    let after = after.map_or((UnixMs(i64::MAX), "~"), |place| (place.held_until, place.id.as_str()));
    fetch_all!(
        tx,
        ListedInstance,
        "SELECT id, kind, identity, device, name, status, version, held_since, held_until, lease_exp, surge,
                contests, conflict, levels, first_contact_at, last_contact_at
         FROM instances
         WHERE vendor_id = $1 AND license_id = $2 AND status <> 'deleted'
           AND (held_until < $3 OR (held_until = $3 AND id < $4))
           AND ($5 = '%%' OR lower(name) LIKE lower($5) ESCAPE '!' OR lower(identity) LIKE lower($5) ESCAPE '!'
                OR lower(device) LIKE lower($5) ESCAPE '!' OR lower(version) LIKE lower($5) ESCAPE '!'
                OR id LIKE $5 ESCAPE '!')
         ORDER BY held_until DESC, id DESC LIMIT $6",
        vendor_id,
        license_id,
        after.0,
        after.1,
        anywhere(text),
        limit
    )
}

/// The instances of an account, or of all the vendor's customers, in the order of their ids: `limit` at most of those
/// after `after`. An order that no check changes, so whoever pages through all of them misses none.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_of_all_licenses(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: Option<&AccountId>,
    after: Option<&InstanceId>,
    limit: i64,
) -> Result<Vec<LicensedInstance>, DbError> {
    fetch_all!(
        tx,
        LicensedInstance,
        "SELECT i.id, i.license_id, i.kind, i.identity, i.device, i.name, i.status, i.version, i.held_since,
                i.held_until, i.lease_exp, i.surge, i.contests, i.conflict, i.levels, i.first_contact_at,
                i.last_contact_at
         FROM instances i JOIN licenses l ON l.vendor_id = i.vendor_id AND l.id = i.license_id
         WHERE i.vendor_id = $1 AND ($2 = '' OR l.account_id = $2) AND i.id > $3 AND i.status <> 'deleted'
         ORDER BY i.id LIMIT $4",
        vendor_id,
        account_id.map_or("", AccountId::as_str),
        after.map_or("", InstanceId::as_str),
        limit
    )
}

/// How many instances a license knows, counted up to `most`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_instances(tx: &mut Tx, license_id: &LicenseId, most: i64) -> Result<i64, DbError> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM (SELECT 1 FROM instances WHERE license_id = $1 AND status <> 'deleted' LIMIT $2) counted",
        license_id,
        most
    )?;
    Ok(count)
}

/// An instance of a license of this vendor.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_listed(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    id: &InstanceId,
) -> Result<Option<ListedInstance>, DbError> {
    fetch_optional!(
        tx,
        ListedInstance,
        "SELECT id, kind, identity, device, name, status, version, held_since, held_until, lease_exp, surge,
                contests, conflict, levels, first_contact_at, last_contact_at
         FROM instances WHERE vendor_id = $1 AND license_id = $2 AND id = $3 AND status <> 'deleted'",
        vendor_id,
        license_id,
        id
    )
}

/// Instances of a license about whose identity a conflict was opened, the last heard of first; `limit` at most.
/// Whether it still waits for a decision is told by [`conflict_since`](ListedInstance::conflict_since).
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_in_conflict(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    limit: i64,
) -> Result<Vec<ListedInstance>, DbError> {
    fetch_all!(
        tx,
        ListedInstance,
        "SELECT id, kind, identity, device, name, status, version, held_since, held_until, lease_exp, surge,
                contests, conflict, levels, first_contact_at, last_contact_at
         FROM instances
         WHERE vendor_id = $1 AND license_id = $2 AND conflict IS NOT NULL AND status <> 'deleted'
         ORDER BY last_contact_at DESC, id LIMIT $3",
        vendor_id,
        license_id,
        limit
    )
}
