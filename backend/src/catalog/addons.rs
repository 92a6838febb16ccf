//! Add-ons: named features and limits that a plan's buyer may have on top, each at a price of its own.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Composition, Plan, Price, PriceRole, Terms};
use crate::db::text_enum;

text_enum! {
    /// What an add-on is paid for.
    AddonPer {
        /// Once for the whole license.
        License = "license",
        /// For each of its seats.
        Seat = "seat",
    }
}

/// Something that a plan's buyer may have on top.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addon {
    /// Stable name within the plan.
    pub code: String,
    /// Display name.
    pub name: String,
    /// One sentence, or empty.
    #[serde(default)]
    pub description: String,
    /// What it is paid for.
    pub per: AddonPer,
    /// Features that it gives: name to the last UTC moment in Unix seconds, or none.
    #[serde(default)]
    pub features: BTreeMap<String, Option<i64>>,
    /// What it adds to the plan's limits, for each seat where it is paid by the seat; -1 makes one unlimited.
    #[serde(default)]
    pub limits: BTreeMap<String, i64>,
    /// Whether it can be bought. Who has one that is no longer offered keeps it.
    #[serde(default = "yes")]
    pub offered: bool,
}

fn yes() -> bool {
    true
}

/// Limits are at most what every JSON reader holds exactly (RFC 8259 §6).
const MAX_LIMIT: i64 = (1 << 53) - 1;

impl Addon {
    /// How many of its price so many seats come to.
    #[must_use]
    pub fn quantity(&self, seats: i64) -> i64 {
        match self.per {
            AddonPer::License => 1,
            AddonPer::Seat => seats,
        }
    }

    fn add_to(&self, terms: &mut Terms, seats: i64) {
        for (name, end) in &self.features {
            // Whoever has a feature from two sources has it for as long as either lasts.
            let longer = match (terms.features.get(name), end) {
                (Some(None), _) | (_, None) => None,
                (Some(Some(present)), Some(end)) => Some(*present.max(end)),
                (None, Some(end)) => Some(*end),
            };
            terms.features.insert(name.clone(), longer);
        }
        self.add_limits(terms, seats);
        terms.addons.insert(self.code.clone(), self.name.clone());
    }

    fn add_limits(&self, terms: &mut Terms, seats: i64) {
        for (name, more) in &self.limits {
            let limit = terms.limits.entry(name.clone()).or_insert(0);
            *limit = match (*limit, *more) {
                (-1, _) | (_, -1) => -1,
                (limit, more) => limit.saturating_add(more.saturating_mul(self.quantity(seats))).min(MAX_LIMIT),
            };
        }
    }
}

impl Plan {
    /// The add-on of this code, offered or not.
    #[must_use]
    pub fn addon(&self, code: &str) -> Option<&Addon> {
        self.addons.iter().find(|addon| addon.code == code)
    }

    /// The add-ons that can be bought now as `like` is, with their prices, in the order of the catalog.
    pub fn addons_for_sale(&self, like: &Composition) -> impl Iterator<Item = (&Addon, &Price)> {
        let price = move |addon: &Addon| self.price_of(PriceRole::Addon, &addon.code, like.interval, like.currency);
        self.addons.iter().filter(|addon| addon.offered).filter_map(move |addon| Some((addon, price(addon)?)))
    }

    /// What `more` seats bring to the limits of a license under it, by the add-ons of it that are counted by the seat.
    pub fn add_further_seats(&self, terms: &mut Terms, more: i64) {
        let has = |addon: &&Addon| addon.per == AddonPer::Seat && terms.addons.contains_key(&addon.code);
        for addon in self.addons.iter().filter(has).collect::<Vec<_>>() {
            addon.add_limits(terms, more);
        }
    }

    /// The plan with the terms that a license of this composition has: the plan's own, and what its add-ons and packs give.
    #[must_use]
    pub fn as_bought(&self, composition: &Composition) -> Self {
        let mut plan = self.clone();
        for addon in self.addons.iter().filter(|addon| composition.addons.contains(&addon.code)) {
            addon.add_to(&mut plan.terms, composition.seats);
        }
        for pack in &self.packs {
            if let Some(count) = composition.packs.get(&pack.limit) {
                pack.add_to(&mut plan.terms, *count);
            }
        }
        plan
    }
}

/// What becomes of an add-on that a change does not take along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddonFate {
    /// It was given up.
    GivenUp,
    /// The new plan has all that it gives.
    PartOfPlan,
    /// The new plan is sold without it.
    NotSold,
}

/// What becomes of the add-ons had under `now` that are no part of `to`, which is under `plan`; with their names.
#[must_use]
pub fn fates<'a>(
    now: &'a Plan,
    had: &'a BTreeSet<String>,
    plan: &Plan,
    to: &Composition,
) -> Vec<(&'a Addon, AddonFate)> {
    let left = had.iter().filter(|code| !to.addons.contains(*code)).filter_map(|code| now.addon(code));
    left.map(|addon| {
        let has_features = addon.features.keys().all(|name| plan.terms.features.contains_key(name));
        let has_limits = addon.limits.keys().all(|name| plan.terms.limits.get(name) == Some(&-1));
        let fate = match plan.addon(&addon.code) {
            _ if plan.id == now.id => AddonFate::GivenUp,
            _ if has_features && has_limits => AddonFate::PartOfPlan,
            Some(same) if same.offered => AddonFate::GivenUp,
            _ => AddonFate::NotSold,
        };
        (addon, fate)
    })
    .collect()
}

/// A plan's add-ons once a catalog is applied that has these: those that it leaves out are no longer offered, but go on
/// for who has them.
#[must_use]
pub(super) fn addons_after(present: &[Addon], wanted: &[Addon]) -> Vec<Addon> {
    let left_out = present.iter().filter(|old| wanted.iter().all(|addon| addon.code != old.code));
    wanted.iter().cloned().chain(left_out.map(|old| Addon { offered: false, ..old.clone() })).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::catalog::{BillingInterval, PlanKind};
    use crate::money::Currency;
    use crate::orders::rules::tests as sold;

    fn addon(code: &str, per: AddonPer, limits: &[(&str, i64)], features: &[(&str, Option<i64>)]) -> Addon {
        Addon {
            code: code.to_owned(),
            name: code.to_uppercase(),
            description: String::new(),
            per,
            features: features.iter().map(|(name, end)| ((*name).to_owned(), *end)).collect(),
            limits: limits.iter().map(|(name, more)| ((*name).to_owned(), *more)).collect(),
            offered: true,
        }
    }

    fn bought(codes: &[&str], seats: i64) -> Terms {
        let mut plan = sold::plan(PlanKind::Subscription, 1, Vec::new());
        plan.terms.limits = [("devices".to_owned(), 100), ("assets".to_owned(), -1)].into();
        plan.terms.features = [("beta".to_owned(), Some(500))].into();
        plan.addons = vec![
            addon("more", AddonPer::License, &[("devices", 50), ("assets", 5), ("users", 3)], &[]),
            addon("each", AddonPer::Seat, &[("devices", 10)], &[("beta", Some(400))]),
            addon("all", AddonPer::License, &[("devices", -1)], &[("beta", None), ("audit", Some(9))]),
        ];
        let usd = Currency::parse("usd").unwrap();
        let mut composition = Composition::new(plan.id.clone(), BillingInterval::Month, seats, usd);
        composition.addons = codes.iter().map(|code| (*code).to_owned()).collect();
        plan.as_bought(&composition).terms
    }

    #[test]
    fn what_addons_give_comes_on_top_of_what_the_plan_has() {
        assert_eq!(bought(&[], 3).limits, [("devices".to_owned(), 100), ("assets".to_owned(), -1)].into());
        let more = bought(&["more"], 3);
        let expected = [("devices", 150), ("assets", -1), ("users", 3)].map(|(name, limit)| (name.to_owned(), limit));
        assert_eq!((more.limits, more.features), (expected.into(), [("beta".to_owned(), Some(500))].into()));
        assert_eq!(bought(&["each"], 3).limits["devices"], 130);
        assert_eq!(bought(&["each", "more"], 3).limits["devices"], 180);
        let all = bought(&["each", "all", "unknown"], 3);
        assert_eq!(all.limits["devices"], -1);
        assert_eq!(all.features, [("beta".to_owned(), None), ("audit".to_owned(), Some(9))].into());
        let names: Vec<&str> = all.addons.values().map(String::as_str).collect();
        assert_eq!(names, ["ALL", "EACH"]);
    }

    #[test]
    fn a_change_tells_what_becomes_of_each_addon_that_it_leaves() {
        let plan = |id: &str, addons: Vec<Addon>| Plan {
            id: crate::ids::PlanId::from_untrusted(id),
            addons,
            ..sold::plan(PlanKind::Subscription, 1, Vec::new())
        };
        let audit = addon("audit", AddonPer::Seat, &[], &[("audit", None)]);
        let more = addon("more", AddonPer::License, &[("devices", 5)], &[]);
        let now = plan("pln_now", vec![audit.clone(), more.clone()]);
        let had = BTreeSet::from(["audit".to_owned(), "more".to_owned()]);
        let fate = |plan: &Plan, kept: &[&str]| {
            let usd = Currency::parse("usd").unwrap();
            let to = Composition::new(plan.id.clone(), BillingInterval::Month, 1, usd)
                .with_addons(kept.iter().map(|code| (*code).to_owned()).collect());
            fates(&now, &had, plan, &to).into_iter().map(|(addon, fate)| (addon.code.clone(), fate)).collect::<Vec<_>>()
        };
        let of = |code: &str, fate| (code.to_owned(), fate);
        assert_eq!(fate(&now, &["audit", "more"]), []);
        assert_eq!(fate(&now, &["more"]), [of("audit", AddonFate::GivenUp)]);
        let mut higher = plan("pln_higher", vec![more]);
        higher.terms.features = [("audit".to_owned(), None)].into();
        higher.terms.limits = [("devices".to_owned(), 500)].into();
        assert_eq!(fate(&higher, &[]), [of("audit", AddonFate::PartOfPlan), of("more", AddonFate::GivenUp)]);
        let other = plan("pln_other", vec![Addon { offered: false, ..audit }]);
        assert_eq!(fate(&other, &[]), [of("audit", AddonFate::NotSold), of("more", AddonFate::NotSold)]);
    }

    #[test]
    fn an_addon_that_a_file_leaves_out_goes_on_for_who_has_it_and_can_come_back() {
        let (one, two) = (addon("one", AddonPer::Seat, &[], &[]), addon("two", AddonPer::Seat, &[], &[]));
        let present = [one.clone(), two.clone()];
        let left = addons_after(&present, std::slice::from_ref(&two));
        assert_eq!(left, [two.clone(), Addon { offered: false, ..one.clone() }]);
        assert_eq!(addons_after(&left, std::slice::from_ref(&two)), left);
        assert_eq!(addons_after(&left, &present), present);
    }
}
