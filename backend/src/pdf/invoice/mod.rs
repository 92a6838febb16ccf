//! Invoices, receipts, credit notes and pro-forma invoices: their content, and the way from it to a file.
//!
//! The content is what article 226 of Council Directive 2006/112/EC asks for: issue date, sequential number, names,
//! addresses and VAT ids of both sides, quantity and nature, period of supply, net amounts per rate, unit prices,
//! discounts, rate and amount of tax, the mention of reverse charge, terms of payment. Amounts are printed as they are
//! given and never computed here, except for the running sum at page breaks.

mod closing;
mod head;
pub(super) mod layout;
mod stand_ins;
mod table;

use jiff::Timestamp;
use jiff::civil::Date;

use super::PdfError;
use super::amounts::Rate;
use super::logo::Logo;
use super::{draw, fonts};
use crate::money::Currency;
use crate::text::en::documents as words;

pub use stand_ins::{Printed, print};

/// What kind of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Asks for payment.
    Invoice,
    /// Confirms payment.
    Receipt,
    /// Takes back (part of) an invoice.
    CreditNote,
    /// Asks for a transfer before there is an invoice; no tax can be deducted on its account.
    ProForma,
}

/// Everything that a document shows.
#[derive(Debug, Clone, PartialEq)]
pub struct InvoiceDocument {
    /// What kind of document it is.
    pub kind: Kind,
    /// The sequential number, unique for the supplier.
    pub number: String,
    /// Date of issue.
    pub issued_on: Date,
    /// Day by which to pay.
    pub due_on: Option<Date>,
    /// Day on which the whole was paid.
    pub paid_on: Option<Date>,
    /// The currency of every amount.
    pub currency: Currency,
    /// Who sells.
    pub supplier: Supplier,
    /// Who buys. Its country chooses the paper: Letter in North America, else A4.
    pub buyer: Buyer,
    /// Order, license, corrected invoice and the like, in the order of printing.
    pub references: Vec<Reference>,
    /// What was sold.
    pub lines: Vec<Line>,
    /// Sum of the lines, without tax.
    pub subtotal_minor: i64,
    /// Discounts on the whole; their amounts are positive.
    pub discounts: Vec<Discount>,
    /// Tax per rate.
    pub taxes: Vec<Tax>,
    /// What is owed in all, with tax.
    pub total_minor: i64,
    /// What has been paid of it; of an invoice, what credit had paid when it was issued.
    pub amount_paid_minor: i64,
    /// What is left to pay.
    pub amount_due_minor: i64,
    /// Set where the buyer accounts for the tax.
    pub reverse_charge: Option<ReverseCharge>,
    /// Terms of payment and other remarks, one paragraph each.
    pub notes: Vec<String>,
    /// Where to transfer the money; shown only while something is due on an invoice.
    pub bank: Option<Bank>,
}

/// Who sells.
#[derive(Debug, Clone, PartialEq)]
pub struct Supplier {
    /// Full legal name.
    pub name: String,
    /// Street, postal code and city as they are written in the country, without its name.
    pub address: Vec<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// VAT identification number with its country prefix.
    pub vat_id: Option<String>,
    /// Where questions go.
    pub email: Option<String>,
    /// Entry in the commercial register, capital, directors: whatever the law asks for, at the foot of every page.
    pub registration: Option<String>,
    /// Printed at the top; without one the name stands there alone.
    pub logo: Option<Logo>,
    /// Hue of the accent colour in degrees, 0 to 359.
    pub accent_hue: u16,
}

/// Who buys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buyer {
    /// Full name of the company or person.
    pub name: String,
    /// Street, postal code and city as they are written in the country, without its name.
    pub address: Vec<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// VAT identification number with its country prefix.
    pub vat_id: Option<String>,
    /// The person in charge.
    pub contact: Option<String>,
}

/// A bank account for transfers. What is not set is not printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bank {
    /// Name of the bank.
    pub name: String,
    /// Name on the account, where it is not the supplier's.
    pub holder: Option<String>,
    /// International account number, with or without spaces.
    pub iban: Option<String>,
    /// Code of the bank (ISO 9362).
    pub bic: Option<String>,
    /// National account number.
    pub account_number: Option<String>,
    /// Code of the bank in the United States.
    pub routing_number: Option<String>,
    /// Code of the bank in the United Kingdom.
    pub sort_code: Option<String>,
    /// What to quote, where it is not the document's number.
    pub reference: Option<String>,
}

/// What a reference points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReferenceKind {
    /// Our order.
    Order,
    /// A license.
    License,
    /// A subscription.
    Subscription,
    /// The invoice that a receipt confirms or a credit note corrects.
    Invoice,
    /// The buyer's own order number.
    PurchaseOrder,
}

/// A reference to something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// What it points at.
    pub kind: ReferenceKind,
    /// Its id or number.
    pub value: String,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Nature of what was sold.
    pub description: String,
    /// More about it, smaller.
    pub detail: Option<String>,
    /// First and last day of supply, both inclusive.
    pub period: Option<(Date, Date)>,
    /// How many.
    pub quantity: i64,
    /// Price of one, without tax; `None` where there is none (a proration).
    pub unit_price_minor: Option<i64>,
    /// Discounts on this line; their amounts are positive and taken off already in `amount_minor`.
    pub discounts: Vec<Discount>,
    /// Amount of the line without tax; negative for a credit.
    pub amount_minor: i64,
    /// Name and rate of its tax, `None` where none is stated.
    pub tax: Option<(String, Rate)>,
}

/// A reduction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// Its code or name; may be empty.
    pub label: String,
    /// What it takes off, positive.
    pub amount_minor: i64,
}

/// The tax of one rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tax {
    /// Its name: VAT, BTW, Sales tax.
    pub label: String,
    /// The rate.
    pub rate: Rate,
    /// Net amount it is counted from.
    pub base_minor: i64,
    /// The tax.
    pub amount_minor: i64,
}

/// Why the buyer accounts for the tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReverseCharge {
    /// A service to a business in another member state (articles 44 and 196 of Directive 2006/112/EC).
    EuServices,
    /// Another ground, as a sentence.
    Other(String),
}

/// Turns a document into a PDF. The same document and time always give the same bytes.
///
/// # Errors
///
/// [`PdfError::Unprintable`] when a text holds a character that the font lacks; the others when the file cannot be made.
pub fn render(document: &InvoiceDocument, created_at: Timestamp) -> Result<Vec<u8>, PdfError> {
    let sheets = layout::layout(document);
    for text in sheets.pages.iter().flat_map(|page| &page.texts) {
        if let Some(character) = fonts::unprintable(&text.text) {
            return Err(PdfError::Unprintable { character, text: text.text.clone() });
        }
    }
    let properties = draw::Properties {
        title: words::file_title(document.kind, &document.number, &document.supplier.name),
        author: document.supplier.name.clone(),
        language: words::LANGUAGE,
        accent_hue: document.supplier.accent_hue,
        created_at,
    };
    draw::pdf(&sheets, &properties)
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
