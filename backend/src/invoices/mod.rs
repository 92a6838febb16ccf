//! Invoices: what Stripe has charged, kept here to the cent, and the documents made of it.
//!
//! Stripe numbers and reckons; an invoice is imported when it is final (`import_invoice.rs`), with seller
//! and buyer as they were then, and its lines never change. Its document is rendered once
//! (`render_document.rs`), stored with its hash, and given out as it is for ever. It says what was so when the invoice was
//! issued, whenever it is rendered; that it was paid is said by the receipt.

mod archive;
mod credit_note;
mod credit_note_store;
pub mod csv;
mod document_store;
pub mod einvoice;
mod export;
pub(crate) mod handlers;
mod import_credit_note;
mod import_invoice;
mod named_license;
mod outline_logo;
mod render_document;
pub mod rules;
pub mod search;
pub(crate) mod store;
pub mod tax;
pub mod transfers;
mod why_no_einvoice;

use serde::{Deserialize, Serialize};

use crate::accounts::Address;
use crate::clock::UnixMs;
use crate::db::{JsonText, text_enum};
use crate::ids::{AccountId, InvoiceId, LicenseId, OrderId, VendorId};
use crate::money::{Currency, Money};
use crate::stripe::{BILLS_A_CHANGE, BankAccount, LineTax};
use crate::vendors::BankDetails;

pub use archive::{ARCHIVE_MOST, Archive, archive_documents, period_of};
pub(crate) use archive::{find_document_by_id, list_document_ids};
pub use credit_note::{CreditNote, CreditNoteStatus};
pub use credit_note_store::{list_credit_note_lines, list_credit_notes, list_credit_notes_of};
pub use document_store::{KeptDocuments, list_kept_documents};
pub use export::{EXPORT_MOST, Export, export_all_documents, export_documents, export_entries};
pub(crate) use handlers::make_credit_note_documents;
pub(crate) use import_credit_note::write_credit_note;
pub use import_invoice::{Import, import_invoice};
pub use render_document::{Document, find_document, find_document_for_staff};
pub use store::{find_invoice, find_invoice_for_staff, list_invoices, list_invoices_for_staff, list_lines};
pub use why_no_einvoice::why_no_einvoice;

text_enum! {
    /// Where an invoice stands.
    InvoiceStatus {
        /// Final and not paid.
        Open = "open",
        /// Paid.
        Paid = "paid",
        /// Taken back.
        Void = "void",
        /// Given up.
        Uncollectible = "uncollectible",
    }
}

text_enum! {
    /// What a document is.
    DocumentKind {
        /// Asks for payment.
        Invoice = "invoice",
        /// Confirms payment.
        Receipt = "receipt",
        /// Takes (part of) an invoice back.
        CreditNote = "credit_note",
        /// Asks for a transfer before there is an invoice.
        ProForma = "pro_forma",
        /// The invoice or credit note for machines: EN 16931 in UBL.
        Ubl = "ubl",
        /// The same in UN/CEFACT's syntax.
        Cii = "cii",
    }
}

/// One invoice.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Invoice {
    /// Its id.
    pub id: InvoiceId,
    /// Who sells.
    pub vendor_id: VendorId,
    /// Who buys.
    pub account_id: AccountId,
    /// What it is for, where that is known.
    pub license_id: Option<LicenseId>,
    /// The order that it charges, where it has one.
    pub order_id: Option<OrderId>,
    /// Stripe's id.
    pub stripe_invoice_id: String,
    /// The sequential number.
    pub number: String,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// Of all its amounts.
    pub currency: Currency,
    /// Sum of the lines, without tax, before discounts.
    pub subtotal_minor: i64,
    /// What discounts take off, positive.
    pub discount_minor: i64,
    /// All taxes.
    pub tax_minor: i64,
    /// `subtotal − discount + tax`.
    pub total_minor: i64,
    /// What has been paid.
    pub paid_minor: i64,
    /// What is left to pay.
    pub due_minor: i64,
    /// What was to be paid when it became final: the total less any credit that was used up.
    pub issued_due_minor: i64,
    /// Taxes by rate.
    pub taxes: JsonText<Vec<LineTax>>,
    /// Stripe's page on which it can be paid while it is open.
    pub payment_url: Option<String>,
    /// Why Stripe made it.
    pub billing_reason: String,
    /// Seller and buyer as they were when it became final.
    pub parties: JsonText<Parties>,
    /// When it became final.
    pub issued_at: UnixMs,
    /// By when it has to be paid.
    pub due_at: Option<UnixMs>,
    /// When it was paid.
    pub paid_at: Option<UnixMs>,
    /// When it was imported.
    pub created_at: UnixMs,
}

impl Invoice {
    /// What is owed in all.
    #[must_use]
    pub fn total(&self) -> Money {
        Money::new(self.total_minor, self.currency)
    }

    /// What is left to pay.
    #[must_use]
    pub fn due(&self) -> Money {
        Money::new(self.due_minor, self.currency)
    }

    /// Whether it is over a change of a subscription within its period.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.billing_reason == BILLS_A_CHANGE
    }
}

/// One line of an invoice.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct InvoiceLine {
    /// What was sold.
    pub description: String,
    /// How many.
    pub quantity: i64,
    /// Price of one, where there is one.
    pub unit_amount_minor: Option<i64>,
    /// Without tax, before discounts; negative for a credit.
    pub amount_minor: i64,
    /// What discounts take off, positive.
    pub discount_minor: i64,
    /// Period of supply.
    pub period_start: Option<UnixMs>,
    /// Its end.
    pub period_end: Option<UnixMs>,
    /// Reckons up a change within a period.
    pub is_proration: bool,
    /// Its taxes.
    pub taxes: JsonText<Vec<LineTax>>,
}

/// Seller and buyer as they were when the invoice became final.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// Who sells.
    pub supplier: Party,
    /// Who buys.
    pub buyer: Party,
    /// Where a transfer goes.
    pub bank: Option<BankDetails>,
    /// Where a transfer goes for this invoice alone: the account that Stripe keeps open for the buyer.
    #[serde(default)]
    pub pays_to: Option<BankAccount>,
    /// When an order is given up that is not paid.
    #[serde(default)]
    pub void_at: Option<UnixMs>,
    /// The seller's accent colour then, 0–359.
    pub accent_hue: i64,
    /// The seller's logo then.
    pub logo_svg: Option<String>,
}

/// One side of an invoice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Full legal name.
    pub name: String,
    /// Street, postal code and city, in the order they are printed, without the country.
    pub address: Vec<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// VAT id with its country prefix.
    pub vat_id: Option<String>,
    /// Entry in a commercial register and who manages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// Mail address for questions; empty where none is given.
    pub email: String,
    /// The address in its parts, where they are known: e-invoices want them apart.
    #[serde(default)]
    pub place: Option<Address>,
    /// The buyer's own order number or cost centre.
    #[serde(default)]
    pub reference: Option<String>,
}
