//! The forms by which administrators make and change products, plans and prices.

use super::{buying, catalog, currencies, licenses};
use crate::catalog::editing::{EditFault, FieldProblem, KeptVersion};
use crate::catalog::{AddonPer, BillingInterval, Fault, LicenseType, Plan, PlanKind, Price, PriceRole, TierMode};
use crate::money::Currency;

/// First crumb.
pub const CATALOG: &str = "Catalog";
/// Title of the form for a product.
pub const NEW_PRODUCT: &str = "New product";
/// What a product is.
pub const NEW_PRODUCT_LEAD: &str =
    "A product is what customers run. It gets plans, which they buy; nothing is for sale until a plan is published.";
/// Lead of the form that changes one.
pub const PRODUCT_LEAD: &str = "What the price list and invoices call it. The code stays: leases name it.";
/// Leads to the form of a new plan.
pub const NEW_PLAN: &str = "New plan";
/// Lead of that form.
pub const NEW_PLAN_LEAD: &str =
    "It starts as a draft that nobody can buy. Give it prices next, and publish it when it is right.";
/// Lead where another plan is copied.
pub const LIKE_LEAD: &str =
    "Prices, add-ons and extra limits are copied with it. It starts as a draft that nobody can buy.";
/// Lead of the form that changes a plan.
pub const PLAN_LEAD: &str =
    "Whoever has a license keeps what was bought, until you move the license to the plan as it is then.";
/// Leads to the prices of a plan.
pub const TO_PRICES: &str = "Prices";
/// Leads to the form of a plan.
pub const TO_PLAN: &str = "Change the plan";
/// Leads to the form of a plan like the one that is shown.
pub const COPY_PLAN: &str = "New plan like this one";
/// Shows what a form would do.
pub const SHOW_CHANGES: &str = "Show what changes";
/// Heading of what a form would do.
pub const REVIEW: &str = "What changes";
/// Makes the changes.
pub const SAVE: &str = "Save";
/// Back to the form, with everything that was typed.
pub const CHANGE_MORE: &str = "Change something";
/// Where somebody else was quicker.
pub const STALE: &str = "Somebody else has changed this since you opened the form, so nothing was saved. What you typed is still here; \
     the next step lists how it differs from what holds now.";
/// Where nothing differs.
pub const NOTHING_CHANGES: &str = "Everything is so already. There is nothing to save.";
/// Heading of what is sold on top of a plan.
pub const OPTIONS: &str = "Sold on top";
/// Beside it.
pub const OPTIONS_LEAD: &str = "Add-ons give further features or limits. Packs let customers buy more of a limit.";
/// Where nothing is.
pub const NO_OPTIONS: &str = "Nothing is sold on top of this plan.";
/// An add-on.
pub const ADDON: &str = "Add-on";
/// A pack.
pub const PACK: &str = "Pack";
/// Leads to the form of a new add-on.
pub const NEW_ADDON: &str = "New add-on";
/// Leads to the form of a new pack.
pub const NEW_PACK: &str = "New pack";
/// Lead of the form for an add-on.
pub const ADDON_LEAD: &str = "It gives something that the plan does not, and is sold wherever the plan is. Whoever has it keeps it as it was bought.";
/// Lead of the form for a pack.
pub const PACK_LEAD: &str = "Each pack raises a limit of the plan. What each costs can depend on how many are bought.";
/// Part of an add-on's form: limits.
pub const MORE: &str = "What it adds to limits";
/// Part of an add-on's form: prices.
pub const ADDON_PRICES: &str = "What it costs, before tax";
/// Where the plan has no prices.
pub const PRICES_FIRST: &str = "The plan has no prices yet. Give it some first; then what is sold on top gets its own.";
/// What helps with the end of a tier.
pub const UP_TO_HINT: &str = "Empty in the last tier";
/// A plan that nobody can buy.
pub const IS_DRAFT: &str = "This plan is not published: nobody can buy it.";
/// Part of the plan's form: what customers read.
pub const SAYS: &str = "What customers read";
/// Part of the plan's form: seats.
pub const SEATS: &str = "Seats";
/// Part of the plan's form: limits.
pub const LIMITS: &str = "Limits";
/// Part of the plan's form: features.
pub const FEATURES: &str = "Features";
/// Part of the plan's form: how it is sold.
pub const SOLD: &str = "How it is sold";
/// Part of the plan's form: leases.
pub const LEASES: &str = "Leases, in seconds";
/// Part of the plan's form: what happens without a lease.
pub const ENFORCEMENT: &str = "When a license cannot be confirmed, in seconds after the first failed check";
/// Beside it.
pub const ENFORCEMENT_HINT: &str =
    "Leave out what does not apply. Without any step the product warns at once and stops after a day.";
/// The answers for how levels add up.
pub const SUMS: [(&str, &str); 2] = [("max", "The highest counts"), ("sum", "They add up")];
/// Heading of the prices there are.
pub const CURRENT_PRICES: &str = "Prices now";
/// Beside it.
pub const CURRENT_LEAD: &str = "Before tax. Whoever bought at an older amount keeps it.";
/// Columns of it.
pub const PRICE_COLUMNS: [&str; 4] = ["For", "Paid", "Amount", "Stripe"];
/// Where there are none.
pub const NO_PRICES: &str =
    "This plan has no prices yet. Fill in the form below, with all currencies and intervals at once.";
/// Stripe has a price.
pub const AT_STRIPE: &str = "Has it";
/// Stripe does not have it yet.
pub const WAITING: &str = "Waiting for Stripe";
/// There is no account at Stripe.
pub const NO_STRIPE: &str = "Stripe is not set up";
/// What that means.
pub const WAITING_MEANS: &str =
    "Some prices are on their way to Stripe. Until they are there, the price list leaves them out.";
/// Heading of the form for amounts.
pub const CHANGE_PRICES: &str = "Change prices";
/// Beside it.
pub const CHANGE_PRICES_LEAD: &str =
    "An amount that you empty is no longer offered. Every currency needs the same prices.";
/// A currency or interval in which the plan is not sold yet.
pub const ADD_OFFER: &str = "Add a currency or an interval";
/// The currency of one.
pub const CURRENCY_HINT: &str = "Three letters, such as usd. Leave it empty to add nothing.";

/// Title of the form that changes something.
#[must_use]
pub fn change(name: &str) -> String {
    format!("Change {name}")
}

/// Title of the form for a copy.
#[must_use]
pub fn like(name: &str) -> String {
    format!("New plan like {name}")
}

/// Title of the page with a plan's prices.
#[must_use]
pub fn prices_of(plan: &str) -> String {
    format!("Prices of {plan}")
}

/// What a new version means for those who have the one that it replaces.
#[must_use]
pub fn keeps(kept: KeptVersion) -> String {
    let KeptVersion { version, licenses } = kept;
    let next = version + 1;
    match licenses {
        0 => format!("This makes version {next} of the plan. No license is of version {version}."),
        1 => format!("This makes version {next} of the plan. 1 license keeps version {version} until you move it."),
        _ => format!(
            "This makes version {next} of the plan. {} licenses keep version {version} until you move them.",
            licenses::number(licenses)
        ),
    }
}

/// Title of the form for a new add-on.
#[must_use]
pub fn new_addon(plan: &str) -> String {
    format!("New add-on of {plan}")
}

/// Title of the form for a new pack.
#[must_use]
pub fn new_pack(plan: &str) -> String {
    format!("New pack of {plan}")
}

/// Title of the form for a pack.
#[must_use]
pub fn change_pack(limit: &str, plan: &str) -> String {
    format!("Change the packs of {} of {plan}", limit.replace('_', " "))
}

/// A pack in a list: `1,000 more devices`.
#[must_use]
pub fn pack_of(size: i64, limit: &str) -> String {
    format!("{} more {}", licenses::number(size), limit.replace('_', " "))
}

/// What an add-on is paid for.
#[must_use]
pub fn per(per: AddonPer) -> &'static str {
    match per {
        AddonPer::License => "Once for the license",
        AddonPer::Seat => "For each seat",
    }
}

/// What tiers mean.
#[must_use]
pub fn tier_mode(mode: TierMode) -> &'static str {
    match mode {
        TierMode::Volume => "All packs cost what the tier of their number says",
        TierMode::Graduated => "Each pack costs what its own tier says",
    }
}

/// The questions of a row of what an add-on adds, counted from 1: name of the limit, and how much.
#[must_use]
pub fn more_row(row: usize) -> [String; 2] {
    [format!("Limit {row}"), format!("Adds to limit {row}")]
}

/// The questions of a tier, counted from 1: its end and what each pack in it costs.
#[must_use]
pub fn tier_row(row: usize, offer: &str) -> [String; 2] {
    [format!("Last pack of tier {row}: {offer}"), format!("Each pack in tier {row}: {offer}")]
}

/// The question of a field.
#[must_use]
pub fn label(field: &str) -> &'static str {
    match field {
        "code" => "Code",
        "name" => "Name",
        "description" => "Description",
        "position" => "Place on the price list",
        "kind" => "Kind",
        "license_type" => "License type",
        "tagline" => "Line under the name",
        "highlights" => "Highlights",
        "recommended" => "Recommend this plan",
        "included_seats" => "Seats included",
        "max_seats" => "Seats at most",
        "devices_per_user" => "Devices of one user at a time",
        "surge_seats" => "Seats of a surge",
        "surge_minutes" => "Minutes of a surge",
        "trial_days" => "Days of trial",
        "trial_without_card" => "A trial begins without a card",
        "card_only" => "Never by bank transfer",
        "payment_grace_days" => "Days of grace after a failed payment",
        "maintenance_percent" => "A further year of updates, in percent",
        "usage_signals" => "Instances report how often features are used",
        "lease_s" => "Life of a lease",
        "check_s" => "Time between checks",
        "reclaim_after_s" => "A silent machine's seat is free after",
        "max_borrow_s" => "Longest borrowed lease",
        "after_warn" => "Warn",
        "after_block_new" => "Create nothing new",
        "after_lock_admin" => "Lock administration",
        "after_stop" => "Stop working",
        "currency" => "Currency",
        "interval" => "Paid",
        "per" => "It is paid",
        "limit" => "Limit",
        "size" => "More of the limit in each pack",
        "max" => "Packs of a license at most",
        "mode" => "What tiers mean",
        "withdrawn" => "Do not sell it any more",
        _ => "",
    }
}

/// What helps to answer; empty where nothing is needed.
#[must_use]
pub fn hint(field: &str) -> &'static str {
    match field {
        "code" => "Lower-case letters, digits, - and _. Leases name it, so it never changes.",
        "position" => "1 comes first.",
        "kind" => "A subscription is paid by month or year, a perpetual license once. This never changes.",
        "license_type" => "How seats are counted. This never changes.",
        "highlights" => "A line each.",
        "included_seats" => "In the base price; always 1 where a license is bought for ever.",
        "devices_per_user" => "Only where users have the seats. Empty means any number.",
        "surge_seats" => "Seats beyond the bought ones, for rolling updates. Empty means none.",
        "surge_minutes" => "From 5 to 720.",
        "trial_days" => "0 means no trial.",
        "maintenance_percent" => "Of the price of a license that is bought for ever.",
        "lease_s" => "600 is ten minutes, 86400 a day.",
        "check_s" => "At most a third of the life of a lease.",
        "reclaim_after_s" => "2592000 is thirty days.",
        "max_borrow_s" => "0 means that nothing is borrowed.",
        "limit" => "One of the plan's limits. This never changes.",
        "withdrawn" => "Whoever has it keeps it and goes on paying for it.",
        "currency" => CURRENCY_HINT,
        _ => "",
    }
}

/// The kinds that a new plan can have.
#[must_use]
pub fn kind(kind: PlanKind) -> &'static str {
    match kind {
        PlanKind::Subscription => "Subscription",
        PlanKind::Perpetual => "Perpetual",
    }
}

/// The license types that a new plan can have.
#[must_use]
pub fn license_type(license_type: LicenseType) -> &'static str {
    match license_type {
        LicenseType::Floating => "Floating: a seat for each running instance",
        LicenseType::Machine => "Machine: a seat for each machine",
        LicenseType::User => "User: a seat for each user",
    }
}

/// The questions of a row of limits, counted from 1: name, maximum, how levels add up.
#[must_use]
pub fn limit_row(row: usize) -> [String; 3] {
    [format!("Limit {row}"), format!("At most, of limit {row}"), format!("Levels of limit {row}")]
}

/// The questions of a row of features, counted from 1: name and last day.
#[must_use]
pub fn feature_row(row: usize) -> [String; 2] {
    [format!("Feature {row}"), format!("Last day of feature {row}")]
}

/// What helps with a row of limits.
pub const LIMIT_HINT: &str = "A number, or unlimited";
/// What helps with a row of features.
pub const UNTIL_HINT: &str = "Empty: as long as the license";
/// What helps with the lists.
pub const ROWS_HINT: &str = "Empty a name and what stands beside it to take a row away.";

/// What an amount is for, by role and option: "Base price", "Audit log".
#[must_use]
pub fn price_for(plan: &Plan, role: PriceRole, option: &str) -> String {
    let addon = plan.addon(option).map(|addon| addon.name.clone());
    match role {
        PriceRole::Base => "Base price".to_owned(),
        PriceRole::ExtraSeat => format!("Each further {}", buying::seat_noun(plan.license_type, 1)),
        PriceRole::Unit => format!("Each {}", buying::seat_noun(plan.license_type, 1)),
        PriceRole::Maintenance => match addon {
            Some(addon) => format!("A year of updates of {addon}"),
            None => "A year of updates".to_owned(),
        },
        PriceRole::Addon => addon.unwrap_or_else(|| option.to_owned()),
        PriceRole::Pack => format!("Pack of {}", option.replace('_', " ")),
    }
}

/// How often it is paid, and in what: "by the month, USD".
#[must_use]
pub fn offer(interval: BillingInterval, currency: &str) -> String {
    let often = match interval {
        BillingInterval::Month => "By the month",
        BillingInterval::Year => "By the year",
        BillingInterval::Once => "Once",
    };
    let currency = Currency::parse(currency).map_or_else(|| currency.to_owned(), currencies::name);
    format!("{often}, {currency}")
}

/// How often something is paid.
#[must_use]
pub fn interval(interval: BillingInterval) -> &'static str {
    match interval {
        BillingInterval::Month => "Every month",
        BillingInterval::Year => "Every year",
        BillingInterval::Once => "Once",
    }
}

/// The question for an amount: "Base price, by the month, USD".
#[must_use]
pub fn amount(plan: &Plan, role: PriceRole, option: &str, offer: &str) -> String {
    format!("{}: {offer}", price_for(plan, role, option))
}

/// The heading of something new that is offered, counted from 1.
#[must_use]
pub fn new_offer(number: usize) -> String {
    format!("Addition {number}")
}

/// What helps with amounts: how they are written.
pub const AMOUNT_HINT: &str = "With a point before the decimals, such as 10.50.";

/// A current price in one line; tiers as the catalog file says them.
#[must_use]
pub fn price(price: &Price) -> String {
    match &price.tiers {
        None => licenses::amount(price.unit_amount),
        Some(_) => catalog::amounts(price.unit_amount, price.tiers.as_ref()),
    }
}

/// What is wrong, in one sentence.
#[must_use]
pub fn problem(problem: &FieldProblem) -> String {
    let sentence = fault(&problem.fault);
    if problem.path.is_empty() { sentence } else { format!("{}: {sentence}", problem.path) }
}

/// Where a sentence about a file says how to write the file, people who fill in a form read another one.
fn fault(fault: &EditFault) -> String {
    let sentence = match fault {
        EditFault::NotANumber => "Give a whole number.",
        EditFault::NotALimit => "Give a whole number, or write unlimited.",
        EditFault::NotADate => "Give a day, such as 2027-12-31.",
        EditFault::NotAChoice => "Choose one of the answers.",
        EditFault::PlanWithoutPrices => "The plan has no prices yet. Give it some first; then its packs get theirs.",
        EditFault::PacksInTheWay => {
            "The packs of this plan are not sold in these currencies and at these intervals. Take the packs off the price \
             list first and put them on again afterwards, or upload a catalog file that changes both."
        }
        EditFault::Rule(Fault::NotACurrency) => "Give the three letters of a currency that Stripe takes, such as usd.",
        EditFault::Rule(Fault::NotAnAmount(0)) => "Give an amount without decimals, such as 1200.",
        EditFault::Rule(Fault::NotAnAmount(3)) => {
            "Give an amount with a point and at most three decimals, such as 10.500."
        }
        EditFault::Rule(Fault::NotAnAmount(_)) => {
            "Give an amount with a point and at most two decimals, such as 10.50."
        }
        EditFault::Rule(Fault::CheckTooRare) => "Checks must fit three times into the life of a lease.",
        EditFault::Rule(Fault::SurgeIncomplete) => "A surge needs both seats and minutes.",
        EditFault::Rule(Fault::TrialMissing) => "There is no trial; give its days, or leave this out.",
        EditFault::Rule(Fault::DevicesOfOtherType) => "Only plans that seat users can limit the devices of one.",
        EditFault::Rule(Fault::PerpetualIncludesOneSeat) => "A perpetual plan sells every seat by itself: write 1.",
        EditFault::Rule(Fault::RoleOfOtherKind) => "This kind of plan has no such price.",
        EditFault::Rule(Fault::TiersMissing) => "Give at least one tier.",
        EditFault::Rule(Fault::TierEnds) => "Every tier but the last one needs its last pack; the last one has none.",
        EditFault::Rule(Fault::PriceMissing) => "A price is missing here.",
        EditFault::Rule(fault) => return catalog::fault(fault),
    };
    sentence.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_version_says_who_keeps_the_old_one() {
        let said = |licenses| keeps(KeptVersion { version: 1, licenses });
        assert_eq!(said(0), "This makes version 2 of the plan. No license is of version 1.");
        assert_eq!(said(1), "This makes version 2 of the plan. 1 license keeps version 1 until you move it.");
        assert!(said(1_200).contains("1,200 licenses keep version 1 until you move them"), "{}", said(1_200));
    }

    #[test]
    fn every_field_has_a_question() {
        for field in
            ["code", "position", "tagline", "check_s", "after_stop", "max_borrow_s", "currency", "per", "withdrawn"]
        {
            assert!(!label(field).is_empty(), "{field}");
        }
    }
}
