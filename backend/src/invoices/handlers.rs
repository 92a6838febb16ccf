//! The job of invoices: documents that could not be made when their invoice or credit note came. Money does not wait for
//! paper: what follows from a payment or a refund goes on, and the document is tried again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::render_document::{ensure_credit_note_documents, ensure_invoice_documents};
use super::{CreditNote, Invoice, credit_note_store, store};
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::db::DbError;
use crate::ids::{CreditNoteId, InvoiceId};
use crate::jobs::{self, Handler, Handlers, Job, JobFuture, JobRun};

const MAKE_DOCUMENTS: &str = "invoices.make_documents";

/// With the handler of documents added.
#[must_use]
pub(crate) fn register(handlers: Handlers, commerce: &Commerce) -> Handlers {
    handlers.with(MakeDocuments(commerce.clone()))
}

/// Whose documents are to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Of {
    Invoice(InvoiceId),
    CreditNote(CreditNoteId),
}

/// Makes the documents of an invoice that are missing, or has a job do it.
///
/// # Errors
/// [`CommerceError::Db`] when not even the job can be queued.
pub(super) async fn make_invoice_documents(
    commerce: &Commerce,
    cx: &Cx,
    invoice: &Invoice,
) -> Result<(), CommerceError> {
    match ensure_invoice_documents(commerce, cx, invoice).await {
        Ok(()) => Ok(()),
        Err(error) => leave_to_job(commerce, cx, &Of::Invoice(invoice.id.clone()), &error).await,
    }
}

/// Makes the documents of a credit note that are missing, or has a job do it.
///
/// # Errors
/// [`CommerceError::Db`] when not even the job can be queued.
pub(crate) async fn make_credit_note_documents(
    commerce: &Commerce,
    cx: &Cx,
    note: &CreditNote,
) -> Result<(), CommerceError> {
    match ensure_credit_note_documents(commerce, cx, note).await {
        Ok(()) => Ok(()),
        Err(error) => leave_to_job(commerce, cx, &Of::CreditNote(note.id.clone()), &error).await,
    }
}

async fn leave_to_job(commerce: &Commerce, cx: &Cx, of: &Of, error: &CommerceError) -> Result<(), CommerceError> {
    let id = match of {
        Of::Invoice(id) => id.as_str(),
        Of::CreditNote(id) => id.as_str(),
    };
    tracing::warn!(id, %error, "documents could not be made; a job tries again");
    let key = format!("{MAKE_DOCUMENTS}:{id}");
    let job = Job::new(MAKE_DOCUMENTS, of).queued_by(key.clone()).once(key);
    let (master, cx) = (commerce.master.clone(), cx.clone());
    Ok(commerce
        .db
        .write(move |tx| Box::pin(async move { jobs::enqueue(tx, &cx, &master, job).await.map(drop) }))
        .await?)
}

struct MakeDocuments(Commerce);

impl Handler for MakeDocuments {
    fn kind(&self) -> &'static str {
        MAKE_DOCUMENTS
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let (commerce, cx) = (&self.0, &run.cx);
            let vendor_id = cx.vendor_id.clone();
            let of: Of = run.payload()?;
            match of {
                Of::Invoice(id) => {
                    let found: Result<_, DbError> = commerce
                        .db
                        .read(|tx| Box::pin(async move { store::find_invoice_for_staff(tx, &vendor_id, &id).await }))
                        .await;
                    if let Some(invoice) = found? {
                        ensure_invoice_documents(commerce, cx, &invoice).await?;
                    }
                }
                Of::CreditNote(id) => {
                    let found: Result<_, DbError> = commerce
                        .db
                        .read(|tx| {
                            Box::pin(async move { credit_note_store::find_credit_note(tx, &vendor_id, &id).await })
                        })
                        .await;
                    if let Some(note) = found? {
                        ensure_credit_note_documents(commerce, cx, &note).await?;
                    }
                }
            }
            Ok(())
        })
    }
}
