//! Subscriptions in the database.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{Condition, is_earning};
use super::takeover::without_paid_time;
use super::{CancelReason, CommerceError, ScheduledChange, Subscription};
use crate::catalog::{self, Composition, Plan, PlanVersion, PriceRole};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{AccountId, LicenseId, SubscriptionId, VendorId};
use crate::licenses;
use crate::money::Currency;
use crate::stripe::{CheckoutItem, PlannedChange, StripeSubscription, SubscriptionItem};

/// What a Stripe subscription means in terms of our catalog.
#[derive(Clone, Debug)]
pub(crate) struct SubscriptionFacts {
    pub(crate) composition: Composition,
    pub(crate) recurring_minor: i64,
    pub(crate) period_start: UnixMs,
    pub(crate) period_end: UnixMs,
    pub(crate) scheduled: Option<ScheduledChange>,
}

/// What some prices and quantities mean in terms of our catalog.
struct Meaning {
    composition: Composition,
    recurring_minor: i64,
    /// Which of them is the plan's own.
    main_at: usize,
}

/// What of which plan prices of Stripe's and their quantities come to, for somebody who has the plan at the version `held`.
pub(crate) async fn read_composition(
    tx: &mut Tx,
    cx: &Cx,
    whose: &str,
    items: &[CheckoutItem],
    held: Option<&PlanVersion>,
) -> Result<Composition, CommerceError> {
    Ok(read_items(tx, cx, whose, items, held).await?.composition)
}

async fn read_items(
    tx: &mut Tx,
    cx: &Cx,
    whose: &str,
    items: &[CheckoutItem],
    held: Option<&PlanVersion>,
) -> Result<Meaning, CommerceError> {
    let (mut main, mut extra_seats, mut recurring_minor) = (None, 0, 0_i64);
    let (mut addons, mut packs) = (BTreeSet::new(), BTreeMap::new());
    for (at, CheckoutItem { price_id, quantity }) in items.iter().enumerate() {
        let Some((plan_id, price)) = catalog::find_price_by_stripe_id(tx, &cx.vendor_id, price_id).await? else {
            return Err(CommerceError::Contradiction(format!("{whose} has the price {price_id}, which is not ours")));
        };
        recurring_minor = recurring_minor.saturating_add(price.amount_minor(*quantity).unwrap_or(i64::MAX));
        match price.role {
            PriceRole::Base | PriceRole::Unit => main = Some((at, plan_id, price)),
            PriceRole::ExtraSeat => extra_seats = *quantity,
            PriceRole::Addon => drop(addons.insert(price.option)),
            PriceRole::Pack => drop(packs.insert(price.option, *quantity)),
            PriceRole::Maintenance => {}
        }
    }
    let Some((main_at, plan_id, main)) = main else {
        return Err(CommerceError::Contradiction(format!("{whose} has no plan's price")));
    };
    let plan = catalog::find_plan_as_held(tx, &cx.vendor_id, &plan_id, held)
        .await?
        .ok_or_else(|| CommerceError::Contradiction(format!("{whose} has a price without a plan")))?;
    let seats = match main.role {
        PriceRole::Unit => items[main_at].quantity,
        _ => plan.included_seats.saturating_add(extra_seats),
    };
    let composition = Composition::new(plan_id, main.interval, seats, main.unit_amount.currency)
        .with_addons(addons)
        .with_packs(packs);
    Ok(Meaning { composition, recurring_minor, main_at })
}

impl SubscriptionFacts {
    /// Reads a subscription's prices with our catalog, and those that its schedule will put in their place. Who has a
    /// plan at the version `held` has the seats that it included then.
    pub(crate) async fn resolve(
        tx: &mut Tx,
        cx: &Cx,
        subscription: &StripeSubscription,
        planned: Option<&PlannedChange>,
        held: Option<&PlanVersion>,
    ) -> Result<Self, CommerceError> {
        let item = |it: &SubscriptionItem| CheckoutItem { price_id: it.price_id.clone(), quantity: it.quantity };
        let items: Vec<_> = subscription.items.iter().map(item).collect();
        let now = read_items(tx, cx, &subscription.id, &items, held).await?;
        let scheduled = match (&subscription.schedule_id, planned) {
            (Some(schedule_id), Some(planned)) => {
                let then = read_items(tx, cx, schedule_id, &planned.items, held).await?;
                Some(ScheduledChange {
                    schedule_id: schedule_id.clone(),
                    at: planned.at,
                    to: then.composition,
                    recurring_minor: then.recurring_minor,
                })
            }
            _ => None,
        };
        let main = &subscription.items[now.main_at];
        Ok(Self {
            composition: now.composition,
            recurring_minor: now.recurring_minor,
            period_start: main.period_start,
            period_end: main.period_end,
            scheduled,
        })
    }

    /// Whether a row says the same. A planned change is not compared: it changes nothing before its time.
    fn are_those_of(&self, row: &Subscription) -> bool {
        (&self.composition, self.recurring_minor) == (&row.composition(), row.recurring_minor)
            && (self.period_start, self.period_end) == (row.period_start, row.period_end)
    }

    pub(crate) fn condition(
        &self,
        subscription: &StripeSubscription,
        plan: &Plan,
        past_due_since: Option<UnixMs>,
        awaits_first_payment: bool,
    ) -> Condition {
        Condition {
            state: subscription.state,
            period_end: self.period_end,
            cancel_at_period_end: subscription.cancel_at_period_end,
            ended_at: subscription.ended_at,
            past_due_since,
            payment_grace_days: plan.terms.payment_grace_days,
            awaits_first_payment,
        }
    }
}

/// Whether a row still says what Stripe's subscription is made of.
pub(super) async fn is_current(
    tx: &mut Tx,
    cx: &Cx,
    row: &Subscription,
    subscription: &StripeSubscription,
) -> Result<bool, CommerceError> {
    let subscription = &without_paid_time(subscription.clone(), row);
    let held = licenses::find_license(tx, &cx.vendor_id, &row.license_id).await?.map(|view| view.license.sold_as());
    let facts = SubscriptionFacts::resolve(tx, cx, subscription, None, held.as_ref()).await?;
    Ok(row.stripe_status == subscription.state && facts.are_those_of(row))
}

/// The subscription that pays for a license.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_subscription_of_license(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
) -> Result<Option<Subscription>, DbError> {
    fetch_optional!(
        tx,
        Subscription,
        "SELECT * FROM subscriptions WHERE vendor_id = $1 AND license_id = $2",
        vendor_id,
        license_id
    )
}

/// The currency of an account's subscriptions that are not over.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_currency_of_account(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Option<Currency>, DbError> {
    let row = fetch_optional!(
        tx,
        (Currency,),
        "SELECT currency FROM subscriptions WHERE vendor_id = $1 AND account_id = $2 AND ended_at IS NULL
         ORDER BY id LIMIT 1",
        vendor_id,
        account_id
    )?;
    Ok(row.map(|(currency,)| currency))
}

/// The subscriptions that pay for these licenses, in no order. Neither engine's SQL takes a list that the other
/// takes too, so they are asked for twenty at a time.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_subscriptions_of_licenses(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_ids: &[&LicenseId],
) -> Result<Vec<Subscription>, DbError> {
    let mut found = Vec::with_capacity(license_ids.len());
    for ids in license_ids.chunks(20) {
        // No license has the empty id.
        let id = |place: usize| ids.get(place).map_or("", |id| id.as_str());
        found.extend(fetch_all!(
            tx,
            Subscription,
            "SELECT * FROM subscriptions WHERE vendor_id = $1 AND license_id IN
             ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
            vendor_id,
            id(0),
            id(1),
            id(2),
            id(3),
            id(4),
            id(5),
            id(6),
            id(7),
            id(8),
            id(9),
            id(10),
            id(11),
            id(12),
            id(13),
            id(14),
            id(15),
            id(16),
            id(17),
            id(18),
            id(19)
        )?);
    }
    Ok(found)
}

pub(crate) async fn find_subscription_by_stripe_id(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_id: &str,
) -> Result<Option<Subscription>, DbError> {
    fetch_optional!(
        tx,
        Subscription,
        "SELECT * FROM subscriptions WHERE vendor_id = $1 AND stripe_subscription_id = $2",
        vendor_id,
        stripe_id
    )
}

pub(super) async fn lock_subscription(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &SubscriptionId,
) -> Result<Option<Subscription>, DbError> {
    fetch_optional!(
        tx,
        Subscription,
        "UPDATE subscriptions SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 RETURNING *",
        vendor_id,
        id
    )
}

/// Locks a subscription that nobody wrote since `lock_no` was read; `None`, and nothing is written, when somebody did.
pub(super) async fn lock_unchanged_subscription(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &SubscriptionId,
    lock_no: i64,
) -> Result<Option<Subscription>, DbError> {
    fetch_optional!(
        tx,
        Subscription,
        "UPDATE subscriptions SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 AND lock_no = $3 RETURNING *",
        vendor_id,
        id,
        lock_no
    )
}

/// Living subscriptions that nobody looked at since `until`: what the reconciler asks Stripe about.
pub(super) async fn list_stale_subscriptions(
    tx: &mut Tx,
    vendor_id: &VendorId,
    until: UnixMs,
    limit: i64,
) -> Result<Vec<Subscription>, DbError> {
    fetch_all!(
        tx,
        Subscription,
        "SELECT * FROM subscriptions WHERE vendor_id = $1 AND ended_at IS NULL AND updated_at < $2
         ORDER BY updated_at, id LIMIT $3",
        vendor_id,
        until,
        limit
    )
}

pub(crate) async fn insert_subscription(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    license_id: &LicenseId,
    subscription: &StripeSubscription,
    facts: &SubscriptionFacts,
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO subscriptions (id, vendor_id, account_id, license_id, stripe_subscription_id, stripe_status,
                                    plan_id, billing_interval, seats, currency, addons, packs, recurring_minor,
                                    period_start, period_end, cancel_at_period_end, ended_at, updated_at, earning_since)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        cx.id::<SubscriptionId>(),
        &cx.vendor_id,
        account_id,
        license_id,
        &subscription.id,
        subscription.state,
        &facts.composition.plan_id,
        facts.composition.interval,
        facts.composition.seats,
        subscription.currency,
        JsonText(facts.composition.addons.clone()),
        JsonText(facts.composition.packs.clone()),
        facts.recurring_minor,
        facts.period_start,
        facts.period_end,
        subscription.cancel_at_period_end,
        subscription.ended_at,
        cx.now,
        // What is invoiced earns once its first invoice is paid, which is projected then.
        (is_earning(subscription.state) && !subscription.is_invoiced).then_some(cx.now)
    )?;
    set_renews(tx, &cx.vendor_id, license_id, subscription).await
}

/// Notes on a license whether its subscription renews it, which lists ask of many licenses at once.
pub(super) async fn set_renews(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    subscription: &StripeSubscription,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE licenses SET renews = $3 WHERE vendor_id = $1 AND id = $2 AND renews <> $3",
        vendor_id,
        license_id,
        subscription.ended_at.is_none() && !subscription.cancel_at_period_end
    )?;
    Ok(())
}

/// Writes what a subscription is now. The first time that it `is_paid`, it is noted that it earns from now on.
pub(super) async fn update_subscription(
    tx: &mut Tx,
    cx: &Cx,
    id: &SubscriptionId,
    subscription: &StripeSubscription,
    facts: &SubscriptionFacts,
    past_due_since: Option<UnixMs>,
    is_paid: bool,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE subscriptions SET stripe_status = $3, plan_id = $4, billing_interval = $5, seats = $6,
                addons = $7, packs = $8, recurring_minor = $9, period_start = $10, period_end = $11,
                cancel_at_period_end = $12, past_due_since = $13, ended_at = $14, scheduled = $15, updated_at = $16,
                earning_since = COALESCE(earning_since, $17)
         WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        id,
        subscription.state,
        &facts.composition.plan_id,
        facts.composition.interval,
        facts.composition.seats,
        JsonText(facts.composition.addons.clone()),
        JsonText(facts.composition.packs.clone()),
        facts.recurring_minor,
        facts.period_start,
        facts.period_end,
        subscription.cancel_at_period_end,
        past_due_since,
        subscription.ended_at,
        facts.scheduled.clone().map(JsonText),
        cx.now,
        (is_paid && is_earning(subscription.state)).then_some(cx.now)
    )?;
    Ok(())
}

/// Notes why a subscription was cancelled, or forgets it with the cancellation. The lock number rises, so that a
/// projection of what was before does not undo it.
pub(super) async fn set_cancel_reason(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &SubscriptionId,
    why: Option<&CancelReason>,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE subscriptions SET cancel_reason = $3, cancel_comment = $4, lock_no = lock_no + 1
         WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        why.map(|why| why.code.as_str()),
        why.map(|why| why.comment.as_str())
    )?;
    Ok(())
}
