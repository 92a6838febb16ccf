//! Changes of subscriptions that are paid by bank transfer.
//!
//! For a card, Stripe holds a change back until it is paid. A subscription whose invoices are sent is changed at once and
//! invoiced; so it is we who hold the license back. What is wanted is written down before Stripe is asked
//! (`begin.rs`); while the row is there, the projection gives the license what was paid before; and what becomes of the
//! invoice decides (`settle.rs`): paid, the license follows; void, by whoever it was taken back, Stripe's subscription
//! is set back to what it was.

mod begin;
mod settle;
mod store;
mod withdraw;

use serde::{Deserialize, Serialize};

use crate::catalog::Composition;
use crate::clock::{MINUTE_MS, UnixMs};
use crate::db::JsonText;
use crate::ids::{AccountId, LicenseId, SubscriptionId, VendorId};
use crate::stripe::{ItemChange, StripeSubscription, SubscriptionItem};

pub(super) use begin::begin;
pub(super) use settle::{Standing, conclude, look};
pub(crate) use store::find_by_stripe_subscription;
pub use store::find_unpaid_change;
pub(crate) use withdraw::give_up_unpaid_change;
pub use withdraw::{Withdrawal, withdraw_change};

/// How long Stripe may take to make a change before it counts as never made: longer than any call with its retries.
const MADE_WITHIN_MS: i64 = 10 * MINUTE_MS;

/// A change that waits for its transfer.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct UnpaidChange {
    /// The vendor.
    pub vendor_id: VendorId,
    /// What is changed.
    pub subscription_id: SubscriptionId,
    /// The license that will follow.
    pub license_id: LicenseId,
    /// Who pays.
    pub account_id: AccountId,
    /// Stripe's id of the subscription.
    pub stripe_subscription_id: String,
    /// Stripe's id of the invoice over the difference, once it is known.
    pub stripe_invoice_id: Option<String>,
    /// What was paid before.
    pub items_before: JsonText<Vec<PaidItem>>,
    /// What is waited for.
    pub wanted: JsonText<Composition>,
    /// When it is taken back unless the money has arrived.
    pub give_up_at: UnixMs,
    /// When it was agreed to.
    pub created_at: UnixMs,
}

/// An item of a subscription as it was before the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidItem {
    /// Stripe's id of the item.
    pub id: String,
    /// Stripe's price.
    pub price_id: String,
    /// How many.
    pub quantity: i64,
}

impl UnpaidChange {
    /// Whether a subscription is made of what it was made of before the change.
    fn is_unmade(&self, subscription: &StripeSubscription) -> bool {
        let mut before: Vec<_> = self.items_before.0.iter().map(|item| (&item.price_id, item.quantity)).collect();
        let mut now: Vec<_> = subscription.items.iter().map(|item| (&item.price_id, item.quantity)).collect();
        before.sort_unstable();
        now.sort_unstable();
        before == now
    }

    /// The subscription as if it had not been changed: what the license is given meanwhile.
    pub(super) fn held(&self, subscription: &StripeSubscription) -> StripeSubscription {
        let period = subscription.items.first().map(|item| (item.period_start, item.period_end));
        let (period_start, period_end) = period.unwrap_or((self.created_at, self.created_at));
        let items = self.items_before.0.iter().map(|item| SubscriptionItem {
            id: item.id.clone(),
            price_id: item.price_id.clone(),
            quantity: item.quantity,
            period_start,
            period_end,
        });
        StripeSubscription { items: items.collect(), ..subscription.clone() }
    }

    /// What takes the change back at Stripe.
    fn taking_back(&self, subscription: &StripeSubscription) -> Vec<ItemChange> {
        let is_there = |id: &str| subscription.items.iter().any(|item| item.id == id);
        let was_there = |id: &str| self.items_before.0.iter().any(|item| item.id == id);
        let restored = self.items_before.0.iter().map(|item| ItemChange {
            item_id: Some(item.id.clone()).filter(|id| is_there(id)),
            price_id: item.price_id.clone(),
            quantity: item.quantity,
        });
        let added = subscription.items.iter().filter(|item| !was_there(&item.id));
        let removed =
            added.map(|item| ItemChange { item_id: Some(item.id.clone()), price_id: String::new(), quantity: 0 });
        restored.chain(removed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::BillingInterval;
    use crate::cx::Entropy;
    use crate::ids::PlanId;
    use crate::money::Currency;
    use crate::stripe::SubscriptionState;

    fn subscription(items: &[(&str, &str, i64)]) -> StripeSubscription {
        let item = |&(id, price_id, quantity): &(&str, &str, i64)| SubscriptionItem {
            id: id.to_owned(),
            price_id: price_id.to_owned(),
            quantity,
            period_start: UnixMs(1_000),
            period_end: UnixMs(9_000),
        };
        StripeSubscription {
            id: "sub_1".to_owned(),
            customer_id: "cus_1".to_owned(),
            state: SubscriptionState::Active,
            currency: Currency::parse("eur").expect("a currency"),
            items: items.iter().map(item).collect(),
            cancel_at_period_end: false,
            ended_at: None,
            trial_end: None,
            is_invoiced: true,
            days_until_due: Some(14),
            has_pending_update: false,
            schedule_id: None,
            latest_invoice_id: None,
            card: None,
            metadata: std::collections::HashMap::new(),
        }
    }

    fn change(before: &[(&str, &str, i64)]) -> UnpaidChange {
        let entropy = Entropy::seeded(1);
        let item = |&(id, price_id, quantity): &(&str, &str, i64)| PaidItem {
            id: id.to_owned(),
            price_id: price_id.to_owned(),
            quantity,
        };
        let eur = Currency::parse("eur").expect("a currency");
        let wanted = Composition::new(PlanId::from_untrusted("pln_1"), BillingInterval::Year, 9, eur);
        UnpaidChange {
            vendor_id: entropy.id(),
            subscription_id: entropy.id(),
            license_id: entropy.id(),
            account_id: entropy.id(),
            stripe_subscription_id: "sub_1".to_owned(),
            stripe_invoice_id: None,
            items_before: JsonText(before.iter().map(item).collect()),
            wanted: JsonText(wanted),
            give_up_at: UnixMs(5_000),
            created_at: UnixMs(2_000),
        }
    }

    #[test]
    fn what_is_taken_back_puts_each_item_where_it_was() {
        let change = change(&[("si_1", "price_a", 1), ("si_2", "price_x", 3)]);
        let now = subscription(&[("si_1", "price_b", 1), ("si_3", "price_y", 4)]);
        assert!(!change.is_unmade(&now));
        let to = |id: Option<&str>, price: &str, quantity| ItemChange {
            item_id: id.map(str::to_owned),
            price_id: price.to_owned(),
            quantity,
        };
        let expected = [to(Some("si_1"), "price_a", 1), to(None, "price_x", 3), to(Some("si_3"), "", 0)];
        assert_eq!(change.taking_back(&now), expected);
    }

    #[test]
    fn a_subscription_is_unmade_however_its_items_are_named_and_ordered() {
        let change = change(&[("si_1", "price_a", 1), ("si_2", "price_x", 3)]);
        assert!(change.is_unmade(&subscription(&[("si_9", "price_x", 3), ("si_1", "price_a", 1)])));
        assert!(!change.is_unmade(&subscription(&[("si_1", "price_a", 1)])));
        let held = change.held(&subscription(&[("si_1", "price_b", 1)]));
        assert_eq!(held.items.len(), 2);
        assert!(held.items.iter().all(|item| item.period_end == UnixMs(9_000)));
    }
}
