//! Importing a credit note: written down once with its lines; all that can still change is that it is taken back.

use super::{CreditNote, CreditNoteStatus, Invoice, credit_note_store as store};
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::db::{JsonText, Tx};
use crate::ledger::{self, Booking, Source, rules as entries};
use crate::refunds;
use crate::stripe::StripeCreditNote;
use crate::{audit, events};

/// Writes down a credit note of an invoice whose lock the caller holds, with its ledger entries.
///
/// # Errors
/// [`CommerceError::Contradiction`] when its parts do not add up: better none than a wrong one.
pub(crate) async fn write_credit_note(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    invoice: &Invoice,
    fetched: StripeCreditNote,
) -> Result<CreditNote, CommerceError> {
    let status = if fetched.is_void { CreditNoteStatus::Void } else { CreditNoteStatus::Issued };
    let known = store::lock_credit_note(tx, &cx.vendor_id, &fetched.id).await?;
    let (note, before) = match known {
        Some(known) => {
            let before = known.status;
            let is_voided_now = before == CreditNoteStatus::Issued && status == CreditNoteStatus::Void;
            if !is_voided_now {
                return Ok(known);
            }
            let at = fetched.voided_at.unwrap_or(cx.now);
            store::void_credit_note(tx, &known, at).await?;
            (CreditNote { status, voided_at: Some(at), ..known }, Some(before))
        }
        None => {
            let note = new_note(cx, invoice, &fetched, status);
            check_sums(&note, &fetched)?;
            store::insert_credit_note(tx, &note, &fetched.lines).await?;
            (note, None)
        }
    };
    post(tx, cx, invoice, &note).await?;

    let data = serde_json::json!({
        "credit_note_id": note.id, "number": note.number, "invoice": invoice.number, "total_minor": note.total_minor,
        "currency": note.currency, "status": status, "refunded_minor": note.refunded_minor,
        "credited_minor": note.credited_minor, "reduced_minor": note.reduced_minor,
        "elsewhere_minor": note.elsewhere_minor, "reason": note.reason,
    });
    let account_id = Some(&note.account_id);
    let about = events::About { account_id, license_id: invoice.license_id.as_ref(), instance_id: None };
    let event_type = if status == CreditNoteStatus::Void { "credit_note.voided" } else { "credit_note.issued" };
    events::record(tx, cx, event_type, about, &data).await?;
    audit::record(tx, cx, account_id, "credit_note.import", note.id.as_str(), before.as_ref(), Some(&data)).await?;
    if before.is_none() && status == CreditNoteStatus::Issued {
        refunds::tell_credit_note(tx, commerce, cx, invoice, &note).await?;
    }
    Ok(note)
}

fn new_note(cx: &Cx, invoice: &Invoice, fetched: &StripeCreditNote, status: CreditNoteStatus) -> CreditNote {
    let refunded_minor: i64 = fetched.refunds.iter().map(|(_, minor)| minor).sum();
    let credited_minor = fetched.total_minor - fetched.reduced_minor - refunded_minor - fetched.elsewhere_minor;
    CreditNote {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        account_id: invoice.account_id.clone(),
        invoice_id: invoice.id.clone(),
        stripe_credit_note_id: fetched.id.clone(),
        number: fetched.number.clone(),
        status,
        currency: fetched.currency,
        subtotal_minor: fetched.subtotal_minor,
        discount_minor: fetched.discount_minor,
        tax_minor: fetched.tax_minor,
        total_minor: fetched.total_minor,
        reduced_minor: fetched.reduced_minor,
        refunded_minor,
        credited_minor,
        elsewhere_minor: fetched.elsewhere_minor,
        taxes: JsonText(fetched.taxes.clone()),
        reason: fetched.reason.clone(),
        memo: fetched.memo.clone(),
        parties: invoice.parties.clone(),
        refund_ids: JsonText(fetched.refunds.iter().map(|(id, _)| id.clone()).collect()),
        issued_at: fetched.issued_at,
        voided_at: fetched.voided_at,
        created_at: cx.now,
    }
}

fn check_sums(note: &CreditNote, fetched: &StripeCreditNote) -> Result<(), CommerceError> {
    let lines: i64 = fetched.lines.iter().map(|line| line.amount_minor).sum();
    let adds_up = note.subtotal_minor - note.discount_minor + note.tax_minor == note.total_minor;
    if lines == note.subtotal_minor && adds_up && note.credited_minor >= 0 {
        return Ok(());
    }
    Err(CommerceError::Contradiction(format!(
        "credit note {} does not add up: lines {lines}, subtotal {}, discount {}, tax {}, total {}, credited {}",
        note.number, note.subtotal_minor, note.discount_minor, note.tax_minor, note.total_minor, note.credited_minor
    )))
}

async fn post(tx: &mut Tx, cx: &Cx, invoice: &Invoice, note: &CreditNote) -> Result<(), CommerceError> {
    let facts = entries::CreditNoteFacts {
        total_minor: note.total_minor,
        tax_minor: note.tax_minor,
        reduced_minor: note.reduced_minor,
        credited_minor: note.credited_minor,
        elsewhere_minor: note.elsewhere_minor,
        is_void: note.status == CreditNoteStatus::Void,
    };
    let booking = Booking {
        source: Source::CreditNote,
        source_id: &note.stripe_credit_note_id,
        account_id: &note.account_id,
        invoice_id: Some(&invoice.id),
        currency: note.currency,
        at: note.issued_at,
    };
    ledger::post(tx, cx, booking, &entries::credit_note(&facts)).await
}
