//! Below the table: sums, the tax note, how to pay, terms.

use super::super::amounts::{format, grouped_iban};
use super::super::colour::Ink;
use super::super::page::{Role, Sheets, Style};
use super::head::{column_width, paragraph};
use super::layout::{BODY, GRAND, HEADING, LABEL, SOFT, next_page};
use super::{Bank, InvoiceDocument, Kind, table};
use crate::text::en::documents as words;

/// Longest measure of a paragraph: about a hundred characters.
const MEASURE: f32 = 430.0;
const PARAGRAPH_GAP: f32 = 4.0;

struct Sum {
    label: String,
    amount: String,
    style: Style,
    ruled: bool,
}

/// Subtotal, discounts, taxes, total, paid and due, kept together on one page.
pub(super) fn sums(sheets: &mut Sheets, document: &InvoiceDocument, carried_minor: i64) {
    let (rows, last) = rows_of_sums(document);
    let (right, height_of) = (sheets.paper.right(), |sum: &Sum| sum.style.leading + 5.0);
    let widest = rows.iter().chain([&last]).map(|sum| sum.style.width(&sum.amount)).fold(0.0, f32::max);
    // In line with the buyer's address, unless the amounts need more.
    let left = right - column_width(sheets.paper).max(widest + 130.0).min(sheets.paper.content_width());
    let label_width = right - left - widest - 16.0;
    let wrapped: Vec<(Vec<String>, Sum)> =
        rows.into_iter().chain([last]).map(|sum| (sum.style.lines(&sum.label, label_width), sum)).collect();
    let height =
        |(lines, sum): &(Vec<String>, Sum)| height_of(sum) + sum.style.leading * (lines.len().max(1) - 1) as f32;
    let total: f32 = wrapped.iter().map(height).sum::<f32>() + 24.0;
    if sheets.room() < total {
        if document.lines.is_empty() {
            next_page(sheets, document);
        } else {
            table::carry(sheets, document, carried_minor);
        }
    }
    sheets.space(12.0);
    let table = sheets.reserve(Role::Table);
    for row in &wrapped {
        // More rates of tax than fit on a page: they go on where the page ends.
        if sheets.room() < height(row) {
            next_page(sheets, document);
        }
        let (lines, sum) = row;
        if sum.ruled {
            sheets.space(3.0);
            sheets.rule_between(left, right, Ink::Accent, 1.2);
            sheets.space(5.0);
        }
        sheets.inside(table, |sheets| {
            sheets.within(Role::Row, |sheets| {
                let label = sheets.reserve(Role::Cell);
                sheets.within(Role::Cell, |sheets| sheets.text_right(right, sum.style, &sum.amount));
                for line in lines {
                    sheets.inside(label, |sheets| sheets.text(left, sum.style, line));
                    sheets.space(sum.style.leading);
                }
            });
        });
        sheets.space(5.0);
    }
}

fn rows_of_sums(document: &InvoiceDocument) -> (Vec<Sum>, Sum) {
    let money = |minor: i64| format(document.currency, minor);
    let row = |label: String, minor: i64, style: Style| Sum { label, amount: money(minor), style, ruled: false };
    let mut rows = vec![row(words::SUBTOTAL.to_owned(), document.subtotal_minor, SOFT)];
    let mut net = document.subtotal_minor;
    for discount in &document.discounts {
        net = net.saturating_sub(discount.amount_minor);
        rows.push(row(words::discount(&discount.label), discount.amount_minor.saturating_neg(), SOFT));
    }
    if !document.discounts.is_empty() && !document.taxes.is_empty() {
        rows.push(row(words::NET.to_owned(), net, SOFT));
    }
    for tax in &document.taxes {
        let label = words::tax(&tax.label, &tax.rate.to_string(), &money(tax.base_minor));
        rows.push(row(label, tax.amount_minor, SOFT));
    }
    let (label, minor) = match document.kind {
        Kind::Invoice => {
            rows.push(row(words::TOTAL.to_owned(), document.total_minor, HEADING));
            if document.amount_paid_minor != 0 {
                let paid = document.amount_paid_minor.saturating_neg();
                rows.push(row(words::PAID_BY_CREDIT.to_owned(), paid, SOFT));
            }
            (words::AMOUNT_DUE, document.amount_due_minor)
        }
        Kind::Receipt => {
            rows.push(row(words::TOTAL.to_owned(), document.total_minor, HEADING));
            (words::AMOUNT_PAID, document.amount_paid_minor)
        }
        Kind::ProForma => (words::AMOUNT_DUE, document.amount_due_minor),
        Kind::CreditNote => (words::AMOUNT_CREDITED, document.total_minor),
    };
    (rows, Sum { ruled: true, ..row(words::in_currency(label, document.currency), minor, GRAND) })
}

/// Reverse charge, bank transfer, terms.
pub(super) fn notes(sheets: &mut Sheets, document: &InvoiceDocument) {
    sheets.space(12.0);
    if let Some(reason) = &document.reverse_charge {
        block(sheets, document, words::REVERSE_CHARGE, &[words::reverse_charge(reason)], &[]);
    }
    if let Some(bank) = &document.bank
        && matches!(document.kind, Kind::Invoice | Kind::ProForma)
        && document.amount_due_minor > 0
    {
        let reference = bank.reference.as_deref().unwrap_or(&document.number);
        let amount = format(document.currency, document.amount_due_minor);
        let ask = words::transfer(&amount, reference, document.due_on);
        block(sheets, document, words::HOW_TO_PAY, &[ask], &transfer_details(bank, document, reference));
    }
    if !document.notes.is_empty() {
        block(sheets, document, words::TERMS, &document.notes, &[]);
    }
}

fn transfer_details(bank: &Bank, document: &InvoiceDocument, reference: &str) -> Vec<(&'static str, String)> {
    let holder = bank.holder.clone().unwrap_or_else(|| document.supplier.name.clone());
    let details = [
        (words::ACCOUNT_HOLDER, Some(holder)),
        (words::IBAN, bank.iban.as_deref().map(grouped_iban)),
        (words::ACCOUNT_NUMBER, bank.account_number.clone()),
        (words::ROUTING_NUMBER, bank.routing_number.clone()),
        (words::SORT_CODE, bank.sort_code.clone()),
        (words::BIC, bank.bic.clone()),
        (words::BANK, Some(bank.name.clone())),
        (words::PAYMENT_REFERENCE, Some(reference.to_owned())),
    ];
    details.into_iter().filter_map(|(label, value)| Some((label, value.filter(|v| !v.trim().is_empty())?))).collect()
}

/// A heading, paragraphs and label–value pairs; moved to the next page whole where it fits there and not here.
fn block(
    sheets: &mut Sheets,
    document: &InvoiceDocument,
    heading: &str,
    paragraphs: &[String],
    details: &[(&'static str, String)],
) {
    let width = MEASURE.min(sheets.paper.content_width());
    let label_width = details.iter().map(|(label, _)| LABEL.width(label)).fold(0.0, f32::max) + 18.0;
    let text_lines: usize = paragraphs.iter().map(|text| SOFT.lines(text, width).len()).sum();
    let detail_lines: usize = details.iter().map(|(_, value)| BODY.lines(value, width - label_width).len()).sum();
    let height = HEADING.leading + 3.0 + BODY.leading * (text_lines + detail_lines) as f32 + 5.0;
    let height = height + PARAGRAPH_GAP * paragraphs.len().saturating_sub(1) as f32;
    let tall = height > sheets.paper.content_bottom() / 2.0;
    if sheets.room() < if tall { HEADING.leading * 3.0 } else { height } {
        next_page(sheets, document);
    }
    sheets.within(Role::Heading, |sheets| sheets.text(sheets.paper.left(), HEADING, heading));
    sheets.space(HEADING.leading + 3.0);
    for (index, text) in paragraphs.iter().enumerate() {
        if index > 0 {
            sheets.space(PARAGRAPH_GAP);
        }
        sheets.within(Role::Paragraph, |sheets| paragraph(sheets, document, SOFT, text, width));
    }
    if !details.is_empty() {
        sheets.space(5.0);
    }
    for (label, value) in details {
        let pair = sheets.reserve(Role::Paragraph);
        for (index, line) in BODY.lines(value, width - label_width).into_iter().enumerate() {
            if sheets.room() < BODY.leading {
                next_page(sheets, document);
            }
            sheets.inside(pair, |sheets| {
                if index == 0 {
                    sheets.text_at(sheets.paper.left(), sheets.y + 0.9, LABEL, label);
                }
                sheets.text(sheets.paper.left() + label_width, BODY, &line);
            });
            sheets.space(BODY.leading);
        }
    }
    sheets.space(12.0);
}
