//! What the prices of a catalog's plans and add-ons must satisfy, and which follow from them.

use std::collections::{BTreeMap, BTreeSet};

use super::{CatalogPrice, Check, Fault, label};
use crate::catalog::catalog_file::{AddonSection, PlanSection};
use crate::catalog::{BillingInterval, PlanKind, PriceRole};
use crate::money::{Currency, Money};

impl Check {
    /// The prices of the plan at `path`, of its add-ons and packs, and what a year of updates follows from them.
    pub(super) fn prices(&mut self, path: &str, plan: &PlanSection) -> Vec<CatalogPrice> {
        let mut prices = self.plan_prices(&format!("{path}.prices"), plan);
        for (at, addon) in plan.addons.iter().enumerate() {
            let path = format!("{path}.addons.{}.prices", label(&addon.code, at));
            prices.extend(self.addon_prices(&path, addon, plan));
        }
        for (at, pack) in plan.packs.iter().enumerate() {
            let path = format!("{path}.packs.{}.prices", label(&pack.limit, at));
            prices.extend(self.pack_prices(&path, pack, plan));
        }
        prices.extend(maintenance_prices(&prices, plan.maintenance_percent));
        prices
    }

    /// An add-on is sold whenever its plan is: at the same intervals, in the same currencies.
    fn addon_prices(&mut self, path: &str, addon: &AddonSection, plan: &PlanSection) -> Vec<CatalogPrice> {
        let mut prices = Vec::new();
        let mut offered = BTreeSet::new();
        for (code, intervals) in &addon.prices {
            let Some(currency) = currency(code) else {
                self.problem(format!("{path}.{code}"), Fault::NotACurrency);
                continue;
            };
            for (interval, amount) in intervals {
                let path = format!("{path}.{code}.{}", interval.as_str());
                offered.insert((code, *interval));
                let Some(amount_minor) = parse_amount(amount, currency) else {
                    self.problem(path, Fault::NotAnAmount(currency.exponent()));
                    continue;
                };
                self.amount(path, Money::new(amount_minor, currency), 1);
                prices.push(CatalogPrice {
                    role: PriceRole::Addon,
                    option: addon.code.clone(),
                    interval: *interval,
                    unit_amount: Money::new(amount_minor, currency),
                    tiers: None,
                });
            }
        }
        let of_plan = plan.prices.iter().flat_map(|(code, intervals)| intervals.keys().map(move |it| (code, *it)));
        self.expect(offered == of_plan.collect::<BTreeSet<_>>(), path, Fault::PricesOfPlanDiffer);
        prices
    }

    /// What Stripe takes: at most eight digits, and of some currencies no amounts as fine as they are counted.
    pub(super) fn amount(&mut self, path: String, amount: Money, least: i64) {
        let step = amount.currency.smallest_step();
        self.expect(amount.amount_minor % step == 0, path.as_str(), Fault::TooFine { step });
        self.range(path, amount.amount_minor, least, MAX_AMOUNT_MINOR);
    }

    fn plan_prices(&mut self, path: &str, plan: &PlanSection) -> Vec<CatalogPrice> {
        let mut prices = Vec::new();
        let mut offers: BTreeMap<&str, BTreeSet<(BillingInterval, PriceRole)>> = BTreeMap::new();
        for (code, intervals) in &plan.prices {
            let Some(currency) = currency(code) else {
                self.problem(format!("{path}.{code}"), Fault::NotACurrency);
                continue;
            };
            let offer = offers.entry(code).or_default();
            for (interval, roles) in intervals {
                let path = format!("{path}.{code}.{}", interval.as_str());
                let fits = (*interval == BillingInterval::Once) == (plan.kind == PlanKind::Perpetual);
                self.expect(fits, path.as_str(), Fault::IntervalOfOtherKind);
                for (role, amount) in roles {
                    let path = format!("{path}.{}", role.as_str());
                    self.expect(roles_of(plan.kind).contains(role), path.as_str(), Fault::RoleOfOtherKind);
                    let Some(amount_minor) = parse_amount(amount, currency) else {
                        self.problem(path, Fault::NotAnAmount(currency.exponent()));
                        continue;
                    };
                    // A plan may be free; a seat beyond it, or a license for ever, is worth something.
                    let least = i64::from(*role != PriceRole::Base);
                    let unit_amount = Money::new(amount_minor, currency);
                    self.amount(path, unit_amount, least);
                    prices.push(CatalogPrice {
                        role: *role,
                        option: String::new(),
                        interval: *interval,
                        unit_amount,
                        tiers: None,
                    });
                }
                for role in roles_of(plan.kind) {
                    let needed = *role != PriceRole::ExtraSeat || plan.max_seats > plan.included_seats;
                    let present = roles.contains_key(role);
                    self.expect(present || !needed, format!("{path}.{}", role.as_str()), Fault::PriceMissing);
                }
                offer.extend(roles.keys().map(|role| (*interval, *role)));
            }
        }
        let mut all = offers.values();
        match all.next() {
            // What nobody can buy yet may get its prices later.
            None => self.expect(!plan.published, path, Fault::PriceMissing),
            Some(first) if first.is_empty() => self.problem(path, Fault::PriceMissing),
            Some(first) => self.expect(all.all(|other| other == first), path, Fault::CurrenciesDiffer),
        }
        let has_base = prices.iter().any(|price| price.role == PriceRole::Base);
        let is_free = |price: &CatalogPrice| price.role != PriceRole::Base || price.unit_amount.amount_minor == 0;
        let tries_what_is_free = plan.trial_days > 0 && has_base && prices.iter().all(is_free);
        self.expect(!tries_what_is_free, path, Fault::TrialOfFree);
        prices
    }
}

/// A currency as files write it: one that Stripe takes, in lower case.
pub(super) fn currency(code: &str) -> Option<Currency> {
    Currency::parse(code).filter(|currency| currency.as_str() == code && currency.is_taken_by_stripe())
}

/// Stripe takes unit amounts of up to eight digits (<https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>).
const MAX_AMOUNT_MINOR: i64 = 99_999_999;

/// The prices that a file states; maintenance follows from its percentage.
fn roles_of(kind: PlanKind) -> &'static [PriceRole] {
    match kind {
        PlanKind::Subscription => &[PriceRole::Base, PriceRole::ExtraSeat],
        PlanKind::Perpetual => &[PriceRole::Unit],
    }
}

/// One more year of updates for one seat, or for one of an add-on: a percentage of what is paid once, rounded to what Stripe
/// takes, halves up.
pub(super) fn maintenance_prices(prices: &[CatalogPrice], percent: Option<i64>) -> Vec<CatalogPrice> {
    let Some(percent) = percent else { return Vec::new() };
    (prices.iter().filter(|price| matches!(price.role, PriceRole::Unit | PriceRole::Addon)))
        .map(|unit| CatalogPrice {
            role: PriceRole::Maintenance,
            option: unit.option.clone(),
            interval: BillingInterval::Once,
            unit_amount: share(unit.unit_amount, percent),
            tiers: None,
        })
        .collect()
}

fn share(of: Money, percent: i64) -> Money {
    let step = of.currency.smallest_step();
    let steps = of.amount_minor.saturating_mul(percent).saturating_add(50 * step) / (100 * step);
    Money::new(steps.saturating_mul(step), of.currency)
}

/// Reads `4999.00` with exactly the currency's decimals; `None` for any other form.
pub(crate) fn parse_amount(text: &str, currency: Currency) -> Option<i64> {
    let decimals = currency.exponent() as usize;
    let (whole, fraction) = if decimals == 0 { (text, "") } else { text.split_once('.')? };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || fraction.len() != decimals || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction}").parse().ok()
}

/// Writes an amount as [`parse_amount`] reads it.
pub(in crate::catalog) fn write_amount(amount: Money) -> String {
    let decimals = amount.currency.exponent() as usize;
    let digits = format!("{:0width$}", amount.amount_minor, width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let point = if decimals == 0 { "" } else { "." };
    format!("{whole}{point}{fraction}")
}
