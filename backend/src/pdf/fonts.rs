//! The type of the documents: Inter, embedded in the binary, measured here and cut down to the glyphs in use.
//!
//! See `fonts/README.md` for where the files come from. 1000 units per em, so a width is a whole number of thousandths
//! of the size, exactly as the PDF states it: what is measured here is what the viewer draws.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use allsorts::binary::read::ReadScope;
use allsorts::font_data::FontData;
use allsorts::subset::{CmapTarget, SubsetProfile, subset};
use printpdf::ParsedFont;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::PdfError;

/// The two weights in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Weight {
    /// Running text.
    Regular,
    /// Headings, names, sums.
    SemiBold,
}

impl Weight {
    /// Both of them.
    pub(crate) const ALL: [Self; 2] = [Self::Regular, Self::SemiBold];

    fn face(self) -> &'static Face {
        static REGULAR: LazyLock<Face> = LazyLock::new(|| Face::read(include_bytes!("fonts/Inter-Regular.ttf")));
        static SEMI_BOLD: LazyLock<Face> = LazyLock::new(|| Face::read(include_bytes!("fonts/Inter-SemiBold.ttf")));
        match self {
            Self::Regular => &REGULAR,
            Self::SemiBold => &SEMI_BOLD,
        }
    }

    fn postscript_name(self) -> &'static str {
        match self {
            Self::Regular => "Inter-Regular",
            Self::SemiBold => "Inter-SemiBold",
        }
    }
}

/// Height of the highest accents above the baseline, as a part of the size. Descenders reach 0.241 below it.
pub(crate) const ASCENT: f32 = 0.969;
/// One font file and the lookups that layout needs.
struct Face {
    bytes: &'static [u8],
    /// Character → glyph and advance width in thousandths of an em. Empty when the file cannot be read, which makes
    /// every character unprintable.
    glyphs: BTreeMap<char, (u16, u16)>,
}

impl Face {
    fn read(bytes: &'static [u8]) -> Self {
        let parsed = ParsedFont::from_bytes(bytes, 0, &mut Vec::new());
        let glyphs = parsed.map_or_else(BTreeMap::new, |font| {
            let entry =
                |(&code, &glyph): (&u32, &u16)| Some((char::from_u32(code)?, (glyph, font.get_glyph_width(glyph)?)));
            font.codepoint_to_glyph.iter().filter_map(entry).collect()
        });
        Self { bytes, glyphs }
    }
}

/// The first character of `text` that the documents' font cannot print, after composing accents (NFC); `None` when all
/// of it can be printed.
///
/// Latin with all extensions, Greek and Cyrillic are covered. Scripts that are not (Arabic, Hebrew, Chinese, Japanese,
/// Korean, Thai, …), emoji, control characters and accents that Unicode cannot compose with their letter are not. Names
/// and addresses that end up on an invoice are checked with this where they are entered.
pub fn unprintable(text: &str) -> Option<char> {
    text.nfc().find(|character| !is_printable(*character))
}

fn is_printable(character: char) -> bool {
    Weight::ALL.iter().all(|weight| weight.face().glyphs.contains_key(&character))
}

/// `text` with a question mark for each character that the font cannot print, and a space for each white space of another
/// kind. What is printed otherwise than it was written is added to `missing`.
pub(super) fn with_stand_ins(text: &str, missing: &mut BTreeSet<char>) -> String {
    let stand_in = |character: char| match character {
        printable if is_printable(printable) => printable,
        space if space.is_whitespace() => ' ',
        other => {
            missing.insert(other);
            '?'
        }
    };
    text.nfc().map(stand_in).collect()
}

/// `text` as it is measured and drawn: accents composed, white space plain except for line feeds and no-break spaces.
pub(crate) fn composed(text: &str) -> String {
    text.trim().nfc().filter(|c| *c != '\r').map(|c| if c == '\t' { ' ' } else { c }).collect()
}

/// The width of `text` in points. Characters without a glyph count as an em; drawing refuses them.
pub(crate) fn width(text: &str, weight: Weight, size: f32) -> f32 {
    let glyphs = &weight.face().glyphs;
    let thousandths: u32 = text.chars().map(|c| glyphs.get(&c).map_or(1000, |(_, advance)| u32::from(*advance))).sum();
    thousandths as f32 * size / 1000.0
}

/// A font program with exactly `characters`, ready to be embedded.
///
/// printpdf without its layout features embeds what it is given, whole, so the cutting is done here. Glyphs are
/// numbered in the order of the characters, which makes the result a function of the set alone.
///
/// # Errors
///
/// [`PdfError::Unprintable`] for a character that the font lacks, [`PdfError::Font`] when the file cannot be read.
pub(crate) fn embeddable(weight: Weight, characters: &BTreeSet<char>) -> Result<ParsedFont, PdfError> {
    let face = weight.face();
    let broken = |what: &str| PdfError::Font(format!("{}: {what}", weight.postscript_name()));

    let mut kept = vec![0];
    let mut renumbered = Vec::with_capacity(characters.len());
    for character in characters {
        let missing = || PdfError::Unprintable { character: *character, text: character.to_string() };
        let (glyph, advance) = *face.glyphs.get(character).ok_or_else(missing)?;
        renumbered.push((*character, kept.len() as u16, advance));
        kept.push(glyph);
    }

    let file = ReadScope::new(face.bytes).read::<FontData<'_>>().map_err(|e| broken(&e.to_string()))?;
    let provider = file.table_provider(0).map_err(|e| broken(&e.to_string()))?;
    let program =
        subset(&provider, &kept, &SubsetProfile::Pdf, CmapTarget::Unicode).map_err(|e| broken(&e.to_string()))?;

    let mut font =
        ParsedFont::from_bytes(&program, 0, &mut Vec::new()).ok_or_else(|| broken("subset cannot be read"))?;
    font.codepoint_to_glyph.clear();
    for (character, glyph, advance) in renumbered {
        font.set_codepoint_mapping(u32::from(character), glyph);
        font.set_glyph_width(glyph, advance);
    }
    font.font_name = Some(format!("{}+{}", subset_tag(characters), weight.postscript_name()));
    font.pdf_font_metrics.us_weight_class = if weight == Weight::Regular { 400 } else { 600 };
    Ok(font)
}

/// Six capitals that differ between different subsets (ISO 32000-1, 9.6.4).
fn subset_tag(characters: &BTreeSet<char>) -> String {
    let digest = Sha256::digest(characters.iter().collect::<String>());
    digest.iter().take(6).map(|byte| char::from(b'A' + byte % 26)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_europe_and_vietnam_can_be_printed() {
        for name in [
            "Łódź Żółć sp. z o.o.",
            "Ελληνική Εταιρεία Α.Ε.",
            "ΆΈΉΊΌΎΏ ΐΰ ἄνθρωπος",
            "ТОВ «Київські Їжаки» Ґ Є",
            "Công ty TNHH Phần mềm Nguyễn Thị Hồng Ánh",
            "Þórður Ægisson ehf.",
            "İstanbul Yazılım A.Ş.",
            "Şcoală ș ț Ășă",
            "Ŵ ŵ Ŷ ŷ Ġ ħ Ķ ļ",
            "“Quoted” – — … · • ™ ® © № € £ ₽ ₴ ₺ ₫ ₹ → ×",
        ] {
            assert_eq!(unprintable(name), None, "{name}");
        }
    }

    #[test]
    fn the_first_character_of_another_script_is_named() {
        for (text, character) in [
            ("مرحبا", 'م'),
            ("Acme 株式会社", '株'),
            ("Rocket 🚀", '🚀'),
            ("a\u{200b}b", '\u{200b}'),
            ("a\nb", '\n'),
            ("שלום", 'ש'),
        ] {
            assert_eq!(unprintable(text), Some(character));
        }
    }

    #[test]
    fn what_cannot_be_printed_is_a_question_mark_and_is_named() {
        let mut missing = BTreeSet::new();
        for (text, printed) in
            [("Acme 株式会社 GmbH", "Acme ???? GmbH"), ("a\tb", "a b"), ("Nguye\u{302}\u{303}n m\u{300}", "Nguyễn m?")]
        {
            assert_eq!(with_stand_ins(text, &mut missing), printed);
        }
        assert_eq!(missing, BTreeSet::from(['株', '式', '会', '社', '\u{300}']));
    }

    #[test]
    fn accents_are_composed_before_they_are_judged_and_drawn() {
        assert_eq!(unprintable("Nguye\u{302}\u{303}n"), None);
        assert_eq!(composed(" Nguye\u{302}\u{303}n\t1 "), "Nguyễn 1");
        assert_eq!(unprintable("m\u{300}"), Some('\u{300}'));
    }

    #[test]
    fn figures_have_one_width_so_that_columns_align() {
        for weight in Weight::ALL {
            let widths: BTreeSet<_> = ('0'..='9').map(|c| weight.face().glyphs[&c].1).collect();
            assert_eq!(widths.len(), 1, "{weight:?}");
        }
    }

    #[test]
    fn a_subset_is_small_and_the_same_each_time() -> anyhow::Result<()> {
        let characters: BTreeSet<char> = "Invoice 0123456789 Ελλάδα Việt Київ".chars().collect();
        let first = embeddable(Weight::Regular, &characters)?;
        assert!(first.original_bytes.len() < 12_000, "{}", first.original_bytes.len());
        assert_eq!(first, embeddable(Weight::Regular, &characters)?);
        assert!(first.lookup_glyph_index(u32::from('ệ')).is_some());
        Ok(())
    }

    #[test]
    fn a_subset_refuses_what_it_cannot_print() {
        let refused = embeddable(Weight::Regular, &BTreeSet::from(['漢']));
        assert!(matches!(refused, Err(PdfError::Unprintable { character: '漢', .. })));
    }
}
