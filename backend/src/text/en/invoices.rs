//! Invoices in the portal, and what their documents say that no other words cover.

use crate::invoices::{CreditNote, CreditNoteStatus, DocumentKind, InvoiceStatus};
use crate::pdf::amounts;

/// On an invoice without VAT whose buyer accounts for the tax under another law than the EU's.
pub const REVERSE_CHARGE: &str = "Reverse charge: the recipient of the service accounts for the tax.";

/// On an invoice by transfer for an order, or for a change of a subscription: what happens when it is not paid.
#[must_use]
pub fn given_up_on(day: jiff::civil::Date, is_change: bool) -> String {
    let then = if is_change {
        "the change is not made, and this invoice is void"
    } else {
        "the order is cancelled, this invoice is void, and the license that waits for it ends"
    };
    format!(
        "If the amount has not arrived by {}, {then}. What has arrived by then is kept for you.",
        super::documents::date(day)
    )
}

/// On an invoice of a seller in the EU to a buyer outside of it.
pub const OUTSIDE_EU: &str = "Not subject to VAT in the European Union: the place of supply is where the recipient is \
                              (Articles 44 and 59 of Council Directive 2006/112/EC).";
/// On an invoice within the EU on which no VAT is charged.
pub const NO_VAT: &str = "No VAT is charged on this supply.";
/// On an invoice that is exempt.
pub const EXEMPT: &str = "Exempt from VAT.";

/// The short mention in e-invoices.
pub const REVERSE_CHARGE_SHORT: &str = "Reverse charge";
/// How an invoice is paid that is not sent to be paid.
pub const CHARGED_AUTOMATICALLY: &str = "Charged automatically to the payment method on file.";
/// Why less is charged than the lines come to.
pub const DISCOUNT: &str = "Discount";

/// The code of a bank, with its name.
#[must_use]
pub fn bank_code(label: &str, code: &str) -> String {
    format!("{label}: {code}")
}

/// Which license a document is about.
#[must_use]
pub fn license_note(license_id: &str) -> String {
    format!("License {license_id}")
}

/// Which order a document is about, where there is no license yet.
#[must_use]
pub fn order_note(order_id: &str) -> String {
    format!("Order {order_id}")
}

/// Where the money of a credit note goes, a sentence for each way.
#[must_use]
pub fn settled(note: &CreditNote) -> Vec<String> {
    let amount = |minor| amounts::format(note.currency, minor);
    let way = |minor: i64, sentence: &dyn Fn(String) -> String| (minor > 0).then(|| sentence(amount(minor)));
    [
        way(note.refunded_minor, &|amount| format!("{amount} is paid back the way the payment came.")),
        way(note.credited_minor, &|amount| format!("{amount} is kept and comes off the next invoice.")),
        way(note.reduced_minor, &|amount| format!("{amount} less is to be paid of the invoice.")),
        way(note.elsewhere_minor, &|amount| format!("{amount} was given back in another way, as agreed.")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A credit note's standing in a word.
#[must_use]
pub fn credit_note_status(status: CreditNoteStatus) -> &'static str {
    match status {
        CreditNoteStatus::Issued => "Credited",
        CreditNoteStatus::Void => "Taken back",
    }
}

/// What a downloaded document is called: ASCII, without anything that a file name cannot hold.
#[must_use]
pub fn file_name(kind: DocumentKind, number: &str) -> String {
    let number: String = number.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    match kind {
        DocumentKind::Invoice => format!("invoice-{number}.pdf"),
        DocumentKind::Receipt => format!("receipt-{number}.pdf"),
        DocumentKind::CreditNote => format!("credit-note-{number}.pdf"),
        DocumentKind::ProForma => format!("pro-forma-{number}.pdf"),
        DocumentKind::Ubl => format!("{number}-ubl.xml"),
        DocumentKind::Cii => format!("{number}-cii.xml"),
    }
}

/// An invoice's standing in a word.
#[must_use]
pub fn status(status: InvoiceStatus) -> &'static str {
    match status {
        InvoiceStatus::Open => "Open",
        InvoiceStatus::Paid => "Paid",
        InvoiceStatus::Void => "Void",
        InvoiceStatus::Uncollectible => "Written off",
    }
}

/// Why an invoice was made, by Stripe's `billing_reason`.
#[must_use]
pub fn reason(billing_reason: &str) -> &'static str {
    match billing_reason {
        "subscription_create" => "First payment",
        "subscription_cycle" => "Renewal",
        "subscription_update" => "Change of plan or seats",
        _ => "Purchase",
    }
}

/// Says that there are none yet.
pub const NONE_YET: &str =
    "There are no invoices yet. The first one appears here as soon as you have bought something.";
