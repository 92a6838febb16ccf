//! A catalog file that is uploaded in the console: judged as the command judges it, shown as a list of changes, and applied
//! once. The vendor is the console's own, and the logo stays: it is no part of the text.

use std::fmt::Write as _;

use super::apply_catalog::{CatalogApplication, apply_catalog, preview_catalog};
use super::catalog_file::read_catalog_file;
use super::diff::{Change, Refusal};
use super::handlers;
use super::rules::{Catalog, Problem, check_catalog};
use crate::accounts::{StaffAct, staff_may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::{MasterKey, sha256};
use crate::text::en;
use crate::vendors::{self, Vendor};

/// A file of more bytes is refused. The router lets forms with a file through that hold one, however it is encoded.
pub const UPLOAD_MAX_BYTES: usize = 64 * 1024;

/// Why a file cannot be applied.
#[derive(Clone, Debug, PartialEq)]
pub enum UploadFault {
    /// There is nothing in it.
    Empty,
    /// It is longer than [`UPLOAD_MAX_BYTES`].
    TooLong,
    /// It is not TOML of this shape; a message with line and column.
    Malformed(String),
    /// It breaks rules; all of them.
    Problems(Vec<Problem>),
    /// It is the catalog of another vendor, by its code.
    OtherVendor(String),
    /// It asks for what must not change.
    Refused(Vec<Refusal>),
}

/// What became of an upload.
#[derive(Clone, Debug, PartialEq)]
pub enum CatalogUpload {
    /// All of these changes were made.
    Applied(Vec<Change>),
    /// It would not change now what was shown; nothing was written.
    ChangedMeanwhile,
    /// It cannot be applied; nothing was written.
    Faulty(UploadFault),
    /// Whoever acts may not.
    NotAllowed,
}

/// What applying the text would change now; `None` for whoever may not apply it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn preview_upload(
    tx: &mut Tx,
    cx: &Cx,
    text: &str,
) -> Result<Option<Result<Vec<Change>, UploadFault>>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::EditCatalog).await? {
        return Ok(None);
    }
    let Some(vendor) = vendors::find_vendor(tx, &cx.vendor_id).await? else { return Ok(None) };
    let catalog = match read(&vendor, text) {
        Ok(catalog) => catalog,
        Err(fault) => return Ok(Some(Err(fault))),
    };
    let previewed = preview_catalog(tx, &catalog, &vendor.origin).await?;
    Ok(Some(previewed.map_err(UploadFault::Refused)))
}

/// Applies the text, if it changes what was shown: `seen` is the [`fingerprint`] of that. What it changes about prices
/// reaches Stripe by a job.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn upload_catalog(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    text: &str,
    seen: &str,
) -> Result<CatalogUpload, DbError> {
    if !staff_may_act(tx, cx, StaffAct::EditCatalog).await? {
        return Ok(CatalogUpload::NotAllowed);
    }
    // Of two uploads at the same time the second one sees what the first one did.
    let Some(vendor) = vendors::lock_vendor(tx, &cx.vendor_id).await? else { return Ok(CatalogUpload::NotAllowed) };
    let catalog = match read(&vendor, text) {
        Ok(catalog) => catalog,
        Err(fault) => return Ok(CatalogUpload::Faulty(fault)),
    };
    match preview_catalog(tx, &catalog, &vendor.origin).await? {
        Ok(changes) if fingerprint(text, &changes) != seen => return Ok(CatalogUpload::ChangedMeanwhile),
        Ok(_) => {}
        Err(refusals) => return Ok(CatalogUpload::Faulty(UploadFault::Refused(refusals))),
    }
    match apply_catalog(tx, cx, master, &catalog, &vendor.origin).await? {
        CatalogApplication::Applied { changes, .. } => {
            if !changes.is_empty() {
                handlers::enqueue_push_prices(tx, cx, master).await?;
            }
            Ok(CatalogUpload::Applied(changes))
        }
        CatalogApplication::Refused(refusals) => Ok(CatalogUpload::Faulty(UploadFault::Refused(refusals))),
    }
}

/// Names a text together with the changes that it was shown to make.
#[must_use]
pub fn fingerprint(text: &str, changes: &[Change]) -> String {
    let mut shown = normalised(text);
    for change in changes {
        shown.push('\n');
        shown.push_str(&en::catalog::change(change));
    }
    sha256(shown.as_bytes()).iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Forms send lines that end otherwise.
fn normalised(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn read(vendor: &Vendor, text: &str) -> Result<Catalog, UploadFault> {
    let text = normalised(text);
    if text.trim().is_empty() {
        return Err(UploadFault::Empty);
    }
    if text.len() > UPLOAD_MAX_BYTES {
        return Err(UploadFault::TooLong);
    }
    let file = read_catalog_file(&text).map_err(UploadFault::Malformed)?;
    if file.vendor.code != vendor.code {
        return Err(UploadFault::OtherVendor(file.vendor.code));
    }
    let mut catalog = check_catalog(&file, None).map_err(UploadFault::Problems)?;
    catalog.vendor.logo_svg.clone_from(&vendor.logo_svg);
    Ok(catalog)
}
