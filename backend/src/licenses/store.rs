use super::key_starts::StoredKey;
use super::{License, LicenseStatus, Overrides, VendorStanding};
use crate::catalog::{LicenseType, PlanKind, Terms};
use crate::clock::UnixMs;
use crate::db::{DbError, Extent, JsonText, Subject, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, InstanceId, LicenseId, PlanId, ProductId, VendorId};

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

/// A license's row with the codes and names of its plan and product beside it.
#[derive(sqlx::FromRow)]
pub(super) struct LicenseRow {
    id: LicenseId,
    vendor_id: VendorId,
    account_id: AccountId,
    product_id: ProductId,
    plan_id: PlanId,
    plan_version: i64,
    name: String,
    key_hint: String,
    status: LicenseStatus,
    status_reason: String,
    vendor_standing: VendorStanding,
    vendor_reason: String,
    vendor_standing_at: Option<UnixMs>,
    kind: PlanKind,
    license_type: LicenseType,
    starts_at: UnixMs,
    ends_at: Option<UnixMs>,
    updates_until: Option<UnixMs>,
    trial_until: Option<UnixMs>,
    expired_at: Option<UnixMs>,
    renews: bool,
    disputed_at: Option<UnixMs>,
    issued_reason: Option<String>,
    surge_opened_at: Option<UnixMs>,
    seats: i64,
    terms: JsonText<Terms>,
    overrides: JsonText<Overrides>,
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
                plan_version: row.plan_version,
                name: row.name,
                key_hint: row.key_hint,
                status: row.status,
                status_reason: row.status_reason,
                vendor_standing: row.vendor_standing,
                vendor_reason: row.vendor_reason,
                vendor_standing_at: row.vendor_standing_at,
                kind: row.kind,
                license_type: row.license_type,
                starts_at: row.starts_at,
                ends_at: row.ends_at,
                updates_until: row.updates_until,
                trial_until: row.trial_until,
                expired_at: row.expired_at,
                renews: row.renews,
                disputed_at: row.disputed_at,
                issued_reason: row.issued_reason,
                surge_opened_at: row.surge_opened_at,
                seats: row.seats,
                terms: row.overrides.0.apply(&row.terms.0),
                plan_terms: row.terms.0,
                overrides: row.overrides.0,
                created_at: row.created_at,
            },
            plan_code: row.plan_code,
            plan_name: row.plan_name,
            product_code: row.product_code,
            product_name: row.product_name,
        }
    }
}

/// Writes whose license it is; the name that the one before gave it is wiped. The caller holds its lock.
pub(super) async fn update_owner(tx: &mut Tx, license: &License) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE licenses SET account_id = $3, name = '' WHERE vendor_id = $1 AND id = $2",
        &license.vendor_id,
        &license.id,
        &license.account_id
    )?;
    Ok(())
}

/// Notes that staff issued a license by hand, and why.
pub(super) async fn set_issued_reason(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &LicenseId,
    reason: &str,
) -> Result<(), DbError> {
    execute!(tx, "UPDATE licenses SET issued_reason = $3 WHERE vendor_id = $1 AND id = $2", vendor_id, id, reason)?;
    Ok(())
}

/// A license of this vendor.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_license(tx: &mut Tx, vendor_id: &VendorId, id: &LicenseId) -> Result<Option<LicenseView>, DbError> {
    let row = fetch_optional!(
        tx,
        LicenseRow,
        "SELECT l.*, p.code AS plan_code, p.name AS plan_name, d.code AS product_code, d.name AS product_name
         FROM licenses l JOIN plans p ON p.id = l.plan_id JOIN products d ON d.id = l.product_id
         WHERE l.vendor_id = $1 AND l.id = $2",
        vendor_id,
        id
    )?;
    Ok(row.map(LicenseView::from))
}

/// Locks the license that a condition finds and reads it, in one statement.
macro_rules! lock_and_read {
    ($tx:expr, $condition:literal, $vendor_id:expr, $arg:expr) => {
        fetch_optional!(
            $tx,
            LicenseRow,
            concat!(
                "UPDATE licenses SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND ",
                $condition,
                " RETURNING *, (SELECT code FROM plans WHERE plans.id = licenses.plan_id) AS plan_code,
                        (SELECT name FROM plans WHERE plans.id = licenses.plan_id) AS plan_name,
                        (SELECT code FROM products WHERE products.id = licenses.product_id) AS product_code,
                        (SELECT name FROM products WHERE products.id = licenses.product_id) AS product_name"
            ),
            $vendor_id,
            $arg
        )
    };
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
    lock(tx, vendor_id, id, Extent::Whole).await
}

async fn lock(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &LicenseId,
    extent: Extent,
) -> Result<Option<LicenseView>, DbError> {
    tx.change(Subject::One(id.as_str()), extent).await?;
    let row = lock_and_read!(tx, "id = $2", vendor_id, id)?;
    Ok(row.map(LicenseView::from))
}

/// The same for an act on one of its instances, which leaves the license as it is to all others.
pub(super) async fn lock_license_for_instance(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &LicenseId,
) -> Result<Option<LicenseView>, DbError> {
    lock(tx, vendor_id, id, Extent::Part).await
}

/// The same by the instance.
pub(crate) async fn lock_license_of_instance(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &InstanceId,
) -> Result<Option<LicenseView>, DbError> {
    let row =
        lock_and_read!(tx, "id = (SELECT license_id FROM instances WHERE vendor_id = $1 AND id = $2)", vendor_id, id)?;
    locked_for_instance(tx, row).await
}

/// The same by its key; replaced ones are not found.
pub(super) async fn lock_license_of_key(
    tx: &mut Tx,
    vendor_id: &VendorId,
    key_hash: &[u8],
) -> Result<Option<LicenseView>, DbError> {
    let row = lock_and_read!(tx, "key_hash = $2", vendor_id, key_hash)?;
    locked_for_instance(tx, row).await
}

/// A license that is locked before its id is known: nothing but its own row has been read, which memory does not
/// change.
async fn locked_for_instance(tx: &mut Tx, row: Option<LicenseRow>) -> Result<Option<LicenseView>, DbError> {
    let Some(row) = row else { return Ok(None) };
    tx.change(Subject::One(row.id.as_str()), Extent::Part).await?;
    Ok(Some(row.into()))
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
        "SELECT l.*, p.code AS plan_code, p.name AS plan_name, d.code AS product_code, d.name AS product_name
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

pub(super) async fn insert_license(tx: &mut Tx, license: &License, key: &StoredKey) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO licenses (id, vendor_id, account_id, product_id, plan_id, name, key_hash, key_sealed, key_hint,
                               status, status_reason, kind, license_type, starts_at, ends_at, updates_until, seats,
                               terms, trial_until, created_at, plan_version, key_start)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
        &license.id,
        &license.vendor_id,
        &license.account_id,
        &license.product_id,
        &license.plan_id,
        &license.name,
        &key.hash,
        &key.sealed,
        &license.key_hint,
        license.status,
        &license.status_reason,
        license.kind,
        license.license_type,
        license.starts_at,
        license.ends_at,
        license.updates_until,
        license.seats,
        JsonText(license.plan_terms.clone()),
        license.trial_until,
        license.created_at,
        license.plan_version,
        &key.start
    )?;
    Ok(())
}

/// Writes back what may change in a license's life. The caller holds its lock.
pub(super) async fn update_license(tx: &mut Tx, license: &License) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE licenses SET plan_id = $3, name = $4, status = $5, status_reason = $6, ends_at = $7,
                             updates_until = $8, seats = $9, terms = $10, overrides = $11, trial_until = $12,
                             vendor_standing = $13, vendor_reason = $14, vendor_standing_at = $15, expired_at = $16,
                             disputed_at = $17, kind = $18, license_type = $19, plan_version = $20
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
        JsonText(license.plan_terms.clone()),
        JsonText(license.overrides.clone()),
        license.trial_until,
        license.vendor_standing,
        &license.vendor_reason,
        license.vendor_standing_at,
        license.expired_at,
        license.disputed_at,
        license.kind,
        license.license_type,
        license.plan_version
    )?;
    Ok(())
}

/// Whether an account has, or had, a license of a product.
pub(crate) async fn has_license_of(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    product_id: &ProductId,
) -> Result<bool, DbError> {
    let found: Option<(LicenseId,)> = fetch_optional!(
        tx,
        (LicenseId,),
        "SELECT id FROM licenses WHERE vendor_id = $1 AND account_id = $2 AND product_id = $3 LIMIT 1",
        vendor_id,
        account_id,
        product_id
    )?;
    Ok(found.is_some())
}

/// A moment later than which no lease of a license ends, but for those of deleted instances, which were rejected when those
/// were deleted; 0 where it has none.
pub(super) async fn find_last_exp(tx: &mut Tx, license: &License) -> Result<UnixMs, DbError> {
    // `held_until` is durable before a lease is handed out, `lease_exp` is never moved back: the later one bounds.
    let (last_exp,): (UnixMs,) = fetch_one!(
        tx,
        (UnixMs,),
        "SELECT CAST(COALESCE(MAX(CASE WHEN held_until > lease_exp THEN held_until ELSE lease_exp END), 0) AS BIGINT)
         FROM instances WHERE vendor_id = $1 AND license_id = $2 AND tombstone = ''",
        &license.vendor_id,
        &license.id
    )?;
    Ok(last_exp)
}

/// The instances of a license that have a lease noted that ends after `last`, each with a moment later than which none of
/// its leases ends; not those that were deleted, whose leases were rejected then.
pub(super) async fn list_outlasting(
    tx: &mut Tx,
    license: &License,
    last: UnixMs,
) -> Result<Vec<(InstanceId, UnixMs)>, DbError> {
    fetch_all!(
        tx,
        (InstanceId, UnixMs),
        "SELECT id, CASE WHEN held_until > lease_exp THEN held_until ELSE lease_exp END FROM instances
         WHERE vendor_id = $1 AND license_id = $2 AND tombstone = '' AND lease_exp > $3 ORDER BY id",
        &license.vendor_id,
        &license.id,
        last
    )
}

/// The deleted instances of a license that have a lease out at `now`, each with its end.
pub(super) async fn list_deleted_in_use(
    tx: &mut Tx,
    license: &License,
    now: UnixMs,
) -> Result<Vec<(InstanceId, UnixMs)>, DbError> {
    fetch_all!(
        tx,
        (InstanceId, UnixMs),
        "SELECT id, lease_exp FROM instances
         WHERE vendor_id = $1 AND license_id = $2 AND tombstone <> '' AND lease_exp > $3 ORDER BY id",
        &license.vendor_id,
        &license.id,
        now
    )
}

/// The latest ends of leases that are out at `now`: of those no longer than `online_ms` after the last
/// contact, and of those that were borrowed for longer.
pub(super) async fn find_lease_ends(
    tx: &mut Tx,
    license: &License,
    now: UnixMs,
    online_ms: i64,
) -> Result<(Option<UnixMs>, Option<UnixMs>), DbError> {
    fetch_one!(
        tx,
        (Option<UnixMs>, Option<UnixMs>),
        "SELECT MAX(CASE WHEN lease_exp <= last_contact_at + $4 THEN lease_exp END),
                MAX(CASE WHEN lease_exp > last_contact_at + $4 THEN lease_exp END)
         FROM instances WHERE vendor_id = $1 AND license_id = $2 AND lease_exp > $3",
        &license.vendor_id,
        &license.id,
        now,
        online_ms
    )
}

/// The licenses of a vendor whose end has passed unrecorded, those that ended first first.
pub(super) async fn list_to_expire(
    tx: &mut Tx,
    vendor_id: &VendorId,
    now: UnixMs,
    limit: i64,
) -> Result<Vec<LicenseId>, DbError> {
    let rows: Vec<(LicenseId,)> = fetch_all!(
        tx,
        (LicenseId,),
        "SELECT id FROM licenses
         WHERE vendor_id = $1 AND expired_at IS NULL AND ends_at IS NOT NULL AND ends_at <= $2
           AND status IN ('active', 'suspended')
         ORDER BY ends_at, id LIMIT $3",
        vendor_id,
        now,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
