//! What a catalog's packs and the tiers of their prices must satisfy.

use std::collections::BTreeSet;

use super::plan::MAX_LIMIT;
use super::prices::{currency, parse_amount};
use super::{CatalogPrice, Check, Fault, label};
use crate::catalog::catalog_file::{PackSection, PlanSection, TierSection};
use crate::catalog::{Pack, PlanKind, PriceRole, Tier, Tiers};
use crate::money::{Currency, Money};

/// How many packs of a limit a license can have at most.
const MAX_PACKS: i64 = 10_000;

impl Check {
    pub(super) fn packs(&mut self, path: &str, plan: &PlanSection) -> Vec<Pack> {
        let is_rented = plan.kind == PlanKind::Subscription;
        self.expect(plan.packs.is_empty() || is_rented, format!("{path}.packs"), Fault::PackOfPerpetual);
        let mut limits = BTreeSet::new();
        (plan.packs.iter().enumerate())
            .map(|(at, pack)| {
                let path = format!("{path}.packs.{}", label(&pack.limit, at));
                let limit = format!("{path}.limit");
                self.expect(limits.insert(&pack.limit), limit.as_str(), Fault::Duplicate);
                match plan.limits.get(&pack.limit) {
                    None => self.problem(limit, Fault::NotALimit),
                    Some(-1) => self.problem(limit, Fault::PlanHasIt),
                    Some(_) => {}
                }
                self.range(format!("{path}.size"), pack.size, 1, MAX_LIMIT);
                self.range(format!("{path}.max"), pack.max, 1, MAX_PACKS);
                Pack { limit: pack.limit.clone(), size: pack.size, max: pack.max, offered: true }
            })
            .collect()
    }

    /// A pack is sold whenever its plan is: at the same intervals, in the same currencies.
    pub(super) fn pack_prices(&mut self, path: &str, pack: &PackSection, plan: &PlanSection) -> Vec<CatalogPrice> {
        let mut prices = Vec::new();
        let mut offered = BTreeSet::new();
        for (code, intervals) in &pack.prices {
            let Some(currency) = currency(code) else {
                self.problem(format!("{path}.{code}"), Fault::NotACurrency);
                continue;
            };
            for (interval, tiers) in intervals {
                offered.insert((code, *interval));
                let path = format!("{path}.{code}.{}", interval.as_str());
                let steps = self.tiers(&path, tiers, pack.max, currency);
                let Some(first) = steps.first() else { continue };
                prices.push(CatalogPrice {
                    role: PriceRole::Pack,
                    option: pack.limit.clone(),
                    interval: *interval,
                    unit_amount: Money::new(first.each_minor, currency),
                    tiers: Some(Tiers { mode: pack.mode, steps }),
                });
            }
        }
        let of_plan = plan.prices.iter().flat_map(|(code, intervals)| intervals.keys().map(move |it| (code, *it)));
        self.expect(offered == of_plan.collect::<BTreeSet<_>>(), path, Fault::PricesOfPlanDiffer);
        prices
    }

    fn tiers(&mut self, path: &str, tiers: &[TierSection], max: i64, currency: Currency) -> Vec<Tier> {
        self.expect(!tiers.is_empty(), path, Fault::TiersMissing);
        let mut steps = Vec::with_capacity(tiers.len());
        let mut below = 0;
        for (at, tier) in tiers.iter().enumerate() {
            let path = format!("{path}.#{}", at + 1);
            let is_last = at + 1 == tiers.len();
            self.expect(tier.up_to.is_none() == is_last, format!("{path}.up_to"), Fault::TierEnds);
            if let Some(up_to) = tier.up_to {
                self.expect(up_to > below, format!("{path}.up_to"), Fault::TiersNotRising);
                // One that reached to the last pack would leave nothing for those after it.
                self.range(format!("{path}.up_to"), up_to, 1, max.saturating_sub(1).max(1));
                below = up_to;
            }
            let Some(each_minor) = parse_amount(&tier.each, currency) else {
                self.problem(format!("{path}.each"), Fault::NotAnAmount(currency.exponent()));
                continue;
            };
            self.amount(format!("{path}.each"), Money::new(each_minor, currency), 1);
            steps.push(Tier { up_to: tier.up_to, each_minor });
        }
        steps
    }
}
