//! The list of invoices.

use super::moments;
use crate::clock::UnixMs;
use crate::invoices::einvoice::NoEInvoice;
use crate::money::Money;

/// Title.
pub const TITLE: &str = "Invoices";
/// Caption of the table.
pub const CAPTION: &str = "Your invoices";
/// Columns.
pub const COLUMNS: [&str; 5] = ["Invoice", "Issued", "For", "Status", "Amount"];
/// Label of the column of documents.
pub const DOCUMENTS: &str = "Documents";
/// Downloads the invoice.
pub const PDF: &str = "PDF";
/// Downloads the e-invoice in UBL.
pub const UBL: &str = "UBL";
/// Downloads the e-invoice in CII.
pub const CII: &str = "CII";
/// In the place of the e-invoices of an invoice that has none.
#[must_use]
pub fn no_einvoice(why: &NoEInvoice) -> &'static str {
    match why {
        NoEInvoice::NoVatId => "No e-invoice: the seller had no VAT id.",
        NoEInvoice::Decimals => "No e-invoice: its standard knows amounts with two decimals only.",
        NoEInvoice::Mixed => "No e-invoice: its standard has none for what is partly outside the scope of VAT.",
        NoEInvoice::Invalid(rules) if rules.contains("BR-CO-17") => {
            "No e-invoice: the tax is rounded line by line, and differs from that of the whole by more than its standard \
             allows."
        }
        NoEInvoice::Invalid(_) => "No e-invoice: its standard cannot express this invoice.",
    }
}

/// Heading of the credit notes.
pub const CREDIT_NOTES: &str = "Credit notes";
/// What they are.
pub const CREDIT_NOTES_LEAD: &str = "They take back an invoice, or a part of it.";
/// Columns of the credit notes.
pub const CREDIT_NOTE_COLUMNS: [&str; 4] = ["Credit note", "Issued", "Status", "Amount"];
/// Heading of the downloads of a year.
pub const YEARS: &str = "For your accountant";
/// What they are.
pub const YEARS_LEAD: &str = "All documents of a year in one file, and a table of them that any spreadsheet opens.";
/// Downloads all documents.
pub const ZIP: &str = "All documents";
/// Downloads the table.
pub const CSV: &str = "Table";
/// Instead of a file with more documents than one can have.
#[must_use]
pub fn too_many(most: i64) -> String {
    format!(
        "More than {most} documents were issued in this time: too many for one file. Ask for each month: add &month=1 to the \
         address for January, &month=2 for February, and so on.\n"
    )
}

/// Instead of a table with more rows than one can have.
#[must_use]
pub fn too_long(most: usize) -> String {
    format!(
        "The table would have more than {most} rows. Ask for a shorter time: of a year, add &month=1 to the address for \
         January, &month=2 for February, and so on; of the ledger, choose other days.\n"
    )
}

/// Downloads the receipt.
pub const RECEIPT: &str = "Receipt";
/// Pays an open invoice.
pub const PAY: &str = "Pay";
/// Accessible name of the pages.
pub const PAGES: &str = "Pages of invoices";
/// The first page.
pub const NEWEST: &str = "Newest";
/// The page after.
pub const OLDER: &str = "Older";
/// The way to the price list, from an empty list.
pub const TO_PRICES: &str = "See the price list";
/// Where the role may not see invoices.
pub const NOT_YOURS: &str =
    "Your role does not show invoices. Ask an owner of your account, or somebody who looks after billing.";

/// The documents of a year.
#[must_use]
pub fn of_year(year: i16) -> String {
    format!("of {year}")
}

/// What an act is about, for those who only hear it.
#[must_use]
pub fn of(number: &str) -> String {
    format!("of {number}")
}

/// What is true of them all: what is open, and where copies go.
#[must_use]
pub fn lead(open: &[Money], billing_email: &str) -> String {
    let copies = format!("A copy of each is mailed to {billing_email}.");
    match open {
        [] => format!("Nothing is open. {copies}"),
        [one] => format!("One invoice over {} is open. {copies}", super::licenses::amount(*one)),
        more => format!("{} invoices are open. {copies}", more.len()),
    }
}

/// What is shown.
#[must_use]
pub fn shown(count: usize, oldest: UnixMs) -> String {
    let what = if count == 1 { "1 invoice".to_owned() } else { format!("{count} invoices") };
    format!("{what}, back to {}", moments::day(oldest))
}

/// By when an open invoice is to be paid.
#[must_use]
pub fn due(at: UnixMs) -> String {
    format!("due by {}", moments::day(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn the_lead_says_what_is_open() {
        let open: Vec<Money> = Currency::parse("eur").map(|eur| Money::new(1_050, eur)).into_iter().collect();
        assert_eq!(lead(&[], "a@b.example"), "Nothing is open. A copy of each is mailed to a@b.example.");
        assert!(lead(&open, "a@b.example").starts_with("One invoice over €10.50 is open."));
    }
}
