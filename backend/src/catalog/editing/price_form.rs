//! The amounts of a plan and its add-ons, in every currency and at every interval. Those of packs stay as they are.

use std::collections::BTreeMap;

use super::super::catalog_file::PlanSection;
use super::super::current_catalog::plan_section;
use super::super::rules::Fault;
use super::super::{BillingInterval, Plan, PlanKind, PriceRole, price_name};
use super::reading::Reading;
use super::{EditFault, Typed};
use crate::money::Currency;

/// For so many currencies and intervals that the plan is not sold in yet the form has room.
pub const NEW_OFFERS: usize = 3;

/// The field of an amount; `option` is the code of an add-on, or empty.
#[must_use]
pub fn amount_field(currency: &str, interval: BillingInterval, role: PriceRole, option: &str) -> String {
    format!("{currency}.{}.{}", interval.as_str(), price_name(role, option))
}

/// A field of something new that is offered: `currency`, `interval`, or the name of a price ([`price_name`]).
#[must_use]
pub fn new_offer_field(number: usize, column: &str) -> String {
    format!("offer_{column}_{number}")
}

/// What of a plan has an amount that can be typed: role, and code of the add-on or nothing.
#[must_use]
pub fn priced(plan: &Plan) -> Vec<(PriceRole, String)> {
    names(&plan_section(plan))
}

/// In which currencies, as they are written in fields, and at which intervals a plan has prices.
#[must_use]
pub fn offers(plan: &Plan) -> Vec<(String, BillingInterval)> {
    offered(&plan_section(plan))
}

fn names(section: &PlanSection) -> Vec<(PriceRole, String)> {
    let roles: &[PriceRole] = match section.kind {
        PlanKind::Subscription => &[PriceRole::Base, PriceRole::ExtraSeat],
        PlanKind::Perpetual => &[PriceRole::Unit],
    };
    let addons = section.addons.iter().map(|addon| (PriceRole::Addon, addon.code.clone()));
    roles.iter().map(|role| (*role, String::new())).chain(addons).collect()
}

/// In which currencies and at which intervals it has prices.
pub(super) fn offered(section: &PlanSection) -> Vec<(String, BillingInterval)> {
    let mut offered = Vec::new();
    for (currency, intervals) in &section.prices {
        offered.extend(intervals.keys().map(|interval| (currency.clone(), *interval)));
    }
    offered
}

/// The fields as things are.
pub(super) fn write(section: &PlanSection) -> Typed {
    let mut typed = Typed::new();
    for (currency, interval) in offered(section) {
        for (role, option) in names(section) {
            let amount = match section.addons.iter().find(|addon| role == PriceRole::Addon && addon.code == option) {
                Some(addon) => addon.prices.get(&currency).and_then(|intervals| intervals.get(&interval)),
                None => section.prices[&currency].get(&interval).and_then(|roles| roles.get(&role)),
            };
            let field = amount_field(&currency, interval, role, &option);
            typed.insert(field, amount.cloned().unwrap_or_default());
        }
    }
    typed
}

/// The section of a plan with what was typed; `base` is the plan as it was.
pub(super) fn read(reading: &mut Reading<'_>, base: PlanSection) -> PlanSection {
    let mut section = base;
    let (known, names) = (offered(&section), names(&section));
    section.prices.clear();
    for addon in &mut section.addons {
        addon.prices.clear();
    }
    for (currency, interval) in known {
        for (role, option) in &names {
            let field = amount_field(&currency, interval, *role, option);
            put(reading, &mut section, &Spot { currency: &currency, interval, role: *role, option, field });
        }
    }
    for number in 0..NEW_OFFERS {
        let field = |column: &str| new_offer_field(number, column);
        let currency = reading.text(&field("currency")).to_ascii_lowercase();
        if currency.is_empty() {
            let is_typed =
                |(role, option): &(PriceRole, String)| !reading.text(&field(&price_name(*role, option))).is_empty();
            if names.iter().any(is_typed) {
                reading.problem(field("currency"), EditFault::Rule(Fault::Missing));
            }
            continue;
        }
        let Some(interval) = BillingInterval::parse(&reading.text(&field("interval"))) else {
            reading.problem(field("interval"), EditFault::NotAChoice);
            continue;
        };
        let intervals = section.prices.entry(currency.clone()).or_default();
        if intervals.contains_key(&interval) {
            reading.problem(field("currency"), EditFault::Rule(Fault::Duplicate));
            continue;
        }
        // Without an amount the rules miss its prices.
        intervals.insert(interval, BTreeMap::new());
        reading.place(format!("prices.{currency}"), field("currency"));
        reading.place(format!("prices.{currency}.{}", interval.as_str()), field("interval"));
        for (role, option) in &names {
            let field = field(&price_name(*role, option));
            put(reading, &mut section, &Spot { currency: &currency, interval, role: *role, option, field });
        }
    }
    section
}

/// Where an amount belongs.
struct Spot<'s> {
    currency: &'s str,
    interval: BillingInterval,
    role: PriceRole,
    option: &'s str,
    field: String,
}

/// Puts an amount where it belongs, unless the field is empty: then there is no such price.
fn put(reading: &mut Reading<'_>, section: &mut PlanSection, spot: &Spot<'_>) {
    let (currency, interval) = (spot.currency, spot.interval.as_str());
    let path = match spot.role {
        PriceRole::Addon => format!("addons.{}.prices.{currency}.{interval}", spot.option),
        role => format!("prices.{currency}.{interval}.{}", role.as_str()),
    };
    reading.place(path, spot.field.as_str());
    let typed = reading.text(&spot.field);
    if typed.is_empty() {
        if spot.role == PriceRole::Addon {
            reading.place(format!("addons.{}.prices", spot.option), spot.field.as_str());
        }
        return;
    }
    let amount = complete(&typed, currency);
    if spot.role != PriceRole::Addon {
        let intervals = section.prices.entry(currency.to_owned()).or_default();
        intervals.entry(spot.interval).or_default().insert(spot.role, amount);
    } else if let Some(addon) = section.addons.iter_mut().find(|addon| addon.code == spot.option) {
        addon.prices.entry(currency.to_owned()).or_default().insert(spot.interval, amount);
    }
}

/// An amount with all the decimals of its currency, which people leave out; whatever else is wrong stays for the rules.
pub(super) fn complete(typed: &str, currency: &str) -> String {
    let decimals = Currency::parse(currency).map_or(2, |currency| currency.exponent() as usize);
    let (whole, fraction) = typed.split_once('.').unwrap_or((typed, ""));
    if decimals == 0 { typed.to_owned() } else { format!("{whole}.{fraction:0<decimals$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_may_be_left_out_and_nothing_else_is_mended() {
        for (typed, currency, amount) in [
            ("10", "usd", "10.00"),
            ("10.5", "usd", "10.50"),
            ("10.505", "usd", "10.505"),
            ("1200", "jpy", "1200"),
            ("1200.00", "jpy", "1200.00"),
            ("5", "kwd", "5.000"),
            ("10,50", "eur", "10,50.00"),
        ] {
            assert_eq!(complete(typed, currency), amount, "{typed} {currency}");
        }
    }
}
