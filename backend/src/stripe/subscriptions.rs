//! Subscriptions: what renews, and how it is changed.

use std::collections::HashMap;

use stripe_billing::subscription::{
    CancelSubscription, RetrieveSubscription, UpdateSubscription, UpdateSubscriptionItems,
    UpdateSubscriptionPaymentBehavior, UpdateSubscriptionProrationBehavior,
};
use stripe_shared::SubscriptionCollectionMethod;

use super::cards::{StripeCard, read_card};
use super::{IdempotencyKey, Stripe, StripeError, StripeErrorKind};
use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::money::Currency;

text_enum! {
    /// Stripe's status of a subscription (<https://docs.stripe.com/api/subscriptions/object#subscription_object-status>).
    SubscriptionState {
        /// The first payment has not come yet.
        Incomplete = "incomplete",
        /// The first payment never came.
        IncompleteExpired = "incomplete_expired",
        /// Within its trial.
        Trialing = "trialing",
        /// Paid, or invoiced and not due yet.
        Active = "active",
        /// A renewal was not paid.
        PastDue = "past_due",
        /// All attempts at a renewal have failed.
        Unpaid = "unpaid",
        /// A trial ended without a payment method.
        Paused = "paused",
        /// Over.
        Canceled = "canceled",
    }
}

/// One item: a price and how many of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionItem {
    /// Stripe's id of the item.
    pub id: String,
    /// Stripe's price.
    pub price_id: String,
    /// How many.
    pub quantity: i64,
    /// The period under way; periods sit on items, not on the subscription.
    pub period_start: UnixMs,
    /// Its end.
    pub period_end: UnixMs,
}

/// A subscription as Stripe has it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeSubscription {
    /// Stripe's id.
    pub id: String,
    /// The customer.
    pub customer_id: String,
    /// Where it stands.
    pub state: SubscriptionState,
    /// Its currency.
    pub currency: Currency,
    /// What it is made of.
    pub items: Vec<SubscriptionItem>,
    /// Ends with the period under way.
    pub cancel_at_period_end: bool,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
    /// End of its trial, past or to come.
    pub trial_end: Option<UnixMs>,
    /// Invoices are sent to be paid by transfer, rather than charged.
    pub is_invoiced: bool,
    /// Within how many days an invoice that is sent has to be paid.
    pub days_until_due: Option<i64>,
    /// A change that waits for its payment.
    pub has_pending_update: bool,
    /// The schedule that will change it.
    pub schedule_id: Option<String>,
    /// Its newest invoice.
    pub latest_invoice_id: Option<String>,
    /// The card of its own that it charges; without one the customer's counts ([`Stripe::fetch_card`]). Only where
    /// it was fetched by itself.
    pub card: Option<StripeCard>,
    /// What we wrote on it.
    pub metadata: HashMap<String, String>,
}

/// What one item of a subscription shall be. A change names every item: those that it does not name would stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemChange {
    /// The item that is there now; `None` adds one.
    pub item_id: Option<String>,
    /// The price it shall have.
    pub price_id: String,
    /// How many; 0 removes the item.
    pub quantity: i64,
}

impl ItemChange {
    /// What Stripe is asked for in one item: its price and quantity, or that it is deleted.
    pub(super) fn wanted(&self) -> (Option<String>, Option<u64>, Option<bool>) {
        match self.quantity {
            0 => (None, None, Some(true)),
            quantity => (Some(self.price_id.clone()), Some(quantity.unsigned_abs()), None),
        }
    }
}

fn currency(code: &stripe_types::Currency) -> Result<Currency, StripeError> {
    Currency::try_from(code.to_string()).map_err(StripeError::unreadable)
}

impl StripeSubscription {
    /// Whether it is over: it charges nothing any more, and never will again.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, SubscriptionState::Canceled | SubscriptionState::IncompleteExpired)
    }

    pub(super) fn read(subscription: stripe_shared::Subscription) -> Result<Self, StripeError> {
        let state = subscription.status.as_str();
        let period_end = subscription.items.data.iter().map(|item| item.current_period_end).max();
        let cancels_in_period = subscription.cancel_at.zip(period_end).is_some_and(|(at, end)| at <= end);
        Ok(Self {
            id: subscription.id.to_string(),
            customer_id: subscription.customer.into_id().to_string(),
            state: SubscriptionState::parse(state)
                .ok_or_else(|| StripeError::unreadable(format!("unknown subscription status {state:?}")))?,
            currency: currency(&subscription.currency)?,
            items: subscription
                .items
                .data
                .into_iter()
                .map(|item| SubscriptionItem {
                    id: item.id.to_string(),
                    price_id: item.price.id.to_string(),
                    quantity: item.quantity.map_or(1, |quantity| i64::try_from(quantity).unwrap_or(i64::MAX)),
                    period_start: UnixMs::from_seconds(item.current_period_start),
                    period_end: UnixMs::from_seconds(item.current_period_end),
                })
                .collect(),
            // A cancellation may also be set as a date (from Stripe's own pages); it ends no later than that.
            cancel_at_period_end: subscription.cancel_at_period_end || cancels_in_period,
            ended_at: subscription.ended_at.map(UnixMs::from_seconds),
            trial_end: subscription.trial_end.map(UnixMs::from_seconds),
            is_invoiced: subscription.collection_method == SubscriptionCollectionMethod::SendInvoice,
            days_until_due: subscription.days_until_due.map(i64::from),
            has_pending_update: subscription.pending_update.is_some(),
            schedule_id: subscription.schedule.map(|schedule| schedule.into_id().to_string()),
            latest_invoice_id: subscription
                .latest_invoice
                .and_then(|invoice| invoice.into_id())
                .map(|id| id.to_string()),
            card: subscription.default_payment_method.as_ref().and_then(|it| read_card(it.as_object()?)),
            metadata: subscription.metadata,
        })
    }
}

fn changed_items(items: &[ItemChange]) -> Vec<UpdateSubscriptionItems> {
    let changed = items.iter().map(|change| {
        let mut item = UpdateSubscriptionItems::new();
        item.id.clone_from(&change.item_id);
        (item.price, item.quantity, item.deleted) = change.wanted();
        item
    });
    changed.collect()
}

impl Stripe {
    /// The subscription as it is now.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_subscription(&self, subscription_id: &str) -> Result<StripeSubscription, StripeError> {
        let request = RetrieveSubscription::new(subscription_id).expand(vec!["default_payment_method".to_owned()]);
        StripeSubscription::read(self.fetch(request).await?)
    }

    /// Changes the items now and charges the difference, reckoned at `proration_date` to the second. Where it
    /// charges by itself, the change takes effect when its invoice is paid (`pending_if_incomplete`); until then the
    /// answer says [`StripeSubscription::has_pending_update`]. Stripe allows no other fields in this call. Where
    /// invoices are sent, Stripe knows no such thing: the change takes effect at once.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn apply_change(
        &self,
        key: &IdempotencyKey,
        subscription: &StripeSubscription,
        items: &[ItemChange],
        proration_date: UnixMs,
    ) -> Result<StripeSubscription, StripeError> {
        let mut request = UpdateSubscription::new(subscription.id.as_str())
            .items(changed_items(items))
            .proration_behavior(UpdateSubscriptionProrationBehavior::AlwaysInvoice)
            .proration_date(proration_date.seconds());
        if !subscription.is_invoiced {
            request = request.payment_behavior(UpdateSubscriptionPaymentBehavior::PendingIfIncomplete);
        }
        StripeSubscription::read(self.act(key, request).await?)
    }

    /// Sets the items back to what they were before a change whose invoice was taken back: nothing is reckoned up.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn take_change_back(
        &self,
        key: &IdempotencyKey,
        subscription_id: &str,
        items: &[ItemChange],
    ) -> Result<StripeSubscription, StripeError> {
        let request = UpdateSubscription::new(subscription_id)
            .items(changed_items(items))
            .proration_behavior(UpdateSubscriptionProrationBehavior::None);
        StripeSubscription::read(self.act(key, request).await?)
    }

    /// Lets a subscription end with its period, or takes that back.
    ///
    /// # Errors
    /// [`StripeError`]; refused while a schedule owns the subscription, and when it is over.
    pub async fn set_cancel_at_period_end(
        &self,
        key: &IdempotencyKey,
        subscription_id: &str,
        cancel: bool,
    ) -> Result<StripeSubscription, StripeError> {
        let request = UpdateSubscription::new(subscription_id).cancel_at_period_end(cancel);
        StripeSubscription::read(self.act(key, request).await?)
    }

    /// Ends a subscription at once. An admin's act, and what undoes a subscription bought twice. What is answered is over:
    /// where Stripe refuses, it is asked again, because one that is over already is refused too.
    ///
    /// # Errors
    /// [`StripeError`]; Stripe's refusal where the subscription goes on.
    pub async fn cancel_subscription_now(&self, subscription_id: &str) -> Result<StripeSubscription, StripeError> {
        let key = IdempotencyKey::new(&[subscription_id, "cancel_now"]);
        match self.act(&key, CancelSubscription::new(subscription_id)).await {
            Ok(ended) => StripeSubscription::read(ended),
            Err(refusal) if matches!(refusal.kind, StripeErrorKind::Refused | StripeErrorKind::NotFound) => {
                let subscription = self.fetch_subscription(subscription_id).await?;
                if subscription.is_over() { Ok(subscription) } else { Err(refusal) }
            }
            Err(error) => Err(error),
        }
    }
}
