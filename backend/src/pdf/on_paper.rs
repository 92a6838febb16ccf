//! What whoever opens a document sees, as poppler reads it: the text, laid out as on paper, and where ink is.
//!
//! The texts are files beside this one. Whoever changes documents on purpose has them written anew with
//! `LEASEHOLD_ON_PAPER=write` and looks at what changed.

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;

use super::PdfError;
use super::amounts::format;
use super::invoice::{self, InvoiceDocument, samples};
use super::page::Paper;
use super::statement;
use crate::text::en::documents as documents_text;

/// Set to `write`, it makes the texts instead of comparing them.
const WRITE: &str = "LEASEHOLD_ON_PAPER";
/// Points by which edges of letters and of pixels may differ from where they were put.
const TOLERANCE: f32 = 2.0;
/// Everything that is darker than this is ink: edges of letters are smoothed.
const INK: u8 = 200;
/// The short bar in the accent colour begins so many points above everything else.
const BAR: f32 = 18.0;

/// A document's name, its paper, and its file.
type Document = (&'static str, Paper, Vec<u8>);

/// One document of each kind.
fn documents() -> Result<[Document; 4], PdfError> {
    let made_at = Timestamp::from_second(1_795_255_200).unwrap_or(Timestamp::UNIX_EPOCH);
    let invoice = |name: &'static str, document: InvoiceDocument| -> Result<_, PdfError> {
        Ok((name, Paper::of_country(&document.buyer.country), invoice::render(&document, made_at)?))
    };
    let commissions = statement::tests::document(3, "eur");
    Ok([
        invoice("invoice", samples::invoice(3))?,
        invoice("credit-note", samples::credit_note())?,
        invoice("pro-forma", samples::pro_forma())?,
        ("statement", Paper::of_country(&commissions.partner.country), statement::render(&commissions, made_at)?),
    ])
}

/// What a tool of poppler makes of a PDF; `None`, said loudly, where it is not installed. An unattended run fails there.
fn poppler(program: &str, before: &[&str], pdf: &[u8], after: &[&str]) -> anyhow::Result<Option<Vec<u8>>> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(pdf)?;
    match Command::new(program).args(before).arg(file.path()).args(after).output() {
        Ok(ran) => {
            ensure!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
            Ok(Some(ran.stdout))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            ensure!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "there is no {program} of poppler");
            let line = format!("\nSKIPPED: documents as they are seen, because there is no {program} of poppler\n");
            // Not eprintln!, which the test harness swallows for tests that pass.
            std::io::stderr().write_all(line.as_bytes())?;
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| program.to_owned()),
    }
}

#[test]
fn the_text_on_paper_is_as_it_was_before() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pdf/on_paper");
    let writes = std::env::var(WRITE).is_ok_and(|word| word == "write");
    for (name, _, pdf) in documents()? {
        let Some(text) = poppler("pdftotext", &["-layout", "-enc", "UTF-8"], &pdf, &["-"])? else { return Ok(()) };
        let (text, file) = (columns(&String::from_utf8(text)?), folder.join(format!("{name}.txt")));
        if writes {
            std::fs::create_dir_all(&folder)?;
            std::fs::write(&file, &text)?;
        }
        let known = std::fs::read_to_string(&file);
        let known = known.with_context(|| format!("{}: {WRITE}=write makes it", file.display()))?;
        assert!(text == known, "{name} reads otherwise now:\n{text}\nbefore:\n{known}");
    }
    Ok(())
}

#[test]
fn forty_lines_in_four_scripts_are_all_read_and_carried_from_page_to_page() -> anyhow::Result<()> {
    let document = samples::many_scripts();
    let pdf = invoice::render(&document, Timestamp::UNIX_EPOCH)?;
    let Some(text) = poppler("pdftotext", &["-layout", "-enc", "UTF-8"], &pdf, &["-"])? else { return Ok(()) };
    let text = columns(&String::from_utf8(text)?);
    let (mut lines, mut sum_minor) = (document.lines.iter(), 0);
    let mut next = lines.next();
    let mut carried = [0, 0];
    for read in text.lines() {
        if let Some(line) = next.filter(|line| read.contains(&line.description)) {
            assert!(read.ends_with(&format(document.currency, line.amount_minor)), "{read}");
            sum_minor += line.amount_minor;
            next = lines.next();
        }
        for (count, label) in carried.iter_mut().zip([documents_text::CARRIED_FORWARD, documents_text::BROUGHT_FORWARD])
        {
            if read.starts_with(label) {
                assert!(read.ends_with(&format(document.currency, sum_minor)), "{read}: {sum_minor}");
                *count += 1;
            }
        }
    }
    assert_eq!(next, None, "a line is missing, or stands elsewhere:\n{text}");
    assert!(carried[0] > 0 && carried[0] == carried[1], "{carried:?}");
    Ok(())
}

/// Lines with a mark between their columns: how wide the space between them is, releases of pdftotext see differently.
fn columns(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words = line.split("  ").map(str::trim).filter(|words| !words.is_empty());
        words.collect::<Vec<_>>().join(" | ")
    });
    lines.filter(|line| !line.is_empty()).map(|line| line + "\n").collect()
}

/// A page in shades of grey, one pixel for each point.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// Where ink is, in points from the top left corner of the page.
#[derive(Debug)]
struct Inked {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
    pixels: usize,
}

impl Picture {
    /// Reads pages that follow each other, in the format that Netpbm calls raw PGM.
    fn read_all(mut bytes: &[u8]) -> anyhow::Result<Vec<Self>> {
        let number = |digits: &[u8]| -> anyhow::Result<usize> { Ok(std::str::from_utf8(digits)?.parse()?) };
        let mut pages = Vec::new();
        while !bytes.is_empty() {
            let parts: Vec<&[u8]> = bytes.splitn(5, u8::is_ascii_whitespace).collect();
            let [b"P5", width, height, b"255", rest] = parts[..] else { bail!("that is no page") };
            let (width, height) = (number(width)?, number(height)?);
            let (pixels, more) = rest.split_at_checked(width * height).context("a page is cut off")?;
            pages.push(Self { width, height, pixels: pixels.to_vec() });
            bytes = more;
        }
        Ok(pages)
    }

    /// Where ink is; `None` on a blank page.
    fn inked(&self) -> Option<Inked> {
        let is_ink = |row: usize, column: usize| self.pixels[row * self.width + column] < INK;
        let found: Vec<(usize, usize)> = (0..self.height)
            .flat_map(|row| (0..self.width).map(move |column| (row, column)))
            .filter(|(row, column)| is_ink(*row, *column))
            .collect();
        let columns = || found.iter().map(|(_, column)| *column);
        let (top, bottom) = (found.first()?.0, found.last()?.0);
        Some(Inked {
            left: columns().min()? as f32,
            top: top as f32,
            right: (columns().max()? + 1) as f32,
            bottom: (bottom + 1) as f32,
            pixels: found.len(),
        })
    }
}

#[test]
fn every_page_shows_something_and_nothing_beyond_its_margins() -> anyhow::Result<()> {
    for (name, paper, pdf) in documents()? {
        let Some(drawn) = poppler("pdftoppm", &["-gray", "-r", "72"], &pdf, &[])? else { return Ok(()) };
        let pages = Picture::read_all(&drawn)?;
        assert!(!pages.is_empty(), "{name} has no page");
        for (number, page) in (1..).zip(&pages) {
            assert!((page.width as f32 - paper.width).abs() < TOLERANCE, "{name} has other paper");
            assert!((page.height as f32 - paper.height).abs() < TOLERANCE, "{name} has other paper");
            let inked = page.inked().with_context(|| format!("{name}: page {number} is blank"))?;
            assert!(
                inked.left >= paper.left() - TOLERANCE
                    && inked.right <= paper.right() + TOLERANCE
                    && inked.top >= Paper::TOP - BAR - TOLERANCE
                    && inked.bottom <= paper.height - 20.0 + TOLERANCE,
                "{name}: page {number} goes beyond its margins: {inked:?}"
            );
            // More than a rule: hundreds of letters, across most of the width.
            assert!(inked.pixels > 1_000, "{name}: page {number} is nearly blank: {inked:?}");
            assert!(inked.right - inked.left > paper.content_width() / 2.0, "{name}: page {number}: {inked:?}");
        }
    }
    Ok(())
}
