//! What is bought on top of a plan: add-ons, and in a phrase all there is.

use super::{buying, licenses, orders, packs};
use crate::catalog::{Addon, AddonFate, AddonPer, BillingInterval, Composition, LicenseType, Plan};

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

/// Seats, add-ons and packs of a plan in a phrase: `2 instances`, `2 instances, Audit log and 300 devices more`.
#[must_use]
pub fn with_seats(seats: String, plan: &Plan, bought: &Composition) -> String {
    let name = |code: &String| plan.addon(code).map_or_else(|| code.clone(), |addon| addon.name.clone());
    let options = bought.addons.iter().map(name).chain(packs::chosen(plan, &bought.packs));
    let mut parts: Vec<String> = std::iter::once(seats).chain(options).collect();
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
    use crate::catalog::{Pack, PlanKind};
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
    fn seats_addons_and_packs_read_as_one_phrase() {
        let mut plan = sold::plan(PlanKind::Subscription, 1, Vec::new());
        plan.addons = vec![addon("Audit", AddonPer::License), addon("Archive", AddonPer::License)];
        plan.packs = vec![Pack { limit: "devices".to_owned(), size: 100, max: 9, offered: true }];
        let phrase = |codes: &[&str], packs| {
            let usd = crate::money::Currency::parse("usd").unwrap();
            let codes = codes.iter().map(|code| (*code).to_owned()).collect();
            let bought = Composition::new(plan.id.clone(), BillingInterval::Month, 2, usd).with_addons(codes);
            with_seats("2 instances".to_owned(), &plan, &bought.with_packs([("devices".to_owned(), packs)].into()))
        };
        assert_eq!(phrase(&[], 0), "2 instances");
        assert_eq!(phrase(&["audit"], 0), "2 instances and Audit");
        assert_eq!(phrase(&["audit", "archive", "gone"], 0), "2 instances, Archive, Audit and gone");
        assert_eq!(phrase(&["audit"], 3), "2 instances, Audit and 300 devices more");
    }
}
