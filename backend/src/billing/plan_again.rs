//! Planning again what had to fall away for a change that was not made then.
//!
//! Stripe changes nothing that a schedule owns, so what is planned is released before a change is charged. A card that is declined
//! is known at once, or when the pending update runs out, after up to a day; a transfer that does not come later still. So what
//! was released is kept with a job, which is queued before the release and looks until it is decided.

use serde::{Deserialize, Serialize};

use super::change_subscription::recurrence;
use super::prepare_change::Prepared;
use super::unpaid_changes;
use super::{Commerce, CommerceError, project_subscription};
use crate::catalog::BillingInterval;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::stripe::{
    CheckoutItem, IdempotencyKey, ItemChange, Stripe, StripeError, StripeSubscription, SubscriptionItem,
};

/// What was planned for a subscription, when its schedule was released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Released {
    pub(super) subscription_id: String,
    schedule_id: String,
    /// When it would have taken effect.
    at: UnixMs,
    items: Vec<CheckoutItem>,
    interval: BillingInterval,
    /// What was paid for then; anything else means that the change was made.
    before: Vec<CheckoutItem>,
}

impl Released {
    /// What will have to be planned again, should a change not be made; `None` where nothing is planned.
    pub(super) async fn find(stripe: &Stripe, prepared: &Prepared, now: UnixMs) -> Result<Option<Self>, StripeError> {
        let subscription = &prepared.subscription;
        let Some(schedule_id) = &subscription.schedule_id else { return Ok(None) };
        let Some(planned) = stripe.fetch_planned_change(schedule_id, now).await? else { return Ok(None) };
        let interval = prepared.row.scheduled.as_ref().map(|scheduled| scheduled.0.to.interval);
        Ok(Some(Self {
            subscription_id: subscription.id.clone(),
            schedule_id: schedule_id.clone(),
            at: planned.at,
            items: planned.items,
            interval: interval.unwrap_or(prepared.row.billing_interval),
            before: made_of(subscription),
        }))
    }

    /// Whether it still belongs there: nothing was changed, planned or called off since, and its time has not come.
    fn is_missing(&self, subscription: &StripeSubscription, now: UnixMs) -> bool {
        self.at > now
            && subscription.schedule_id.is_none()
            && subscription.ended_at.is_none()
            && !subscription.cancel_at_period_end
            && made_of(subscription) == self.before
    }
}

/// What a subscription is made of, however its items are ordered.
fn made_of(subscription: &StripeSubscription) -> Vec<CheckoutItem> {
    let item = |it: &SubscriptionItem| CheckoutItem { price_id: it.price_id.clone(), quantity: it.quantity };
    let mut items: Vec<_> = subscription.items.iter().map(item).collect();
    items.sort_unstable_by(|one, other| (&one.price_id, one.quantity).cmp(&(&other.price_id, other.quantity)));
    items
}

/// Plans what a schedule would have done that was released in vain. Again is the same.
pub(super) async fn plan_again(stripe: &Stripe, released: &Released) -> Result<(), StripeError> {
    let key = IdempotencyKey::new(&[&released.subscription_id, "plan_again", &released.schedule_id]);
    let items = released.items.iter().cloned();
    let items: Vec<ItemChange> =
        items.map(|CheckoutItem { price_id, quantity }| ItemChange { item_id: None, price_id, quantity }).collect();
    stripe.schedule_change(&key, &released.subscription_id, &items, recurrence(released.interval)).await?;
    Ok(())
}

/// Looks at what became of the change, and plans again what was planned where it was not made. `false` while that is undecided.
pub(super) async fn plan_again_in_vain(
    commerce: &Commerce,
    cx: &Cx,
    released: &Released,
) -> Result<bool, CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), released.subscription_id.clone());
    let waits = commerce
        .db
        .read(|tx| Box::pin(async move { unpaid_changes::find_by_stripe_subscription(tx, &vendor_id, &id).await }))
        .await?;
    let stripe = commerce.stripe(cx)?;
    let subscription = stripe.fetch_subscription(&released.subscription_id).await?;
    let is_undecided = waits.is_some() || subscription.has_pending_update;
    if is_undecided && released.at > cx.now {
        return Ok(false);
    }
    if released.is_missing(&subscription, cx.now) {
        plan_again(stripe, released).await?;
        project_subscription(commerce, cx, &released.subscription_id).await?;
    }
    Ok(true)
}
