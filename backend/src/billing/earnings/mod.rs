//! What subscriptions bring in each month (monthly recurring revenue), by currency: sums of different currencies are never
//! added.
//!
//! **Counted** are subscriptions that Stripe calls `active` or `past_due` and that have been paid once: no trials, nothing
//! that waits for its first payment, nothing that costs nothing. One that is cancelled counts until it ends. What it is worth
//! a month is told by [`rules::monthly_minor`], with the discount of the campaign that it was ordered with for as long as
//! that lasts, or of the partner that ordered it; discounts that somebody gave at Stripe itself are not known here. Tax is
//! never part of it. Updates of perpetual licenses that renew by themselves are not counted.
//!
//! **New** are those of them that began to be paid since a moment, **ended** those that were paid and have ended since.
//! Changes of plan or seats are neither; they change what is running.

mod export_earnings;
pub mod rules;
mod store;

use crate::catalog::BillingInterval;
use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, LicenseId, PlanId, SubscriptionId};
use crate::listing::{TimePlace, asked, told};
use crate::money::{Currency, Money};
use crate::stripe::SubscriptionState;

pub use export_earnings::export_earnings;
pub use rules::Discount;
pub use store::{list_earnings, sum_earnings};

text_enum! {
    /// Which subscriptions are meant.
    EarningState {
        /// Those that are paid now.
        Running = "running",
        /// Those of them that began to be paid this month.
        New = "new",
        /// Those that were paid and have ended this month.
        Ended = "ended",
    }
}

/// A subscription that brings something in, or did.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Earning {
    /// Its id.
    pub id: SubscriptionId,
    /// Who pays.
    pub account_id: AccountId,
    /// The payer's company.
    pub company: String,
    /// What it pays for.
    pub license_id: LicenseId,
    /// The product.
    pub product_name: String,
    /// The plan that is paid.
    pub plan_name: String,
    /// Seats that are paid.
    pub seats: i64,
    /// How often.
    pub billing_interval: BillingInterval,
    /// Of the amounts.
    pub currency: Currency,
    /// What each interval costs, before tax and discounts.
    pub recurring_minor: i64,
    /// What is taken off.
    #[sqlx(flatten)]
    pub discount: Discount,
    /// Where it stands at Stripe.
    pub stripe_status: SubscriptionState,
    /// Ends with the period under way.
    pub cancel_at_period_end: bool,
    /// Since when it is paid.
    pub earning_since: UnixMs,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
}

impl Earning {
    /// What it brings in each month.
    #[must_use]
    pub fn monthly(&self) -> Money {
        let monthly = rules::monthly_minor(self.recurring_minor, self.billing_interval, self.discount);
        Money::new(monthly, self.currency)
    }

    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.earning_since, self.id.as_str())
    }
}

/// What the subscriptions of one plan in one currency bring in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanEarnings {
    /// The plan.
    pub plan_id: PlanId,
    /// Its product.
    pub product_name: String,
    /// Its name.
    pub plan_name: String,
    /// Of the sums.
    pub currency: Currency,
    /// Those that are paid now.
    pub running: Sum,
    /// Those of them that began this month.
    pub new: Sum,
    /// Those that have ended this month.
    pub ended: Sum,
}

/// How many, and what they are worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many subscriptions.
    pub subscriptions: i64,
    /// What they bring in each month, in minor units of the currency.
    pub monthly_minor: i64,
}

impl Sum {
    /// Adds another sum of the same currency.
    pub(crate) fn add(&mut self, other: Self) {
        self.subscriptions = self.subscriptions.saturating_add(other.subscriptions);
        self.monthly_minor = self.monthly_minor.saturating_add(other.monthly_minor);
    }
}

impl PlanEarnings {
    /// The sum of a state.
    #[must_use]
    pub fn of(&self, state: EarningState) -> Sum {
        match state {
            EarningState::Running => self.running,
            EarningState::New => self.new,
            EarningState::Ended => self.ended,
        }
    }
}

/// Which subscriptions a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarningFilter {
    /// Which.
    pub state: EarningState,
    /// Id of the plan; empty for all.
    pub plan: String,
    /// Code of the currency; empty for all.
    pub currency: String,
}

impl Default for EarningFilter {
    fn default() -> Self {
        Self { state: EarningState::Running, plan: String::new(), currency: String::new() }
    }
}

impl EarningFilter {
    /// The filter that an address asks for; `value` is the value of a name in it. Whatever it does not know asks for
    /// nothing.
    #[must_use]
    pub fn of_address(value: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            state: EarningState::parse(&asked(value("state"))).unwrap_or(EarningState::Running),
            plan: asked(value("plan")),
            currency: asked(value("currency")).to_ascii_lowercase(),
        }
    }

    /// The names and values of the address that asks for this filter.
    #[must_use]
    pub fn to_address(&self) -> Vec<(&'static str, String)> {
        let state = if self.state == EarningState::Running { "" } else { self.state.as_str() };
        told([("state", state.to_owned()), ("plan", self.plan.clone()), ("currency", self.currency.clone())])
    }

    /// Whether the sums of a plan in a currency are among what it shows.
    #[must_use]
    pub fn includes(&self, plan: &PlanEarnings) -> bool {
        (self.plan.is_empty() || self.plan == plan.plan_id.as_str())
            && (self.currency.is_empty() || self.currency == plan.currency.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_filter_and_back() {
        let address = [("state", "ended"), ("plan", "pln_a"), ("currency", "usd")];
        let filter = EarningFilter::of_address(|asked| {
            address.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
        });
        assert_eq!(filter.state, EarningState::Ended);
        assert_eq!(filter.to_address(), address.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(EarningFilter::of_address(|_| Some(String::new())), EarningFilter::default());
        assert_eq!(EarningFilter::default().to_address(), []);
    }
}
