//! A composition: what of a plan is bought, and which of the plan's prices that comes to. Orders, subscriptions, changes
//! and what Stripe is asked to charge all say it with this one type.

use serde::{Deserialize, Serialize};

use super::{BillingInterval, Plan, PlanKind, PriceRole};
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
}

/// How many of one of its plan's prices a composition comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which price.
    pub role: PriceRole,
    /// How many of it, at least 1.
    pub quantity: i64,
}

impl Composition {
    /// A plan with so many seats.
    #[must_use]
    pub fn new(plan_id: PlanId, interval: BillingInterval, seats: i64, currency: Currency) -> Self {
        Self { plan_id, interval, seats, currency }
    }

    /// The parts of it under `plan`, the plan itself first: a subscription's base price once and the extra-seat price for
    /// each seat beyond the included ones; a perpetual license's unit price for every seat.
    #[must_use]
    pub fn parts(&self, plan: &Plan) -> Vec<Part> {
        match plan.kind {
            PlanKind::Perpetual => vec![Part { role: PriceRole::Unit, quantity: self.seats }],
            PlanKind::Subscription => {
                let mut parts = vec![Part { role: PriceRole::Base, quantity: 1 }];
                let extra = self.seats - plan.included_seats;
                if extra > 0 {
                    parts.push(Part { role: PriceRole::ExtraSeat, quantity: extra });
                }
                parts
            }
        }
    }
}
