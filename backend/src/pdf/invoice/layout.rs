//! The order of a document: head, table, sums, notes, and the foot of every page.

use super::super::colour::Ink;
use super::super::fonts::Weight;
use super::super::page::{Paper, Sheets, Style, TextBox};
use super::{InvoiceDocument, closing, head, table};
use crate::text::en::documents as words;

/// The one scale of type, of all documents.
pub(in crate::pdf) const TITLE: Style = Style::new(21.0, Weight::SemiBold, Ink::Strong, 27.0);
pub(in crate::pdf) const BRAND: Style = Style::new(12.0, Weight::SemiBold, Ink::Strong, 16.0);
pub(in crate::pdf) const LEAD: Style = Style::new(11.0, Weight::Regular, Ink::Accent, 16.0);
pub(in crate::pdf) const HEADING: Style = Style::new(9.0, Weight::SemiBold, Ink::Strong, 13.5);
pub(in crate::pdf) const BODY: Style = Style::new(9.0, Weight::Regular, Ink::Strong, 13.5);
pub(in crate::pdf) const SOFT: Style = Style::new(9.0, Weight::Regular, Ink::Soft, 13.5);
pub(in crate::pdf) const DETAIL: Style = Style::new(8.0, Weight::Regular, Ink::Soft, 11.5);
pub(in crate::pdf) const LABEL: Style = Style::new(8.0, Weight::Regular, Ink::Faint, 12.0);
pub(in crate::pdf) const GRAND: Style = Style::new(11.0, Weight::SemiBold, Ink::Strong, 16.0);
pub(in crate::pdf) const FOOT: Style = Style::new(7.5, Weight::Regular, Ink::Faint, 10.5);

/// Decides where everything goes. Pure: the same document gives the same pages.
pub(super) fn layout(document: &InvoiceDocument) -> Sheets {
    let mut sheets = Sheets::new(Paper::of_country(&document.buyer.country));
    head::head(&mut sheets, document);
    let carried_minor = table::lines(&mut sheets, document);
    closing::sums(&mut sheets, document, carried_minor);
    closing::notes(&mut sheets, document);
    feet(&mut sheets, document);
    sheets
}

/// Begins another page, with a line on top that says whose and which document it continues.
pub(super) fn next_page(sheets: &mut Sheets, document: &InvoiceDocument) {
    sheets.add_page();
    let (left, right) = (sheets.paper.left(), sheets.paper.right());
    sheets.aside(|sheets| {
        let number = LABEL.line(&words::heading(document.kind, &document.number), (right - left) * 0.55);
        sheets.text_right(right, LABEL, &number);
        let name = LABEL.line(&document.supplier.name, right - left - LABEL.width(&number) - 16.0);
        sheets.text(left, LABEL, &name);
    });
    sheets.space(LABEL.leading + 20.0);
}

/// Supplier's register line and page number, once the number of pages is known.
fn feet(sheets: &mut Sheets, document: &InvoiceDocument) {
    let paper = sheets.paper;
    let count = sheets.pages.len();
    let widest = FOOT.width(&words::page_of(count, count));
    let supplier = &document.supplier;
    let legal =
        [Some(supplier.name.clone()), supplier.registration.clone(), supplier.vat_id.as_deref().map(words::vat_id)];
    let legal = legal.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(" · ");
    let legal_width = paper.content_width() - widest - 24.0;
    let mut legal = FOOT.lines(&legal, legal_width);
    if legal.len() > FOOT_LINES {
        let rest = legal.split_off(FOOT_LINES - 1).join(" ");
        legal.push(FOOT.line(&rest, legal_width));
    }
    let bottom = paper.height - Paper::FOOT;
    let top = bottom - FOOT.leading * legal.len().max(1) as f32;
    for index in 0..count {
        let page = &mut sheets.pages[index];
        let mut put = |left: f32, top: f32, text: String| {
            page.texts.push(TextBox { element: None, left, top, style: FOOT, text })
        };
        for (row, line) in legal.iter().enumerate() {
            put(paper.left(), top + FOOT.leading * row as f32, line.clone());
        }
        let number = words::page_of(index + 1, count);
        put(paper.right() - FOOT.width(&number), top, number);
    }
}

/// What fits between the content and the lower edge.
const FOOT_LINES: usize = 3;
