//! What is bought on top of a plan: add-ons.

use super::{buying, licenses, orders};
use crate::catalog::{Addon, AddonFate, AddonPer, BillingInterval, LicenseType, Plan};

/// The question on the pages that buy and change.
pub const LABEL: &str = "Add-ons";

/// What an add-on costs, `amount` being its price: `$49.00 a month`, `$15.00 per instance a month`.
#[must_use]
pub fn price(addon: &Addon, amount: &str, interval: BillingInterval, license_type: LicenseType) -> String {
    let seat = match addon.per {
        AddonPer::License => String::new(),
        AddonPer::Seat => format!(" per {}", buying::seat_noun(license_type, 1)),
    };
    format!("{amount}{seat} {}", orders::per(interval))
}

/// What an add-on is: the vendor's sentence, or what it gives.
#[must_use]
pub fn detail(addon: &Addon) -> Option<String> {
    if !addon.description.is_empty() {
        return Some(addon.description.clone());
    }
    let per = match addon.per {
        AddonPer::License => "",
        AddonPer::Seat => " each",
    };
    let limits = addon.limits.iter().map(|(name, more)| {
        let name = name.replace('_', " ");
        if *more == -1 {
            format!("any number of {name}")
        } else {
            format!("{} {name} more{per}", licenses::number(*more))
        }
    });
    let detail = limits.collect::<Vec<_>>().join(", ");
    (!detail.is_empty()).then_some(detail)
}

/// Above the add-ons of a plan on the price list.
pub const ON_THE_LIST: &str = "On top, if you like:";

/// What becomes of an add-on that a change does not take along.
#[must_use]
pub fn fate(addon: &Addon, fate: AddonFate, plan: &Plan) -> String {
    match fate {
        AddonFate::GivenUp => format!("{} ends with the change.", addon.name),
        AddonFate::PartOfPlan => format!("{} is part of {}.", addon.name, plan.name),
        AddonFate::NotSold => format!("{} is not sold with {}, and ends with the change.", addon.name, plan.name),
    }
}

/// Seats and the add-ons of a plan in a phrase: `2 instances`, `2 instances, Audit log and Archive`.
#[must_use]
pub fn with_seats<'a>(seats: String, plan: &Plan, codes: impl IntoIterator<Item = &'a String>) -> String {
    let name = |code: &String| plan.addon(code).map_or_else(|| code.clone(), |addon| addon.name.clone());
    let mut parts: Vec<String> = std::iter::once(seats).chain(codes.into_iter().map(name)).collect();
    match parts.pop() {
        Some(last) if !parts.is_empty() => format!("{} and {last}", parts.join(", ")),
        Some(only) => only,
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::catalog::PlanKind;
    use crate::orders::rules::tests as sold;

    fn addon(name: &str, per: AddonPer) -> Addon {
        let limits = [("field_devices".to_owned(), 1_000), ("assets".to_owned(), -1)].into();
        let (code, description, features) = (name.to_lowercase(), String::new(), [].into());
        Addon { code, name: name.to_owned(), description, per, features, limits, offered: true }
    }

    #[test]
    fn an_addon_says_what_it_costs_and_gives() {
        use BillingInterval::{Month, Once};
        let (whole, each) = (addon("Audit", AddonPer::License), addon("More", AddonPer::Seat));
        assert_eq!(price(&whole, "$15.00", Month, LicenseType::Floating), "$15.00 a month");
        assert_eq!(price(&each, "$15.00", Month, LicenseType::Floating), "$15.00 per instance a month");
        assert_eq!(price(&each, "$499.00", Once, LicenseType::Machine), "$499.00 per machine once");
        assert_eq!(detail(&each).unwrap(), "any number of assets, 1,000 field devices more each");
    }

    #[test]
    fn seats_and_addons_read_as_one_phrase() {
        let mut plan = sold::plan(PlanKind::Subscription, 1, Vec::new());
        plan.addons = vec![addon("Audit", AddonPer::License), addon("Archive", AddonPer::License)];
        let phrase = |codes: &[&str]| {
            let codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
            with_seats("2 instances".to_owned(), &plan, &codes)
        };
        assert_eq!(phrase(&[]), "2 instances");
        assert_eq!(phrase(&["audit"]), "2 instances and Audit");
        assert_eq!(phrase(&["audit", "archive", "gone"]), "2 instances, Audit, Archive and gone");
    }
}
