use crate::db::{DbError, Tx, execute, fetch_all};
use crate::ids::{LicenseId, VendorId};

/// Licenses whose key's first group is not noted, with their sealed keys, in no order: to sort them all for each batch takes
/// far longer than the batch.
pub(super) async fn list_without_start(
    tx: &mut Tx,
    vendor_id: &VendorId,
    limit: i64,
) -> Result<Vec<(LicenseId, Vec<u8>)>, DbError> {
    fetch_all!(
        tx,
        (LicenseId, Vec<u8>),
        "SELECT id, key_sealed FROM licenses WHERE vendor_id = $1 AND key_start IS NULL LIMIT $2",
        vendor_id,
        limit
    )
}

/// Notes it, unless the key was replaced meanwhile, which notes its own.
pub(super) async fn fill_start(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &LicenseId,
    key_start: &[u8],
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE licenses SET key_start = $3 WHERE vendor_id = $1 AND id = $2 AND key_start IS NULL",
        vendor_id,
        id,
        key_start
    )?;
    Ok(())
}
