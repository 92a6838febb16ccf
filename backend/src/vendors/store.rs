use super::{Profile, Vendor};
use crate::clock::UnixMs;
use crate::db::{DbError, Extent, JsonText, Subject, Tx, execute, fetch_all, fetch_optional};
use crate::ids::VendorId;

#[derive(sqlx::FromRow)]
struct VendorRow {
    id: VendorId,
    code: String,
    host: Option<String>,
    origin: String,
    name: String,
    profile: JsonText<Profile>,
    accent_hue: i64,
    logo_svg: Option<String>,
    created_at: UnixMs,
    settings_no: i64,
}

impl From<VendorRow> for Vendor {
    fn from(row: VendorRow) -> Self {
        Self {
            id: row.id,
            code: row.code,
            host: row.host,
            origin: row.origin,
            name: row.name,
            profile: row.profile.0,
            accent_hue: row.accent_hue,
            logo_svg: row.logo_svg,
            created_at: row.created_at,
            settings_no: row.settings_no,
        }
    }
}

/// The vendor with this id.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_vendor(tx: &mut Tx, id: &VendorId) -> Result<Option<Vendor>, DbError> {
    Ok(fetch_optional!(tx, VendorRow, "SELECT * FROM vendors WHERE id = $1", id)?.map(Vendor::from))
}

/// The vendor, locked until the transaction ends: for changes of its signing keys and settings.
pub(crate) async fn lock_vendor(tx: &mut Tx, id: &VendorId) -> Result<Option<Vendor>, DbError> {
    let row = fetch_optional!(tx, VendorRow, "UPDATE vendors SET lock_no = lock_no + 1 WHERE id = $1 RETURNING *", id)?;
    Ok(row.map(Vendor::from))
}

/// The vendor with this code.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_vendor_by_code(tx: &mut Tx, code: &str) -> Result<Option<Vendor>, DbError> {
    Ok(fetch_optional!(tx, VendorRow, "SELECT * FROM vendors WHERE code = $1", code)?.map(Vendor::from))
}

/// The vendor that answers a host name: the one that has it, else the one without a host, else the only one there is.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_vendor_by_host(tx: &mut Tx, host: &str) -> Result<Option<Vendor>, DbError> {
    let row = fetch_optional!(
        tx,
        VendorRow,
        "SELECT * FROM vendors
         WHERE host = $1 OR host IS NULL OR NOT EXISTS (SELECT 1 FROM vendors other WHERE other.id <> vendors.id)
         ORDER BY host IS NULL, created_at LIMIT 1",
        host
    )?;
    Ok(row.map(Vendor::from))
}

/// All vendors, oldest first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_vendors(tx: &mut Tx) -> Result<Vec<Vendor>, DbError> {
    let rows = fetch_all!(tx, VendorRow, "SELECT * FROM vendors ORDER BY created_at, id")?;
    Ok(rows.into_iter().map(Vendor::from).collect())
}

pub(super) async fn insert_vendor(tx: &mut Tx, vendor: &Vendor) -> Result<(), DbError> {
    // Vendors are remembered by host name.
    tx.change(Subject::All, Extent::Whole).await?;
    execute!(
        tx,
        "INSERT INTO vendors (id, code, host, origin, name, profile, accent_hue, logo_svg, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &vendor.id,
        &vendor.code,
        vendor.host.as_deref(),
        &vendor.origin,
        &vendor.name,
        JsonText(vendor.profile.clone()),
        vendor.accent_hue,
        vendor.logo_svg.as_deref(),
        vendor.created_at
    )?;
    Ok(())
}

/// Sets name, profile, accent and logo.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn update_branding(
    tx: &mut Tx,
    id: &VendorId,
    name: &str,
    profile: &Profile,
    accent_hue: i64,
    logo_svg: Option<&str>,
) -> Result<(), DbError> {
    // Vendors are remembered by host name.
    tx.change(Subject::All, Extent::Whole).await?;
    execute!(
        tx,
        "UPDATE vendors SET name = $2, profile = $3, accent_hue = $4, logo_svg = $5 WHERE id = $1",
        id,
        name,
        JsonText(profile.clone()),
        accent_hue,
        logo_svg
    )?;
    Ok(())
}

/// Sets the host name that the vendor answers; `None` for any that no other has.
pub(super) async fn update_host(tx: &mut Tx, id: &VendorId, host: Option<&str>) -> Result<(), DbError> {
    // Vendors are remembered by host name.
    tx.change(Subject::All, Extent::Whole).await?;
    execute!(tx, "UPDATE vendors SET host = $2 WHERE id = $1", id, host)?;
    Ok(())
}

/// Writes what staff changed, under the vendor's lock.
pub(super) async fn update_settings(tx: &mut Tx, vendor: &Vendor) -> Result<(), DbError> {
    // Vendors are remembered by host name.
    tx.change(Subject::All, Extent::Whole).await?;
    execute!(
        tx,
        "UPDATE vendors SET name = $2, profile = $3, accent_hue = $4, logo_svg = $5, settings_no = $6 WHERE id = $1",
        &vendor.id,
        &vendor.name,
        JsonText(vendor.profile.clone()),
        vendor.accent_hue,
        vendor.logo_svg.as_deref(),
        vendor.settings_no
    )?;
    Ok(())
}
