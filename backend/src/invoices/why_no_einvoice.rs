//! Why there is no e-invoice of an invoice, for whoever looks for it.

use super::einvoice::{NoEInvoice, of_invoice};
use super::{DocumentKind, Invoice, KeptDocuments, store};
use crate::db::{DbError, Tx};

/// Why there is no e-invoice of an invoice whose other documents are kept; `None` where there is one, and where the seller
/// has no VAT id: then nobody expects any.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn why_no_einvoice(
    tx: &mut Tx,
    invoice: &Invoice,
    kept: &KeptDocuments,
) -> Result<Option<NoEInvoice>, DbError> {
    let has = |kind| kept.has(invoice.id.as_str(), kind);
    if has(DocumentKind::Ubl) || !has(DocumentKind::Invoice) || invoice.parties.0.supplier.vat_id.is_none() {
        return Ok(None);
    }
    let lines = store::list_lines(tx, &invoice.vendor_id, &invoice.id).await?;
    Ok(of_invoice(invoice, &lines).err())
}
