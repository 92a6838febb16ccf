//! Breaking text into lines by the metrics of the font.

use super::fonts::{Weight, width};

/// `text` in lines of at most `max_width` points.
///
/// Breaks at spaces, after a slash or a hyphen between words, and, when a single word is wider than the line, between any
/// two characters, so nothing is ever cut off. A newline always breaks; a no-break space never does. An empty text has
/// no line.
pub(crate) fn lines(text: &str, weight: Weight, size: f32, max_width: f32) -> Vec<String> {
    text.split('\n').flat_map(|paragraph| paragraph_lines(paragraph, weight, size, max_width)).collect()
}

fn paragraph_lines(paragraph: &str, weight: Weight, size: f32, max_width: f32) -> Vec<String> {
    let fits = |line: &str| width(line, weight, size) <= max_width;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in paragraph.split([' ', '\t', '\r']).filter(|word| !word.is_empty()) {
        let mut gap = if line.is_empty() { "" } else { " " };
        for piece in pieces(word) {
            let longer = format!("{line}{gap}{piece}");
            if fits(&longer) {
                line = longer;
            } else {
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                line = push_broken(piece, &fits, &mut lines);
            }
            gap = "";
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A word, cut after slashes, hyphens and the like, but not inside numbers: FN-2026-0042 and 2006/112 stay whole.
fn pieces(word: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut previous = None;
    let mut characters = word.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let between = |is: fn(char) -> bool| previous.is_some_and(is) && next.is_some_and(is);
        let joins = match character {
            '/' => next.is_some() && !between(|c| c.is_ascii_digit()),
            '-' | '\u{2013}' | '@' => between(char::is_alphabetic),
            _ => false,
        };
        if joins {
            let end = at + character.len_utf8();
            pieces.push(&word[from..end]);
            from = end;
        }
        previous = Some(character);
    }
    pieces.push(&word[from..]);
    pieces
}

/// `text` on one line of at most `max_width` points, with an ellipsis where it had to end early. For what stands in
/// full elsewhere on the document.
pub(crate) fn shortened(text: &str, weight: Weight, size: f32, max_width: f32) -> String {
    if width(text, weight, size) <= max_width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let room = max_width - width("…", weight, size);
    for character in text.chars() {
        kept.push(character);
        if width(&kept, weight, size) > room {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// Puts the full lines of an over-long piece on `lines` and returns the rest, which fits.
fn push_broken(piece: &str, fits: &impl Fn(&str) -> bool, lines: &mut Vec<String>) -> String {
    let mut line = String::new();
    for character in piece.chars() {
        line.push(character);
        if line.chars().nth(1).is_some() && !fits(&line) {
            line.pop();
            lines.push(std::mem::replace(&mut line, character.to_string()));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_stay_whole_where_they_fit() {
        let wrapped = lines("Startup plan for the IoT platform", Weight::Regular, 10.0, 90.0);
        assert_eq!(wrapped, ["Startup plan for", "the IoT platform"]);
    }

    #[test]
    fn a_newline_breaks_and_a_no_break_space_does_not() {
        assert_eq!(lines("a\nb", Weight::Regular, 10.0, 500.0), ["a", "b"]);
        assert_eq!(lines("one two\u{a0}three", Weight::Regular, 10.0, 60.0), ["one", "two\u{a0}three"]);
        assert!(lines("  ", Weight::Regular, 10.0, 60.0).is_empty());
    }

    #[test]
    fn numbers_with_hyphens_stay_whole_and_words_need_not() {
        assert_eq!(lines("see FN-2026-0042", Weight::Regular, 10.0, 75.0), ["see", "FN-2026-0042"]);
        assert_eq!(lines("Baden-Württemberg", Weight::Regular, 10.0, 70.0), ["Baden-", "Württemberg"]);
    }

    #[test]
    fn a_shortened_text_fits_and_says_that_it_goes_on() {
        assert_eq!(shortened("Fieldnote", Weight::Regular, 10.0, 100.0), "Fieldnote");
        let short = shortened("Fieldnote Systems", Weight::Regular, 10.0, 60.0);
        assert!(short.ends_with('…') && width(&short, Weight::Regular, 10.0) <= 60.0, "{short}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_line_fits_and_no_character_is_lost(text in "[a-zäąłω ỆЖ/-]{0,200}", max_width in 20f32..200.0) {
            let wrapped = lines(&text, Weight::SemiBold, 9.0, max_width);
            for line in &wrapped {
                prop_assert!(width(line, Weight::SemiBold, 9.0) <= max_width);
            }
            let without_spaces = |s: &str| s.replace(' ', "");
            prop_assert_eq!(without_spaces(&wrapped.concat()), without_spaces(&text));
        }
    }
}
