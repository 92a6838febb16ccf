//! Reading and writing releases.

use jiff::civil::Date;

use super::Release;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{ProductId, ReleaseId, VendorId};

#[derive(sqlx::FromRow)]
struct ReleaseRow {
    id: ReleaseId,
    version: String,
    released_on: String,
    channel: String,
}

impl TryFrom<ReleaseRow> for Release {
    type Error = DbError;
    fn try_from(row: ReleaseRow) -> Result<Self, DbError> {
        let released_on = row.released_on.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok(Self { id: row.id, version: row.version, released_on, channel: row.channel })
    }
}

/// The release that a version names.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_release(
    tx: &mut Tx,
    vendor_id: &VendorId,
    product_id: &ProductId,
    version: &str,
) -> Result<Option<Release>, DbError> {
    fetch_optional!(
        tx,
        ReleaseRow,
        "SELECT id, version, released_on, channel FROM releases
         WHERE vendor_id = $1 AND product_id = $2 AND version = $3",
        vendor_id,
        product_id,
        version
    )?
    .map(Release::try_from)
    .transpose()
}

/// All releases of a product, newest first, those planned for later included.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_releases(tx: &mut Tx, vendor_id: &VendorId, product_id: &ProductId) -> Result<Vec<Release>, DbError> {
    let rows = fetch_all!(
        tx,
        ReleaseRow,
        "SELECT id, version, released_on, channel FROM releases
         WHERE vendor_id = $1 AND product_id = $2 ORDER BY released_on DESC, created_at DESC, id DESC",
        vendor_id,
        product_id
    )?;
    rows.into_iter().map(Release::try_from).collect()
}

/// The newest release dated on or before `last_day` (UTC; the whole last day of `updates_until` counts).
/// Releases that are announced for later but before that day are found as well: pass today, if earlier, to
/// leave them out.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn newest_covered_release(
    tx: &mut Tx,
    vendor_id: &VendorId,
    product_id: &ProductId,
    last_day: Date,
) -> Result<Option<Release>, DbError> {
    fetch_optional!(
        tx,
        ReleaseRow,
        "SELECT id, version, released_on, channel FROM releases
         WHERE vendor_id = $1 AND product_id = $2 AND released_on <= $3
         ORDER BY released_on DESC, created_at DESC, id DESC LIMIT 1",
        vendor_id,
        product_id,
        last_day.to_string()
    )?
    .map(Release::try_from)
    .transpose()
}

/// Inserts a release, unless the product has this version: then `None`, and nothing is written.
pub(super) async fn insert_release(
    tx: &mut Tx,
    cx: &Cx,
    product_id: &ProductId,
    version: &str,
    released_on: Date,
    channel: &str,
) -> Result<Option<ReleaseId>, DbError> {
    let id: ReleaseId = cx.id();
    let inserted = execute!(
        tx,
        "INSERT INTO releases (id, vendor_id, product_id, version, released_on, channel, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (product_id, version) DO NOTHING",
        &id,
        &cx.vendor_id,
        product_id,
        version,
        released_on.to_string(),
        channel,
        cx.now
    )?;
    Ok((inserted == 1).then_some(id))
}

pub(super) async fn update_release(
    tx: &mut Tx,
    cx: &Cx,
    id: &ReleaseId,
    released_on: Date,
    channel: &str,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE releases SET released_on = $3, channel = $4 WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        id,
        released_on.to_string(),
        channel
    )?;
    Ok(())
}
