//! One plan in the vendor's console: what it says, gives and costs, its versions, and whether it is on the price list.

use super::{buying, catalog, license_page, licenses, moments, options, packs, plan_versions, promotions};
use crate::catalog::console::{LicensesOfPlan, ListedVersion};
use crate::catalog::{Addon, LevelAggregation, Pack, Plan, PlanPublication, Price, Product, Terms, price_name};
use crate::clock::UnixMs;

/// Leads to the form that changes the plan.
pub const EDIT: &str = "Edit";
/// Leads to its prices.
pub const PRICES: &str = "Prices";
/// Leads to the licenses under it.
pub const TO_LICENSES: &str = "See its licenses";
/// Heading of what customers read.
pub const SAYS: &str = "What customers read";
/// Heading of what a license under it may do.
pub const GIVES: &str = "What it gives";
/// Heading of how it is sold and enforced.
pub const RULES: &str = "How it is sold and enforced";
/// Heading of what can be had besides.
pub const ON_TOP: &str = "On top";
/// Columns of that.
pub const ON_TOP_COLUMNS: [&str; 3] = ["What", "Gives", "Offered"];
/// Where there is nothing.
pub const NOTHING_ON_TOP: &str = "Nothing can be bought on top of this plan.";
/// Heading of the prices.
pub const PRICES_TITLE: &str = "Prices";
/// Columns of the prices.
pub const PRICE_COLUMNS: [&str; 4] = ["For", "Price", "Key", "Stripe"];
/// Where there are none.
pub const NO_PRICES: &str = "This plan has no prices yet, so it cannot be put on the price list.";
/// Stripe has a price.
pub const PUSHED: &str = "has it";
/// Stripe has it not.
pub const NOT_PUSHED: &str = "waits for it";
/// Heading of the versions.
pub const VERSIONS: &str = "Versions";
/// What they are.
pub const VERSIONS_LEAD: &str =
    "Whoever has a license keeps the version that was bought until the license is moved, on the license's own page.";
/// Columns of the versions.
pub const VERSION_COLUMNS: [&str; 4] = ["Version", "Since", "What changed", "Licenses"];
/// The first version.
pub const FIRST_VERSION: &str = "the first one";
/// Heading of the acts.
pub const LIST_TITLE: &str = "On the price list";
/// Puts it on the list.
pub const PUBLISH: &str = "Put on the price list";
/// Opens the question whether to take it off.
pub const RETIRE: &str = "Take off the price list";
/// Closes the question.
pub const RETIRE_CLOSE: &str = "Leave it on";
/// Does it.
pub const RETIRE_SUBMIT: &str = "Take it off";
/// What taking it off means.
pub const RETIRE_MEANS: &str = "Nobody can buy it or change to it any more. Licenses under it go on, with renewals and further seats. You can put it \
     back at any time.";
/// What stands on top of both.
pub const FILE_DECIDES: &str = "A catalog file that is applied later decides again: it publishes what it lists, unless it says \"published = false\".";
/// For those who may not change it.
pub const LOOK_ONLY: &str = "Administrators put plans on the price list and take them off.";
/// Something is so.
pub const YES: &str = "yes";
/// The contrary.
pub const NO: &str = "no";
/// Where something is not said.
pub const NONE: &str = "none";

/// The lead of the page.
#[must_use]
pub fn lead(product: &Product, plan: &Plan) -> String {
    let state = if plan.published { "It is on the price list." } else { "It is not on the price list." };
    format!("{}, version {}. {state}", product.name, plan.version)
}

/// The question whether to take it off the list.
#[must_use]
pub fn retire_title(plan: &str) -> String {
    format!("Take {plan} off the price list?")
}

/// Why a plan was not put on the list or taken off it; `None` where it was.
#[must_use]
pub fn refusal(publication: &PlanPublication) -> Option<String> {
    match publication {
        PlanPublication::NoPrices => Some("It has no price yet. Give it one first.".to_owned()),
        PlanPublication::TwoRecommended(other) => Some(format!(
            "{other} is the recommended plan of this product already, and there can be one. Change one of the two first."
        )),
        PlanPublication::Done
        | PlanPublication::Unchanged
        | PlanPublication::NotFound
        | PlanPublication::NotAllowed => None,
    }
}

/// What customers read, as label and words.
#[must_use]
pub fn says(plan: &Plan) -> Vec<(&'static str, String)> {
    let shown = &plan.presentation;
    let or_none = |text: &str| if text.is_empty() { NONE.to_owned() } else { text.to_owned() };
    vec![
        ("Code", plan.code.clone()),
        ("Line under the name", or_none(&shown.tagline)),
        ("Points", or_none(&shown.highlights.join(" · "))),
        ("Recommended", yes_or_no(shown.recommended)),
    ]
}

/// What a license under it may do, as label and words.
#[must_use]
pub fn gives(plan: &Plan) -> Vec<(String, String)> {
    let (terms, kind) = (&plan.terms, plan.license_type);
    let mut facts = vec![
        ("License type".to_owned(), licenses::license_type(kind, terms)),
        (
            "Seats".to_owned(),
            format!(
                "{} included, {} at most",
                buying::seats(kind, plan.included_seats),
                licenses::number(plan.max_seats)
            ),
        ),
    ];
    if let Some(devices) = terms.devices_per_user {
        facts.push(("Devices per user".to_owned(), licenses::number(devices)));
    }
    facts.extend(license_page::surge(kind, terms).map(|surge| (license_page::SURGE.to_owned(), surge)));
    for (name, limit) in &terms.limits {
        let limit = if *limit == -1 { "unlimited".to_owned() } else { licenses::number(*limit) };
        facts.push((licenses::humanised(name), format!("{limit}{}", aggregated(terms, name))));
    }
    for (name, end) in &terms.features {
        let end = end.map(|end| format!("until {}", moments::day(UnixMs::from_seconds(end))));
        facts.push((licenses::humanised(name), end.unwrap_or_else(|| "included".to_owned())));
    }
    facts
}

/// How the levels that instances report add up, where they are not simply the greatest.
fn aggregated(terms: &Terms, limit: &str) -> &'static str {
    match terms.level_aggregation.get(limit) {
        Some(LevelAggregation::Sum) => ", all instances together",
        Some(LevelAggregation::Max) | None => ", the greatest of all instances",
    }
}

/// How it is sold and enforced, as label and words.
#[must_use]
pub fn rules(plan: &Plan) -> Vec<(&'static str, String)> {
    let (terms, lease) = (&plan.terms, &plan.terms.lease);
    let borrow = match lease.max_borrow_s {
        0 => "not allowed".to_owned(),
        seconds => format!("for at most {}", moments::length(seconds)),
    };
    let mut facts = vec![
        ("Lease", format!("{}, checked every {}", moments::length(lease.lease_s), moments::length(lease.check_s))),
        ("Borrowing", borrow),
        ("Without a lease, the product", licenses::enforcement(&terms.enforcement)),
        ("After a failed payment", format!("everything goes on for {}", days(terms.payment_grace_days))),
        (
            "Paid by",
            if terms.card_only { "card only".to_owned() } else { "card, or transfer where it is offered".to_owned() },
        ),
        ("Reports how features are used", yes_or_no(terms.usage_signals)),
    ];
    if terms.trial_days > 0 {
        facts.push(("Trial", promotions::days_free(terms.trial_days, terms.trial_without_card)));
    }
    if let Some(percent) = terms.maintenance_percent {
        facts.push(("A further year of updates", format!("{percent} % of the price")));
    }
    facts
}

fn days(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

fn yes_or_no(is_so: bool) -> String {
    if is_so { YES.to_owned() } else { NO.to_owned() }
}

/// What an add-on gives.
#[must_use]
pub fn addon(addon: &Addon) -> String {
    let features = addon.features.keys().map(|name| licenses::humanised(name));
    let given: Vec<String> = features.chain(options::detail(addon)).collect();
    given.join("; ")
}

/// What packs give.
#[must_use]
pub fn pack(pack: &Pack) -> String {
    format!("{}, at most {} times", packs::more(pack, 1), licenses::number(pack.max))
}

/// What a price is for.
#[must_use]
pub fn price_for(product: &Product, plan: &Plan, price: &Price) -> String {
    format!(
        "{} ({})",
        catalog::line_name(&product.name, plan, price.role, &price.option),
        price_name(price.role, &price.option)
    )
}

/// What is paid: an amount, or what it is by the number of units.
#[must_use]
pub fn price(price: &Price) -> String {
    if price.tiers.is_some() {
        return packs::tiers(price, price.interval, licenses::amount);
    }
    format!("{} {}", licenses::amount(price.unit_amount), licenses::per(price.interval)).trim_end().to_owned()
}

/// How many licenses have a version.
#[must_use]
pub fn with_version(held: &LicensesOfPlan, version: i64) -> String {
    licenses::number(held.by_version.get(&version).copied().unwrap_or(0))
}

/// What changed from one version to the next, one line each.
#[must_use]
pub fn differences(from: &ListedVersion, to: &ListedVersion) -> Vec<String> {
    let (from, to) = (&from.plan, &to.plan);
    let mut lines = Vec::new();
    let mut number = |what: &str, from: i64, to: i64| {
        if from != to {
            lines.push(format!("{what}: {} becomes {}", licenses::number(from), licenses::number(to)));
        }
    };
    number("included seats", from.included_seats, to.included_seats);
    number("most seats", from.max_seats, to.max_seats);
    let (was, is) = (&from.terms, &to.terms);
    number("trial days", was.trial_days, is.trial_days);
    number("days after a failed payment", was.payment_grace_days, is.payment_grace_days);
    number("percent for updates", was.maintenance_percent.unwrap_or(0), is.maintenance_percent.unwrap_or(0));
    number("seats of a surge", was.surge_seats, is.surge_seats);
    number("minutes of a surge", was.surge_minutes, is.surge_minutes);
    lines.extend(plan_versions::limits(was, is));
    lines.extend(plan_versions::features(was, is));
    let others = [
        ("other times for leases", was.lease != is.lease),
        ("another policy for what happens without a lease", was.enforcement != is.enforcement),
        ("limits add up otherwise", was.level_aggregation != is.level_aggregation),
        ("another number of devices per user", was.devices_per_user != is.devices_per_user),
        ("a trial begins otherwise", was.trial_without_card != is.trial_without_card),
        ("other ways to pay", was.card_only != is.card_only),
        ("whether use is reported", was.usage_signals != is.usage_signals),
        ("other add-ons", from.addons != to.addons),
        ("other packs", from.packs != to.packs),
    ];
    lines.extend(others.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what.to_owned()));
    lines
}
