//! Everything that happened at a vendor, the newest first, for its staff: by type, customer, license or instance, and days.

mod export_activity;
mod store;

use super::Event;
use crate::ids::{AccountId, LicenseId};
use crate::listing::{Days, TimePlace, asked, told};

pub use export_activity::export_activity;
pub use store::search_activity;

/// The types of what instances do hour by hour. A list shows them only where one of them is asked for.
pub const ROUTINE: [&str; 2] = ["lease.renewed", "feature.used"];

/// The types that a list can be asked for, by what they are about.
pub const TYPES: &[&str] = &[
    "license.created",
    "license.changed",
    "license.claimed",
    "license.extended",
    "license.renewed",
    "license.suspended",
    "license.revoked",
    "license.expired",
    "license.key_replaced",
    "license.limit_exceeded",
    "license.updates_ending",
    "license.handover_asked",
    "license.handover_ended",
    "license.handed_over",
    "license.taken_over",
    "instance.activated",
    "instance.refused",
    "instance.released",
    "instance.deactivated",
    "instance.reclaimed",
    "instance.blocked",
    "instance.unblocked",
    "instance.deleted",
    "instance.stale",
    "instance.cloned",
    "instance.conflict_decided",
    "lease.issued",
    "lease.renewed",
    "lease.expired",
    "lease.revoked",
    "feature.used",
    "order.placed",
    "order.paid",
    "order.expired",
    "order.cancelled",
    "order.change_requested",
    "order.change_dropped",
    "order.cancellation_requested",
    "order.cancellation_withdrawn",
    "order.ended_by_vendor",
    "order.auto_renewal_started",
    "order.auto_renewal_stopped",
    "invoice.finalized",
    "invoice.paid",
    "invoice.voided",
    "invoice.uncollectible",
    "payment.succeeded",
    "payment.failed",
    "payment.settled",
    "payment.reminded",
    "payment.card_changed",
    "payment.card_ending",
    "payment.balance_changed",
    "payment.refunded",
    "payment.refund_failed",
    "dispute.opened",
    "dispute.won",
    "dispute.lost",
    "credit_note.issued",
    "credit_note.voided",
];

/// Which events a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// The type; empty for all but [`ROUTINE`].
    pub event_type: String,
    /// Id of the account in which it happened, or words in its company; empty for all.
    pub customer: String,
    /// Id of the license or instance that it is about; empty for all.
    pub about: String,
    /// The days on which it happened.
    pub days: Days,
}

impl ActivityFilter {
    /// The filter that an address asks for; `value` is the value of a name in it. Whatever it does not know asks for
    /// nothing.
    #[must_use]
    pub fn of_address(value: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| asked(value(name));
        Self {
            event_type: value("type"),
            customer: value("customer"),
            about: value("about"),
            days: Days::of_address(value),
        }
    }

    /// The names and values of the address that asks for this filter.
    #[must_use]
    pub fn to_address(&self) -> Vec<(&'static str, String)> {
        let [from, to] = self.days.to_address();
        told([
            ("type", self.event_type.clone()),
            ("customer", self.customer.clone()),
            ("about", self.about.clone()),
            from,
            to,
        ])
    }
}

/// An event in the list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Activity {
    /// What happened.
    #[sqlx(flatten)]
    pub event: Event,
    /// The account in which it happened.
    pub account_id: Option<AccountId>,
    /// That account's company.
    pub company: Option<String>,
    /// The license that it is about.
    pub license_id: Option<LicenseId>,
    /// The owner's name for that.
    pub license_name: Option<String>,
    /// The product of the license.
    pub product_name: Option<String>,
    /// The plan of the license.
    pub plan_name: Option<String>,
}

impl Activity {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.event.occurred_at, self.event.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::listing::in_address;

    #[test]
    fn an_address_is_a_filter_and_back() {
        let address = [
            ("type", "instance.activated"),
            ("customer", "acc_a"),
            ("about", "lic_a"),
            ("from", "2026-11-01"),
            ("to", "2026-11-30"),
        ];
        let filter = ActivityFilter::of_address(in_address(&address));
        assert_eq!(filter.to_address(), address.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(ActivityFilter::of_address(|_| Some(" ".to_owned())), ActivityFilter::default());
    }

    #[test]
    fn each_type_stands_there_once() {
        assert_eq!(TYPES.iter().collect::<BTreeSet<_>>().len(), TYPES.len());
        assert!(ROUTINE.iter().all(|routine| TYPES.contains(routine)));
    }
}
