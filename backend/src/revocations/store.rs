use super::Kind;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{InstanceId, LicenseId, VendorId};

#[derive(sqlx::FromRow)]
pub(super) struct RevocationRow {
    pub(super) kind: Kind,
    pub(super) object_id: String,
    pub(super) before_at: UnixMs,
}

pub(super) async fn upsert_revocation(
    tx: &mut Tx,
    vendor_id: &VendorId,
    kind: Kind,
    object_id: &str,
    before: UnixMs,
    last_exp: UnixMs,
) -> Result<(), DbError> {
    tx.unremember(latest_of(vendor_id));
    execute!(
        tx,
        "INSERT INTO revocations (vendor_id, kind, object_id, before_at, last_exp) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (vendor_id, kind, object_id) DO UPDATE SET
            before_at = CASE WHEN excluded.before_at > revocations.before_at
                             THEN excluded.before_at ELSE revocations.before_at END,
            last_exp = CASE WHEN excluded.last_exp > revocations.last_exp
                            THEN excluded.last_exp ELSE revocations.last_exp END",
        vendor_id,
        kind,
        object_id,
        before,
        last_exp
    )?;
    Ok(())
}

/// Under which name it is remembered up to when any of the vendor's entries rejects.
pub(super) fn latest_of(vendor_id: &VendorId) -> String {
    format!("latest revocation of {vendor_id}")
}

/// Whether there was one.
pub(super) async fn delete_revocation(
    tx: &mut Tx,
    vendor_id: &VendorId,
    kind: Kind,
    object_id: &str,
) -> Result<bool, DbError> {
    let deleted = execute!(
        tx,
        "DELETE FROM revocations WHERE vendor_id = $1 AND kind = $2 AND object_id = $3",
        vendor_id,
        kind,
        object_id
    )?;
    Ok(deleted > 0)
}

pub(super) async fn raise_seq(tx: &mut Tx, vendor_id: &VendorId) -> Result<(), DbError> {
    execute!(tx, "UPDATE vendors SET revocation_seq = revocation_seq + 1 WHERE id = $1", vendor_id)?;
    Ok(())
}

pub(super) async fn find_seq(tx: &mut Tx, vendor_id: &VendorId) -> Result<i64, DbError> {
    let row: Option<(i64,)> =
        fetch_optional!(tx, (i64,), "SELECT revocation_seq FROM vendors WHERE id = $1", vendor_id)?;
    Ok(row.map_or(0, |(seq,)| seq))
}

/// Those that cover something that is valid after `until`, in a fixed order.
pub(super) async fn list_revocations(
    tx: &mut Tx,
    vendor_id: &VendorId,
    until: UnixMs,
) -> Result<Vec<RevocationRow>, DbError> {
    fetch_all!(
        tx,
        RevocationRow,
        "SELECT kind, object_id, before_at FROM revocations WHERE vendor_id = $1 AND last_exp > $2
         ORDER BY kind, object_id",
        vendor_id,
        until
    )
}

/// Up to when any of the vendor's entries rejects, the latest.
pub(super) async fn find_latest(tx: &mut Tx, vendor_id: &VendorId) -> Result<UnixMs, DbError> {
    let (latest,) = fetch_one!(
        tx,
        (UnixMs,),
        "SELECT CAST(COALESCE(MAX(before_at), 0) AS BIGINT) FROM revocations WHERE vendor_id = $1",
        vendor_id
    )?;
    Ok(latest)
}

/// Up to when the entries about a license or an instance of it reject, the latest of those that do so at `since` or later.
pub(super) async fn find_last_before(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    instance_id: &InstanceId,
    since: UnixMs,
) -> Result<Option<UnixMs>, DbError> {
    let row: Option<(UnixMs,)> = fetch_optional!(
        tx,
        (UnixMs,),
        "SELECT before_at FROM revocations
         WHERE vendor_id = $1 AND ((kind = 'license' AND object_id = $2) OR (kind = 'instance' AND object_id = $3))
           AND before_at >= $4
         ORDER BY before_at DESC LIMIT 1",
        vendor_id,
        license_id,
        instance_id,
        since
    )?;
    Ok(row.map(|(before,)| before))
}

/// Up to when the entries about a license or any instance of it reject, the latest of those that do so at `since` or later.
pub(super) async fn find_latest_before(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    since: UnixMs,
) -> Result<Option<UnixMs>, DbError> {
    let row: Option<(UnixMs,)> = fetch_optional!(
        tx,
        (UnixMs,),
        "SELECT before_at FROM revocations
         WHERE vendor_id = $1 AND before_at >= $3
           AND ((kind = 'license' AND object_id = $2)
                OR (kind = 'instance'
                    AND object_id IN (SELECT id FROM instances WHERE vendor_id = $1 AND license_id = $2)))
         ORDER BY before_at DESC LIMIT 1",
        vendor_id,
        license_id,
        since
    )?;
    Ok(row.map(|(before,)| before))
}

pub(super) async fn delete_spent(tx: &mut Tx, vendor_id: &VendorId, until: UnixMs) -> Result<u64, DbError> {
    execute!(tx, "DELETE FROM revocations WHERE vendor_id = $1 AND last_exp <= $2", vendor_id, until)
}
