//! The fields of an add-on of a plan, with its prices.

use std::collections::BTreeMap;

use super::super::AddonPer;
use super::super::catalog_file::{AddonSection, FeatureEnd, PlanSection};
use super::super::rules::{Fault, label};
use super::plan_form::{self, FEATURES, UNLIMITED};
use super::price_form::{complete, offered};
use super::reading::{Reading, read_number, row_field};
use super::{EditFault, Typed};
use crate::catalog::BillingInterval;

/// The list of what an add-on adds to limits, and its columns: name, and how much.
pub const MORE: (&str, [&str; 2]) = ("limit", ["name", "value"]);
/// The box that takes an add-on or pack off the price list.
pub const WITHDRAWN: &str = "withdrawn";

/// The field of what an add-on costs in a currency, as it is written in fields, and at an interval.
#[must_use]
pub fn addon_price_field(currency: &str, interval: BillingInterval) -> String {
    format!("price_{currency}_{}", interval.as_str())
}

/// The fields of the add-on with this code as it is; those of a new one where the code is empty.
pub(super) fn write(section: &PlanSection, code: &str) -> Typed {
    let addon = section.addons.iter().find(|addon| addon.code == code).cloned().unwrap_or_else(blank);
    let mut typed = Typed::from([
        ("name".to_owned(), addon.name),
        ("description".to_owned(), addon.description),
        ("per".to_owned(), addon.per.as_str().to_owned()),
    ]);
    if code.is_empty() {
        typed.insert("code".to_owned(), String::new());
    }
    for (row, (name, more)) in addon.limits.iter().enumerate() {
        let more = if *more == -1 { UNLIMITED.to_owned() } else { more.to_string() };
        for (column, text) in MORE.1.into_iter().zip([name.clone(), more]) {
            typed.insert(row_field(MORE.0, column, row), text);
        }
    }
    for (row, (name, end)) in addon.features.iter().enumerate() {
        let until = match end {
            FeatureEnd::Never => String::new(),
            FeatureEnd::After(day) => day.to_string(),
        };
        for (column, text) in FEATURES.1.into_iter().zip([name.clone(), until]) {
            typed.insert(row_field(FEATURES.0, column, row), text);
        }
    }
    for (currency, interval) in offered(section) {
        let amount = addon.prices.get(&currency).and_then(|intervals| intervals.get(&interval));
        typed.insert(addon_price_field(&currency, interval), amount.cloned().unwrap_or_default());
    }
    typed
}

/// The section of the plan with what was typed of its add-on with this code, or of a new one where it is empty.
pub(super) fn read(reading: &mut Reading<'_>, base: PlanSection, code: &str) -> PlanSection {
    let mut section = base;
    let known = section.addons.iter().position(|addon| !code.is_empty() && addon.code == code);
    if let (Some(at), true) = (known, reading.flag(WITHDRAWN)) {
        section.addons.remove(at);
        return section;
    }
    let at = known.unwrap_or(section.addons.len());
    let code = if known.is_some() { code.to_owned() } else { reading.text("code") };
    let path = format!("addons.{}", label(&code, at));
    for member in ["code", "name", "description"] {
        reading.place(format!("{path}.{member}"), member);
    }
    reading.place(path.as_str(), row_field(MORE.0, MORE.1[0], 0));
    let mut addon = AddonSection {
        code,
        name: reading.text("name"),
        description: reading.text("description"),
        features: plan_form::features(reading, &format!("{path}.")),
        ..blank()
    };
    match AddonPer::parse(&reading.text("per")) {
        Some(per) => addon.per = per,
        None => reading.problem("per", EditFault::NotAChoice),
    }
    limits(reading, &mut addon, &path);
    for (currency, interval) in offered(&section) {
        let field = addon_price_field(&currency, interval);
        let amount = reading.text(&field);
        reading.place(format!("{path}.prices.{currency}.{}", interval.as_str()), field.as_str());
        if amount.is_empty() {
            reading.place(format!("{path}.prices"), field);
        } else {
            let amount = complete(&amount, &currency);
            addon.prices.entry(currency).or_default().insert(interval, amount);
        }
    }
    match section.addons.get_mut(at) {
        Some(there) => *there = addon,
        None => section.addons.push(addon),
    }
    section
}

fn limits(reading: &mut Reading<'_>, addon: &mut AddonSection, path: &str) {
    for row in reading.numbers(MORE.0, &MORE.1) {
        let [name_field, value_field] = MORE.1.map(|column| row_field(MORE.0, column, row));
        let (name, value) = (reading.text(&name_field), reading.text(&value_field));
        if name.is_empty() {
            if !value.is_empty() {
                reading.problem(name_field, EditFault::Rule(Fault::Missing));
            }
            continue;
        }
        let more = if value.eq_ignore_ascii_case(UNLIMITED) { Some(-1) } else { read_number(&value) };
        if more.is_none() {
            reading.problem(value_field.as_str(), EditFault::NotALimit);
        }
        reading.place(format!("{path}.limits.{name}"), value_field);
        if addon.limits.insert(name, more.unwrap_or(1)).is_some() {
            reading.problem(name_field, EditFault::Rule(Fault::Duplicate));
        }
    }
}

/// What a new add-on begins with.
fn blank() -> AddonSection {
    AddonSection {
        code: String::new(),
        name: String::new(),
        description: String::new(),
        per: AddonPer::License,
        features: BTreeMap::new(),
        limits: BTreeMap::new(),
        prices: BTreeMap::new(),
    }
}
