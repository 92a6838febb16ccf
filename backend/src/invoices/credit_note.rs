//! Credit notes: what takes back (part of) an invoice, with its own number, lines and documents.

use crate::clock::UnixMs;
use crate::db::{JsonText, text_enum};
use crate::ids::{AccountId, CreditNoteId, InvoiceId, VendorId};
use crate::money::{Currency, Money};
use crate::stripe::LineTax;

use super::Parties;

text_enum! {
    /// Where a credit note stands.
    CreditNoteStatus {
        /// In force.
        Issued = "issued",
        /// Taken back.
        Void = "void",
    }
}

/// One credit note. Amounts are positive; its lines are [`super::InvoiceLine`]s.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct CreditNote {
    /// Its id.
    pub id: CreditNoteId,
    /// Who sells.
    pub vendor_id: VendorId,
    /// Who bought.
    pub account_id: AccountId,
    /// What it corrects.
    pub invoice_id: InvoiceId,
    /// Stripe's id.
    pub stripe_credit_note_id: String,
    /// Its own sequential number.
    pub number: String,
    /// Where it stands.
    pub status: CreditNoteStatus,
    /// Of all its amounts.
    pub currency: Currency,
    /// Sum of the lines, without tax, before discounts.
    pub subtotal_minor: i64,
    /// Discounts that are taken back with it.
    pub discount_minor: i64,
    /// All taxes.
    pub tax_minor: i64,
    /// `subtotal − discount + tax`.
    pub total_minor: i64,
    /// What it took off an invoice that was open.
    pub reduced_minor: i64,
    /// What it pays back.
    pub refunded_minor: i64,
    /// What it keeps for the next invoice.
    pub credited_minor: i64,
    /// What was settled outside of Stripe.
    pub elsewhere_minor: i64,
    /// Taxes by rate.
    pub taxes: JsonText<Vec<LineTax>>,
    /// Stripe's word for why, or empty.
    pub reason: String,
    /// What the customer is told, or empty.
    pub memo: String,
    /// As on the invoice.
    pub parties: JsonText<Parties>,
    /// Stripe's ids of the refunds that it explains.
    pub refund_ids: JsonText<Vec<String>>,
    /// When it was issued.
    pub issued_at: UnixMs,
    /// When it was taken back.
    pub voided_at: Option<UnixMs>,
    /// When it was imported.
    pub created_at: UnixMs,
}

impl CreditNote {
    /// With tax.
    #[must_use]
    pub fn total(&self) -> Money {
        Money::new(self.total_minor, self.currency)
    }
}
