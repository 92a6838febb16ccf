//! Documents: rendered once, stored with their hash, given out unchanged.

use super::{DocumentKind, Invoice, rules, store};
use crate::accounts::{self, Act};
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::db::{Db, DbError};
use crate::ids::{AccountId, DocumentId, InvoiceId};
use crate::keys::sha256;
use crate::pdf;
use crate::text::en::invoices as words;

/// A document as it is given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The PDF's bytes.
    pub content: Vec<u8>,
    /// Their SHA-256; also a strong entity tag.
    pub sha256: Vec<u8>,
    /// What a browser should call the file; ASCII.
    pub file_name: String,
}

/// Renders an invoice's document unless it exists. Rendering happens outside any transaction; of two
/// processes that render at once, the first to store wins, and the other's bytes are dropped.
pub(super) async fn ensure_document(
    commerce: &Commerce,
    cx: &Cx,
    invoice: &Invoice,
    kind: DocumentKind,
) -> Result<(), CommerceError> {
    let (vendor_id, invoice_id) = (invoice.vendor_id.clone(), invoice.id.clone());
    let (is_there, lines) = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let is_there = store::find_document(tx, &vendor_id, &invoice_id, kind).await?.is_some();
                let lines = store::list_lines(tx, &vendor_id, &invoice_id).await?;
                Ok::<_, DbError>((is_there, lines))
            })
        })
        .await?;
    if is_there {
        return Ok(());
    }
    let document = rules::document(invoice, &lines, kind);
    let issued_at = invoice.issued_at.timestamp();
    let content = tokio::task::spawn_blocking(move || pdf::invoice::render(&document, issued_at))
        .await
        .map_err(|error| CommerceError::Document(error.to_string()))?
        .map_err(|error| CommerceError::Document(error.to_string()))?;
    let (cx, vendor_id, invoice_id) = (cx.clone(), invoice.vendor_id.clone(), invoice.id.clone());
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let id: DocumentId = cx.id();
                let hash = sha256(&content);
                store::insert_document(tx, &id, (&vendor_id, &invoice_id), kind, &content, &hash, cx.now).await
            })
        })
        .await?)
}

/// An invoice's document, if the one who acts may see the account's invoices and it exists.
///
/// # Errors
/// [`CommerceError::Document`] when the stored bytes do not match their hash: a damaged document is not
/// given out; [`CommerceError::Db`] when the database fails.
pub async fn find_document(
    db: &Db,
    cx: &Cx,
    account_id: &AccountId,
    invoice_id: &InvoiceId,
    kind: DocumentKind,
) -> Result<Option<Document>, CommerceError> {
    let (cx, account_id, id) = (cx.clone(), account_id.clone(), invoice_id.clone());
    let found = db
        .read(|tx| {
            Box::pin(async move {
                if !accounts::may_act(tx, &cx, &account_id, Act::SeeInvoices).await? {
                    return Ok(None);
                }
                let Some(invoice) = store::find_invoice(tx, &cx.vendor_id, &account_id, &id).await? else {
                    return Ok(None);
                };
                let row = store::find_document(tx, &cx.vendor_id, &id, kind).await?;
                Ok::<_, DbError>(row.map(|row| (invoice.number, row)))
            })
        })
        .await?;
    let Some((number, row)) = found else { return Ok(None) };
    if sha256(&row.content) != row.sha256 {
        return Err(CommerceError::Document(format!("the stored document of {number} does not match its hash")));
    }
    let file_name = words::file_name(kind, &number);
    Ok(Some(Document { content: row.content, sha256: row.sha256, file_name }))
}
