//! Money as text, for pages and for the one island that adds up a price.
//!
//! Exact: integer minor units in, text out, no floating point.

/// Whether an amount without cents shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cents {
    /// `$10.00`: invoices, previews, whatever is agreed to.
    Always,
    /// `$10`, but `$10.50`: price lists.
    WhenNeeded,
}

/// `minor` units of `currency` (ISO 4217, any case) in English notation: `$2,990.00`, `−€10.50`, `¥1,200`,
/// `CHF 5.00`.
///
/// The number of decimals is the currency's (ISO 4217; zero, two or three), which is also how Stripe counts
/// minor units.
#[must_use]
pub fn money_text(minor: i64, currency: &str, cents: Cents) -> String {
    let code = currency.to_ascii_uppercase();
    let exponent = exponent(&code);
    let unit = 10_u64.pow(exponent);
    let absolute = minor.unsigned_abs();
    let (whole, rest) = (absolute / unit, absolute % unit);

    let mut text = String::with_capacity(16);
    if minor < 0 {
        text.push('−');
    }
    match symbol(&code) {
        Some(symbol) => text.push_str(symbol),
        None => {
            text.push_str(&code);
            // A no-break space, so that code and number stay on one line.
            text.push('\u{a0}');
        }
    }
    push_grouped(&mut text, whole);
    if exponent > 0 && (rest != 0 || cents == Cents::Always) {
        text.push('.');
        let digits = rest.to_string();
        text.extend(std::iter::repeat_n('0', exponent as usize - digits.len()));
        text.push_str(&digits);
    }
    text
}

/// Decimals of a currency by ISO 4217, as far as Stripe accepts it; UGX it counts in hundredths.
const fn exponent(code: &str) -> u32 {
    match code.as_bytes() {
        b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"JPY" | b"KMF" | b"KRW" | b"MGA" | b"PYG" | b"RWF" | b"VND" | b"VUV"
        | b"XAF" | b"XOF" | b"XPF" => 0,
        b"BHD" | b"JOD" | b"KWD" | b"OMR" | b"TND" => 3,
        _ => 2,
    }
}

/// Only signs that mean one currency to an English reader; everything else is written by its code.
const fn symbol(code: &str) -> Option<&'static str> {
    match code.as_bytes() {
        b"USD" => Some("$"),
        b"EUR" => Some("€"),
        b"GBP" => Some("£"),
        b"JPY" => Some("¥"),
        b"INR" => Some("₹"),
        b"KRW" => Some("₩"),
        b"VND" => Some("₫"),
        _ => None,
    }
}

/// `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let mut text = String::new();
    push_grouped(&mut text, number);
    text
}

fn push_grouped(text: &mut String, number: u64) {
    let digits = number.to_string();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_written_with_the_decimals_of_its_currency() {
        for (minor, currency, expected) in [
            (1_000, "usd", "$10.00"),
            (299_000, "EUR", "€2,990.00"),
            (5, "eur", "€0.05"),
            (-1_050, "eur", "−€10.50"),
            (1_200, "jpy", "¥1,200"),
            (1_234_567, "kwd", "KWD\u{a0}1,234.567"),
            (50_000, "ugx", "UGX\u{a0}500.00"),
            (7, "kwd", "KWD\u{a0}0.007"),
            (500, "chf", "CHF\u{a0}5.00"),
            (0, "usd", "$0.00"),
        ] {
            assert_eq!(money_text(minor, currency, Cents::Always), expected, "{minor} {currency}");
        }
    }

    #[test]
    fn a_price_list_drops_cents_only_when_there_are_none() {
        assert_eq!(money_text(499_900, "usd", Cents::WhenNeeded), "$4,999");
        assert_eq!(money_text(1_050, "usd", Cents::WhenNeeded), "$10.50");
        assert_eq!(money_text(100_001, "usd", Cents::WhenNeeded), "$1,000.01");
    }

    #[test]
    fn the_largest_and_the_smallest_amount_can_be_written() {
        assert_eq!(money_text(i64::MIN, "usd", Cents::Always), "−$92,233,720,368,547,758.08");
        assert_eq!(money_text(i64::MAX, "jpy", Cents::Always), "¥9,223,372,036,854,775,807");
    }
}
