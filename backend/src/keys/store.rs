use super::{SigningKeyInfo, SigningKeyStatus};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{SigningKeyId, VendorId};

#[derive(sqlx::FromRow)]
pub(super) struct SealedRow {
    pub(super) id: SigningKeyId,
    pub(super) kid: String,
    pub(super) private_sealed: Vec<u8>,
}

/// The one key of a vendor that has this status, sealed; only `active` and `next` are unique.
pub(super) async fn find_sealed(
    tx: &mut Tx,
    vendor_id: &VendorId,
    status: SigningKeyStatus,
) -> Result<Option<SealedRow>, DbError> {
    fetch_optional!(
        tx,
        SealedRow,
        "SELECT id, kid, private_sealed FROM signing_keys WHERE vendor_id = $1 AND status = $2",
        vendor_id,
        status
    )
}

pub(super) async fn insert_signing_key(
    tx: &mut Tx,
    cx: &Cx,
    id: &SigningKeyId,
    kid: &str,
    status: SigningKeyStatus,
    public_key: &[u8],
    private_sealed: &[u8],
) -> Result<(), DbError> {
    let activated_at = (status == SigningKeyStatus::Active).then_some(cx.now);
    execute!(
        tx,
        "INSERT INTO signing_keys (id, vendor_id, kid, status, public_key, private_sealed, created_at, activated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        &cx.vendor_id,
        kid,
        status,
        public_key,
        private_sealed,
        cx.now,
        activated_at
    )?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct PublicRow {
    public_key: Vec<u8>,
}

/// The public halves that verifiers may trust, oldest first.
pub(super) async fn list_published(tx: &mut Tx, vendor_id: &VendorId) -> Result<Vec<Vec<u8>>, DbError> {
    let rows = fetch_all!(
        tx,
        PublicRow,
        "SELECT public_key FROM signing_keys
         WHERE vendor_id = $1 AND status <> 'revoked' AND withdrawn_at IS NULL ORDER BY created_at, id",
        vendor_id
    )?;
    Ok(rows.into_iter().map(|row| row.public_key).collect())
}

/// A vendor's signing keys without their private halves, newest first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_signing_keys(tx: &mut Tx, vendor_id: &VendorId) -> Result<Vec<SigningKeyInfo>, DbError> {
    fetch_all!(
        tx,
        SigningKeyInfo,
        "SELECT kid, status, created_at, activated_at, retired_at, revoked_at, verifies_until, withdrawn_at
         FROM signing_keys WHERE vendor_id = $1 ORDER BY created_at DESC, id DESC",
        vendor_id
    )
}

pub(super) async fn set_active(tx: &mut Tx, cx: &Cx, kid: &str) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE signing_keys SET status = 'active', activated_at = $3 WHERE vendor_id = $1 AND kid = $2",
        &cx.vendor_id,
        kid,
        cx.now
    )?;
    Ok(())
}

/// Retires a key and forgets its private half: nothing is signed with it again.
pub(super) async fn set_retired(tx: &mut Tx, cx: &Cx, kid: &str) -> Result<(), DbError> {
    let nothing: &[u8] = &[];
    execute!(
        tx,
        "UPDATE signing_keys SET status = 'retired', retired_at = $3, private_sealed = $4
         WHERE vendor_id = $1 AND kid = $2",
        &cx.vendor_id,
        kid,
        cx.now,
        nothing
    )?;
    Ok(())
}

/// Revokes a key and forgets its private half.
pub(super) async fn set_revoked(tx: &mut Tx, cx: &Cx, kid: &str) -> Result<(), DbError> {
    let nothing: &[u8] = &[];
    execute!(
        tx,
        "UPDATE signing_keys SET status = 'revoked', revoked_at = $3, private_sealed = $4
         WHERE vendor_id = $1 AND kid = $2",
        &cx.vendor_id,
        kid,
        cx.now,
        nothing
    )?;
    Ok(())
}

/// Whether there is a retired key of which has to be noted how long what it signed can be valid, because it retired up to
/// `retired_until`, or one of which nothing can be valid any more at `until`.
pub(super) async fn has_due_retired(
    tx: &mut Tx,
    vendor_id: &VendorId,
    retired_until: UnixMs,
    until: UnixMs,
) -> Result<bool, DbError> {
    let (due,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM signing_keys
         WHERE vendor_id = $1 AND status = 'retired' AND withdrawn_at IS NULL
           AND ((verifies_until IS NULL AND retired_at <= $2) OR verifies_until < $3)",
        vendor_id,
        retired_until,
        until
    )?;
    Ok(due > 0)
}

/// Notes for the keys retired up to `retired_until` how long what they signed can be valid: as long as any
/// lease of the vendor that is out now, and `at_least` anyway.
pub(super) async fn set_verifies_until(
    tx: &mut Tx,
    cx: &Cx,
    retired_until: UnixMs,
    at_least: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE signing_keys SET verifies_until = (
             SELECT CASE WHEN COALESCE(MAX(held_until), 0) > $3 OR COALESCE(MAX(lease_exp), 0) > $3
                         THEN CASE WHEN MAX(held_until) > MAX(lease_exp) THEN MAX(held_until) ELSE MAX(lease_exp) END
                         ELSE $3 END
             FROM instances WHERE instances.vendor_id = $1)
         WHERE vendor_id = $1 AND status = 'retired' AND verifies_until IS NULL AND retired_at <= $2",
        &cx.vendor_id,
        retired_until,
        at_least
    )?;
    Ok(())
}

/// Withdraws the retired keys of which nothing can be valid any more at `until`; answers their `kid`s.
pub(super) async fn withdraw_retired(tx: &mut Tx, cx: &Cx, until: UnixMs) -> Result<Vec<String>, DbError> {
    let rows: Vec<(String,)> = fetch_all!(
        tx,
        (String,),
        "UPDATE signing_keys SET withdrawn_at = $3
         WHERE vendor_id = $1 AND status = 'retired' AND withdrawn_at IS NULL AND verifies_until < $2 RETURNING kid",
        &cx.vendor_id,
        until,
        cx.now
    )?;
    Ok(rows.into_iter().map(|(kid,)| kid).collect())
}

pub(super) async fn find_last_seq(tx: &mut Tx, vendor_id: &VendorId) -> Result<i64, DbError> {
    let (seq,) = fetch_one!(
        tx,
        (i64,),
        "SELECT CAST(COALESCE(MAX(seq), 0) AS BIGINT) FROM key_sets WHERE vendor_id = $1",
        vendor_id
    )?;
    Ok(seq)
}

pub(super) async fn insert_key_set(tx: &mut Tx, cx: &Cx, seq: i64, token: &str) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO key_sets (vendor_id, seq, token, created_at) VALUES ($1, $2, $3, $4)",
        &cx.vendor_id,
        seq,
        token,
        cx.now
    )?;
    Ok(())
}

/// The signed key sets of a vendor that come after number `known_seq`, oldest first; after 0 the whole chain.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn key_sets_after(tx: &mut Tx, vendor_id: &VendorId, known_seq: i64) -> Result<Vec<String>, DbError> {
    let rows: Vec<(String,)> = fetch_all!(
        tx,
        (String,),
        "SELECT token FROM key_sets WHERE vendor_id = $1 AND seq > $2 ORDER BY seq",
        vendor_id,
        known_seq
    )?;
    Ok(rows.into_iter().map(|(token,)| token).collect())
}
