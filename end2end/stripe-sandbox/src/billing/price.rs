//! What a quantity of a price costs: per unit, also in fractions of a minor unit, or by tiers.
//! <https://docs.stripe.com/products-prices/pricing-models>

use serde_json::Value;

use crate::object::{elements, int, text};

/// Stripe keeps twelve decimals of a minor unit.
const SCALE: i128 = 1_000_000_000_000;

/// The amount for a quantity, in whole minor units, halves away from zero.
pub(crate) fn cost(price: &Value, quantity: i64) -> i64 {
    let quantity = i128::from(quantity);
    let scaled = if text(price, "billing_scheme") == "tiered" {
        tiered(elements(price, "_tiers"), text(price, "tiers_mode") == "volume", quantity)
    } else {
        unit(price) * quantity
    };
    round(scaled)
}

fn round(scaled: i128) -> i64 {
    let rounded = (scaled.abs() * 2 + SCALE) / (SCALE * 2) * scaled.signum();
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

/// Graduated: each unit costs what its own tier says. Volume: all cost what the tier of the whole quantity says.
fn tiered(tiers: &[Value], volume: bool, quantity: i128) -> i128 {
    let end = |tier: &Value| tier["up_to"].as_i64().map_or(i128::MAX, i128::from);
    if volume {
        let tier = tiers.iter().find(|tier| quantity <= end(tier)).or(tiers.last());
        return tier.map_or(0, |tier| unit(tier) * quantity + flat(tier));
    }
    let mut below = 0;
    let mut sum = 0;
    for tier in tiers {
        // The first tier's flat amount is due even for nothing.
        if quantity <= below && below > 0 {
            break;
        }
        sum += unit(tier) * (quantity.min(end(tier)) - below).max(0) + flat(tier);
        below = end(tier);
    }
    sum
}

/// The parts of a quantity that each have a line of their own on an invoice: of a price with tiers that of each tier which
/// is reached, with its number from 1; else the whole.
pub(crate) fn parts(price: &Value, quantity: i64) -> Vec<Part> {
    let whole = |tier: Option<(usize, &Value)>| Part {
        amount: cost(price, quantity),
        quantity,
        unit: tier.map_or(price, |(_, tier)| tier)["unit_amount_decimal"].clone(),
        tier: tier.map(|(at, _)| at + 1),
    };
    if text(price, "billing_scheme") != "tiered" {
        return vec![whole(None)];
    }
    let tiers = elements(price, "_tiers");
    let end = |tier: &Value| tier["up_to"].as_i64().unwrap_or(i64::MAX);
    if text(price, "tiers_mode") == "volume" {
        return vec![whole(tiers.iter().enumerate().find(|(_, tier)| quantity <= end(tier)))];
    }
    let mut below = 0;
    let mut parts = Vec::new();
    for (at, tier) in tiers.iter().enumerate() {
        let many = quantity.min(end(tier)) - below;
        if many <= 0 && at > 0 {
            break;
        }
        let amount = round(unit(tier) * i128::from(many.max(0)) + flat(tier));
        parts.push(Part {
            amount,
            quantity: many.max(0),
            unit: tier["unit_amount_decimal"].clone(),
            tier: Some(at + 1),
        });
        below = end(tier);
    }
    parts
}

/// What one line of an invoice is over.
pub(crate) struct Part {
    pub(crate) amount: i64,
    pub(crate) quantity: i64,
    /// `unit_amount_decimal` of each.
    pub(crate) unit: Value,
    /// Number of the tier, where there are tiers.
    pub(crate) tier: Option<usize>,
}

fn unit(price: &Value) -> i128 {
    scaled(&price["unit_amount_decimal"]).unwrap_or_else(|| i128::from(int(price, "unit_amount")) * SCALE)
}

fn flat(tier: &Value) -> i128 {
    scaled(&tier["flat_amount_decimal"]).unwrap_or(0)
}

fn scaled(decimal: &Value) -> Option<i128> {
    parse_decimal(decimal.as_str()?)
}

/// A decimal number of minor units × 10¹²; nothing for anything else, or for more than twelve decimals.
pub(crate) fn parse_decimal(text: &str) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || fraction.len() > 12 || !plain(whole) || !plain(fraction) {
        return None;
    }
    let fraction: i128 = format!("{fraction:0<12}").parse().ok()?;
    Some(sign * (whole.parse::<i128>().ok()? * SCALE + fraction))
}

/// The decimal's whole number of minor units, when it is one.
pub(crate) fn whole(decimal: &str) -> Option<i64> {
    parse_decimal(decimal).filter(|scaled| scaled % SCALE == 0).and_then(|scaled| i64::try_from(scaled / SCALE).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{cost, parse_decimal, whole};

    fn tiers(mode: &str) -> Value {
        let tier = |up_to: Option<i64>, unit: &str, flat: &str| json!({ "up_to": up_to, "unit_amount_decimal": unit, "flat_amount_decimal": flat });
        json!({ "billing_scheme": "tiered", "tiers_mode": mode,
            "_tiers": [tier(Some(5), "700", "0"), tier(Some(10), "650", "1000"), tier(None, "600", "0")] })
    }

    #[test]
    fn graduated_units_cost_what_their_own_tier_says() {
        for (quantity, expected) in [(0, 0), (1, 700), (5, 3_500), (6, 5_150), (10, 7_750), (20, 13_750)] {
            assert_eq!(cost(&tiers("graduated"), quantity), expected, "{quantity}");
        }
    }

    #[test]
    fn with_volume_all_units_cost_what_the_whole_quantity_s_tier_says() {
        for (quantity, expected) in [(0, 0), (5, 3_500), (6, 4_900), (10, 7_500), (20, 12_000)] {
            assert_eq!(cost(&tiers("volume"), quantity), expected, "{quantity}");
        }
    }

    #[test]
    fn fractions_of_a_minor_unit_are_rounded_once_for_the_whole() {
        assert_eq!(cost(&json!({ "unit_amount_decimal": "0.5" }), 3), 2);
        assert_eq!(cost(&json!({ "unit_amount_decimal": "0.3" }), 1), 0);
        assert_eq!(cost(&json!({ "unit_amount_decimal": "0.3" }), 1_000), 300);
        assert_eq!(cost(&json!({ "unit_amount": 250 }), 3), 750);
        assert_eq!(
            (whole("12.00"), whole("0.5"), parse_decimal("1e3"), parse_decimal("")),
            (Some(12), None, None, None)
        );
    }
}
