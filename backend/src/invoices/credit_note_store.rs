//! Credit notes in the database.

use super::{CreditNote, CreditNoteStatus, InvoiceLine};
use crate::clock::UnixMs;
use crate::db::{DbError, JsonText, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{AccountId, CreditNoteId, InvoiceId, VendorId};
use crate::stripe::StripeCreditNoteLine;

/// An account's credit notes, newest first, at most `limit`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_credit_notes(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    limit: i64,
) -> Result<Vec<CreditNote>, DbError> {
    fetch_all!(
        tx,
        CreditNote,
        "SELECT * FROM credit_notes WHERE vendor_id = $1 AND account_id = $2
         ORDER BY issued_at DESC, id DESC LIMIT $3",
        vendor_id,
        account_id,
        limit
    )
}

/// The credit notes of an invoice, oldest first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_credit_notes_of(
    tx: &mut Tx,
    vendor_id: &VendorId,
    invoice_id: &InvoiceId,
) -> Result<Vec<CreditNote>, DbError> {
    fetch_all!(
        tx,
        CreditNote,
        "SELECT * FROM credit_notes WHERE vendor_id = $1 AND invoice_id = $2 ORDER BY issued_at, id",
        vendor_id,
        invoice_id
    )
}

/// Credit notes that were issued in a period, oldest first: one account's, or all of the vendor's.
pub(super) async fn list_credit_notes_between(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: Option<&AccountId>,
    (from, until): (UnixMs, UnixMs),
    limit: i64,
) -> Result<Vec<CreditNote>, DbError> {
    fetch_all!(
        tx,
        CreditNote,
        "SELECT * FROM credit_notes
         WHERE vendor_id = $1 AND ($2 = '' OR account_id = $2) AND issued_at >= $3 AND issued_at < $4
         ORDER BY issued_at, id LIMIT $5",
        vendor_id,
        account_id.map_or("", AccountId::as_str),
        from,
        until,
        limit
    )
}

/// A credit note's lines, in order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_credit_note_lines(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &CreditNoteId,
) -> Result<Vec<InvoiceLine>, DbError> {
    fetch_all!(
        tx,
        InvoiceLine,
        "SELECT description, quantity, unit_amount_minor, amount_minor, discount_minor,
                CAST(NULL AS BIGINT) AS period_start, CAST(NULL AS BIGINT) AS period_end,
                (1 = 0) AS is_proration, taxes
         FROM credit_note_lines WHERE vendor_id = $1 AND credit_note_id = $2 ORDER BY position",
        vendor_id,
        id
    )
}

pub(super) async fn find_credit_note(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &CreditNoteId,
) -> Result<Option<CreditNote>, DbError> {
    fetch_optional!(tx, CreditNote, "SELECT * FROM credit_notes WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

pub(super) async fn lock_credit_note(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_id: &str,
) -> Result<Option<CreditNote>, DbError> {
    fetch_optional!(
        tx,
        CreditNote,
        "UPDATE credit_notes SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND stripe_credit_note_id = $2
         RETURNING *",
        vendor_id,
        stripe_id
    )
}

pub(super) async fn insert_credit_note(
    tx: &mut Tx,
    note: &CreditNote,
    lines: &[StripeCreditNoteLine],
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO credit_notes (id, vendor_id, account_id, invoice_id, stripe_credit_note_id, number, status,
                                   currency, subtotal_minor, discount_minor, tax_minor, total_minor, reduced_minor,
                                   refunded_minor, credited_minor, elsewhere_minor, taxes, reason, memo, parties,
                                   refund_ids, issued_at, voided_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                 $23, $24)",
        &note.id,
        &note.vendor_id,
        &note.account_id,
        &note.invoice_id,
        &note.stripe_credit_note_id,
        &note.number,
        note.status,
        note.currency,
        note.subtotal_minor,
        note.discount_minor,
        note.tax_minor,
        note.total_minor,
        note.reduced_minor,
        note.refunded_minor,
        note.credited_minor,
        note.elsewhere_minor,
        note.taxes.clone(),
        &note.reason,
        &note.memo,
        note.parties.clone(),
        note.refund_ids.clone(),
        note.issued_at,
        note.voided_at,
        note.created_at
    )?;
    for (position, line) in (0_i64..).zip(lines) {
        execute!(
            tx,
            "INSERT INTO credit_note_lines (vendor_id, credit_note_id, position, description, quantity,
                                            unit_amount_minor, amount_minor, discount_minor, taxes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &note.vendor_id,
            &note.id,
            position,
            &line.description,
            line.quantity,
            line.unit_amount_minor,
            line.amount_minor,
            line.discount_minor,
            JsonText(line.taxes.clone())
        )?;
    }
    Ok(())
}

/// Takes a credit note back.
pub(super) async fn void_credit_note(tx: &mut Tx, note: &CreditNote, at: UnixMs) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE credit_notes SET status = $3, voided_at = $4 WHERE vendor_id = $1 AND id = $2",
        &note.vendor_id,
        &note.id,
        CreditNoteStatus::Void,
        at
    )?;
    Ok(())
}
