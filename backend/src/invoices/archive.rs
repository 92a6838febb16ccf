//! All documents of an account's year in one file.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::document_store;
use super::render_document::{Document, checked};
use crate::accounts::{self, Act};
use crate::billing::CommerceError;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::ids::{AccountId, DocumentId, VendorId};

/// More than any account has in a year; more would not fit into memory as a whole.
const MOST: i64 = 5_000;

/// The first moments of a year and of the next, in UTC.
#[must_use]
pub fn year(year: i16) -> Option<(UnixMs, UnixMs)> {
    let first = |year| jiff::civil::Date::new(year, 1, 1).ok().map(UnixMs::start_of);
    Some((first(year)?, first(year.checked_add(1)?)?))
}

/// A zip with every document that was issued to an account in a year, named as when they are downloaded one by one;
/// `None` for whoever may not see them, and for a year without any.
///
/// # Errors
/// [`CommerceError::Document`] when one does not match its hash; [`CommerceError::Db`] when the database fails.
pub async fn archive_year(
    db: &Db,
    cx: &Cx,
    account_id: &AccountId,
    of_year: i16,
) -> Result<Option<Vec<u8>>, CommerceError> {
    let Some(period) = year(of_year) else { return Ok(None) };
    let (cx, account_id) = (cx.clone(), account_id.clone());
    let rows = db
        .read(|tx| {
            Box::pin(async move {
                if !accounts::may_act(tx, &cx, &account_id, Act::SeeInvoices).await? {
                    return Ok(Vec::new());
                }
                document_store::list_documents(tx, &cx.vendor_id, &account_id, period, MOST).await
            })
        })
        .await
        .map_err(|error: DbError| CommerceError::from(error))?;
    if rows.is_empty() {
        return Ok(None);
    }
    let failed = |error: &dyn std::fmt::Display| CommerceError::Document(error.to_string());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // PDFs are compressed already; the XML beside them is small.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for row in rows {
        let document = checked(row)?;
        zip.start_file(document.file_name, options).map_err(|error| failed(&error))?;
        zip.write_all(&document.content).map_err(|error| failed(&error))?;
    }
    Ok(Some(zip.finish().map_err(|error| failed(&error))?.into_inner()))
}

/// The documents of an account, oldest first, for [`find_document_by_id`].
pub(crate) async fn list_document_ids(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<DocumentId>, DbError> {
    document_store::list_ids(tx, vendor_id, account_id).await
}

/// A document of an account, for whoever may see its invoices.
///
/// # Errors
/// As [`archive_year`].
pub(crate) async fn find_document_by_id(
    db: &Db,
    cx: &Cx,
    account_id: &AccountId,
    id: &DocumentId,
) -> Result<Option<Document>, CommerceError> {
    let (cx, account_id, id) = (cx.clone(), account_id.clone(), id.clone());
    let found = db
        .read(|tx| {
            Box::pin(async move {
                if !accounts::may_act(tx, &cx, &account_id, Act::SeeInvoices).await? {
                    return Ok(None);
                }
                let row = document_store::find_by_id(tx, &cx.vendor_id, &id).await?;
                Ok::<_, DbError>(row.filter(|row| row.account_id == account_id))
            })
        })
        .await?;
    found.map(checked).transpose()
}
