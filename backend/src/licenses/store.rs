use super::{License, LicenseStatus};
use crate::catalog::{LicenseType, PlanKind, Terms};
use crate::clock::UnixMs;
use crate::db::{DbError, JsonText, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, LicenseId, PlanId, ProductId, VendorId};

/// A license with the names of what it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct LicenseView {
    /// The license.
    pub license: License,
    /// Its plan's code, the tokens' `pln`.
    pub plan_code: String,
    /// Its plan's name.
    pub plan_name: String,
    /// Its product's code, the tokens' `aud`.
    pub product_code: String,
    /// Its product's name.
    pub product_name: String,
}

#[derive(sqlx::FromRow)]
struct LicenseRow {
    id: LicenseId,
    vendor_id: VendorId,
    account_id: AccountId,
    product_id: ProductId,
    plan_id: PlanId,
    name: String,
    key_hint: String,
    status: LicenseStatus,
    status_reason: String,
    kind: PlanKind,
    license_type: LicenseType,
    starts_at: UnixMs,
    ends_at: Option<UnixMs>,
    updates_until: Option<UnixMs>,
    seats: i64,
    terms: JsonText<Terms>,
    created_at: UnixMs,
    plan_code: String,
    plan_name: String,
    product_code: String,
    product_name: String,
}

impl From<LicenseRow> for LicenseView {
    fn from(row: LicenseRow) -> Self {
        Self {
            license: License {
                id: row.id,
                vendor_id: row.vendor_id,
                account_id: row.account_id,
                product_id: row.product_id,
                plan_id: row.plan_id,
                name: row.name,
                key_hint: row.key_hint,
                status: row.status,
                status_reason: row.status_reason,
                kind: row.kind,
                license_type: row.license_type,
                starts_at: row.starts_at,
                ends_at: row.ends_at,
                updates_until: row.updates_until,
                seats: row.seats,
                terms: row.terms.0,
                created_at: row.created_at,
            },
            plan_code: row.plan_code,
            plan_name: row.plan_name,
            product_code: row.product_code,
            product_name: row.product_name,
        }
    }
}

/// The license whose key has this keyed hash.
pub(crate) async fn find_by_key_hash(
    tx: &mut Tx,
    vendor_id: &VendorId,
    key_hash: &[u8],
) -> Result<Option<LicenseId>, DbError> {
    let row: Option<(LicenseId,)> = fetch_optional!(
        tx,
        (LicenseId,),
        "SELECT id FROM licenses WHERE vendor_id = $1 AND key_hash = $2",
        vendor_id,
        key_hash
    )?;
    Ok(row.map(|(id,)| id))
}

/// A license of this vendor.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_license(tx: &mut Tx, vendor_id: &VendorId, id: &LicenseId) -> Result<Option<LicenseView>, DbError> {
    let row = fetch_optional!(
        tx,
        LicenseRow,
        "SELECT l.id, l.vendor_id, l.account_id, l.product_id, l.plan_id, l.name, l.key_hint, l.status,
                l.status_reason, l.kind, l.license_type, l.starts_at, l.ends_at, l.updates_until, l.seats, l.terms,
                l.created_at, p.code AS plan_code, p.name AS plan_name, d.code AS product_code,
                d.name AS product_name
         FROM licenses l JOIN plans p ON p.id = l.plan_id JOIN products d ON d.id = l.product_id
         WHERE l.vendor_id = $1 AND l.id = $2",
        vendor_id,
        id
    )?;
    Ok(row.map(LicenseView::from))
}

/// Takes the row lock under which seats are counted and the license is changed, then reads it.
///
/// Everything that grants, frees or changes seats goes through here first, so that two acts on one
/// license never interleave: on PostgreSQL by the row lock, on SQLite by its one writer.
pub(crate) async fn lock_license(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &LicenseId,
) -> Result<Option<LicenseView>, DbError> {
    let locked = fetch_optional!(
        tx,
        (i64,),
        "UPDATE licenses SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 RETURNING lock_no",
        vendor_id,
        id
    )?;
    if locked.is_none() {
        return Ok(None);
    }
    find_license(tx, vendor_id, id).await
}

/// An account's licenses, newest first, `limit` at most, those after `after` in that order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_by_account(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    after: Option<&LicenseId>,
    limit: i64,
) -> Result<Vec<LicenseView>, DbError> {
    let before: (UnixMs, String) = match after {
        Some(id) => fetch_one!(
            tx,
            (UnixMs, String),
            "SELECT CAST(COALESCE(MAX(created_at), 9223372036854775807) AS BIGINT), COALESCE(MAX(id), '~')
             FROM licenses WHERE vendor_id = $1 AND account_id = $2 AND id = $3",
            vendor_id,
            account_id,
            id
        )?,
        None => (UnixMs(i64::MAX), "~".to_owned()),
    };
    let rows = fetch_all!(
        tx,
        LicenseRow,
        "SELECT l.id, l.vendor_id, l.account_id, l.product_id, l.plan_id, l.name, l.key_hint, l.status,
                l.status_reason, l.kind, l.license_type, l.starts_at, l.ends_at, l.updates_until, l.seats, l.terms,
                l.created_at, p.code AS plan_code, p.name AS plan_name, d.code AS product_code,
                d.name AS product_name
         FROM licenses l JOIN plans p ON p.id = l.plan_id JOIN products d ON d.id = l.product_id
         WHERE l.vendor_id = $1 AND l.account_id = $2
           AND (l.created_at < $3 OR (l.created_at = $3 AND l.id < $4))
         ORDER BY l.created_at DESC, l.id DESC LIMIT $5",
        vendor_id,
        account_id,
        before.0,
        &before.1,
        limit
    )?;
    Ok(rows.into_iter().map(LicenseView::from).collect())
}

pub(super) async fn insert_license(
    tx: &mut Tx,
    license: &License,
    key_hash: &[u8],
    key_sealed: &[u8],
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO licenses (id, vendor_id, account_id, product_id, plan_id, name, key_hash, key_sealed, key_hint,
                               status, status_reason, kind, license_type, starts_at, ends_at, updates_until, seats,
                               terms, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        &license.id,
        &license.vendor_id,
        &license.account_id,
        &license.product_id,
        &license.plan_id,
        &license.name,
        key_hash,
        key_sealed,
        &license.key_hint,
        license.status,
        &license.status_reason,
        license.kind,
        license.license_type,
        license.starts_at,
        license.ends_at,
        license.updates_until,
        license.seats,
        JsonText(license.terms.clone()),
        license.created_at
    )?;
    Ok(())
}

/// Writes back what may change in a license's life. The caller holds its lock.
pub(super) async fn update_license(tx: &mut Tx, license: &License) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE licenses SET plan_id = $3, name = $4, status = $5, status_reason = $6, ends_at = $7,
                             updates_until = $8, seats = $9, terms = $10
         WHERE vendor_id = $1 AND id = $2",
        &license.vendor_id,
        &license.id,
        &license.plan_id,
        &license.name,
        license.status,
        &license.status_reason,
        license.ends_at,
        license.updates_until,
        license.seats,
        JsonText(license.terms.clone())
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
