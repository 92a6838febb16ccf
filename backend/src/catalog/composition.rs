//! A composition: what of a plan is bought, and which of the plan's prices that comes to. Orders, subscriptions, changes
//! and what Stripe is asked to charge all say it with this one type.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{AddonPer, BillingInterval, Plan, PlanKind, PriceRole};
use crate::ids::PlanId;
use crate::money::Currency;

/// What of a plan is bought, and how it is charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Composition {
    /// The plan.
    pub plan_id: PlanId,
    /// How often it is charged; `Once` for perpetual plans.
    #[serde(rename = "billing_interval")]
    pub interval: BillingInterval,
    /// Seats, those that the plan includes counted.
    pub seats: i64,
    /// Of all its prices.
    pub currency: Currency,
    /// Codes of the add-ons.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub addons: BTreeSet<String>,
    /// How many packs of which limit; at least 1 of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub packs: BTreeMap<String, i64>,
}

/// How many of one of its plan's prices a composition comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What the price is for.
    pub role: PriceRole,
    /// Code of the add-on, or name of the limit, that it is for; empty where it is for the plan itself.
    pub option: String,
    /// How many of it, at least 1.
    pub quantity: i64,
}

impl Composition {
    /// A plan with so many seats, and nothing on top.
    #[must_use]
    pub fn new(plan_id: PlanId, interval: BillingInterval, seats: i64, currency: Currency) -> Self {
        Self { plan_id, interval, seats, currency, addons: BTreeSet::new(), packs: BTreeMap::new() }
    }

    /// The same with these add-ons, by code.
    #[must_use]
    pub fn with_addons(self, addons: BTreeSet<String>) -> Self {
        Self { addons, ..self }
    }

    /// The same with so many packs of these limits; none of those that are asked for with 0.
    #[must_use]
    pub fn with_packs(self, mut packs: BTreeMap<String, i64>) -> Self {
        packs.retain(|_, count| *count != 0);
        Self { packs, ..self }
    }

    /// The parts of it under `plan`, the plan itself first: a subscription's base price once and the extra-seat price for
    /// each seat beyond the included ones; a perpetual license's unit price for every seat. Then the add-ons and packs that
    /// the plan knows.
    #[must_use]
    pub fn parts(&self, plan: &Plan) -> Vec<Part> {
        let part = |role, quantity| Part { role, option: String::new(), quantity };
        let mut parts = match plan.kind {
            PlanKind::Perpetual => vec![part(PriceRole::Unit, self.seats)],
            PlanKind::Subscription => vec![part(PriceRole::Base, 1)],
        };
        let extra = self.seats - plan.included_seats;
        if plan.kind == PlanKind::Subscription && extra > 0 {
            parts.push(part(PriceRole::ExtraSeat, extra));
        }
        parts.extend(self.addon_parts(plan, PriceRole::Addon));
        parts.extend(plan.packs.iter().filter_map(|pack| {
            let quantity = *self.packs.get(&pack.limit)?;
            Some(Part { role: PriceRole::Pack, option: pack.limit.clone(), quantity })
        }));
        parts
    }

    /// The parts of one more year of updates of it: for every seat, and for the add-ons.
    #[must_use]
    pub fn maintenance_parts(&self, plan: &Plan) -> Vec<Part> {
        let seats = Part { role: PriceRole::Maintenance, option: String::new(), quantity: self.seats };
        std::iter::once(seats).chain(self.addon_parts(plan, PriceRole::Maintenance)).collect()
    }

    /// What `more` seats of it are made of once it is bought for ever: the seats, and the add-ons that are sold by the seat.
    #[must_use]
    pub fn further_seat_parts(&self, plan: &Plan, more: i64) -> Vec<Part> {
        let seats = Part { role: PriceRole::Unit, option: String::new(), quantity: more };
        let by_seat = |part: &Part| plan.addon(&part.option).is_some_and(|addon| addon.per == AddonPer::Seat);
        let addons = self.addon_parts(plan, PriceRole::Addon).filter(by_seat);
        std::iter::once(seats).chain(addons.map(|part| Part { quantity: more, ..part })).collect()
    }

    fn addon_parts(&self, plan: &Plan, role: PriceRole) -> impl Iterator<Item = Part> {
        plan.addons.iter().filter(|addon| self.addons.contains(&addon.code)).map(move |addon| Part {
            role,
            option: addon.code.clone(),
            quantity: addon.quantity(self.seats),
        })
    }
}
