//! Documents: rendered once, stored with their hash, given out unchanged.

use std::collections::BTreeSet;

use super::document_store::{self, DocumentRow, Subject};
use super::einvoice::{self, EInvoice, NoEInvoice};
use super::named_license::{NamedLicense, named_license};
use super::{CreditNote, CreditNoteStatus, DocumentKind, Invoice, InvoiceStatus, credit_note_store, rules, store};
use crate::accounts::{self, Act, StaffAct};
use crate::audit;
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::ids::{AccountId, DocumentId};
use crate::keys::sha256;
use crate::orders;
use crate::pdf;
use crate::pdf::invoice::{InvoiceDocument, Printed};
use crate::text::en::invoices as words;

/// A document as it is given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its bytes.
    pub content: Vec<u8>,
    /// Their SHA-256; also a strong entity tag.
    pub sha256: Vec<u8>,
    /// What a browser should call the file; ASCII.
    pub file_name: String,
    /// What it is.
    pub kind: DocumentKind,
}

/// Makes the documents of an invoice that are missing: the invoice as it was issued, and the receipt once it is paid.
pub(super) async fn ensure_invoice_documents(
    commerce: &Commerce,
    cx: &Cx,
    invoice: &Invoice,
) -> Result<(), CommerceError> {
    let subject = Subject {
        vendor_id: invoice.vendor_id.clone(),
        account_id: invoice.account_id.clone(),
        id: invoice.id.to_string(),
        number: invoice.number.clone(),
        issued_at: invoice.issued_at,
    };
    let mut kinds = vec![DocumentKind::Invoice, DocumentKind::Ubl, DocumentKind::Cii];
    if invoice.status == InvoiceStatus::Paid {
        kinds.push(DocumentKind::Receipt);
    }
    let missing = missing(commerce, &subject, &kinds).await?;
    if missing.is_empty() {
        return Ok(());
    }
    let (vendor_id, id, order_id) = (invoice.vendor_id.clone(), invoice.id.clone(), invoice.order_id.clone());
    let (lines, order) = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let order = match order_id {
                    Some(order_id) => orders::find_order(tx, &vendor_id, &order_id).await?,
                    None => None,
                };
                Ok::<_, DbError>((store::list_lines(tx, &vendor_id, &id).await?, order))
            })
        })
        .await?;
    let charges = order.as_ref().map(|order| (order.kind, order.status));
    // What its order makes is written into it as soon as the order is fulfilled, and then it comes here again.
    let NamedLicense::Known(license_id) = named_license(invoice, charges) else { return Ok(()) };
    let invoice = &Invoice { license_id, order_id: order.map(|order| order.id), ..invoice.clone() };
    for kind in missing.iter().copied().filter(|kind| !is_xml(*kind)) {
        let document = rules::document(invoice, &lines, kind);
        store_pdf(commerce, cx, &subject, kind, document).await?;
    }
    if missing.iter().copied().any(is_xml) {
        store_einvoice(commerce, cx, &subject, einvoice::of_invoice(invoice, &lines)).await?;
    }
    Ok(())
}

fn whole(xml: String) -> Printed {
    Printed { content: xml.into_bytes(), missing: BTreeSet::new() }
}

fn is_xml(kind: DocumentKind) -> bool {
    matches!(kind, DocumentKind::Ubl | DocumentKind::Cii)
}

/// A document that the standard cannot express has its PDF alone.
async fn store_einvoice(
    commerce: &Commerce,
    cx: &Cx,
    subject: &Subject,
    made: Result<EInvoice, NoEInvoice>,
) -> Result<(), CommerceError> {
    match made {
        Ok(EInvoice { ubl, cii }) => {
            store_document(commerce, cx, subject, DocumentKind::Ubl, whole(ubl)).await?;
            store_document(commerce, cx, subject, DocumentKind::Cii, whole(cii)).await
        }
        Err(why) => {
            tracing::warn!(number = subject.number, %why, "there is no e-invoice of a document");
            Ok(())
        }
    }
}

/// Makes the documents of a credit note that are missing; one that was taken back before it was ever seen gets none.
pub(super) async fn ensure_credit_note_documents(
    commerce: &Commerce,
    cx: &Cx,
    note: &CreditNote,
) -> Result<(), CommerceError> {
    if note.status == CreditNoteStatus::Void {
        return Ok(());
    }
    let subject = Subject {
        vendor_id: note.vendor_id.clone(),
        account_id: note.account_id.clone(),
        id: note.id.to_string(),
        number: note.number.clone(),
        issued_at: note.issued_at,
    };
    let kinds = [DocumentKind::CreditNote, DocumentKind::Ubl, DocumentKind::Cii];
    let missing = missing(commerce, &subject, &kinds).await?;
    if missing.is_empty() {
        return Ok(());
    }
    let (vendor_id, id, invoice_id) = (note.vendor_id.clone(), note.id.clone(), note.invoice_id.clone());
    let (lines, invoice) = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let lines = credit_note_store::list_credit_note_lines(tx, &vendor_id, &id).await?;
                Ok::<_, DbError>((lines, store::find_invoice_for_staff(tx, &vendor_id, &invoice_id).await?))
            })
        })
        .await?;
    let Some(invoice) = invoice else { return Ok(()) };
    for kind in missing.iter().copied().filter(|kind| !is_xml(*kind)) {
        let document = rules::credit_note_document(note, &lines, &invoice);
        store_pdf(commerce, cx, &subject, kind, document).await?;
    }
    if missing.iter().copied().any(is_xml) {
        store_einvoice(commerce, cx, &subject, einvoice::of_credit_note(note, &lines, &invoice)).await?;
    }
    Ok(())
}

async fn missing(commerce: &Commerce, subject: &Subject, kinds: &[DocumentKind]) -> Result<Vec<DocumentKind>, DbError> {
    let (vendor_id, id, kinds) = (subject.vendor_id.clone(), subject.id.clone(), kinds.to_vec());
    commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let mut missing = Vec::new();
                for kind in kinds {
                    if !document_store::has_document(tx, &vendor_id, &id, kind).await? {
                        missing.push(kind);
                    }
                }
                Ok(missing)
            })
        })
        .await
}

/// Rendering happens outside any transaction; of two processes that render at once, the first to store wins, and the
/// other's bytes are dropped.
async fn store_pdf(
    commerce: &Commerce,
    cx: &Cx,
    subject: &Subject,
    kind: DocumentKind,
    document: InvoiceDocument,
) -> Result<(), CommerceError> {
    let issued_at = subject.issued_at.timestamp();
    let printed = tokio::task::spawn_blocking(move || pdf::invoice::print(document, issued_at))
        .await
        .map_err(|error| CommerceError::Document(error.to_string()))?
        .map_err(|error| CommerceError::Document(error.to_string()))?;
    store_document(commerce, cx, subject, kind, printed).await
}

async fn store_document(
    commerce: &Commerce,
    cx: &Cx,
    subject: &Subject,
    kind: DocumentKind,
    Printed { content, missing }: Printed,
) -> Result<(), CommerceError> {
    let (cx, subject) = (cx.clone(), subject.clone());
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let id: DocumentId = cx.id();
                let hash = sha256(&content);
                let stored =
                    document_store::insert_document(tx, &id, &subject, kind, (&content, &hash), cx.now).await?;
                if stored && !missing.is_empty() {
                    record_missing(tx, &cx, &subject, kind, missing.into_iter().collect()).await?;
                }
                Ok::<_, DbError>(())
            })
        })
        .await?)
}

/// What a document cannot show is told to staff, who may write to the customer; e-invoices have it as it was written.
async fn record_missing(
    tx: &mut Tx,
    cx: &Cx,
    subject: &Subject,
    kind: DocumentKind,
    characters: String,
) -> Result<(), DbError> {
    tracing::warn!(number = subject.number, characters, "a document shows question marks for what cannot be printed");
    let act = if kind == DocumentKind::CreditNote { "credit_note.stand_in" } else { "invoice.stand_in" };
    let data = serde_json::json!({ "number": subject.number, "document": kind, "characters": characters });
    audit::record(tx, cx, Some(&subject.account_id), act, &subject.id, audit::NOTHING, Some(&data)).await
}

/// The document of this kind of an invoice, credit note or order, if the one who acts may see the account's invoices
/// and it exists.
///
/// # Errors
/// [`CommerceError::Document`] when the stored bytes do not match their hash: a damaged document is not
/// given out; [`CommerceError::Db`] when the database fails.
pub async fn find_document(
    db: &Db,
    cx: &Cx,
    account_id: &AccountId,
    subject_id: &str,
    kind: DocumentKind,
) -> Result<Option<Document>, CommerceError> {
    let (cx, account_id, id) = (cx.clone(), account_id.clone(), subject_id.to_owned());
    let found = db
        .read(|tx| {
            Box::pin(async move {
                if !accounts::may_act(tx, &cx, &account_id, Act::SeeInvoices).await? {
                    return Ok(None);
                }
                let row = document_store::find_document(tx, &cx.vendor_id, &id, kind).await?;
                Ok::<_, DbError>(row.filter(|row| row.account_id == account_id))
            })
        })
        .await?;
    found.map(checked).transpose()
}

/// The same for the vendor's staff, whoever's it is.
///
/// # Errors
/// As [`find_document`].
pub async fn find_document_for_staff(
    db: &Db,
    cx: &Cx,
    subject_id: &str,
    kind: DocumentKind,
) -> Result<Option<Document>, CommerceError> {
    let (cx, id) = (cx.clone(), subject_id.to_owned());
    let found = db
        .read(|tx| {
            Box::pin(async move {
                if !accounts::staff_may_act(tx, &cx, StaffAct::See).await? {
                    return Ok(None);
                }
                document_store::find_document(tx, &cx.vendor_id, &id, kind).await
            })
        })
        .await?;
    found.map(checked).transpose()
}

pub(super) fn checked(row: DocumentRow) -> Result<Document, CommerceError> {
    if sha256(&row.content) != row.sha256 {
        let text = format!("the stored document of {} does not match its hash", row.number);
        return Err(CommerceError::Document(text));
    }
    let file_name = words::file_name(row.kind, &row.number);
    Ok(Document { content: row.content, sha256: row.sha256, file_name, kind: row.kind })
}
