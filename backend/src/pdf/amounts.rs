//! Money, rates and bank numbers as they are printed.
//!
//! Amounts are integers in the currency's minor unit; nothing here touches a float.

use std::fmt;

use crate::money::Currency;

/// `amount_minor` with sign, thousands separators and all decimals: `€1,200.00`, `¥1,200`, `−KWD 1.250`.
pub fn format(currency: Currency, amount_minor: i64) -> String {
    let exponent = currency.exponent() as usize;
    let digits = format!("{:0>width$}", amount_minor.unsigned_abs(), width = exponent + 1);
    let (whole, decimals) = digits.split_at(digits.len() - exponent);
    let mut grouped = String::with_capacity(whole.len() + whole.len() / 3);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let minus = if amount_minor < 0 { "\u{2212}" } else { "" };
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{minus}{}{grouped}{point}{decimals}", sign(currency))
}

/// What stands before an amount: a sign, or the code and a no-break space where no sign is unambiguous.
fn sign(currency: Currency) -> String {
    match currency.as_str() {
        "usd" => "$",
        "eur" => "€",
        "gbp" => "£",
        "jpy" => "¥",
        "cad" => "CA$",
        "aud" => "A$",
        "nzd" => "NZ$",
        "mxn" => "MX$",
        "brl" => "R$",
        "inr" => "₹",
        "krw" => "₩",
        "vnd" => "₫",
        "ils" => "₪",
        "php" => "₱",
        code => return format!("{}\u{a0}", code.to_ascii_uppercase()),
    }
    .to_owned()
}

/// A tax rate, exact to a ten-thousandth of a percent (8.875 % is a rate that exists).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate {
    millionths: u32,
}

impl Rate {
    /// No tax.
    pub const ZERO: Self = Self { millionths: 0 };

    /// A rate in basis points: 2100 is 21 %.
    pub fn from_basis_points(basis_points: u32) -> Self {
        Self { millionths: basis_points.saturating_mul(100) }
    }

    /// A rate written as a percentage, as Stripe sends it: `"21"`, `"8.875"`. `None` when it is not a number from
    /// 0 up with at most four decimals.
    pub fn from_percent(percent: &str) -> Option<Self> {
        let (whole, decimals) = percent.split_once('.').unwrap_or((percent, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let decimals = decimals.trim_end_matches('0');
        if whole.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > 4 {
            return None;
        }
        let millionths = format!("{whole}{decimals:0<4}").parse().ok()?;
        Some(Self { millionths })
    }
}

/// `21%`, `8.875%`: as many decimals as the rate has.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:04}", self.millionths % 10_000);
        let decimals = decimals.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        write!(f, "{}{point}{decimals}%", self.millionths / 10_000)
    }
}

/// An IBAN in groups of four, the way banks print it; spaces that it already has are dropped first.
pub(crate) fn grouped_iban(iban: &str) -> String {
    let compact: Vec<char> = iban.chars().filter(|c| !c.is_whitespace()).collect();
    compact.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() -> anyhow::Result<()> {
        let cases: [(&str, i64, &str); 12] = [
            ("usd", 0, "$0.00"),
            ("USD", 5, "$0.05"),
            ("EUR", 120_000, "€1,200.00"),
            ("EUR", -120_000, "\u{2212}€1,200.00"),
            ("EUR", 99, "€0.99"),
            ("GBP", 100_000_000, "£1,000,000.00"),
            ("JPY", 1_200, "¥1,200"),
            ("JPY", 0, "¥0"),
            ("KWD", 1_250, "KWD\u{a0}1.250"),
            ("KWD", -7, "\u{2212}KWD\u{a0}0.007"),
            ("CHF", 123_456, "CHF\u{a0}1,234.56"),
            ("USD", i64::MIN, "\u{2212}$92,233,720,368,547,758.08"),
        ];
        for (code, minor, printed) in cases {
            let currency = Currency::parse(code).context("a code")?;
            assert_eq!(format(currency, minor), printed);
        }
        Ok(())
    }

    #[test]
    fn a_rate_is_printed_with_the_decimals_it_has() {
        for (percent, printed) in [
            ("21", "21%"),
            ("8.875", "8.875%"),
            ("0", "0%"),
            ("5.50", "5.5%"),
            ("19.0000", "19%"),
            ("0.0001", "0.0001%"),
        ] {
            assert_eq!(Rate::from_percent(percent).map(|r| r.to_string()).as_deref(), Some(printed));
        }
        assert_eq!(Rate::from_basis_points(2_100), Rate::from_percent("21").unwrap_or(Rate::ZERO));
        for wrong in ["", "-1", "1e3", "1.23456", "a", ".5", "99999999"] {
            assert_eq!(Rate::from_percent(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_iban_is_read_in_groups_of_four() {
        assert_eq!(grouped_iban("NL91ABNA0417164300"), "NL91 ABNA 0417 1643 00");
        assert_eq!(grouped_iban("NL91 ABNA 0417 1643 00"), "NL91 ABNA 0417 1643 00");
    }
}
