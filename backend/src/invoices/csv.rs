//! Tables for accountants.

use super::{CreditNote, Invoice};
use crate::clock::UnixMs;
use crate::csv::row;
use crate::ledger::CustomerEntry;
use crate::money::Currency;

/// A line of the accountant's table: an invoice, or a credit note with its amounts negative.
#[derive(Clone, Debug, PartialEq)]
pub enum Listed {
    /// An invoice.
    Invoice(Box<Invoice>),
    /// A credit note.
    CreditNote(Box<CreditNote>),
}

impl Listed {
    /// When it was issued.
    #[must_use]
    pub fn issued_at(&self) -> UnixMs {
        match self {
            Self::Invoice(invoice) => invoice.issued_at,
            Self::CreditNote(note) => note.issued_at,
        }
    }
}

const HEAD: [&str; 14] = [
    "kind",
    "number",
    "issued_on",
    "due_on",
    "paid_on",
    "status",
    "customer",
    "country",
    "vat_id",
    "order_number",
    "currency",
    "net",
    "tax",
    "total",
];

/// Invoices and credit notes, a line each, in the order in which they are given.
#[must_use]
pub fn documents(all: &[Listed]) -> String {
    let mut csv = row(HEAD);
    for listed in all {
        csv.push_str(&match listed {
            Listed::Invoice(it) => {
                let money = |minor| amount(minor, it.currency);
                let day = |at: Option<UnixMs>| at.map_or_else(String::new, |at| at.date().to_string());
                let buyer = &it.parties.0.buyer;
                row([
                    "invoice".to_owned(),
                    it.number.clone(),
                    it.issued_at.date().to_string(),
                    day(it.due_at),
                    day(it.paid_at),
                    it.status.as_str().to_owned(),
                    buyer.name.clone(),
                    buyer.country.clone(),
                    buyer.vat_id.clone().unwrap_or_default(),
                    buyer.reference.clone().unwrap_or_default(),
                    it.currency.as_str().to_ascii_uppercase(),
                    money(it.total_minor - it.tax_minor),
                    money(it.tax_minor),
                    money(it.total_minor),
                ])
            }
            Listed::CreditNote(it) => {
                let money = |minor: i64| amount(-minor, it.currency);
                let buyer = &it.parties.0.buyer;
                row([
                    "credit_note".to_owned(),
                    it.number.clone(),
                    it.issued_at.date().to_string(),
                    String::new(),
                    String::new(),
                    it.status.as_str().to_owned(),
                    buyer.name.clone(),
                    buyer.country.clone(),
                    buyer.vat_id.clone().unwrap_or_default(),
                    buyer.reference.clone().unwrap_or_default(),
                    it.currency.as_str().to_ascii_uppercase(),
                    money(it.total_minor - it.tax_minor),
                    money(it.tax_minor),
                    money(it.total_minor),
                ])
            }
        });
    }
    csv
}

/// Entries of the ledger, a line each: debit and credit in columns of their own.
#[must_use]
pub fn entries(all: &[CustomerEntry]) -> String {
    let head =
        ["booked_on", "posting", "account", "about", "reference", "invoice", "customer", "currency", "debit", "credit"];
    let mut csv = row(head);
    for entry in all {
        let money = |minor: i64| if minor > 0 { amount(minor, entry.currency) } else { String::new() };
        csv.push_str(&row([
            entry.booked_at.date().to_string(),
            entry.posting_id.to_string(),
            entry.ledger_account.as_str().to_owned(),
            entry.source.as_str().to_owned(),
            entry.source_id.clone(),
            entry.number.clone().unwrap_or_default(),
            entry.company.clone().unwrap_or_default(),
            entry.currency.as_str().to_ascii_uppercase(),
            money(entry.amount_minor),
            money(entry.amount_minor.saturating_neg()),
        ]));
    }
    csv
}

/// An amount with a point and all decimals of its currency, without thousands separators: `-1200.50`.
pub(crate) fn amount(minor: i64, currency: Currency) -> String {
    let exponent = currency.exponent() as usize;
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = exponent + 1);
    let (whole, decimals) = digits.split_at(digits.len() - exponent);
    let (sign, point) = (if minor < 0 { "-" } else { "" }, if exponent == 0 { "" } else { "." });
    format!("{sign}{whole}{point}{decimals}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        let of = |code: &str, minor| amount(minor, Currency::parse(code).unwrap());
        assert_eq!(
            (of("eur", 120_050), of("eur", -5), of("jpy", 1_200)),
            ("1200.50".to_owned(), "-0.05".to_owned(), "1200".to_owned())
        );
        assert_eq!(of("kwd", -1_250), "-1.250");
    }
}
