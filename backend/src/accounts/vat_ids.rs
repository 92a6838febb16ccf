//! How VAT ids look, country by country (European Commission, VIES FAQ "VAT identification number
//! structure"; HMRC for GB and XI; Swiss and Norwegian registers). Whether an id is in force is for the
//! tax authority to say; this only catches what was mistyped.

use super::Problem;

/// Prefix and structures: `9` a digit, `A` a letter, `X` either, `F` either but not O or I (France),
/// `*` either or one of `+ *` (Ireland); anything else stands for itself, in lower case.
const STRUCTURES: &[(&str, &[&str])] = &[
    ("AT", &["u99999999"]),
    ("BE", &["9999999999"]),
    ("BG", &["999999999", "9999999999"]),
    ("CH", &["e999999999", "e999999999mwst", "e999999999tva", "e999999999iva"]),
    ("CY", &["99999999A"]),
    ("CZ", &["99999999", "999999999", "9999999999"]),
    ("DE", &["999999999"]),
    ("DK", &["99999999"]),
    ("EE", &["999999999"]),
    ("EL", &["999999999"]),
    ("ES", &["X9999999X"]),
    ("FI", &["99999999"]),
    ("FR", &["FF999999999"]),
    ("GB", &["999999999", "999999999999", "gd999", "ha999"]),
    ("HR", &["99999999999"]),
    ("HU", &["99999999"]),
    ("IE", &["9*99999A", "9999999AA"]),
    ("IT", &["99999999999"]),
    ("LT", &["999999999", "999999999999"]),
    ("LU", &["99999999"]),
    ("LV", &["99999999999"]),
    ("MT", &["99999999"]),
    ("NL", &["999999999b99"]),
    ("NO", &["999999999mva", "999999999"]),
    ("PL", &["9999999999"]),
    ("PT", &["999999999"]),
    ("RO", &["99", "999", "9999", "99999", "999999", "9999999", "99999999", "999999999", "9999999999"]),
    ("SE", &["999999999999"]),
    ("SI", &["99999999"]),
    ("SK", &["9999999999"]),
    ("XI", &["999999999", "999999999999", "gd999", "ha999"]),
];

/// Most characters of an id of a country that is not in the table.
const OTHER_MAX_CHARS: usize = 30;

/// The prefix of a country's VAT ids, where it has them: Greece writes EL, Monaco belongs to France and
/// the Isle of Man to the United Kingdom.
#[must_use]
pub fn prefix_of(country: &str) -> Option<&'static str> {
    let prefix = match country {
        "GR" => "EL",
        "MC" => "FR",
        "IM" => "GB",
        other => other,
    };
    STRUCTURES.iter().find(|(known, _)| *known == prefix).map(|(known, _)| *known)
}

/// The prefix that a VAT id in its normal form begins with, where the rest is as the ids of that country are.
#[must_use]
pub fn prefix_within(vat_id: &str) -> Option<&'static str> {
    let begins = |prefix: &str| vat_id.strip_prefix(prefix).is_some_and(|rest| fits(prefix, rest));
    STRUCTURES.iter().map(|(prefix, _)| *prefix).find(|&prefix| begins(prefix))
}

/// A VAT id in its normal form: upper case, no blanks, dots or dashes, with its country's prefix. Empty
/// stays empty. An account may use an id of another country in the table, written with its prefix.
/// Countries outside the table have tax numbers of every shape: those are kept as typed.
///
/// # Errors
/// [`Problem::VatIdMalformed`] with an example of the account's country.
pub fn normalise(typed: &str, country: &str) -> Result<String, Problem> {
    let typed = typed.trim().to_uppercase();
    if typed.is_empty() {
        return Ok(String::new());
    }
    let Some(prefix) = prefix_of(country) else {
        let fits = typed.chars().count() <= OTHER_MAX_CHARS
            && typed.chars().all(|c| c.is_ascii_alphanumeric() || " -./".contains(c))
            && typed.chars().any(|c| c.is_ascii_digit());
        return if fits { Ok(typed) } else { Err(Problem::VatIdMalformed { example: "12-3456789".to_owned() }) };
    };
    let compact: String = typed.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '/' | '\u{a0}')).collect();
    let compact = match compact.strip_prefix("GR") {
        Some(rest) if country == "GR" => format!("EL{rest}"),
        _ => compact,
    };
    if prefix_within(&compact).is_some() {
        return Ok(compact);
    }
    if fits(prefix, &compact) {
        return Ok(format!("{prefix}{compact}"));
    }
    Err(Problem::VatIdMalformed { example: example(prefix) })
}

fn fits(prefix: &str, rest: &str) -> bool {
    let structures =
        STRUCTURES.iter().find(|(known, _)| *known == prefix).map_or(&[][..], |(_, structures)| structures);
    structures.iter().any(|structure| has_structure(structure, rest))
}

/// Whether an id, or the part of it after the prefix, has one of the structures above.
pub(crate) fn has_structure(structure: &str, id: &str) -> bool {
    structure.chars().count() == id.chars().count()
        && structure.chars().zip(id.chars()).all(|(wanted, c)| match wanted {
            '9' => c.is_ascii_digit(),
            'A' => c.is_ascii_uppercase(),
            'X' => c.is_ascii_digit() || c.is_ascii_uppercase(),
            'F' => c.is_ascii_digit() || (c.is_ascii_uppercase() && c != 'O' && c != 'I'),
            '*' => c.is_ascii_digit() || c.is_ascii_uppercase() || c == '+' || c == '*',
            literal => c == literal.to_ascii_uppercase(),
        })
}

/// An id of the right shape: digits counted up, letters A.
fn example(prefix: &str) -> String {
    let structures =
        STRUCTURES.iter().find(|(known, _)| *known == prefix).map_or(&[][..], |(_, structures)| structures);
    let structure = structures.iter().max_by_key(|structure| structure.len()).copied().unwrap_or_default();
    let digits = "1234567890".chars().cycle();
    let filled = structure.chars().zip(digits).map(|(wanted, digit)| match wanted {
        '9' | 'X' | 'F' | '*' => digit,
        'A' => 'A',
        literal => literal.to_ascii_uppercase(),
    });
    format!("{prefix}{}", filled.collect::<String>())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn vat_ids_are_brought_into_their_normal_form() {
        for (country, typed, normal) in [
            ("DE", "de 123 456 789", "DE123456789"),
            ("DE", "123456789", "DE123456789"),
            ("GR", "EL 094014201", "EL094014201"),
            ("GR", "GR094014201", "EL094014201"),
            ("AT", "ATU12345678", "ATU12345678"),
            ("AT", "u12345678", "ATU12345678"),
            ("FR", "FR 40 303265045", "FR40303265045"),
            ("MC", "FR40303265045", "FR40303265045"),
            ("NL", "NL123456789B01", "NL123456789B01"),
            ("ES", "B-12345678", "ESB12345678"),
            ("IE", "IE6388047V", "IE6388047V"),
            ("IE", "IE3628739UA", "IE3628739UA"),
            ("BE", "BE 0123.456.789", "BE0123456789"),
            ("CH", "CHE-123.456.789 MWST", "CHE123456789MWST"),
            ("GB", "XI123456789", "XI123456789"),
            ("DE", "PL1234567890", "PL1234567890"),
            ("US", "12-3456789", "12-3456789"),
            ("DE", "  ", ""),
        ] {
            assert_eq!(normalise(typed, country).unwrap(), normal, "{country} {typed}");
        }
    }

    #[test]
    fn mistyped_vat_ids_are_refused_with_an_example_that_would_pass() {
        for (country, typed) in [
            ("DE", "DE12345678"),
            ("DE", "DE1234567890"),
            ("DE", "DE12345678A"),
            ("GR", "123"),
            ("AT", "AT12345678"),
            ("FR", "FRO1303265045"),
            ("NL", "NL123456789C01"),
            ("US", "none"),
            ("US", "12<script>"),
            ("RO", "RO1"),
        ] {
            let Err(Problem::VatIdMalformed { example }) = normalise(typed, country) else {
                panic!("{country} {typed} passed")
            };
            assert_eq!(normalise(&example, country).unwrap(), example, "{country}");
        }
    }

    #[test]
    fn every_country_of_the_union_has_a_structure_and_its_example_passes() {
        let union = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";
        for country in union.split(' ') {
            let prefix = prefix_of(country).unwrap();
            assert_eq!(normalise(&example(prefix), country).unwrap(), example(prefix));
        }
    }
}
