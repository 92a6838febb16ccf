use super::super::Instance;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all, fetch_one};
use crate::ids::{LicenseId, VendorId};
use crate::listing::TimePlace;

/// Who holds seats of a license at `now` and is not deleted, longest first, after this place.
pub(super) async fn list_holders(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    now: UnixMs,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<Instance>, DbError> {
    let (since, id) = TimePlace::bound_of_oldest_first(after);
    fetch_all!(
        tx,
        Instance,
        "SELECT * FROM instances
         WHERE vendor_id = $1 AND license_id = $2 AND held_until > $3 AND tombstone = '' AND (held_since, id) > ($4, $5)
         ORDER BY held_since, id LIMIT $6",
        vendor_id,
        license_id,
        now,
        since,
        id,
        limit
    )
}

/// How many these are.
pub(super) async fn count_holders(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    now: UnixMs,
) -> Result<i64, DbError> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM instances
         WHERE vendor_id = $1 AND license_id = $2 AND held_until > $3 AND tombstone = ''",
        vendor_id,
        license_id,
        now
    )?;
    Ok(count)
}

/// The devices on which a user is active at `now` and that are not deleted, longest first.
pub(super) async fn list_devices(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    user: &str,
    now: UnixMs,
    limit: i64,
) -> Result<Vec<Instance>, DbError> {
    fetch_all!(
        tx,
        Instance,
        "SELECT * FROM instances
         WHERE vendor_id = $1 AND license_id = $2 AND kind = 'user' AND identity = $3 AND held_until > $4
           AND tombstone = ''
         ORDER BY held_since, id LIMIT $5",
        vendor_id,
        license_id,
        user,
        now,
        limit
    )
}

/// How many these are.
pub(super) async fn count_devices(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    user: &str,
    now: UnixMs,
) -> Result<i64, DbError> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM instances
         WHERE vendor_id = $1 AND license_id = $2 AND kind = 'user' AND identity = $3 AND held_until > $4
           AND tombstone = ''",
        vendor_id,
        license_id,
        user,
        now
    )?;
    Ok(count)
}
