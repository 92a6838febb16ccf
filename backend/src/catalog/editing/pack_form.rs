//! The fields of a pack of a plan, with the tiers of its prices.

use std::collections::BTreeMap;

use super::super::catalog_file::{PackSection, PlanSection, TierSection};
use super::super::rules::label;
use super::super::{Plan, PlanKind, TierMode};
use super::addon_form::WITHDRAWN;
use super::price_form::{complete, offered};
use super::reading::{Reading, row_field};
use super::{EditFault, Typed};
use crate::catalog::BillingInterval;

/// The columns of a list of tiers: the last pack in it, and what each in it costs.
pub const TIER: [&str; 2] = ["upto", "each"];

/// The list of the tiers in a currency, as it is written in fields, and at an interval.
#[must_use]
pub fn tier_list(currency: &str, interval: BillingInterval) -> String {
    format!("tier_{currency}_{}", interval.as_str())
}

/// The limits of a plan of which more could be sold and is not. A perpetual plan has none: it states its limits in full.
#[must_use]
pub fn packable(plan: &Plan) -> Vec<String> {
    if plan.kind == PlanKind::Perpetual {
        return Vec::new();
    }
    let is_sold = |name: &String| plan.packs.iter().any(|pack| pack.offered && pack.limit == *name);
    let finite = plan.terms.limits.iter().filter(|(_, limit)| **limit != -1).map(|(name, _)| name.clone());
    finite.filter(|name| !is_sold(name)).collect()
}

/// The fields of the pack of this limit as it is; those of a new one where it is empty.
pub(super) fn write(section: &PlanSection, limit: &str) -> Typed {
    let pack = section.packs.iter().find(|pack| pack.limit == limit).cloned().unwrap_or_else(blank);
    let mut typed = Typed::from([
        ("size".to_owned(), pack.size.to_string()),
        ("max".to_owned(), pack.max.to_string()),
        ("mode".to_owned(), pack.mode.as_str().to_owned()),
    ]);
    if limit.is_empty() {
        typed.insert("limit".to_owned(), String::new());
    }
    for (currency, intervals) in &pack.prices {
        for (interval, tiers) in intervals {
            let list = tier_list(currency, *interval);
            for (row, tier) in tiers.iter().enumerate() {
                let up_to = tier.up_to.map(|up_to| up_to.to_string()).unwrap_or_default();
                for (column, text) in TIER.into_iter().zip([up_to, tier.each.clone()]) {
                    typed.insert(row_field(&list, column, row), text);
                }
            }
        }
    }
    typed
}

/// The section of the plan with what was typed of its pack of this limit, or of a new one where it is empty.
pub(super) fn read(reading: &mut Reading<'_>, base: PlanSection, limit: &str) -> PlanSection {
    let mut section = base;
    let known = section.packs.iter().position(|pack| !limit.is_empty() && pack.limit == limit);
    if let (Some(at), true) = (known, reading.flag(WITHDRAWN)) {
        section.packs.remove(at);
        return section;
    }
    if section.prices.is_empty() {
        reading.problem("", EditFault::PlanWithoutPrices);
    }
    let at = known.unwrap_or(section.packs.len());
    let limit = if known.is_some() { limit.to_owned() } else { reading.text("limit") };
    let path = format!("packs.{}", label(&limit, at));
    for member in ["limit", "size", "max"] {
        reading.place(format!("{path}.{member}"), member);
    }
    let mut pack = PackSection { limit, size: reading.number("size"), max: reading.number("max"), ..blank() };
    match TierMode::parse(&reading.text("mode")) {
        Some(mode) => pack.mode = mode,
        None => reading.problem("mode", EditFault::NotAChoice),
    }
    for (currency, interval) in offered(&section) {
        let path = format!("{path}.prices");
        let tiers = tiers(reading, &path, &currency, interval);
        if tiers.is_empty() {
            reading.place(path, row_field(&tier_list(&currency, interval), TIER[1], 0));
        } else {
            pack.prices.entry(currency).or_default().insert(interval, tiers);
        }
    }
    match section.packs.get_mut(at) {
        Some(there) => *there = pack,
        None => section.packs.push(pack),
    }
    section
}

/// The rows in which something was typed, in their order.
fn tiers(reading: &mut Reading<'_>, path: &str, currency: &str, interval: BillingInterval) -> Vec<TierSection> {
    let list = tier_list(currency, interval);
    let mut tiers = Vec::new();
    for row in reading.numbers(&list, &TIER) {
        let [up_to, each] = TIER.map(|column| row_field(&list, column, row));
        let amount = reading.text(&each);
        if amount.is_empty() && reading.text(&up_to).is_empty() {
            continue;
        }
        let path = format!("{path}.{currency}.{}.#{}", interval.as_str(), tiers.len() + 1);
        reading.place(format!("{path}.up_to"), up_to.as_str());
        reading.place(format!("{path}.each"), each);
        tiers.push(TierSection { up_to: reading.optional_number(&up_to), each: complete(&amount, currency) });
    }
    tiers
}

/// What a new pack begins with.
fn blank() -> PackSection {
    PackSection { limit: String::new(), size: 1, max: 10, mode: TierMode::Volume, prices: BTreeMap::new() }
}
