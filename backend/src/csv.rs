//! Tables as CSV (RFC 4180) that no spreadsheet takes for formulas. Every table that the product gives out is written
//! here, so that what people typed is guarded in all of them.

/// A line: its fields with commas between them, and the end of the line.
#[must_use]
pub fn row<T: AsRef<str>>(fields: impl IntoIterator<Item = T>) -> String {
    let fields: Vec<String> = fields.into_iter().map(|text| field(text.as_ref())).collect();
    format!("{}\r\n", fields.join(","))
}

/// A field, in quotes where it has to be. What a spreadsheet would take for a formula gets an apostrophe in front,
/// unless it is a number (OWASP, "CSV injection").
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_number(text);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// Whether it is `-12` or `-12.50`: what tables of amounts are made of.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    match text.split_once('.') {
        Some((whole, decimals)) => digits(whole) && digits(decimals),
        None => digits(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_where_it_must_be_and_never_a_formula() {
        for (text, written) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=HYPERLINK(\"http://evil\")", "\"'=HYPERLINK(\"\"http://evil\"\")\""),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+49 40 1", "'+49 40 1"),
            ("+1", "'+1"),
            ("-1-cmd", "'-1-cmd"),
            ("-", "'-"),
            ("--1", "'--1"),
            ("-1.2.3", "'-1.2.3"),
            ("\tx", "'\tx"),
            ("\r=1", "\"'\r=1\""),
            ("-12.50", "-12.50"),
            ("-7", "-7"),
            ("2026-11-21", "2026-11-21"),
        ] {
            assert_eq!(field(text), written, "{text:?}");
        }
    }

    #[test]
    fn a_line_has_its_fields_and_an_end() {
        assert_eq!(row(["a", "", "b,c"]), "a,,\"b,c\"\r\n");
    }
}
