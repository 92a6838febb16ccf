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

/// Most documents in one file: more would not fit into memory as a whole.
pub const ARCHIVE_MOST: i64 = 5_000;

/// What becomes of a wish for all documents of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Archive {
    /// They are in this zip.
    Made(Vec<u8>),
    /// There are more than [`ARCHIVE_MOST`].
    TooMany,
    /// There is none, or whoever asks may not see them.
    Nothing,
}

/// The first moments of a year, or of one of its months, and of the next, in UTC.
#[must_use]
pub fn period_of(year: i16, month: Option<i8>) -> Option<(UnixMs, UnixMs)> {
    let first = |year: i16, month: i8| jiff::civil::Date::new(year, month, 1).ok().map(UnixMs::start_of);
    let next_year = || first(year.checked_add(1)?, 1);
    match month {
        None => Some((first(year, 1)?, next_year()?)),
        Some(12) => Some((first(year, 12)?, next_year()?)),
        Some(month) => Some((first(year, month)?, first(year, month.checked_add(1)?)?)),
    }
}

/// A zip with every document that was issued to an account between two moments, the second not included, named as when
/// they are downloaded one by one.
///
/// # Errors
/// [`CommerceError::Document`] when one does not match its hash; [`CommerceError::Db`] when the database fails.
pub async fn archive_documents(
    db: &Db,
    cx: &Cx,
    account_id: &AccountId,
    period: (UnixMs, UnixMs),
) -> Result<Archive, CommerceError> {
    let (cx, account_id) = (cx.clone(), account_id.clone());
    let rows = db
        .read(|tx| {
            Box::pin(async move {
                if !accounts::may_act(tx, &cx, &account_id, Act::SeeInvoices).await? {
                    return Ok(Some(Vec::new()));
                }
                if document_store::count_documents(tx, &cx.vendor_id, &account_id, period).await? > ARCHIVE_MOST {
                    return Ok(None);
                }
                document_store::list_documents(tx, &cx.vendor_id, &account_id, period).await.map(Some)
            })
        })
        .await
        .map_err(|error: DbError| CommerceError::from(error))?;
    let Some(rows) = rows else { return Ok(Archive::TooMany) };
    if rows.is_empty() {
        return Ok(Archive::Nothing);
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
    Ok(Archive::Made(zip.finish().map_err(|error| failed(&error))?.into_inner()))
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
/// As [`archive_documents`].
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_its_months_one_after_the_other() {
        let text = |period: Option<(UnixMs, UnixMs)>| {
            period.map(|(from, until)| [from, until].map(|at| at.date().to_string()).join(" "))
        };
        for (month, expected) in [
            (None, Some("2026-01-01 2027-01-01")),
            (Some(1), Some("2026-01-01 2026-02-01")),
            (Some(12), Some("2026-12-01 2027-01-01")),
            (Some(0), None),
            (Some(13), None),
        ] {
            assert_eq!(text(period_of(2026, month)).as_deref(), expected, "{month:?}");
        }
    }
}
