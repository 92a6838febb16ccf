//! The catalog as it stands, read back into the sections of a file, so that the rules that judge files judge what is changed
//! by hand as well.
//!
//! What a file cannot say is left out: add-ons and packs that are no longer offered stay beside what is wanted
//! ([`super::addons::addons_after`]), and releases are published on their own.

use std::collections::BTreeMap;

use super::catalog_file::{
    AddonSection, FeatureEnd, LeaseSection, PackSection, PlanSection, ProductSection, TierSection,
};
use super::rules::write_amount;
use super::{Addon, BillingInterval, Pack, Plan, Price, PriceRole, Product, TierMode};
use crate::clock::UnixMs;
use crate::money::Money;

/// A product and its plans, in the order in which they are given.
pub(super) fn product_section(product: &Product, plans: &[Plan]) -> ProductSection {
    ProductSection {
        code: product.code.clone(),
        name: product.name.clone(),
        description: product.description.clone(),
        releases: Vec::new(),
        plans: plans.iter().map(plan_section).collect(),
    }
}

/// A plan with its current prices.
pub(super) fn plan_section(plan: &Plan) -> PlanSection {
    let (terms, shown) = (&plan.terms, &plan.presentation);
    let some = |number: i64| (number > 0).then_some(number);
    PlanSection {
        code: plan.code.clone(),
        name: plan.name.clone(),
        kind: plan.kind,
        license_type: plan.license_type,
        included_seats: plan.included_seats,
        max_seats: plan.max_seats,
        published: plan.published,
        tagline: shown.tagline.clone(),
        highlights: shown.highlights.clone(),
        recommended: shown.recommended,
        limits: terms.limits.clone(),
        features: ends(&terms.features),
        level_aggregation: terms.level_aggregation.clone(),
        maintenance_percent: terms.maintenance_percent,
        trial_days: terms.trial_days,
        trial_without_card: terms.trial_without_card,
        card_only: terms.card_only,
        payment_grace_days: terms.payment_grace_days,
        devices_per_user: terms.devices_per_user,
        surge_seats: some(terms.surge_seats),
        surge_minutes: some(terms.surge_minutes),
        usage_signals: terms.usage_signals,
        lease: LeaseSection {
            lease_s: Some(terms.lease.lease_s),
            check_s: Some(terms.lease.check_s),
            reclaim_after_s: Some(terms.lease.reclaim_after_s),
            max_borrow_s: Some(terms.lease.max_borrow_s),
        },
        enforcement: Some(terms.enforcement.steps().to_vec()),
        prices: prices(plan),
        addons: plan.addons.iter().filter(|addon| addon.offered).map(|addon| addon_section(plan, addon)).collect(),
        packs: plan.packs.iter().filter(|pack| pack.offered).map(|pack| pack_section(plan, pack)).collect(),
    }
}

/// The plan's own prices; what a year of updates costs follows from them.
fn prices(plan: &Plan) -> BTreeMap<String, BTreeMap<BillingInterval, BTreeMap<PriceRole, String>>> {
    let mut prices: BTreeMap<String, BTreeMap<BillingInterval, BTreeMap<PriceRole, String>>> = BTreeMap::new();
    for price in plan.prices.iter().filter(|price| price.option.is_empty() && price.role != PriceRole::Maintenance) {
        let intervals = prices.entry(price.unit_amount.currency.as_str().to_owned()).or_default();
        intervals.entry(price.interval).or_default().insert(price.role, write_amount(price.unit_amount));
    }
    prices
}

/// The current prices of an add-on or pack.
fn prices_of<'p>(plan: &'p Plan, role: PriceRole, option: &'p str) -> impl Iterator<Item = &'p Price> {
    plan.prices.iter().filter(move |price| (price.role, price.option.as_str()) == (role, option))
}

fn addon_section(plan: &Plan, addon: &Addon) -> AddonSection {
    let mut prices: BTreeMap<String, BTreeMap<BillingInterval, String>> = BTreeMap::new();
    for price in prices_of(plan, PriceRole::Addon, &addon.code) {
        let intervals = prices.entry(price.unit_amount.currency.as_str().to_owned()).or_default();
        intervals.insert(price.interval, write_amount(price.unit_amount));
    }
    AddonSection {
        code: addon.code.clone(),
        name: addon.name.clone(),
        description: addon.description.clone(),
        per: addon.per,
        features: ends(&addon.features),
        limits: addon.limits.clone(),
        prices,
    }
}

fn pack_section(plan: &Plan, pack: &Pack) -> PackSection {
    let mut mode = TierMode::Volume;
    let mut prices: BTreeMap<String, BTreeMap<BillingInterval, Vec<TierSection>>> = BTreeMap::new();
    for price in prices_of(plan, PriceRole::Pack, &pack.limit) {
        let currency = price.unit_amount.currency;
        let Some(tiers) = &price.tiers else { continue };
        mode = tiers.mode;
        let written = tiers
            .steps
            .iter()
            .map(|tier| TierSection { up_to: tier.up_to, each: write_amount(Money::new(tier.each_minor, currency)) });
        prices.entry(currency.as_str().to_owned()).or_default().insert(price.interval, written.collect());
    }
    PackSection { limit: pack.limit.clone(), size: pack.size, max: pack.max, mode, prices }
}

fn ends(features: &BTreeMap<String, Option<i64>>) -> BTreeMap<String, FeatureEnd> {
    let end =
        |end: Option<i64>| end.map_or(FeatureEnd::Never, |last| FeatureEnd::After(UnixMs::from_seconds(last).date()));
    features.iter().map(|(name, last)| (name.clone(), end(*last))).collect()
}
