//! The keys of licenses, in the database: those that are, and those that were replaced.

use super::License;
use super::key_starts::StoredKey;
use super::store::{LicenseView, lock_license_for_instance, lock_license_of_key};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{LicenseId, VendorId};

/// What a license key that somebody shows is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFound {
    /// No key of this vendor.
    Unknown,
    /// The key of this license, or one that was replaced and works still.
    Current(LicenseId),
    /// A key of this license that was replaced, and works no more.
    Replaced(LicenseId),
}

/// The license whose key has, or had, this keyed hash.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_by_key(tx: &mut Tx, vendor_id: &VendorId, key_hash: &[u8], now: UnixMs) -> Result<KeyFound, DbError> {
    let current: Option<(LicenseId,)> = fetch_optional!(
        tx,
        (LicenseId,),
        "SELECT id FROM licenses WHERE vendor_id = $1 AND key_hash = $2",
        vendor_id,
        key_hash
    )?;
    if let Some((id,)) = current {
        return Ok(KeyFound::Current(id));
    }
    find_by_replaced_key(tx, vendor_id, key_hash, now).await
}

async fn find_by_replaced_key(
    tx: &mut Tx,
    vendor_id: &VendorId,
    key_hash: &[u8],
    now: UnixMs,
) -> Result<KeyFound, DbError> {
    let replaced: Option<(LicenseId, UnixMs)> = fetch_optional!(
        tx,
        (LicenseId, UnixMs),
        "SELECT license_id, works_until FROM license_keys WHERE vendor_id = $1 AND key_hash = $2",
        vendor_id,
        key_hash
    )?;
    Ok(match replaced {
        None => KeyFound::Unknown,
        Some((id, works_until)) if now < works_until => KeyFound::Current(id),
        Some((id, _)) => KeyFound::Replaced(id),
    })
}

/// A license that somebody shows a key of, locked for an act on one of its instances.
pub(crate) struct LockedByKey {
    pub view: LicenseView,
    /// Whether the key was replaced and works no more.
    pub replaced: bool,
}

/// The license whose key has, or had, this keyed hash, locked for an act on one of its instances.
pub(crate) async fn lock_by_key(
    tx: &mut Tx,
    vendor_id: &VendorId,
    key_hash: &[u8],
    now: UnixMs,
) -> Result<Option<LockedByKey>, DbError> {
    if let Some(view) = lock_license_of_key(tx, vendor_id, key_hash).await? {
        return Ok(Some(LockedByKey { view, replaced: false }));
    }
    let (id, replaced) = match find_by_replaced_key(tx, vendor_id, key_hash, now).await? {
        KeyFound::Unknown => return Ok(None),
        KeyFound::Current(id) => (id, false),
        KeyFound::Replaced(id) => (id, true),
    };
    let view = lock_license_for_instance(tx, vendor_id, &id).await?;
    Ok(view.map(|view| LockedByKey { view, replaced }))
}

/// A key that was replaced and works still.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OldKey {
    /// The key with all but its last group hidden.
    pub key_hint: String,
    /// When it was replaced.
    pub replaced_at: UnixMs,
    /// From then on it is refused.
    pub works_until: UnixMs,
}

/// The replaced keys of a license that work still at `now`, those that end first first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_old_keys(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &LicenseId,
    now: UnixMs,
) -> Result<Vec<OldKey>, DbError> {
    fetch_all!(
        tx,
        OldKey,
        "SELECT key_hint, replaced_at, works_until FROM license_keys
         WHERE vendor_id = $1 AND license_id = $2 AND works_until > $3 ORDER BY works_until, key_hash",
        vendor_id,
        id,
        now
    )
}

/// Gives a license another key and keeps the old one's hash. The caller holds its lock.
pub(super) async fn replace_key(
    tx: &mut Tx,
    license: &License,
    key: &StoredKey,
    replaced_at: UnixMs,
    works_until: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO license_keys (vendor_id, key_hash, key_start, license_id, key_hint, replaced_at, works_until)
         SELECT vendor_id, key_hash, key_start, id, key_hint, CAST($3 AS BIGINT), CAST($4 AS BIGINT)
         FROM licenses WHERE vendor_id = $1 AND id = $2",
        &license.vendor_id,
        &license.id,
        replaced_at,
        works_until
    )?;
    execute!(
        tx,
        "UPDATE licenses SET key_hash = $3, key_sealed = $4, key_hint = $5, key_start = $6 WHERE vendor_id = $1 AND id = $2",
        &license.vendor_id,
        &license.id,
        &key.hash,
        &key.sealed,
        &license.key_hint,
        &key.start
    )?;
    Ok(())
}

/// Ends all keys of a license that were replaced and work still. The caller holds its lock.
pub(super) async fn end_old_keys(tx: &mut Tx, license: &License, at: UnixMs) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE license_keys SET works_until = $3 WHERE vendor_id = $1 AND license_id = $2 AND works_until > $3",
        &license.vendor_id,
        &license.id,
        at
    )?;
    Ok(())
}

pub(super) async fn find_sealed_key(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &LicenseId,
) -> Result<Option<Vec<u8>>, DbError> {
    let row: Option<(Vec<u8>,)> = fetch_optional!(
        tx,
        (Vec<u8>,),
        "SELECT key_sealed FROM licenses WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id
    )?;
    Ok(row.map(|(sealed,)| sealed))
}
