//! Lines before they stand on an invoice.

use serde_json::{Value, json};

use crate::{
    billing::{
        price::{cost, parts},
        proration::{remaining, share_in},
    },
    object::{int, text},
};

/// One line of an invoice to be.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Minor units before discounts and tax; negative for a credit.
    pub(crate) amount: i64,
    pub(crate) quantity: i64,
    /// The price object, null for a free amount.
    pub(crate) price: Value,
    /// What each costs, as `unit_amount_decimal`; null where that is not one amount.
    pub(crate) unit: Value,
    pub(crate) description: String,
    /// Unix seconds.
    pub(crate) period: (i64, i64),
    pub(crate) proration: bool,
    /// Subscription item (`si_…`) behind the line.
    pub(crate) item: Option<String>,
    /// Invoice item (`ii_…`) behind the line.
    pub(crate) invoice_item: Option<String>,
    pub(crate) metadata: Value,
}

impl Line {
    /// A whole period of a subscription item: one line, or one for each tier that a graduated price reaches, such as
    /// `1 × Monthly (Tier 1 at $18.00 / month)`.
    pub(crate) fn periods(item: &Value, name: &str, period: (i64, i64), metadata: &Value) -> Vec<Self> {
        let (price, quantity) = (&item["price"], int(item, "quantity"));
        let whole = Self::period(item, name, period, metadata);
        let per = text(&price["recurring"], "interval");
        let line = |part: crate::billing::price::Part| match (part.tier, part.unit.as_str()) {
            (Some(tier), Some(unit)) => {
                let each = unit.parse().map_or_else(|_| unit.to_owned(), |unit| money(unit, text(price, "currency")));
                let description = format!("{} × {name} (Tier {tier} at {each} / {per})", part.quantity);
                Self { amount: part.amount, quantity: part.quantity, unit: part.unit, description, ..whole.clone() }
            }
            _ => Self { amount: part.amount, quantity: part.quantity, ..whole.clone() },
        };
        parts(price, quantity).into_iter().map(line).collect()
    }

    fn period(item: &Value, name: &str, period: (i64, i64), metadata: &Value) -> Self {
        let (price, quantity) = (&item["price"], int(item, "quantity"));
        let per = text(&price["recurring"], "interval");
        let rate = match price["unit_amount"].as_i64() {
            Some(unit) => format!("at {} / {per}", money(unit, text(price, "currency"))),
            None => format!("per {per}"),
        };
        Self {
            amount: cost(price, quantity),
            quantity,
            price: price.clone(),
            unit: price["unit_amount_decimal"].clone(),
            description: format!("{quantity} × {name} ({rate})"),
            period,
            proration: false,
            item: Some(text(item, "id").to_owned()),
            invoice_item: None,
            metadata: metadata.clone(),
        }
    }

    /// What remains of a period at `moment`: a credit for an item that goes, a charge for one that comes.
    pub(crate) fn prorated(item: &Value, name: &str, moment: i64, credit: bool, metadata: &Value) -> Self {
        let (start, end) = (int(item, "current_period_start"), int(item, "current_period_end"));
        let whole = Self::period(item, name, (moment, end), metadata);
        let amount = remaining(whole.amount, start, end, moment, grain(text(&item["price"], "currency")));
        let many = if whole.quantity == 1 { name.to_owned() } else { format!("{} × {name}", whole.quantity) };
        let what = if credit { "Unused" } else { "Remaining" };
        Self {
            amount: if credit { -amount } else { amount },
            description: format!("{what} time on {many} after {}", day(moment)),
            proration: true,
            ..whole
        }
    }

    /// A one-off sale.
    pub(crate) fn one_off(price: &Value, name: &str, quantity: i64, now: i64) -> Self {
        Self {
            amount: cost(price, quantity),
            quantity,
            price: price.clone(),
            unit: price["unit_amount_decimal"].clone(),
            description: name.to_owned(),
            period: (now, now),
            proration: false,
            item: None,
            invoice_item: None,
            metadata: json!({}),
        }
    }

    /// The product that the price belongs to.
    pub(crate) fn product(&self) -> String {
        text(&self.price, "product").to_owned()
    }
}

/// `2 Dec 2026`, UTC.
pub(crate) fn day(moment: i64) -> String {
    jiff::Timestamp::from_second(moment)
        .map_or_else(|_| String::new(), |instant| instant.strftime("%-d %b %Y").to_string())
}

/// Digits after the decimal point of a currency. <https://docs.stripe.com/currencies#zero-decimal>. ISK and UGX are counted
/// in hundredths that are always 00. <https://docs.stripe.com/currencies#special-cases>
pub(crate) fn exponent(currency: &str) -> usize {
    match currency {
        "bif" | "clp" | "djf" | "gnf" | "jpy" | "kmf" | "krw" | "mga" | "pyg" | "rwf" | "vnd" | "vuv" | "xaf"
        | "xof" | "xpf" => 0,
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 3,
        _ => 2,
    }
}

/// What every tax and every part of an amount is a multiple of: of three decimals the last is 0.
/// <https://docs.stripe.com/currencies#three-decimal>
pub(crate) fn grain(currency: &str) -> i64 {
    if exponent(currency) == 3 { 10 } else { 1 }
}

/// What every charge in a currency is a multiple of: ISK and UGX have no fractions.
pub(crate) fn step(currency: &str) -> i64 {
    match currency {
        "isk" | "ugx" => 100,
        _ => grain(currency),
    }
}

/// What an invoice over this amount asks for: ISK and UGX are rounded to whole ones.
/// <https://docs.stripe.com/currencies#special-cases>
pub(crate) fn asked(amount: i64, currency: &str) -> i64 {
    match currency {
        "isk" | "ugx" => share_in(amount, 1, 1, step(currency)),
        _ => amount,
    }
}

/// An amount as people type it: `1234.5` in USD is 123,450 minor units. Nothing when it is none.
pub(crate) fn parse_money(typed: &str, currency: &str) -> Option<i64> {
    let typed = typed.trim().replace(',', "");
    let (whole, fraction) = typed.split_once('.').unwrap_or((&typed, ""));
    let exponent = exponent(currency);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > exponent || !digits(whole) || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<exponent$}").parse().ok()
}

/// The amount as [`parse_money`] reads it.
pub(crate) fn amount_in(minor: i64, currency: &str) -> String {
    let exponent = exponent(currency);
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = exponent + 1);
    let (whole, fraction) = digits.split_at(digits.len() - exponent);
    if exponent == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// An amount for people: `$1,234.50`, `€10.00`, `¥500`, `CHF 3.00`.
pub(crate) fn money(minor: i64, currency: &str) -> String {
    let exponent = exponent(currency);
    let symbol = match currency {
        "usd" => "$".to_owned(),
        "eur" => "€".to_owned(),
        "gbp" => "£".to_owned(),
        "jpy" => "¥".to_owned(),
        other => format!("{} ", other.to_uppercase()),
    };
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = exponent + 1);
    let (whole, fraction) = digits.split_at(digits.len() - exponent);
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if minor < 0 { "−" } else { "" };
    let point = if exponent == 0 { "" } else { "." };
    format!("{sign}{symbol}{grouped}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::{amount_in, asked, money, parse_money, step};

    #[test]
    fn typed_amounts_are_read_by_the_currency_s_exponent() {
        assert_eq!(parse_money("1,234.5", "usd"), Some(123_450));
        assert_eq!(parse_money("500", "jpy"), Some(500));
        assert_eq!(parse_money("1.234", "kwd"), Some(1_234));
        for (nonsense, currency) in [("5.001", "usd"), ("5.0", "jpy"), ("", "usd"), ("-5", "usd"), ("five", "usd")] {
            assert_eq!(parse_money(nonsense, currency), None, "{nonsense}");
        }
        for (minor, currency) in [(5, "usd"), (123_450, "eur"), (7, "jpy"), (1_234, "kwd")] {
            assert_eq!(parse_money(&amount_in(minor, currency), currency), Some(minor));
        }
    }

    #[test]
    fn currencies_without_fractions_are_asked_for_in_whole_ones() {
        for (amount, currency, due) in
            [(12_019, "isk", 12_000), (12_050, "ugx", 12_100), (12_019, "usd", 12_019), (16_327, "kwd", 16_327)]
        {
            assert_eq!(asked(amount, currency), due, "{amount} {currency}");
        }
        assert_eq!(["jpy", "usd", "kwd", "isk"].map(step), [1, 1, 10, 100]);
    }

    #[test]
    fn money_reads_by_the_currency_s_exponent() {
        assert_eq!(money(123_450, "usd"), "$1,234.50");
        assert_eq!(money(-5, "eur"), "−€0.05");
        assert_eq!(money(500, "jpy"), "¥500");
        assert_eq!(money(1_234, "kwd"), "KWD 1.234");
        assert_eq!((money(500, "ugx"), money(500, "isk")), ("UGX 5.00".to_owned(), "ISK 5.00".to_owned()));
    }
}
