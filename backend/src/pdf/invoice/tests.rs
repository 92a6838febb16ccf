//! What must hold for every document.

use jiff::Timestamp;
use jiff::civil::date;
use printpdf::{Op, PdfParseOptions};
use proptest::prelude::*;

use super::layout::layout;
use super::*;
use crate::pdf::page::{Page, Paper, Sheets, TextBox};

fn created_at() -> Timestamp {
    Timestamp::from_second(1_795_255_200).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn all_samples() -> Vec<(&'static str, InvoiceDocument)> {
    vec![
        ("one-line", samples::invoice(1)),
        ("40-lines", samples::invoice(40)),
        ("400-lines", samples::invoice(400)),
        ("reverse-charge", samples::reverse_charge()),
        ("receipt-letter", samples::receipt()),
        ("credit-note", samples::credit_note()),
        ("credit-note-1-a4", samples::long_credit_note(1, "VN")),
        ("credit-note-40-letter", samples::long_credit_note(40, "US")),
        ("credit-note-400-a4", samples::long_credit_note(400, "PL")),
        ("pro-forma-letter", samples::pro_forma()),
        ("names", samples::names()),
        ("many-scripts", samples::many_scripts()),
        ("oversized", samples::oversized()),
    ]
}

impl TextBox {
    fn width(&self) -> f32 {
        self.style.width(&self.text)
    }

    /// The lower edge of descenders.
    fn bottom(&self) -> f32 {
        self.baseline() + 0.241 * self.style.size
    }
}

fn overlap(a: &TextBox, b: &TextBox) -> bool {
    // A hair of tolerance: neighbours may touch.
    let (x, y) = (0.01, 0.01);
    a.left + a.width() > b.left + x
        && b.left + b.width() > a.left + x
        && a.bottom() > b.top + y
        && b.bottom() > a.top + y
}

fn check(sheets: &Sheets) -> Result<(), String> {
    let paper = sheets.paper;
    for (number, page) in sheets.pages.iter().enumerate() {
        for (index, text) in page.texts.iter().enumerate() {
            let inside = text.left >= paper.left() - 0.01
                && text.left + text.width() <= paper.right() + 0.01
                && text.top >= Paper::TOP - 0.01
                && text.bottom() <= paper.height - 20.0;
            if !inside {
                return Err(format!("page {}: outside the margins: {text:?}", number + 1));
            }
            if let Some(other) = page.texts[index + 1..].iter().find(|other| overlap(text, other)) {
                return Err(format!("page {}: {text:?} overlaps {other:?}", number + 1));
            }
        }
    }
    Ok(())
}

fn printed(page: &Page) -> Vec<&str> {
    page.texts.iter().map(|text| text.text.as_str()).collect()
}

fn count(sheets: &Sheets, wanted: &str) -> usize {
    sheets.pages.iter().flat_map(printed).filter(|text| *text == wanted).count()
}

/// All text without spaces, in the order of placing.
fn squeezed(sheets: &Sheets) -> String {
    let text: String = sheets.pages.iter().flat_map(printed).collect();
    text.split_whitespace().collect()
}

#[test]
fn no_text_overlaps_another_or_leaves_the_margins() -> Result<(), String> {
    for (name, document) in all_samples() {
        check(&layout(&document)).map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(())
}

#[test]
fn every_line_is_printed_once_and_in_order() {
    let mut document = samples::invoice(400);
    for (index, line) in document.lines.iter_mut().enumerate() {
        line.description = format!("Line number {index:04}");
    }
    let sheets = layout(&document);
    let lines: Vec<&str> =
        sheets.pages.iter().flat_map(printed).filter(|text| text.starts_with("Line number")).collect();
    let expected: Vec<String> = (0..400).map(|index| format!("Line number {index:04}")).collect();
    assert_eq!(lines, expected);
}

#[test]
fn each_page_of_the_table_has_its_head_and_carries_the_sum_over() {
    let document = samples::invoice(40);
    let sheets = layout(&document);
    assert!(sheets.pages.len() > 1);
    let mut carried = None;
    let mut placed = 0;
    for page in &sheets.pages {
        let texts = printed(page);
        let after = |label: &str| texts.iter().position(|text| *text == label).map(|at| texts[at + 1].to_owned());
        assert_eq!(after(words::BROUGHT_FORWARD), carried, "what was carried is brought forward");
        placed += texts.iter().filter(|text| document.lines.iter().any(|line| line.description == **text)).count();
        let sum = document.lines.iter().take(placed).map(|line| line.amount_minor).sum();
        carried = after(words::CARRIED_FORWARD);
        if let Some(carried) = &carried {
            assert_eq!(*carried, crate::pdf::amounts::format(document.currency, sum), "the sum of the lines so far");
        }
    }
    assert_eq!(placed, 40);
    assert_eq!(carried, None, "nothing is carried off the last page");
    assert_eq!(
        count(&sheets, words::DESCRIPTION),
        sheets.pages.iter().filter(|p| printed(p).contains(&words::AMOUNT)).count()
    );
}

#[test]
fn nothing_of_a_long_text_is_lost() {
    let document = samples::oversized();
    let sheets = layout(&document);
    let text = squeezed(&sheets);
    let whole = |wanted: &str| text.contains(&wanted.split_whitespace().collect::<String>());
    assert!(whole(&document.lines[1].description));
    assert_eq!(text.matches('Ѫ').count(), 500);
    let words_of = |wanted: &str| {
        let texts = sheets.pages.iter().flat_map(printed);
        texts.flat_map(str::split_whitespace).filter(|word| *word == wanted).count()
    };
    assert_eq!(words_of("goes"), 400);
    assert_eq!(words_of("Terms"), 300 + 1, "and once in the heading");
}

#[test]
fn pages_are_numbered() {
    let sheets = layout(&samples::invoice(40));
    let pages = sheets.pages.len();
    for (index, page) in sheets.pages.iter().enumerate() {
        assert!(printed(page).contains(&words::page_of(index + 1, pages).as_str()));
    }
}

#[test]
fn a_document_says_what_the_law_asks_for() {
    let text = squeezed(&layout(&samples::reverse_charge()));
    for wanted in [
        "21November2026",
        "FN-2026-0042",
        "FieldnoteSystemsB.V.",
        "1016DXAmsterdam",
        "Netherlands",
        "NL812345678B01",
        "ΑιγαίοΑισθητήρεςΑ.Ε.",
        "Greece",
        "EL094014201",
        "21Nov2026–20Dec2026",
        "DiscountLAUNCH20:−€89.40",
        "−€50.00",
        "Reversecharge",
        "Article",
        "NL91ABNA0417164300",
        "5December2026",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
}

#[test]
fn bank_details_are_for_what_is_still_to_pay() {
    let mut document = samples::reverse_charge();
    assert_eq!(count(&layout(&document), words::HOW_TO_PAY), 1);
    document.amount_paid_minor = document.total_minor;
    document.amount_due_minor = 0;
    document.paid_on = Some(date(2026, 11, 30));
    let sheets = layout(&document);
    assert_eq!(count(&sheets, words::HOW_TO_PAY), 0);
    assert_eq!(count(&sheets, &words::nothing_due(document.paid_on)), 1);
}

#[test]
fn the_column_of_tax_is_there_only_where_a_line_has_one() {
    assert_eq!(count(&layout(&samples::invoice(1)), "VAT"), 1);
    assert_eq!(count(&layout(&samples::receipt()), "VAT"), 0);
}

#[test]
fn the_same_document_gives_the_same_bytes() -> Result<(), PdfError> {
    let document = samples::invoice(40);
    let first = render(&document, created_at())?;
    assert!(first == render(&document, created_at())?, "two renderings differ");
    let mut other = document;
    other.number.push('A');
    assert!(first != render(&other, created_at())?, "another number, the same bytes");
    Ok(())
}

#[test]
fn documents_are_small() -> Result<(), PdfError> {
    for (name, document) in all_samples() {
        let size = render(&document, created_at())?.len();
        assert!(size < 150_000, "{name}: {size} bytes");
    }
    Ok(())
}

#[test]
fn the_text_in_the_file_is_the_text_that_was_put_in() -> anyhow::Result<()> {
    let document = samples::reverse_charge();
    let bytes = render(&document, created_at())?;
    let mut warnings = Vec::new();
    let parsed = printpdf::PdfDocument::parse(&bytes, &PdfParseOptions::default(), &mut warnings);
    let parsed = parsed.map_err(anyhow::Error::msg)?;
    assert_eq!(parsed.metadata.info.document_title, "Invoice FN-2026-0042 – Fieldnote Systems B.V.");
    assert_eq!(parsed.pages.len(), 1);
    assert!(parsed.pages[0].ops.iter().any(|op| matches!(op, Op::DrawPolygon { .. })), "the logo");
    let text = parsed.extract_text().concat().concat();
    for wanted in ["Αιγαίο Αισθητήρες", "Ελένη Παπαδοπούλου", "Reverse charge", "€606.60"]
    {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    Ok(())
}

#[test]
fn the_file_states_its_language_and_shows_its_title() -> anyhow::Result<()> {
    let file = lopdf::Document::load_mem(&render(&samples::receipt(), created_at())?)?;
    let catalog = file.catalog()?;
    assert_eq!(catalog.get(b"Lang")?.as_str()?, b"en");
    assert!(catalog.get(b"ViewerPreferences")?.as_dict()?.get(b"DisplayDocTitle")?.as_bool()?);
    let info = file.get_dictionary(file.trailer.get(b"Info")?.as_reference()?)?;
    assert!(info.get(b"GTS_PDFXVersion").is_err());
    assert_eq!(info.get(b"CreationDate")?.as_str()?, b"D:20261121100000+00'00'");
    Ok(())
}

#[test]
fn a_pro_forma_says_that_it_is_none_and_how_to_pay() {
    let sheets = layout(&samples::pro_forma());
    let text = squeezed(&sheets);
    for wanted in ["Pro-formainvoice", "Thisisnotataxinvoice", "NL91ABNA0417164300", "PO-4711", "Amountdue"] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    assert_eq!(sheets.paper, Paper::LETTER);
}

#[test]
fn one_forty_and_four_hundred_lines_fit_on_both_papers() -> Result<(), String> {
    for (count, pages) in [(1, 1..=1), (40, 2..=4), (400, 12..=30)] {
        for country in ["GR", "US"] {
            for mut document in [samples::invoice(count), samples::long_credit_note(count, country)] {
                document.buyer.country = country.to_owned();
                let sheets = layout(&document);
                check(&sheets).map_err(|e| format!("{count} lines, {country}: {e}"))?;
                assert!(pages.contains(&sheets.pages.len()), "{count} lines, {country}: {}", sheets.pages.len());
                let printed = sheets.pages.iter().flat_map(|page| printed(page));
                let lines = printed.filter(|text| document.lines.iter().any(|line| line.description == *text)).count();
                assert_eq!(lines, count, "{country}: every line is whole");
            }
        }
    }
    Ok(())
}

#[test]
fn everything_but_the_foot_of_the_page_is_read_aloud_in_order() {
    let sheets = layout(&samples::reverse_charge());
    let aside: Vec<_> = sheets.pages[0].texts.iter().filter(|text| text.element.is_none()).collect();
    assert_eq!(aside.len(), 2, "legal line and page number: {aside:?}");
    let read = |element: usize| {
        let texts = sheets.pages[0].texts.iter().filter(move |text| text.element == Some(element));
        texts.map(|text| text.text.as_str()).collect::<Vec<_>>().join(" ")
    };
    let read: Vec<String> = (0..sheets.elements.len()).map(read).filter(|text| !text.is_empty()).collect();
    let at = |wanted: &str| read.iter().position(|text| text.starts_with(wanted)).unwrap_or_else(|| panic!("{wanted}"));
    let order = ["Invoice FN", "From Fieldnote", "Billed to", "Description", "Startup", "€299.00", "Subtotal", "IBAN"];
    assert!(order.map(at).is_sorted(), "{read:?}");
}

#[test]
fn the_structure_names_every_marked_text() -> anyhow::Result<()> {
    let document = samples::invoice(40);
    let marked: Vec<usize> =
        layout(&document).pages.iter().map(|p| p.texts.iter().flat_map(|t| t.element).count()).collect();
    let file = lopdf::Document::load_mem(&render(&document, created_at())?)?;
    assert!(file.catalog()?.get(b"MarkInfo")?.as_dict()?.get(b"Marked")?.as_bool()?);
    let root = file.get_dictionary(file.catalog()?.get(b"StructTreeRoot")?.as_reference()?)?;
    let parents = file.get_dictionary(root.get(b"ParentTree")?.as_reference()?)?.get(b"Nums")?.as_array()?;
    for (page, (id, expected)) in file.get_pages().into_values().zip(&marked).enumerate() {
        assert_eq!(file.get_dictionary(id)?.get(b"StructParents")?.as_i64()?, page as i64);
        assert_eq!(parents[page * 2 + 1].as_array()?.len(), *expected);
    }
    assert_eq!(parents.len(), marked.len() * 2);
    Ok(())
}

#[test]
fn a_character_that_would_be_a_box_is_refused() {
    let mut document = samples::invoice(1);
    document.buyer.name = "株式会社".to_owned();
    let refused = render(&document, created_at());
    assert!(matches!(refused, Err(PdfError::Unprintable { character: '株', .. })), "{refused:?}");
}

/// Writes the samples where `LEASEHOLD_PDF_SAMPLES` says, to be looked at.
#[test]
fn samples_can_be_written_to_a_folder() -> anyhow::Result<()> {
    let Some(folder) = std::env::var_os("LEASEHOLD_PDF_SAMPLES") else { return Ok(()) };
    for (name, document) in all_samples() {
        let path = std::path::Path::new(&folder).join(format!("{name}.pdf"));
        std::fs::write(path, render(&document, created_at())?)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_document_is_laid_out_without_collisions(
        lines in 0usize..60,
        words in proptest::collection::vec("[A-Za-zäłωЖễ0-9 /-]{0,120}", 12),
        code in prop_oneof!["eur", "usd", "jpy", "kwd", "vnd"],
        country in prop_oneof!["US", "DE", "VN"],
        amount in -9_999_999_999_999i64..9_999_999_999_999,
        taxes in 0usize..6,
    ) {
        let mut document = samples::reverse_charge();
        document.lines = samples::invoice(lines).lines;
        document.currency = samples::currency(&code);
        document.buyer.country = country;
        document.buyer.name.clone_from(&words[0]);
        document.buyer.address = words[1..4].to_vec();
        document.supplier.name.clone_from(&words[4]);
        document.number.clone_from(&words[5]);
        document.notes = words[6..9].to_vec();
        document.taxes = (0..taxes).map(|_| Tax {
            label: words[9].clone(), rate: Rate::from_basis_points(1_900), base_minor: amount, amount_minor: amount / 5,
        }).collect();
        for (index, line) in document.lines.iter_mut().enumerate() {
            line.description.clone_from(&words[index % words.len()]);
            line.detail = Some(words[(index + 5) % words.len()].clone());
            line.amount_minor = amount;
        }
        let sheets = layout(&document);
        prop_assert!(check(&sheets).is_ok(), "{:?}", check(&sheets));
        let amounts = sheets.pages.iter().flat_map(|page| printed(page)).filter(|text| *text == words::QUANTITY).count();
        prop_assert!(lines == 0 || amounts >= 1);
    }
}
