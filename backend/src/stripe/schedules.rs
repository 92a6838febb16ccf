//! Subscription schedules: a change planned for the end of the period that is paid.

use stripe_billing::subscription_schedule::{
    CreateSubscriptionSchedule, ReleaseSubscriptionSchedule, RetrieveSubscriptionSchedule, UpdateSubscriptionSchedule,
    UpdateSubscriptionSchedulePhases, UpdateSubscriptionSchedulePhasesDuration,
    UpdateSubscriptionSchedulePhasesDurationInterval, UpdateSubscriptionSchedulePhasesEndDate,
    UpdateSubscriptionSchedulePhasesItems, UpdateSubscriptionSchedulePhasesProrationBehavior,
    UpdateSubscriptionSchedulePhasesStartDate,
};
use stripe_shared::SubscriptionScheduleEndBehavior;

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

impl Stripe {
    /// Plans a change for the end of the current period, without proration. A subscription that has a
    /// schedule already must have it released first.
    ///
    /// Two calls: a schedule takes over the subscription as it is, then gets its second phase. If the
    /// process dies between them, the schedule changes nothing, and the same keys continue it.
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
        let create = CreateSubscriptionSchedule::new().from_subscription(subscription_id);
        let schedule = self.act(&IdempotencyKey::new(&[&key.0, "create"]), create).await?;
        let current = schedule
            .phases
            .into_iter()
            .next()
            .ok_or_else(|| StripeError::unreadable("a schedule made from a subscription has no phase"))?;
        let at = current.end_date;
        let now_items = current
            .items
            .into_iter()
            .map(|item| {
                let quantity = item.quantity.map_or(1, |quantity| i64::try_from(quantity).unwrap_or(i64::MAX));
                phase_item(item.price.into_id().to_string(), quantity)
            })
            .collect::<Vec<_>>();
        let mut now_phase = UpdateSubscriptionSchedulePhases::new(now_items);
        now_phase.start_date = Some(UpdateSubscriptionSchedulePhasesStartDate::Timestamp(current.start_date));
        now_phase.end_date = Some(UpdateSubscriptionSchedulePhasesEndDate::Timestamp(at));
        let then: Vec<CheckoutItem> = items
            .iter()
            .filter(|change| change.quantity > 0)
            .map(|change| CheckoutItem { price_id: change.price_id.clone(), quantity: change.quantity })
            .collect();
        let then_items: Vec<_> = then.iter().map(|item| phase_item(item.price_id.clone(), item.quantity)).collect();
        let mut then_phase = UpdateSubscriptionSchedulePhases::new(then_items);
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
