//! The statement of a partner's commissions: a table and sums for each currency, over as many pages as it takes.
//!
//! Amounts are printed as they are given; nothing is computed here.

use jiff::Timestamp;
use jiff::civil::Date;

use super::amounts::format;
use super::colour::Ink;
use super::invoice::layout::{BODY, BRAND, DETAIL, FOOT, GRAND, HEADING, LABEL, LEAD, SOFT, TITLE};
use super::page::{Paper, Role, Sheets, Style, TextBox};
use super::{PdfError, draw, fonts};
use crate::money::Currency;
use crate::text::en::commissions as own;
use crate::text::en::countries::country;
use crate::text::en::documents as words;

const GAP: f32 = 16.0;
const PAD: f32 = 7.0;
const HEAD_ROW: f32 = LABEL.leading + 6.0;
/// What fits `20 November 2026`.
const DATE_WIDTH: f32 = 92.0;
/// Between the columns of the two addresses.
const BETWEEN: f32 = 16.0;

/// Everything that a statement shows.
#[derive(Debug, Clone, PartialEq)]
pub struct StatementDocument {
    /// Heading of the first page.
    pub title: String,
    /// Title in the file's properties.
    pub file_title: String,
    /// What it is, in a sentence.
    pub lead: String,
    /// Who pays the commissions.
    pub supplier: Side,
    /// Who has earned them. Its country chooses the paper.
    pub partner: Side,
    /// Hue of the accent colour in degrees, 0 to 359.
    pub accent_hue: u16,
    /// A table for each currency.
    pub sections: Vec<Section>,
    /// Said where there is no section.
    pub nothing: String,
    /// Said at the end.
    pub note: String,
}

/// One side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Side {
    /// Full name.
    pub name: String,
    /// Street, postal code and city as they are written in the country, without its name.
    pub address: Vec<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// VAT identification number with its country prefix.
    pub vat_id: Option<String>,
    /// Where questions go.
    pub email: Option<String>,
}

/// What happened in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// Of all its amounts.
    pub currency: Currency,
    /// Line by line.
    pub lines: Vec<Line>,
    /// Name and amount; the last is what it all comes to.
    pub sums: Vec<(String, i64)>,
}

/// A line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The day.
    pub on: Date,
    /// By whom.
    pub what: String,
    /// More about it, smaller.
    pub detail: String,
    /// What was paid, net; `None` where that is not the question.
    pub net_minor: Option<i64>,
    /// The share, as it is printed.
    pub rate: String,
    /// The commission; negative for what was taken back or paid out.
    pub amount_minor: i64,
}

/// Turns a statement into a PDF. The same statement and time always give the same bytes.
///
/// # Errors
///
/// [`PdfError::Unprintable`] when a text holds a character that the font lacks; the others when the file cannot be made.
pub fn render(document: &StatementDocument, created_at: Timestamp) -> Result<Vec<u8>, PdfError> {
    let sheets = layout(document);
    for text in sheets.pages.iter().flat_map(|page| &page.texts) {
        if let Some(character) = fonts::unprintable(&text.text) {
            return Err(PdfError::Unprintable { character, text: text.text.clone() });
        }
    }
    let properties = draw::Properties {
        title: document.file_title.clone(),
        author: document.supplier.name.clone(),
        language: words::LANGUAGE,
        accent_hue: document.accent_hue,
        created_at,
    };
    draw::pdf(&sheets, &properties)
}

/// Decides where everything goes. Pure: the same statement gives the same pages.
fn layout(document: &StatementDocument) -> Sheets {
    let mut sheets = Sheets::new(Paper::of_country(&document.partner.country));
    let paper = sheets.paper;
    sheets.y = Paper::TOP - 18.0;
    sheets.rule_between(paper.left(), paper.left() + 34.0, Ink::Accent, 3.0);
    sheets.y = Paper::TOP;
    paragraph(&mut sheets, document, (Role::Paragraph, BRAND), &document.supplier.name);
    sheets.space(24.0);
    paragraph(&mut sheets, document, (Role::Title, TITLE), &document.title);
    sheets.space(4.0);
    paragraph(&mut sheets, document, (Role::Paragraph, LEAD), &document.lead);
    sheets.space(20.0);
    sides(&mut sheets, document);
    sheets.space(26.0);
    for section in &document.sections {
        lines(&mut sheets, document, section);
        sums(&mut sheets, document, section);
        sheets.space(20.0);
    }
    if document.sections.is_empty() {
        paragraph(&mut sheets, document, (Role::Paragraph, BODY), &document.nothing);
        sheets.space(20.0);
    }
    paragraph(&mut sheets, document, (Role::Paragraph, SOFT), &document.note);
    feet(&mut sheets, document);
    sheets
}

/// Begins another page, with a line on top that says what it continues.
fn next_page(sheets: &mut Sheets, document: &StatementDocument) {
    sheets.add_page();
    let (left, right) = (sheets.paper.left(), sheets.paper.right());
    sheets.aside(|sheets| {
        let title = LABEL.line(&document.title, (right - left) * 0.55);
        sheets.text_right(right, LABEL, &title);
        let name = LABEL.line(&document.partner.name, right - left - LABEL.width(&title) - 16.0);
        sheets.text(left, LABEL, &name);
    });
    sheets.space(LABEL.leading + 20.0);
}

/// Wrapped text over the whole width; goes on on the next page where it must.
fn paragraph(sheets: &mut Sheets, document: &StatementDocument, (role, style): (Role, Style), text: &str) {
    let (left, width) = (sheets.paper.left(), sheets.paper.content_width());
    sheets.within(role, |sheets| {
        for line in style.lines(text, width) {
            if sheets.room() < style.leading {
                next_page(sheets, document);
            }
            sheets.text(left, style, &line);
            sheets.space(style.leading);
        }
    });
}

/// The vendor on the left, the partner on the right.
fn sides(sheets: &mut Sheets, document: &StatementDocument) {
    let width = (sheets.paper.content_width() - BETWEEN) / 2.0;
    let wrapped = |label: &str, side: &Side| -> Vec<(Style, String)> {
        let mut block = vec![(LABEL, label.to_owned()), (HEADING, side.name.clone())];
        block.extend(side.address.iter().map(|line| (SOFT, line.clone())));
        block.push((SOFT, country(&side.country).unwrap_or(&side.country).to_owned()));
        block.extend(side.vat_id.iter().map(|id| (SOFT, words::vat_id(id))));
        block.extend(side.email.iter().map(|email| (SOFT, email.clone())));
        let lines = |(style, text): (Style, String)| {
            style.lines(&text, width).into_iter().map(move |line| (style, line)).collect::<Vec<_>>()
        };
        block.into_iter().flat_map(lines).collect()
    };
    let mut from = wrapped(words::FROM, &document.supplier).into_iter().peekable();
    let mut to = wrapped(own::FOR, &document.partner).into_iter().peekable();
    let (left, right) = (sheets.paper.left(), sheets.paper.right() - width);
    let (left_block, right_block) = (sheets.reserve(Role::Paragraph), sheets.reserve(Role::Paragraph));
    // Row by row, so that even endless names break to the next page side by side.
    while from.peek().is_some() || to.peek().is_some() {
        let (from_line, to_line) = (from.next(), to.next());
        let leading = [&from_line, &to_line].into_iter().flatten().map(|(style, _)| style.leading).fold(0.0, f32::max);
        if sheets.room() < leading {
            next_page(sheets, document);
        }
        for (block, at, line) in [(left_block, left, from_line), (right_block, right, to_line)] {
            if let Some((style, text)) = line {
                sheets.inside(block, |sheets| sheets.text(at, style, &text));
            }
        }
        sheets.space(leading);
    }
}

/// Right edges of the columns of numbers, and the room of the text between.
struct Columns {
    text: f32,
    text_width: f32,
    net: f32,
    rate: f32,
    amount: f32,
}

fn columns(paper: Paper, section: &Section) -> Columns {
    let [_, _, net_label, rate_label, amount_label] = own::DOCUMENT_COLUMNS;
    let widest = |label: &str, values: &mut dyn Iterator<Item = String>| {
        values.map(|value| BODY.width(&value)).fold(LABEL.width(label), f32::max)
    };
    let money = |minor: i64| format(section.currency, minor);
    let amount_width = widest(amount_label, &mut section.lines.iter().map(|line| money(line.amount_minor)));
    let rate_width = widest(rate_label, &mut section.lines.iter().map(|line| line.rate.clone()));
    let net_width = widest(net_label, &mut section.lines.iter().filter_map(|line| line.net_minor).map(money));
    let amount = paper.right();
    let rate = amount - amount_width - GAP;
    let net = rate - rate_width - GAP;
    let text = paper.left() + DATE_WIDTH;
    Columns { text, text_width: (net - net_width - GAP - text).max(60.0), net, rate, amount }
}

/// Heading and table of a currency.
fn lines(sheets: &mut Sheets, document: &StatementDocument, section: &Section) {
    let columns = columns(sheets.paper, section);
    let least = HEADING.leading + HEAD_ROW + 2.0 * (PAD + BODY.leading + DETAIL.leading);
    if sheets.room() < least {
        next_page(sheets, document);
    }
    paragraph(sheets, document, (Role::Heading, HEADING), &section.title);
    sheets.space(6.0);
    if section.lines.is_empty() {
        return;
    }
    sheets.within(Role::Table, |sheets| {
        sheets.within(Role::Row, |sheets| table_head(sheets, &columns));
        for line in &section.lines {
            let what = texts(line, &columns);
            let height = PAD + what.iter().map(|(style, _)| style.leading).sum::<f32>() + PAD;
            if sheets.room() < height {
                next_page(sheets, document);
                sheets.aside(|sheets| table_head(sheets, &columns));
            }
            sheets.within(Role::Row, |sheets| put(sheets, &columns, section.currency, line, &what));
        }
    });
}

fn texts(line: &Line, columns: &Columns) -> Vec<(Style, String)> {
    let wrapped = |style: Style, text: &str| -> Vec<(Style, String)> {
        style.lines(text, columns.text_width).into_iter().map(|line| (style, line)).collect()
    };
    let mut all = wrapped(BODY, &line.what);
    all.extend(wrapped(DETAIL, &line.detail));
    all
}

fn table_head(sheets: &mut Sheets, columns: &Columns) {
    let [on, what, net, rate, amount] = own::DOCUMENT_COLUMNS;
    let left = sheets.paper.left();
    for (at, label) in [(left, on), (columns.text, what)] {
        sheets.within(Role::HeadCell, |sheets| sheets.text(at, LABEL, label));
    }
    for (right, label) in [(columns.net, net), (columns.rate, rate), (columns.amount, amount)] {
        sheets.within(Role::HeadCell, |sheets| sheets.text_right(right, LABEL, label));
    }
    sheets.space(HEAD_ROW);
    sheets.rule(Ink::Strong, 0.6);
}

fn put(sheets: &mut Sheets, columns: &Columns, currency: Currency, line: &Line, what: &[(Style, String)]) {
    sheets.space(PAD);
    let left = sheets.paper.left();
    sheets.within(Role::Cell, |sheets| sheets.text(left, BODY, &words::date(line.on)));
    let text = sheets.reserve(Role::Cell);
    let net = line.net_minor.map(|minor| format(currency, minor)).unwrap_or_default();
    let amount = format(currency, line.amount_minor);
    for (right, value) in [(columns.net, &net), (columns.rate, &line.rate), (columns.amount, &amount)] {
        sheets.within(Role::Cell, |sheets| sheets.text_right(right, BODY, value));
    }
    for (style, part) in what {
        sheets.inside(text, |sheets| sheets.text(columns.text, *style, part));
        sheets.space(style.leading);
    }
    sheets.space(PAD);
    sheets.rule(Ink::Hairline, 0.6);
}

/// What was owed, what came together and what is owed, kept together on one page.
fn sums(sheets: &mut Sheets, document: &StatementDocument, section: &Section) {
    let last = section.sums.len().saturating_sub(1);
    let style = |at: usize| if at == last { GRAND } else { SOFT };
    let height: f32 = (0..section.sums.len()).map(|at| style(at).leading + 5.0).sum::<f32>() + 20.0;
    if sheets.room() < height {
        next_page(sheets, document);
    }
    sheets.space(12.0);
    let right = sheets.paper.right();
    let left = sheets.paper.left() + sheets.paper.content_width() / 2.0;
    sheets.within(Role::Table, |sheets| {
        for (at, (label, minor)) in section.sums.iter().enumerate() {
            let style = style(at);
            if at == last {
                sheets.space(3.0);
                sheets.rule_between(left, right, Ink::Accent, 1.2);
                sheets.space(5.0);
            }
            sheets.within(Role::Row, |sheets| {
                sheets.within(Role::Cell, |sheets| sheets.text(left, style, label));
                sheets.within(Role::Cell, |sheets| sheets.text_right(right, style, &format(section.currency, *minor)));
            });
            sheets.space(style.leading + 5.0);
        }
    });
}

/// The vendor's name and the page's number, once the number of pages is known.
fn feet(sheets: &mut Sheets, document: &StatementDocument) {
    let paper = sheets.paper;
    let count = sheets.pages.len();
    let top = paper.height - Paper::FOOT - FOOT.leading;
    for (index, page) in sheets.pages.iter_mut().enumerate() {
        let number = words::page_of(index + 1, count);
        let room = paper.content_width() - FOOT.width(&number) - 24.0;
        let name = FOOT.line(&document.supplier.name, room);
        let right = paper.right() - FOOT.width(&number);
        page.texts.push(TextBox { element: None, left: paper.left(), top, style: FOOT, text: name });
        page.texts.push(TextBox { element: None, left: right, top, style: FOOT, text: number });
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use jiff::civil::date;

    use super::*;

    pub(in crate::pdf) fn document(count: usize, code: &str) -> StatementDocument {
        let currency = Currency::parse(code).unwrap();
        let line = |at: usize| Line {
            on: date(2027, 3, 28),
            what: if at.is_multiple_of(7) {
                "Αιγαίο Αισθητήρες Α.Ε. – θυγατρική στην Αθήνα".to_owned()
            } else {
                "Client AG".to_owned()
            },
            detail: format!("Invoice NW-2027-{at:04} · Paid"),
            net_minor: (at != 3).then_some(1_234_567),
            rate: "12.5 %".to_owned(),
            amount_minor: 154_321 - 10_000 * i64::try_from(at).unwrap(),
        };
        let side = |name: &str| Side {
            name: name.to_owned(),
            address: vec!["Keizersgracht 212".to_owned(), "1016 DX Amsterdam".to_owned()],
            country: "NL".to_owned(),
            vat_id: Some("NL812345678B01".to_owned()),
            email: None,
        };
        let sum = |label: &str, minor| (label.to_owned(), minor);
        StatementDocument {
            title: "Commissions of March 2027".to_owned(),
            file_title: "Commissions of March 2027 – Partner AG".to_owned(),
            lead: "The statement of March 2027.".to_owned(),
            supplier: side("Fieldnote Systems B.V."),
            partner: side("Partner AG"),
            accent_hue: 172,
            sections: vec![Section {
                title: "In EUR".to_owned(),
                currency,
                lines: (0..count).map(line).collect(),
                sums: vec![sum("Owed at the beginning", 5), sum("Earned", 7), sum("Owed at the end", 123_456_789)],
            }],
            nothing: "Nothing.".to_owned(),
            note: "How it is reckoned.".to_owned(),
        }
    }

    /// Everything that a statement says, page by page.
    fn told(sheets: &Sheets) -> Vec<Vec<&str>> {
        sheets.pages.iter().map(|page| page.texts.iter().map(|text| text.text.as_str()).collect()).collect()
    }

    #[test]
    fn a_long_statement_repeats_its_head_on_every_page_and_ends_with_its_sums() {
        let document = document(60, "eur");
        let sheets = layout(&document);
        let pages = told(&sheets);
        assert!(pages.len() > 2, "{}", pages.len());
        let (last, before) = pages.split_last().unwrap();
        for page in before {
            assert!(page.contains(&"Commission"), "{page:?}");
        }
        for expected in ["Owed at the end", "€1,234,567.89", "How it is reckoned."] {
            assert!(last.contains(&expected), "{expected} in {last:?}");
        }
        for at in 0..60 {
            let line = format!("Invoice NW-2027-{at:04} · Paid");
            assert_eq!(pages.iter().flatten().filter(|text| **text == line).count(), 1, "{line}");
        }
    }

    #[test]
    fn nothing_lies_outside_of_the_page() {
        for code in ["eur", "jpy", "kwd"] {
            let sheets = layout(&document(60, code));
            for text in sheets.pages.iter().flat_map(|page| &page.texts) {
                let right = text.left + text.style.width(&text.text);
                let (paper, bottom) = (sheets.paper, text.top + text.style.leading);
                assert!(text.left >= paper.left() - 0.1 && right <= paper.right() + 0.1, "{text:?}");
                assert!(bottom <= paper.height - Paper::FOOT + 0.1, "{text:?}");
            }
        }
    }

    #[test]
    fn a_statement_is_a_file_that_is_always_the_same_and_one_without_anything_says_so() {
        let at: Timestamp = "2027-04-01T00:00:00Z".parse().unwrap();
        let full = document(3, "eur");
        let file = render(&full, at).unwrap();
        assert!(file.starts_with(b"%PDF-"));
        assert_eq!(file, render(&full, at).unwrap());
        let empty = StatementDocument { sections: Vec::new(), ..full };
        assert!(told(&layout(&empty)).concat().contains(&"Nothing."));
        assert!(render(&empty, at).is_ok());
        let odd = StatementDocument { note: "漢".to_owned(), ..empty };
        assert!(matches!(render(&odd, at), Err(PdfError::Unprintable { character: '漢', .. })));
    }
}
