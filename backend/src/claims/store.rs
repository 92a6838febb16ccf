use sdk::wire::Identity;

use super::{Claim, ClaimStatus};
use crate::clock::{DAY_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx, execute, fetch_optional};
use crate::ids::{AccountId, ClaimId, LicenseId, ProductId, UserId, VendorId};

#[derive(sqlx::FromRow)]
struct ClaimRow {
    id: ClaimId,
    product_id: ProductId,
    user_code: String,
    version: String,
    identity: JsonText<Identity>,
    address: String,
    status: ClaimStatus,
    account_id: Option<AccountId>,
    license_id: Option<LicenseId>,
    decided_by: Option<UserId>,
    decided_at: Option<UnixMs>,
    interval_s: i64,
    polled_at: Option<UnixMs>,
    created_at: UnixMs,
    expires_at: UnixMs,
}

impl From<ClaimRow> for Claim {
    fn from(row: ClaimRow) -> Self {
        Self {
            id: row.id,
            product_id: row.product_id,
            user_code: row.user_code,
            version: row.version,
            identity: row.identity.0,
            address: row.address,
            status: row.status,
            account_id: row.account_id,
            license_id: row.license_id,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            interval_s: row.interval_s,
            polled_at: row.polled_at,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

/// Stores a new claim; false when its user code is taken.
pub(super) async fn insert_claim(
    tx: &mut Tx,
    cx: &Cx,
    claim: &Claim,
    device_code_hash: &[u8],
) -> Result<bool, DbError> {
    let stored = execute!(
        tx,
        "INSERT INTO claims (id, vendor_id, product_id, device_code_hash, user_code, version, identity, address,
                             status, interval_s, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (vendor_id, user_code) DO NOTHING",
        &claim.id,
        &cx.vendor_id,
        &claim.product_id,
        device_code_hash,
        &claim.user_code,
        &claim.version,
        JsonText(claim.identity.clone()),
        &claim.address,
        claim.status,
        claim.interval_s,
        claim.created_at,
        claim.expires_at
    )?;
    Ok(stored == 1)
}

pub(super) async fn find_by_user_code(
    tx: &mut Tx,
    vendor_id: &VendorId,
    user_code: &str,
) -> Result<Option<Claim>, DbError> {
    let row = fetch_optional!(
        tx,
        ClaimRow,
        "SELECT id, product_id, user_code, version, identity, address, status, account_id, license_id, decided_by,
                decided_at, interval_s, polled_at, created_at, expires_at
         FROM claims WHERE vendor_id = $1 AND user_code = $2",
        vendor_id,
        user_code
    )?;
    Ok(row.map(Claim::from))
}

/// Takes the row lock under which a claim is polled and decided.
pub(super) async fn lock_claim(tx: &mut Tx, vendor_id: &VendorId, id: &ClaimId) -> Result<Option<Claim>, DbError> {
    let row = fetch_optional!(
        tx,
        ClaimRow,
        "UPDATE claims SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2
         RETURNING id, product_id, user_code, version, identity, address, status, account_id, license_id, decided_by,
                   decided_at, interval_s, polled_at, created_at, expires_at",
        vendor_id,
        id
    )?;
    Ok(row.map(Claim::from))
}

/// The same by the hash of what the product polls with.
pub(super) async fn lock_by_device_code(
    tx: &mut Tx,
    vendor_id: &VendorId,
    device_code_hash: &[u8],
) -> Result<Option<Claim>, DbError> {
    let row = fetch_optional!(
        tx,
        ClaimRow,
        "UPDATE claims SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND device_code_hash = $2
         RETURNING id, product_id, user_code, version, identity, address, status, account_id, license_id, decided_by,
                   decided_at, interval_s, polled_at, created_at, expires_at",
        vendor_id,
        device_code_hash
    )?;
    Ok(row.map(Claim::from))
}

/// Keeps when a claim was last polled and how long its product must wait. The caller holds its lock.
pub(super) async fn update_pace(
    tx: &mut Tx,
    cx: &Cx,
    id: &ClaimId,
    interval_s: i64,
    polled_at: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE claims SET interval_s = $3, polled_at = $4 WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        id,
        interval_s,
        polled_at
    )?;
    Ok(())
}

/// Keeps what was decided. The caller holds the claim's lock.
pub(super) async fn update_decision(tx: &mut Tx, cx: &Cx, claim: &Claim) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE claims SET status = $3, account_id = $4, license_id = $5, decided_by = $6, decided_at = $7
         WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        &claim.id,
        claim.status,
        claim.account_id.as_ref(),
        claim.license_id.as_ref(),
        claim.decided_by.as_ref(),
        claim.decided_at
    )?;
    Ok(())
}

/// Deletes claims of all vendors that ended a day ago; until then their codes are not drawn again.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn delete_old_claims(tx: &mut Tx, now: UnixMs) -> Result<u64, DbError> {
    execute!(tx, "DELETE FROM claims WHERE expires_at < $1", now.plus(-DAY_MS))
}
