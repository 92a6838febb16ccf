//! Staff gives (part of) an invoice back: a credit note at Stripe, and with it the money, if it was paid.

use super::project_reversals;
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::db::DbError;
use crate::ids::InvoiceId;
use crate::invoices::{self, CreditNoteStatus, Invoice, InvoiceStatus, list_credit_notes_of};
use crate::pdf::fonts::unprintable;
use crate::stripe::{CreditSettlement, IdempotencyKey, NewCreditNote, StripeErrorKind};

/// Most characters of what the customer is told: it stands among the notes of a document.
pub const MEMO_MAX_CHARS: usize = 500;

/// What is to be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditInvoice {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// With tax, in minor units of its currency.
    pub amount_minor: i64,
    /// Where the money goes, if the invoice is paid.
    pub settlement: CreditSettlement,
    /// `duplicate`, `fraudulent`, `order_change`, `product_unsatisfactory` or empty.
    pub reason: String,
    /// What the customer is told; may be empty.
    pub memo: String,
    /// What was given back already when the form was shown: sent twice, it gives back once.
    pub credited_before_minor: i64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreditOutcome {
    /// The credit note is issued, and its money on its way.
    Credited,
    /// Nothing was done.
    Refused(CreditRefusal),
}

/// Why nothing was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreditRefusal {
    /// Whoever acts may not move money.
    NotAllowed,
    /// The vendor has no such invoice.
    NotFound,
    /// It was taken back or given up: there is nothing to credit.
    NotCreditable,
    /// Not a positive amount.
    NoAmount,
    /// More than is left of it.
    TooMuch {
        /// What is left, in minor units.
        left_minor: i64,
    },
    /// What the customer is told has more than [`MEMO_MAX_CHARS`] characters.
    MemoTooLong,
    /// The documents' font lacks a character of what the customer is told.
    MemoUnprintable(char),
    /// Something was given back since the form was shown.
    Outdated,
    /// Stripe refuses, in its own words.
    ByStripe(String),
}

/// What can still be given back of an invoice: of an open one what is left to pay, of a paid one what no credit note
/// has taken back yet.
#[must_use]
pub fn creditable_minor(invoice: &Invoice, credited_minor: i64) -> i64 {
    match invoice.status {
        InvoiceStatus::Open => invoice.due_minor.max(0),
        InvoiceStatus::Paid => (invoice.total_minor - credited_minor).max(0),
        InvoiceStatus::Void | InvoiceStatus::Uncollectible => 0,
    }
}

/// Issues a credit note for an invoice, and gives the money back the way that was chosen. What follows for ledger,
/// license and mails is the projection's work, as for one that was issued at Stripe.
///
/// # Errors
/// [`CommerceError`]; the same request again gives back nothing twice.
pub async fn credit_invoice(
    commerce: &Commerce,
    cx: &Cx,
    request: &CreditInvoice,
) -> Result<CreditOutcome, CommerceError> {
    let (tx_cx, id) = (cx.clone(), request.invoice_id.clone());
    let found = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                if !staff_may_act(tx, &tx_cx, StaffAct::MoveMoney).await? {
                    return Ok(Err(CreditRefusal::NotAllowed));
                }
                let invoice = invoices::find_invoice_for_staff(tx, &tx_cx.vendor_id, &id).await?;
                let Some(invoice) = invoice else { return Ok(Err(CreditRefusal::NotFound)) };
                let notes = list_credit_notes_of(tx, &tx_cx.vendor_id, &id).await?;
                let issued = notes.iter().filter(|note| note.status == CreditNoteStatus::Issued);
                let credited_minor: i64 = issued.map(|note| note.total_minor).sum();
                Ok::<_, DbError>(Ok((invoice, credited_minor)))
            })
        })
        .await?;
    let (invoice, credited_minor) = match found {
        Ok(found) => found,
        Err(refusal) => return Ok(CreditOutcome::Refused(refusal)),
    };
    if let Some(refusal) = refuse(request, &invoice, credited_minor) {
        return Ok(CreditOutcome::Refused(refusal));
    }
    let memo = match printable_memo(&request.memo) {
        Ok(memo) => memo,
        Err(refusal) => return Ok(CreditOutcome::Refused(refusal)),
    };
    let new = NewCreditNote {
        invoice_id: invoice.stripe_invoice_id.clone(),
        amount_minor: request.amount_minor,
        settlement: (invoice.status == InvoiceStatus::Paid).then_some(request.settlement),
        reason: request.reason.clone(),
        memo,
    };
    let key = IdempotencyKey::new(&[
        invoice.id.as_str(),
        "credit",
        &request.credited_before_minor.to_string(),
        &request.amount_minor.to_string(),
    ]);
    note(commerce, cx, &invoice, request).await?;
    match commerce.stripe(cx)?.create_credit_note(&key, &new).await {
        Ok(_) => {}
        Err(error) if error.kind == StripeErrorKind::Refused => {
            return Ok(CreditOutcome::Refused(CreditRefusal::ByStripe(error.message)));
        }
        Err(error) => return Err(error.into()),
    }
    project_reversals(commerce, cx, &invoice.stripe_invoice_id).await?;
    Ok(CreditOutcome::Credited)
}

/// What the customer is told, in lines that the credit note can print: Stripe would take anything, and move the money.
fn printable_memo(typed: &str) -> Result<String, CreditRefusal> {
    let memo = typed.trim().replace("\r\n", "\n");
    if memo.chars().count() > MEMO_MAX_CHARS {
        return Err(CreditRefusal::MemoTooLong);
    }
    match memo.split('\n').find_map(unprintable) {
        Some(character) => Err(CreditRefusal::MemoUnprintable(character)),
        None => Ok(memo),
    }
}

fn refuse(request: &CreditInvoice, invoice: &Invoice, credited_minor: i64) -> Option<CreditRefusal> {
    if matches!(invoice.status, InvoiceStatus::Void | InvoiceStatus::Uncollectible) {
        return Some(CreditRefusal::NotCreditable);
    }
    if request.amount_minor <= 0 {
        return Some(CreditRefusal::NoAmount);
    }
    if request.credited_before_minor != credited_minor {
        return Some(CreditRefusal::Outdated);
    }
    let left_minor = creditable_minor(invoice, credited_minor);
    (request.amount_minor > left_minor).then_some(CreditRefusal::TooMuch { left_minor })
}

/// Who asked for it, before Stripe is asked: what then becomes of rows is recorded in Stripe's name.
async fn note(commerce: &Commerce, cx: &Cx, invoice: &Invoice, request: &CreditInvoice) -> Result<(), CommerceError> {
    let (cx, account_id, id) = (cx.clone(), invoice.account_id.clone(), invoice.id.clone());
    let asked = serde_json::json!({
        "number": invoice.number, "amount_minor": request.amount_minor, "currency": invoice.currency,
        "reason": request.reason, "memo": request.memo,
        "settlement": match request.settlement {
            _ if invoice.status == InvoiceStatus::Open => "reduce",
            CreditSettlement::Refund => "refund",
            CreditSettlement::Balance => "balance",
            CreditSettlement::Elsewhere => "elsewhere",
        },
    });
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let act = "invoice.credit";
                audit::record(tx, &cx, Some(&account_id), act, id.as_str(), audit::NOTHING, Some(&asked)).await
            })
        })
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memo_is_what_a_document_can_print() {
        let (long, longer) = ("x".repeat(MEMO_MAX_CHARS), "x".repeat(MEMO_MAX_CHARS + 1));
        for (typed, taken) in [
            (" As agreed.\r\nŁódź \n", Ok("As agreed.\nŁódź")),
            ("", Ok("")),
            (long.as_str(), Ok(long.as_str())),
            (longer.as_str(), Err(CreditRefusal::MemoTooLong)),
            ("ご返金します", Err(CreditRefusal::MemoUnprintable('ご'))),
            ("two\tcolumns", Err(CreditRefusal::MemoUnprintable('\t'))),
        ] {
            assert_eq!(printable_memo(typed), taken.map(str::to_owned), "{typed:?}");
        }
    }
}
