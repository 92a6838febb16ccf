//! Invoices in the portal, and what their documents say that no other words cover.

use crate::invoices::{DocumentKind, InvoiceStatus};

/// On an invoice without VAT whose buyer accounts for the tax under another law than the EU's.
pub const REVERSE_CHARGE: &str = "Reverse charge: the recipient of the service accounts for the tax.";

/// What a downloaded document is called: ASCII, without anything that a file name cannot hold.
#[must_use]
pub fn file_name(kind: DocumentKind, number: &str) -> String {
    let number: String = number.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    match kind {
        DocumentKind::Invoice => format!("invoice-{number}.pdf"),
        DocumentKind::Receipt => format!("receipt-{number}.pdf"),
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
