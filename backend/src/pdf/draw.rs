//! From placed texts and bars to the bytes of a PDF. Nothing is decided here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lopdf::{Dictionary, Object, StringFormat};
use printpdf::{
    Color, DictItem, FontId, LinePoint, Mm, Op, PaintMode, PdfDocument, PdfFont, PdfFontHandle, PdfPage,
    PdfSaveOptions, Polygon, PolygonRing, Pt, Rect, TextItem, WindingOrder,
};
use sha2::{Digest, Sha256};

use super::PdfError;
use super::colour::{Ink, Rgb};
use super::fonts::{Weight, embeddable};
use super::logo::{Contour, Segment};
use super::page::{Bar, Page, PlacedLogo, Sheets, TextBox};
use super::tags::{ARTIFACT, MARKED, tag};

/// What the file says about itself.
pub(crate) struct Properties {
    pub(crate) title: String,
    pub(crate) author: String,
    /// BCP 47.
    pub(crate) language: &'static str,
    pub(crate) accent_hue: u16,
    pub(crate) created_at: Timestamp,
}

/// The finished file.
pub(crate) fn pdf(sheets: &Sheets, properties: &Properties) -> Result<Vec<u8>, PdfError> {
    let mut document = PdfDocument::new(&properties.title);
    for (weight, characters) in characters_in_use(&sheets.pages) {
        document.resources.fonts.map.insert(font_id(weight), PdfFont::new(embeddable(weight, &characters)?));
    }
    let (width, height) = (sheets.paper.width, sheets.paper.height);
    let mut marks = Vec::with_capacity(sheets.pages.len());
    for page in &sheets.pages {
        let (page, marked) = Canvas::new(height, properties.accent_hue).page(width, page);
        document.pages.push(page);
        marks.push(marked);
    }
    describe(&mut document, properties)?;

    let mut warnings = Vec::new();
    let mut file = printpdf::to_lopdf_doc(&document, &PdfSaveOptions::default(), &mut warnings);
    let failed = |e: lopdf::Error| PdfError::Write(e.to_string());
    finish(&mut file, properties).map_err(failed)?;
    tag(&mut file, &sheets.elements, &marks).map_err(failed)?;
    file.compress();
    write(file)
}

/// The characters that each font must hold. No-break spaces are drawn, and copied, as plain ones.
fn characters_in_use(pages: &[Page]) -> BTreeMap<Weight, BTreeSet<char>> {
    let mut in_use: BTreeMap<Weight, BTreeSet<char>> = BTreeMap::new();
    for text in pages.iter().flat_map(|page| &page.texts) {
        in_use.entry(text.style.weight).or_default().extend(drawn(&text.text).chars());
    }
    in_use
}

fn drawn(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
}

/// A fixed name: printpdf's own are counted up through the life of the process.
fn font_id(weight: Weight) -> FontId {
    FontId(match weight {
        Weight::Regular => "Text".to_owned(),
        Weight::SemiBold => "Strong".to_owned(),
    })
}

fn describe(document: &mut PdfDocument, properties: &Properties) -> Result<(), PdfError> {
    let created_at = printpdf::date::OffsetDateTime::from_unix_timestamp(properties.created_at.as_second())
        .map_err(|e| PdfError::Write(e.to_string()))?;
    let info = &mut document.metadata.info;
    info.creation_date = created_at;
    info.modification_date = created_at;
    info.metadata_date = created_at;
    info.author.clone_from(&properties.author);
    info.creator = "Leasehold".to_owned();
    info.producer = "Leasehold".to_owned();
    Ok(())
}

/// What printpdf leaves out or gets wrong: the language, the title in the window, the version that our fonts need
/// (1.3 knows no object of theirs), and a claim to be PDF/X, which this is not.
fn finish(file: &mut lopdf::Document, properties: &Properties) -> Result<(), lopdf::Error> {
    file.version = "1.7".to_owned();
    let mut preferences = Dictionary::new();
    preferences.set("DisplayDocTitle", true);
    let catalog = file.catalog_mut()?;
    catalog.set("Lang", Object::string_literal(properties.language));
    catalog.set("ViewerPreferences", preferences);
    let info = file.trailer.get(b"Info")?.as_reference()?;
    let info = file.get_dictionary_mut(info)?;
    for key in [b"GTS_PDFXVersion".as_slice(), b"Identifier", b"Trapped", b"Keywords", b"Subject"] {
        info.remove(key);
    }
    Ok(())
}

/// Writes the file under an identifier made from its own content (ISO 32000-1, 14.4) instead of a random one.
fn write(mut file: lopdf::Document) -> Result<Vec<u8>, PdfError> {
    let save = |file: &mut lopdf::Document| {
        let mut bytes = Vec::new();
        file.save_modern(&mut bytes).map_err(|e| PdfError::Write(e.to_string()))?;
        Ok(bytes)
    };
    file.trailer.remove(b"ID");
    let digest = Sha256::digest(save(&mut file)?);
    let id = Object::String(digest.iter().take(16).copied().collect(), StringFormat::Hexadecimal);
    file.trailer.set("ID", vec![id.clone(), id]);
    save(&mut file)
}

/// Turns things on one page into operations; flips y, which PDF counts from below.
struct Canvas {
    height: f32,
    accent_hue: u16,
    ops: Vec<Op>,
    ink: Option<Ink>,
    /// The element of each marked text, by its number on the page.
    marked: Vec<usize>,
}

impl Canvas {
    fn new(height: f32, accent_hue: u16) -> Self {
        Self { height, accent_hue, ops: Vec::new(), ink: None, marked: Vec::new() }
    }

    fn page(mut self, width: f32, page: &Page) -> (PdfPage, Vec<usize>) {
        self.ops.push(Op::BeginMarkedContent { tag: ARTIFACT.to_owned() });
        page.logos.iter().for_each(|logo| self.logo(logo));
        page.bars.iter().for_each(|bar| self.bar(bar));
        self.ops.push(Op::EndMarkedContent);
        page.texts.iter().for_each(|text| self.text(text));
        (PdfPage::new(Mm::from(Pt(width)), Mm::from(Pt(self.height)), self.ops), self.marked)
    }

    fn fill(&mut self, ink: Ink) {
        if self.ink != Some(ink) {
            let Rgb(r, g, b) = ink.rgb(self.accent_hue);
            self.ops.push(Op::SetFillColor { col: Color::Rgb(printpdf::Rgb { r, g, b, icc_profile: None }) });
            self.ink = Some(ink);
        }
    }

    fn text(&mut self, text: &TextBox) {
        self.fill(text.style.ink);
        let pos = self.point(text.left, text.baseline());
        self.ops.push(match text.element {
            Some(element) => {
                self.marked.push(element);
                let number = DictItem::Int(self.marked.len() as i64 - 1);
                let properties = DictItem::Dict { map: BTreeMap::from([("MCID".to_owned(), number)]) };
                Op::BeginMarkedContentWithProperties { tag: MARKED.to_owned(), properties }
            }
            None => Op::BeginMarkedContent { tag: ARTIFACT.to_owned() },
        });
        self.ops.extend([
            Op::StartTextSection,
            Op::SetFont { font: PdfFontHandle::External(font_id(text.style.weight)), size: Pt(text.style.size) },
            Op::SetTextCursor { pos },
            Op::ShowText { items: vec![TextItem::Text(drawn(&text.text))] },
            Op::EndTextSection,
            Op::EndMarkedContent,
        ]);
    }

    fn bar(&mut self, bar: &Bar) {
        self.fill(bar.ink);
        let rectangle = Rect {
            x: Pt(bar.left),
            y: Pt(self.height - bar.top - bar.height),
            width: Pt(bar.width),
            height: Pt(bar.height),
            mode: Some(PaintMode::Fill),
            winding_order: None,
        };
        self.ops.push(Op::DrawRectangle { rectangle });
    }

    fn logo(&mut self, placed: &PlacedLogo) {
        let scale = placed.height / placed.logo.height;
        for shape in &placed.logo.shapes {
            self.fill(shape.fill.ink());
            let rings = shape.contours.iter().map(|contour| self.ring(contour, placed, scale)).collect();
            let winding_order = if shape.even_odd { WindingOrder::EvenOdd } else { WindingOrder::NonZero };
            let polygon = Polygon { rings, mode: PaintMode::Fill, winding_order };
            self.ops.push(Op::DrawPolygon { polygon });
        }
    }

    fn ring(&self, contour: &Contour, placed: &PlacedLogo, scale: f32) -> PolygonRing {
        let point = |(x, y): (f32, f32), bezier: bool| LinePoint {
            p: self.point(placed.left + x * scale, placed.top + y * scale),
            bezier,
        };
        let mut points = vec![point(contour.start, false)];
        for segment in &contour.segments {
            match *segment {
                Segment::Line(end) => points.push(point(end, false)),
                Segment::Curve(first, second, end) => {
                    points.extend([point(first, true), point(second, true), point(end, false)]);
                }
            }
        }
        PolygonRing { points }
    }

    fn point(&self, x: f32, y: f32) -> printpdf::Point {
        printpdf::Point { x: Pt(x), y: Pt(self.height - y) }
    }
}
