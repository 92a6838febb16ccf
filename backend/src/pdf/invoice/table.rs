//! The table of lines, over as many pages as it takes, with the running sum carried from page to page.

use super::super::amounts::format;
use super::super::colour::Ink;
use super::super::page::{Paper, Role, Sheets, Style};
use super::layout::{BODY, DETAIL, LABEL, SOFT, next_page};
use super::{InvoiceDocument, Line};
use crate::text::en::documents as words;

const GAP: f32 = 18.0;
const PAD: f32 = 7.0;
/// Height of a row with one line of text: such is the row of a carried sum.
const SINGLE_ROW: f32 = PAD + BODY.leading + PAD;
const HEAD_ROW: f32 = LABEL.leading + 6.0;
/// Room that the description keeps, whatever the numbers need.
const NARROWEST_DESCRIPTION: f32 = 130.0;

/// Right edges of the columns of numbers, and what they are set in.
struct Columns {
    description_width: f32,
    quantity: f32,
    unit_price: f32,
    /// Absent when no line states a tax.
    tax: Option<f32>,
    tax_head: String,
    amount: f32,
    number: Style,
}

/// A line of the table, measured.
struct Row {
    description: Vec<(Style, String)>,
    quantity: String,
    unit_price: String,
    tax: String,
    amount: String,
    amount_minor: i64,
}

/// Puts the table and returns the sum of its lines, to be carried if the sums need another page.
pub(super) fn lines(sheets: &mut Sheets, document: &InvoiceDocument) -> i64 {
    if document.lines.is_empty() {
        return 0;
    }
    sheets.within(Role::Table, |sheets| rows(sheets, document))
}

fn rows(sheets: &mut Sheets, document: &InvoiceDocument) -> i64 {
    let columns = columns(sheets.paper, document);
    let rows: Vec<Row> = document.lines.iter().map(|line| measure(document, line, &columns)).collect();
    let mut carried_minor: i64 = 0;
    let mut first = true;
    // On a fresh page: below the running head, the table's head and the sum brought forward.
    let fresh = sheets.paper.content_bottom() - Paper::TOP - 32.0 - HEAD_ROW - 2.0 * SINGLE_ROW;

    for row in &rows {
        let height = PAD + row.description.iter().map(|(style, _)| style.leading).sum::<f32>() + PAD;
        let needed = if height <= fresh { height } else { SINGLE_ROW };
        let head = if first { HEAD_ROW } else { 0.0 };
        if sheets.room() < head + needed + SINGLE_ROW {
            if first {
                next_page(sheets, document);
            } else {
                turn(sheets, document, &columns, carried_minor);
            }
        }
        if first {
            sheets.within(Role::Row, |sheets| table_head(sheets, &columns));
            first = false;
        }
        carried_minor = carried_minor.saturating_add(row.amount_minor);
        sheets.within(Role::Row, |sheets| put(sheets, document, &columns, row, carried_minor));
    }
    carried_minor
}

/// Ends the page below the table with the sum so far and begins the next one with it, for the sums to follow there.
pub(super) fn carry(sheets: &mut Sheets, document: &InvoiceDocument, carried_minor: i64) {
    let columns = columns(sheets.paper, document);
    carried_row(sheets, document, &columns, words::CARRIED_FORWARD, carried_minor);
    next_page(sheets, document);
    sheets.rule(Ink::Strong, 0.6);
    carried_row(sheets, document, &columns, words::BROUGHT_FORWARD, carried_minor);
}

fn turn(sheets: &mut Sheets, document: &InvoiceDocument, columns: &Columns, carried_minor: i64) {
    carried_row(sheets, document, columns, words::CARRIED_FORWARD, carried_minor);
    next_page(sheets, document);
    sheets.aside(|sheets| table_head(sheets, columns));
    carried_row(sheets, document, columns, words::BROUGHT_FORWARD, carried_minor);
}

fn put(sheets: &mut Sheets, document: &InvoiceDocument, columns: &Columns, row: &Row, carried_minor: i64) {
    let left = sheets.paper.left();
    sheets.space(PAD);
    let description = sheets.reserve(Role::Cell);
    let mut number = |right: f32, text: &str| {
        sheets.within(Role::Cell, |sheets| sheets.text_right(right, columns.number, text));
    };
    number(columns.quantity, &row.quantity);
    number(columns.unit_price, &row.unit_price);
    if let Some(right) = columns.tax {
        number(right, &row.tax);
    }
    number(columns.amount, &row.amount);
    for (style, text) in &row.description {
        // Only a row that is taller than a whole page breaks inside.
        if sheets.room() < style.leading + PAD + SINGLE_ROW {
            sheets.space(PAD);
            turn(sheets, document, columns, carried_minor);
            sheets.space(PAD);
        }
        sheets.inside(description, |sheets| sheets.text(left, *style, text));
        sheets.space(style.leading);
    }
    sheets.space(PAD);
    sheets.rule(Ink::Hairline, 0.6);
}

fn table_head(sheets: &mut Sheets, columns: &Columns) {
    let mut label = |right: Option<f32>, text: &str| {
        sheets.within(Role::HeadCell, |sheets| match right {
            Some(right) => sheets.text_right(right, LABEL, text),
            None => sheets.text(sheets.paper.left(), LABEL, text),
        });
    };
    label(None, words::DESCRIPTION);
    label(Some(columns.quantity), words::QUANTITY);
    label(Some(columns.unit_price), words::UNIT_PRICE);
    if columns.tax.is_some() {
        label(columns.tax, &columns.tax_head);
    }
    label(Some(columns.amount), words::AMOUNT);
    sheets.space(HEAD_ROW);
    sheets.rule(Ink::Strong, 0.6);
}

fn carried_row(sheets: &mut Sheets, document: &InvoiceDocument, columns: &Columns, label: &str, minor: i64) {
    sheets.space(PAD);
    let style = Style { ink: Ink::Soft, ..columns.number };
    sheets.aside(|sheets| {
        sheets.text(sheets.paper.left(), SOFT, label);
        sheets.text_right(columns.amount, style, &format(document.currency, minor));
    });
    sheets.space(BODY.leading + PAD);
    sheets.rule(Ink::Hairline, 0.6);
}

/// Columns as wide as their widest number. Numbers become smaller when the description would be left too narrow.
fn columns(paper: Paper, document: &InvoiceDocument) -> Columns {
    let mut columns = columns_at(paper, document, BODY);
    for size in [8.0, 7.0, 6.0, 5.0] {
        if columns.description_width >= NARROWEST_DESCRIPTION {
            break;
        }
        columns = columns_at(paper, document, Style { size, ..BODY });
    }
    columns
}

fn columns_at(paper: Paper, document: &InvoiceDocument, number: Style) -> Columns {
    let money = |minor| format(document.currency, minor);
    let widest = |label: &str, values: &mut dyn Iterator<Item = String>| {
        values.map(|value| number.width(&value)).fold(LABEL.width(label), f32::max)
    };
    let lines = &document.lines;
    let sums = lines.iter().scan(0i64, |sum, line| {
        *sum = sum.saturating_add(line.amount_minor);
        Some(*sum)
    });
    let mut amounts = lines.iter().map(|line| line.amount_minor).chain(sums).map(money);
    let amount_width = widest(words::AMOUNT, &mut amounts);
    let taxed = lines.iter().any(|line| line.tax.is_some());
    let tax_head = tax_head(document);
    let tax_width = widest(&tax_head, &mut lines.iter().map(tax));
    let price_width = widest(words::UNIT_PRICE, &mut lines.iter().filter_map(|line| line.unit_price_minor).map(money));
    let quantity_width = widest(words::QUANTITY, &mut lines.iter().map(|line| line.quantity.to_string()));

    let amount = paper.right();
    let tax_right = amount - amount_width - GAP;
    let unit_price = if taxed { tax_right - tax_width - GAP } else { tax_right };
    let quantity = unit_price - price_width - GAP;
    let description_width = quantity - quantity_width - GAP - paper.left();
    Columns { description_width, quantity, unit_price, tax: taxed.then_some(tax_right), tax_head, amount, number }
}

/// The name of the tax where all lines have the same short one.
fn tax_head(document: &InvoiceDocument) -> String {
    let mut labels = document.lines.iter().flat_map(|line| &line.tax).map(|(label, _)| label.trim());
    let first = labels.next().unwrap_or_default();
    let short = !first.is_empty() && first.chars().count() <= 9;
    if short && labels.all(|label| label == first) { first.to_owned() } else { words::TAX.to_owned() }
}

fn tax(line: &Line) -> String {
    line.tax.as_ref().map_or_else(String::new, |(_, rate)| rate.to_string())
}

fn measure(document: &InvoiceDocument, line: &Line, columns: &Columns) -> Row {
    let money = |minor| format(document.currency, minor);
    let mut texts = vec![(BODY, line.description.clone())];
    texts.extend(line.detail.iter().map(|detail| (DETAIL, detail.clone())));
    texts.extend(line.period.map(|(from, to)| (DETAIL, words::period(from, to))));
    for discount in &line.discounts {
        let amount = money(discount.amount_minor.saturating_neg());
        texts.push((DETAIL, words::line_discount(&discount.label, &amount)));
    }
    let width = columns.description_width.max(40.0);
    let wrapped = |(style, text): (Style, String)| style.lines(&text, width).into_iter().map(move |line| (style, line));
    let mut description: Vec<_> = texts.into_iter().flat_map(wrapped).collect();
    if description.is_empty() {
        // The numbers still need the height of a line.
        description.push((BODY, String::new()));
    }
    Row {
        description,
        quantity: line.quantity.to_string(),
        unit_price: line.unit_price_minor.map_or_else(String::new, money),
        tax: tax(line),
        amount: money(line.amount_minor),
        amount_minor: line.amount_minor,
    }
}
