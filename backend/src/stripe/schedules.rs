//! Subscription schedules: a change planned for the end of the period that is paid.

use stripe_billing::subscription_schedule::{
    CreateSubscriptionSchedule, ReleaseSubscriptionSchedule, RetrieveSubscriptionSchedule, UpdateSubscriptionSchedule,
    UpdateSubscriptionSchedulePhases, UpdateSubscriptionSchedulePhasesAutomaticTax,
    UpdateSubscriptionSchedulePhasesDiscounts, UpdateSubscriptionSchedulePhasesDuration,
    UpdateSubscriptionSchedulePhasesDurationInterval, UpdateSubscriptionSchedulePhasesEndDate,
    UpdateSubscriptionSchedulePhasesInvoiceSettings, UpdateSubscriptionSchedulePhasesItems,
    UpdateSubscriptionSchedulePhasesProrationBehavior, UpdateSubscriptionSchedulePhasesStartDate,
    UpdateSubscriptionSchedulePhasesTrialEnd,
};
use stripe_shared::{
    SubscriptionSchedule, SubscriptionScheduleEndBehavior, SubscriptionSchedulePhaseConfiguration as Phase,
};

use super::{CheckoutItem, IdempotencyKey, ItemChange, Recurrence, Stripe, StripeError, StripeErrorKind};
use crate::clock::UnixMs;

/// What a schedule will make of its subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedChange {
    /// When.
    pub at: UnixMs,
    /// Price and quantity of each item then.
    pub items: Vec<CheckoutItem>,
}

fn phase_item(price_id: String, quantity: i64) -> UpdateSubscriptionSchedulePhasesItems {
    let mut item = UpdateSubscriptionSchedulePhasesItems::new();
    item.price = Some(price_id);
    item.quantity = Some(quantity.unsigned_abs());
    item
}

/// The discounts of a schedule's subscription, by id, and when each ends.
fn discounts_of(schedule: &SubscriptionSchedule) -> Result<Vec<(String, Option<i64>)>, StripeError> {
    let subscription = schedule.subscription.as_ref().and_then(|it| it.as_object());
    let subscription = subscription.ok_or_else(|| StripeError::unreadable("a schedule without its subscription"))?;
    let discounts = subscription.discounts.iter();
    Ok(discounts.map(|it| (it.id().to_string(), it.as_object().and_then(|discount| discount.end))).collect())
}

/// A phase that is as the one under way but for its items. What a phase does not name Stripe does not take from the
/// subscription: without discounts only the customer's counts (<https://docs.stripe.com/api/subscription_schedules/update>).
/// Discounts are named by their ids, because a coupon named anew would begin anew.
fn phase_like(
    current: &Phase,
    items: Vec<UpdateSubscriptionSchedulePhasesItems>,
    discounts: impl Iterator<Item = String>,
) -> UpdateSubscriptionSchedulePhases {
    let by_id = |id: String| {
        let mut discount = UpdateSubscriptionSchedulePhasesDiscounts::new();
        discount.discount = Some(id);
        discount
    };
    let discounts: Vec<_> = discounts.map(by_id).collect();
    let mut phase = UpdateSubscriptionSchedulePhases::new(items);
    phase.discounts = Some(discounts).filter(|discounts| !discounts.is_empty());
    phase.automatic_tax =
        current.automatic_tax.as_ref().map(|tax| UpdateSubscriptionSchedulePhasesAutomaticTax::new(tax.enabled));
    phase.collection_method = current.collection_method.as_ref().and_then(|method| method.as_str().parse().ok());
    phase.default_payment_method = current.default_payment_method.as_ref().map(|method| method.id().to_string());
    phase.invoice_settings =
        current.invoice_settings.as_ref().and_then(|settings| settings.days_until_due).map(|days_until_due| {
            let mut settings = UpdateSubscriptionSchedulePhasesInvoiceSettings::new();
            settings.days_until_due = Some(days_until_due);
            settings
        });
    phase
}

impl Stripe {
    /// Plans a change for the end of the current period, without proration. A subscription that has a
    /// schedule already must have it released first.
    ///
    /// Two calls: a schedule takes over the subscription as it is, then gets its second phase. If the
    /// process dies between them, the schedule changes nothing, and the same keys continue it. The subscription keeps its
    /// discounts and its trial.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn schedule_change(
        &self,
        key: &IdempotencyKey,
        subscription_id: &str,
        items: &[ItemChange],
        recurrence: Recurrence,
    ) -> Result<PlannedChange, StripeError> {
        let create = CreateSubscriptionSchedule::new()
            .from_subscription(subscription_id)
            .expand(vec!["subscription.discounts".to_owned()]);
        let schedule = self.act(&IdempotencyKey::new(&[&key.0, "create"]), create).await?;
        let discounts = discounts_of(&schedule)?;
        let current = schedule
            .phases
            .into_iter()
            .next()
            .ok_or_else(|| StripeError::unreadable("a schedule made from a subscription has no phase"))?;
        let at = current.end_date;
        let now_items = current
            .items
            .iter()
            .map(|item| {
                let quantity = item.quantity.map_or(1, |quantity| i64::try_from(quantity).unwrap_or(i64::MAX));
                phase_item(item.price.id().to_string(), quantity)
            })
            .collect::<Vec<_>>();
        let mut now_phase = phase_like(&current, now_items, discounts.iter().map(|(id, _)| id.clone()));
        match current.trial_end {
            // A phase that is a trial as a whole is told by a word of its own.
            Some(ends) if ends >= at => now_phase.trial = Some(true),
            Some(ends) if ends > current.start_date => {
                now_phase.trial_end = Some(UpdateSubscriptionSchedulePhasesTrialEnd::Timestamp(ends));
            }
            _ => {}
        }
        now_phase.start_date = Some(UpdateSubscriptionSchedulePhasesStartDate::Timestamp(current.start_date));
        now_phase.end_date = Some(UpdateSubscriptionSchedulePhasesEndDate::Timestamp(at));
        let then: Vec<CheckoutItem> = items
            .iter()
            .filter(|change| change.quantity > 0)
            .map(|change| CheckoutItem { price_id: change.price_id.clone(), quantity: change.quantity })
            .collect();
        let then_items: Vec<_> = then.iter().map(|item| phase_item(item.price_id.clone(), item.quantity)).collect();
        let still_run = discounts.iter().filter(|(_, end)| end.is_none_or(|end| end > at));
        let mut then_phase = phase_like(&current, then_items, still_run.map(|(id, _)| id.clone()));
        then_phase.start_date = Some(UpdateSubscriptionSchedulePhasesStartDate::Timestamp(at));
        then_phase.proration_behavior = Some(UpdateSubscriptionSchedulePhasesProrationBehavior::None);
        then_phase.duration = Some(UpdateSubscriptionSchedulePhasesDuration::new(if recurrence == Recurrence::Year {
            UpdateSubscriptionSchedulePhasesDurationInterval::Year
        } else {
            UpdateSubscriptionSchedulePhasesDurationInterval::Month
        }));
        let update = UpdateSubscriptionSchedule::new(schedule.id)
            .end_behavior(SubscriptionScheduleEndBehavior::Release)
            .phases(vec![now_phase, then_phase]);
        self.act(&IdempotencyKey::new(&[&key.0, "phases"]), update).await?;
        Ok(PlannedChange { at: UnixMs::from_seconds(at), items: then })
    }

    /// Lets go of a schedule: the subscription goes on as it is, and the planned change falls away. One
    /// that is released or completed already is fine.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn release_schedule(&self, schedule_id: &str) -> Result<(), StripeError> {
        let key = IdempotencyKey::new(&[schedule_id, "release"]);
        match self.act(&key, ReleaseSubscriptionSchedule::new(schedule_id)).await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.kind, StripeErrorKind::Refused | StripeErrorKind::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What a schedule will do after `now`; `None` when nothing is left to do.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_planned_change(
        &self,
        schedule_id: &str,
        now: UnixMs,
    ) -> Result<Option<PlannedChange>, StripeError> {
        let schedule = self.fetch(RetrieveSubscriptionSchedule::new(schedule_id)).await?;
        let next = schedule.phases.into_iter().find(|phase| phase.start_date > now.seconds());
        Ok(next.map(|phase| PlannedChange {
            at: UnixMs::from_seconds(phase.start_date),
            items: phase
                .items
                .into_iter()
                .map(|item| {
                    let quantity = item.quantity.map_or(1, |quantity| i64::try_from(quantity).unwrap_or(i64::MAX));
                    CheckoutItem { price_id: item.price.into_id().to_string(), quantity }
                })
                .collect(),
        }))
    }
}
