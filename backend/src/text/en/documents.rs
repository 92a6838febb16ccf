//! Every sentence and label of invoices, receipts and credit notes.

use jiff::civil::Date;

use crate::money::Currency;
use crate::pdf::invoice::{Kind, ReferenceKind, ReverseCharge};

/// The language of these sentences, as a document states it (BCP 47).
pub const LANGUAGE: &str = "en";

/// `21 November 2026`.
pub fn date(date: Date) -> String {
    format!("{} {} {}", date.day(), month(date), date.year())
}

/// `1 Dec 2026 – 31 Dec 2026`; both days belong to the period.
pub fn period(from: Date, to: Date) -> String {
    let short = |date: Date| format!("{}\u{a0}{}\u{a0}{}", date.day(), &month(date)[..3], date.year());
    format!("{} – {}", short(from), short(to))
}

fn month(date: Date) -> &'static str {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    MONTHS[usize::from(date.month().unsigned_abs().clamp(1, 12)) - 1]
}

/// The word in the heading.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Invoice => "Invoice",
        Kind::Receipt => "Receipt",
        Kind::CreditNote => "Credit note",
        Kind::ProForma => "Pro-forma invoice",
    }
}

/// The heading: `Invoice INV-2026-0042`.
pub fn heading(document: Kind, number: &str) -> String {
    format!("{} {number}", kind(document))
}

/// The title in the file's properties and the window.
pub fn file_title(document: Kind, number: &str, supplier: &str) -> String {
    format!("{} – {supplier}", heading(document, number))
}

/// Label of the date of issue.
pub const ISSUED: &str = "Date of issue";
/// Label of the day by which to pay.
pub const DUE: &str = "Due date";
/// Label of the day on which it was paid.
pub const PAID: &str = "Paid on";

/// Label of a reference.
pub fn reference_label(kind: ReferenceKind) -> &'static str {
    match kind {
        ReferenceKind::Order => "Order",
        ReferenceKind::License => "License",
        ReferenceKind::Subscription => "Subscription",
        ReferenceKind::Invoice => "For invoice",
        ReferenceKind::PurchaseOrder => "Your order number",
    }
}

/// How it is paid, below the heading of an invoice with something to pay; one without a day is not sent to be paid.
pub fn amount_due(amount: &str, due_on: Option<Date>) -> String {
    match due_on {
        Some(day) => format!("{amount} is due by {}.", date(day)),
        None => format!("{amount} is charged automatically to the payment method on file."),
    }
}

/// After [`amount_due`], when a part was paid before.
pub fn paid_by_credit(amount: &str) -> String {
    format!("{amount} is paid by your credit.")
}

/// Below the heading of an invoice with nothing left to pay.
pub fn nothing_due(paid_on: Option<Date>) -> String {
    match paid_on {
        Some(day) => format!("Paid on {}, thank you. There is nothing left to pay.", date(day)),
        None => "There is nothing to pay.".to_owned(),
    }
}

/// Below the heading of a pro-forma invoice.
pub fn pro_forma(amount: &str, due_on: Option<Date>) -> String {
    let by = due_on.map_or_else(String::new, |day| format!(" by {}", date(day)));
    format!("Please transfer {amount}{by}. This is not a tax invoice; the invoice follows when the money has arrived.")
}

/// Below the heading of a receipt.
pub fn received(amount: &str, paid_on: Option<Date>) -> String {
    match paid_on {
        Some(day) => format!("We received {amount} on {}. Thank you.", date(day)),
        None => format!("We received {amount}. Thank you."),
    }
}

/// Below the heading of a credit note.
pub fn credited(amount: &str, invoice: Option<&str>) -> String {
    match invoice {
        Some(number) => format!("{amount} is credited to you. This note corrects invoice {number}."),
        None => format!("{amount} is credited to you."),
    }
}

/// Above the supplier's address.
pub const FROM: &str = "From";
/// Above the buyer's address.
pub const BILLED_TO: &str = "Billed to";

/// A VAT identification number.
pub fn vat_id(id: &str) -> String {
    format!("VAT ID {id}")
}

/// The person at the buyer's.
pub fn attention(contact: &str) -> String {
    format!("Attn. {contact}")
}

/// Head of the column of what was sold.
pub const DESCRIPTION: &str = "Description";
/// Head of the column of quantities.
pub const QUANTITY: &str = "Qty";
/// Head of the column of prices per unit.
pub const UNIT_PRICE: &str = "Unit price";
/// Head of the column of tax rates, where the tax has no one name.
pub const TAX: &str = "Tax";
/// Head of the column of amounts without tax.
pub const AMOUNT: &str = "Amount";
/// Last row of a page that the table goes on after.
pub const CARRIED_FORWARD: &str = "Carried forward";
/// First row of the page where it goes on.
pub const BROUGHT_FORWARD: &str = "Brought forward";

/// A discount below its line or among the sums.
pub fn discount(label: &str) -> String {
    if label.is_empty() { "Discount".to_owned() } else { format!("Discount {label}") }
}

/// A discount below its line, with its amount.
pub fn line_discount(label: &str, amount: &str) -> String {
    format!("{}: {amount}", discount(label))
}

/// Sum of the lines.
pub const SUBTOTAL: &str = "Subtotal";
/// Sum after discounts, before tax.
pub const NET: &str = "Total excluding tax";
/// Sum with tax.
pub const TOTAL: &str = "Total";
/// What has been paid.
pub const AMOUNT_PAID: &str = "Amount paid";
/// What of an invoice credit has paid.
pub const PAID_BY_CREDIT: &str = "Paid by credit";
/// What is left to pay.
pub const AMOUNT_DUE: &str = "Amount due";
/// The sum of a credit note.
pub const AMOUNT_CREDITED: &str = "Amount credited";

/// A sum's label with the currency spelled out, for signs that several currencies share.
pub fn in_currency(label: &str, currency: Currency) -> String {
    format!("{label} ({})", currency.as_str().to_ascii_uppercase())
}

/// A tax among the sums, with the net amount that it is counted from.
pub fn tax(label: &str, rate: &str, base: &str) -> String {
    format!("{label} {rate} on {base}")
}

/// The reason, below the mention that article 226 (11a) of Directive 2006/112/EC asks for ([`REVERSE_CHARGE`]).
pub fn reverse_charge(reason: &ReverseCharge) -> String {
    match reason {
        ReverseCharge::EuServices => {
            "VAT is due from the recipient under Articles 44 and 196 of Council Directive 2006/112/EC.".to_owned()
        }
        ReverseCharge::Other(reason) => reason.clone(),
    }
}

/// Heading of the mention of reverse charge.
pub const REVERSE_CHARGE: &str = "Reverse charge";
/// Heading of the bank details.
pub const HOW_TO_PAY: &str = "How to pay by bank transfer";
/// Heading of terms of payment and remarks.
pub const TERMS: &str = "Terms and notes";

/// What to quote, so that the transfer is matched.
pub fn transfer(amount: &str, reference: &str, due_on: Option<Date>) -> String {
    let by = due_on.map_or_else(String::new, |day| format!(" so that it arrives by {}", date(day)));
    format!("Please transfer {amount}{by}, with the reference {reference}, by which we recognise your payment.")
}

/// Label of the name on the account.
pub const ACCOUNT_HOLDER: &str = "Account holder";
/// Label of the bank's name.
pub const BANK: &str = "Bank";
/// Label of the international account number.
pub const IBAN: &str = "IBAN";
/// Label of the bank's code.
pub const BIC: &str = "BIC";
/// Label of a national account number.
pub const ACCOUNT_NUMBER: &str = "Account number";
/// Label of a national bank code in the United States.
pub const ROUTING_NUMBER: &str = "Routing number";
/// Label of a national bank code in the United Kingdom.
pub const SORT_CODE: &str = "Sort code";
/// Label of the text to quote.
pub const PAYMENT_REFERENCE: &str = "Reference";

/// At the foot of every page.
pub fn page_of(page: usize, pages: usize) -> String {
    format!("Page {page} of {pages}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_cannot_be_misread() {
        let day = jiff::civil::date(2026, 11, 3);
        assert_eq!(date(day), "3 November 2026");
        assert_eq!(period(day, jiff::civil::date(2027, 5, 2)), "3\u{a0}Nov\u{a0}2026 – 2\u{a0}May\u{a0}2027");
    }
}
