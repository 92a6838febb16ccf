//! The top of the first page: brand, heading, what is true now, dates and references, both parties.

use super::super::amounts::format;
use super::super::colour::Ink;
use super::super::logo::Logo;
use super::super::page::{Paper, PlacedLogo, Role, Sheets, Style};
use super::layout::{BODY, BRAND, HEADING, LABEL, LEAD, SOFT, TITLE, next_page};
use super::{InvoiceDocument, Kind, ReferenceKind};
use crate::text::en::countries::country;
use crate::text::en::documents as words;

pub(super) fn head(sheets: &mut Sheets, document: &InvoiceDocument) {
    brand(sheets, document);
    let width = sheets.paper.content_width();
    let title = words::heading(document.kind, &document.number);
    sheets.within(Role::Title, |sheets| paragraph(sheets, document, TITLE, &title, width));
    sheets.space(4.0);
    for sentence in lead(document) {
        sheets.within(Role::Paragraph, |sheets| paragraph(sheets, document, LEAD, &sentence, width));
    }
    sheets.space(20.0);
    facts(sheets, document);
    sheets.space(20.0);
    parties(sheets, document);
    sheets.space(26.0);
}

/// Logo and name, and a short bar in the accent colour at the very top.
fn brand(sheets: &mut Sheets, document: &InvoiceDocument) {
    let paper = sheets.paper;
    sheets.y = Paper::TOP - 18.0;
    sheets.rule_between(paper.left(), paper.left() + 34.0, Ink::Accent, 3.0);
    sheets.y = Paper::TOP;
    let mut left = paper.left();
    if let Some(logo) = &document.supplier.logo {
        let (width, height) = logo_size(logo);
        let top = sheets.y;
        sheets.page().logos.push(PlacedLogo { left, top, height, logo: logo.clone() });
        left += width + 9.0;
        sheets.space((height - BRAND.leading).max(0.0) / 2.0);
    }
    let width = paper.right() - left;
    sheets.within(Role::Paragraph, |sheets| {
        paragraph_at(sheets, document, left, BRAND, &document.supplier.name, width);
    });
    sheets.space(24.0);
}

/// At most 26 points high and 150 wide.
fn logo_size(logo: &Logo) -> (f32, f32) {
    let height = (150.0 / logo.aspect()).min(26.0);
    (height * logo.aspect(), height)
}

/// What is true now and what happens next.
fn lead(document: &InvoiceDocument) -> Vec<String> {
    let money = |minor| format(document.currency, minor);
    match document.kind {
        Kind::Invoice if document.amount_due_minor > 0 => {
            let mut sentences = vec![words::amount_due(&money(document.amount_due_minor), document.due_on)];
            if document.amount_paid_minor > 0 {
                sentences.push(words::paid_by_credit(&money(document.amount_paid_minor)));
            }
            sentences
        }
        Kind::Invoice => vec![words::nothing_due(document.paid_on)],
        Kind::ProForma => vec![words::pro_forma(&money(document.amount_due_minor), document.due_on)],
        Kind::Receipt => vec![words::received(&money(document.amount_paid_minor), document.paid_on)],
        Kind::CreditNote => {
            let invoice = document.references.iter().find(|r| r.kind == ReferenceKind::Invoice);
            vec![words::credited(&money(document.total_minor.saturating_abs()), invoice.map(|r| r.value.as_str()))]
        }
    }
}

/// Label over value, four in a row, each as high as its longest neighbour.
fn facts(sheets: &mut Sheets, document: &InvoiceDocument) {
    let mut facts = vec![(words::ISSUED, words::date(document.issued_on))];
    facts.extend(document.due_on.map(|day| (words::DUE, words::date(day))));
    facts.extend(document.paid_on.map(|day| (words::PAID, words::date(day))));
    facts.extend(document.references.iter().map(|r| (words::reference_label(r.kind), r.value.clone())));

    let columns = 4;
    let gap = 16.0;
    let width = (sheets.paper.content_width() - gap * (columns - 1) as f32) / columns as f32;
    sheets.rule(Ink::Hairline, 0.6);
    for row in facts.chunks(columns) {
        sheets.space(10.0);
        let cells: Vec<_> = row.iter().map(|(label, value)| (label, BODY.lines(value, width))).collect();
        let rows = cells.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
        let height = LABEL.leading + BODY.leading * rows as f32;
        if sheets.room() < height {
            next_page(sheets, document);
        }
        for (index, (label, lines)) in cells.iter().enumerate() {
            let left = sheets.paper.left() + (width + gap) * index as f32;
            sheets.within(Role::Paragraph, |sheets| {
                sheets.text(left, LABEL, label);
                for (line_index, line) in lines.iter().enumerate() {
                    let top = sheets.y + LABEL.leading + BODY.leading * line_index as f32;
                    sheets.text_at(left, top, BODY, line);
                }
            });
        }
        sheets.space(height);
    }
    sheets.space(10.0);
    sheets.rule(Ink::Hairline, 0.6);
}

/// Half of the content, less half of the gap between.
pub(super) fn column_width(paper: Paper) -> f32 {
    (paper.content_width() - 16.0) / 2.0
}

/// Supplier on the left, buyer on the right.
fn parties(sheets: &mut Sheets, document: &InvoiceDocument) {
    let width = column_width(sheets.paper);
    let (supplier, buyer) = (&document.supplier, &document.buyer);
    let mut from = vec![(LABEL, words::FROM.to_owned()), (HEADING, supplier.name.clone())];
    from.extend(address(&supplier.address, &supplier.country));
    from.extend(supplier.vat_id.iter().map(|id| (SOFT, words::vat_id(id))));
    from.extend(supplier.email.iter().map(|email| (SOFT, email.clone())));
    let mut to = vec![(LABEL, words::BILLED_TO.to_owned()), (HEADING, buyer.name.clone())];
    to.extend(buyer.contact.iter().map(|contact| (SOFT, words::attention(contact))));
    to.extend(address(&buyer.address, &buyer.country));
    to.extend(buyer.vat_id.iter().map(|id| (SOFT, words::vat_id(id))));

    let wrapped = |block: Vec<(Style, String)>| -> Vec<(Style, String)> {
        let lines =
            |(style, text): (Style, String)| style.lines(&text, width).into_iter().map(move |line| (style, line));
        block.into_iter().flat_map(lines).collect()
    };
    let (mut from, mut to) = (wrapped(from).into_iter().peekable(), wrapped(to).into_iter().peekable());
    let right_column = sheets.paper.right() - width;
    let (left_block, right_block) = (sheets.reserve(Role::Paragraph), sheets.reserve(Role::Paragraph));
    // Row by row, so that even endless names break to the next page side by side.
    while from.peek().is_some() || to.peek().is_some() {
        let (left_line, right_line) = (from.next(), to.next());
        let leading = [&left_line, &right_line].into_iter().flatten().map(|(s, _)| s.leading).fold(0.0, f32::max);
        if sheets.room() < leading {
            next_page(sheets, document);
        }
        if let Some((style, text)) = left_line {
            sheets.inside(left_block, |sheets| sheets.text(sheets.paper.left(), style, &text));
        }
        if let Some((style, text)) = right_line {
            sheets.inside(right_block, |sheets| sheets.text(right_column, style, &text));
        }
        sheets.space(leading);
    }
}

fn address(lines: &[String], code: &str) -> Vec<(Style, String)> {
    let name = country(code).unwrap_or(code);
    lines.iter().cloned().chain([name.to_owned()]).filter(|line| !line.trim().is_empty()).map(|l| (SOFT, l)).collect()
}

/// Wrapped text over the whole width; goes on on the next page where it must.
pub(super) fn paragraph(sheets: &mut Sheets, document: &InvoiceDocument, style: Style, text: &str, width: f32) {
    let left = sheets.paper.left();
    paragraph_at(sheets, document, left, style, text, width);
}

/// Wrapped text at `left`.
pub(super) fn paragraph_at(
    sheets: &mut Sheets,
    document: &InvoiceDocument,
    left: f32,
    style: Style,
    text: &str,
    width: f32,
) {
    for line in style.lines(text, width) {
        if sheets.room() < style.leading {
            next_page(sheets, document);
        }
        sheets.text(left, style, &line);
        sheets.space(style.leading);
    }
}
