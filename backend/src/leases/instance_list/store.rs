use super::{
    InstanceFilter, InstancePlace, LeaseState, LicensedInstance, ListedInstance, VendorInstance, VendorInstancePlace,
};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, InstanceId, LicenseId, VendorId};
use crate::licenses::search::{anywhere, beginning};

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

/// The vendor's instances that pass the filter at `now`, by identity, at most `limit` of those after `after`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn search_vendor_instances(
    tx: &mut Tx,
    vendor_id: &VendorId,
    filter: &InstanceFilter,
    now: UnixMs,
    after: Option<&VendorInstancePlace>,
    limit: i64,
) -> Result<Vec<VendorInstance>, DbError> {
    let (key, id) = after.map_or(("", ""), |place| (place.key.as_str(), place.id.as_str()));
    let contact = filter.contact.map_or(("", now), |contact| contact.bound(now));
    fetch_all!(
        tx,
        VendorInstance,
        "SELECT i.id, i.kind, i.identity, i.device, i.name, i.status, i.version, i.held_since, i.held_until, i.lease_exp,
                i.surge, i.contests, i.conflict, i.levels, i.first_contact_at, i.last_contact_at,
                i.interval_open AND i.held_until > $3 AS is_live, i.identity_key AS sort_key, i.license_id,
                l.name AS license_name, r.name AS product_name, p.name AS plan_name, a.id AS account_id, a.company
         FROM instances i
         JOIN licenses l ON l.vendor_id = i.vendor_id AND l.id = i.license_id
         JOIN products r ON r.vendor_id = l.vendor_id AND r.id = l.product_id
         JOIN plans p ON p.vendor_id = l.vendor_id AND p.id = l.plan_id
         JOIN accounts a ON a.vendor_id = l.vendor_id AND a.id = l.account_id
         WHERE i.vendor_id = $1 AND i.status <> 'deleted'
           AND ($2 = '' OR ($2 = 'live') = (i.interval_open AND i.held_until > $3)) AND ($4 = '' OR r.code = $4)
           AND ($5 = '%' OR lower(i.version) LIKE lower($5) ESCAPE '!')
           AND ($6 = '%%' OR lower(i.name) LIKE lower($6) ESCAPE '!' OR lower(i.identity) LIKE lower($6) ESCAPE '!'
                OR lower(a.company) LIKE lower($6) ESCAPE '!' OR i.id = $7)
           AND (i.identity_key > $8 OR (i.identity_key = $8 AND i.id > $9))
           AND ($10 = '' OR ($10 = 'within' AND i.last_contact_at >= $11) OR ($10 = 'silent' AND i.last_contact_at < $11))
         ORDER BY i.identity_key, i.id LIMIT $12",
        vendor_id,
        filter.state.map_or("", LeaseState::as_str),
        now,
        &filter.product,
        beginning(&filter.version),
        anywhere(&filter.text),
        &filter.text,
        key,
        id,
        contact.0,
        contact.1,
        limit
    )
}

/// How many of the vendor's instances run on a lease at `now`: those of [`search_vendor_instances`] with
/// [`LeaseState::Live`]. A deleted instance holds no lease.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_live(tx: &mut Tx, vendor_id: &VendorId, now: UnixMs) -> Result<i64, DbError> {
    // Written like the index of what the sweep closes, so that it is counted in there.
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM instances WHERE vendor_id = $1 AND held_until > $2 AND interval_open",
        vendor_id,
        now
    )?;
    Ok(count)
}
