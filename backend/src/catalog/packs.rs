//! Packs: more of a limit, so much at a time, at a price that may fall with their number. Only subscriptions have them:
//! a perpetual plan states its limits in full, since nothing is paid later by which they could be given up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Composition, Plan, Price, PriceRole, Terms};

/// More of a limit that a plan's buyer may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// The limit that it raises, by its name in the plan.
    pub limit: String,
    /// By how much each of them raises it.
    pub size: i64,
    /// How many of them a license can have.
    pub max: i64,
    /// Whether it can be bought. Who has one that is no longer offered keeps it.
    #[serde(default = "yes")]
    pub offered: bool,
}

fn yes() -> bool {
    true
}

/// The packs of a limit that a license has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PacksHeld {
    /// How many.
    pub count: i64,
    /// How much each of them gives.
    pub size: i64,
}

/// Limits are at most what every JSON reader holds exactly (RFC 8259 §6).
const MAX_LIMIT: i64 = (1 << 53) - 1;

impl Pack {
    /// By how much so many of them raise the limit.
    #[must_use]
    pub fn gives(&self, count: i64) -> i64 {
        self.size.saturating_mul(count).min(MAX_LIMIT)
    }

    pub(super) fn add_to(&self, terms: &mut Terms, count: i64) {
        let limit = terms.limits.entry(self.limit.clone()).or_insert(0);
        if *limit != -1 {
            *limit = limit.saturating_add(self.gives(count)).min(MAX_LIMIT);
        }
        terms.packs.insert(self.limit.clone(), PacksHeld { count, size: self.size });
    }
}

impl Plan {
    /// The pack of this limit, offered or not.
    #[must_use]
    pub fn pack(&self, limit: &str) -> Option<&Pack> {
        self.packs.iter().find(|pack| pack.limit == limit)
    }

    /// The packs that can be bought now as `like` is, with their prices, in the order of the catalog.
    pub fn packs_for_sale(&self, like: &Composition) -> impl Iterator<Item = (&Pack, &Price)> {
        let price = move |pack: &Pack| self.price_of(PriceRole::Pack, &pack.limit, like.interval, like.currency);
        self.packs.iter().filter(|pack| pack.offered).filter_map(move |pack| Some((pack, price(pack)?)))
    }
}

/// Whether `to` lacks packs that are had.
#[must_use]
pub fn gives_up_packs(had: &BTreeMap<String, i64>, to: &BTreeMap<String, i64>) -> bool {
    had.iter().any(|(limit, count)| to.get(limit).copied().unwrap_or(0) < *count)
}

/// A plan's packs once a catalog is applied that has these: those that it leaves out are no longer offered, but go on for
/// who has them.
#[must_use]
pub(super) fn packs_after(present: &[Pack], wanted: &[Pack]) -> Vec<Pack> {
    let left_out = present.iter().filter(|old| wanted.iter().all(|pack| pack.limit != old.limit));
    wanted.iter().cloned().chain(left_out.map(|old| Pack { offered: false, ..old.clone() })).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::catalog::{BillingInterval, PlanKind};
    use crate::money::Currency;
    use crate::orders::rules::tests as sold;

    fn pack(limit: &str, size: i64) -> Pack {
        Pack { limit: limit.to_owned(), size, max: 20, offered: true }
    }

    #[test]
    fn packs_raise_the_limits_of_their_plan() {
        let mut plan = sold::plan(PlanKind::Subscription, 1, Vec::new());
        plan.terms.limits = [("devices".to_owned(), 100), ("assets".to_owned(), -1)].into();
        plan.packs = vec![pack("devices", 50), pack("assets", 5), pack("users", 3)];
        let usd = Currency::parse("usd").unwrap();
        let packs = [("devices", 3), ("assets", 2), ("users", 1), ("unknown", 9)];
        let packs = packs.map(|(limit, count)| (limit.to_owned(), count)).into();
        let bought = Composition::new(plan.id.clone(), BillingInterval::Month, 1, usd).with_packs(packs);
        let terms = plan.as_bought(&bought).terms;
        let expected = [("devices", 250), ("assets", -1), ("users", 3)].map(|(name, limit)| (name.to_owned(), limit));
        assert_eq!(terms.limits, expected.into());
        assert_eq!(terms.packs["devices"], PacksHeld { count: 3, size: 50 });
        assert_eq!(terms.packs.len(), 3);
        let many = [("devices".to_owned(), i64::MAX)].into();
        let many = Composition::new(plan.id.clone(), BillingInterval::Month, 1, usd).with_packs(many);
        assert_eq!(plan.as_bought(&many).terms.limits["devices"], MAX_LIMIT);
    }

    #[test]
    fn fewer_packs_of_anything_are_given_up() {
        let packs = |devices, assets| [("devices".to_owned(), devices), ("assets".to_owned(), assets)].into();
        let had: BTreeMap<String, i64> = packs(2, 3);
        assert!(!gives_up_packs(&had, &packs(2, 3)));
        assert!(!gives_up_packs(&had, &packs(4, 3)));
        assert!(gives_up_packs(&had, &packs(9, 2)));
        assert!(gives_up_packs(&had, &BTreeMap::new()));
        assert!(!gives_up_packs(&BTreeMap::new(), &had));
    }

    #[test]
    fn a_pack_that_a_file_leaves_out_goes_on_for_who_has_it_and_can_come_back() {
        let present = [pack("devices", 50), pack("assets", 5)];
        let left = packs_after(&present, &present[1..]);
        assert_eq!(left, [pack("assets", 5), Pack { offered: false, ..pack("devices", 50) }]);
        assert_eq!(packs_after(&left, &present), present);
    }
}
