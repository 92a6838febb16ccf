//! Projecting a subscription: what Stripe has now becomes our row and the license's standing.
//!
//! Two processes may do this at once (a worker for a webhook, a portal request after a change), and the one
//! that fetched first may write last. So the row's `lock_no`, which rises with every write, is read before
//! Stripe is asked and compared under the lock: if somebody wrote in between, what we fetched may be older
//! than what is written, and we fetch again. Whoever comes late writes nothing, so one of all that run at once
//! always gets through.

use super::cards::{self, Card};
use super::dunning::rules::{Stand, is_suspended, turn};
use super::dunning::{Turned, mail_turn};
use super::rules::{self, is_behind};
use super::store::{self, SubscriptionFacts};
use super::takeover::without_paid_time;
use super::unpaid_changes::{self, UnpaidChange};
use super::{Commerce, CommerceError, Subscription, card_changes, handlers};
use crate::catalog::PlanKind;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::licenses::{self, LicenseStatus, PlanChange};
use crate::stripe::{PlannedChange, Stripe, StripeSubscription, SubscriptionState};
use crate::{audit, catalog, events, invoices};

/// Of any that project at once, one is done in each round.
const ROUNDS: usize = 20;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Projection {
    /// Row and license are as Stripe says.
    Projected {
        /// The license.
        license_id: LicenseId,
    },
    /// We have no such subscription: it is not ours, or its order will be fulfilled in a moment.
    Unknown,
}

/// Fetches a subscription from Stripe and projects it.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn project_subscription(
    commerce: &Commerce,
    cx: &Cx,
    stripe_subscription_id: &str,
) -> Result<Projection, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    for _ in 0..ROUNDS {
        let (vendor_id, stripe_id) = (cx.vendor_id.clone(), stripe_subscription_id.to_owned());
        let (row, change) = commerce
            .db
            .read(|tx| {
                Box::pin(async move {
                    let change = unpaid_changes::find_by_stripe_subscription(tx, &vendor_id, &stripe_id).await?;
                    let row = store::find_subscription_by_stripe_id(tx, &vendor_id, &stripe_id).await?;
                    Ok::<_, DbError>((row, change))
                })
            })
            .await?;
        let Some(row) = row else { return Ok(Projection::Unknown) };
        let fetched = stripe.fetch_subscription(stripe_subscription_id).await?;
        let mut subscription = without_paid_time(fetched, &row);
        let mut waiting = None;
        if let Some(change) = change {
            let (now, standing, invoice_id) = unpaid_changes::look(stripe, cx, &change, subscription).await?;
            subscription = now;
            waiting = Some(Waiting { change, standing, invoice_id });
        }
        let planned = match &subscription.schedule_id {
            Some(schedule_id) => stripe.fetch_planned_change(schedule_id, cx.now).await?,
            None => None,
        };
        let found = Found {
            planned,
            card: stripe.fetch_card(&subscription).await?.map(Card::from),
            awaits_confirmation: look_at_debt(commerce, cx, stripe, &row, &subscription).await?,
            subscription,
            waiting,
        };
        let tx_commerce = commerce.clone();
        // It is Stripe's word on which license rows change, and so the audit says.
        let tx_cx = Cx { actor: Actor::Stripe(stripe_subscription_id.to_owned()), ..cx.clone() };
        let license_id = row.license_id.clone();
        let written = commerce
            .db
            .write(move |tx| Box::pin(async move { write(tx, &tx_commerce, &tx_cx, &row, &found).await }))
            .await?;
        if written {
            return Ok(Projection::Projected { license_id });
        }
    }
    Err(CommerceError::Contradiction(format!("{stripe_subscription_id} changed {ROUNDS} times while it was read")))
}

/// What Stripe has now.
struct Found {
    subscription: StripeSubscription,
    planned: Option<PlannedChange>,
    card: Option<Card>,
    awaits_confirmation: bool,
    waiting: Option<Waiting>,
}

/// A change that waits for its transfer, or did until now.
struct Waiting {
    change: UnpaidChange,
    standing: unpaid_changes::Standing,
    invoice_id: Option<String>,
}

impl Found {
    /// The change that still waits.
    fn awaited(&self) -> Option<&UnpaidChange> {
        let waiting = self.waiting.as_ref().filter(|it| it.standing == unpaid_changes::Standing::Awaited)?;
        Some(&waiting.change)
    }
}

/// Brings the unpaid invoice of a subscription that fell behind, so that letters and pages can lead to it, and
/// tells whether only its confirmation is missing (3-D Secure).
async fn look_at_debt(
    commerce: &Commerce,
    cx: &Cx,
    stripe: &Stripe,
    row: &Subscription,
    subscription: &StripeSubscription,
) -> Result<bool, CommerceError> {
    let is_news = is_behind(subscription.state) && row.past_due_since.is_none();
    let Some(invoice_id) = subscription.latest_invoice_id.as_deref().filter(|_| is_news) else { return Ok(false) };
    invoices::import_invoice(commerce, cx, invoice_id).await?;
    Ok(stripe.awaits_confirmation(invoice_id).await?)
}

/// `false` when somebody else wrote since `seen` was read.
async fn write(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    seen: &Subscription,
    found: &Found,
) -> Result<bool, CommerceError> {
    let (subscription, planned) = (&found.subscription, found.planned.as_ref());
    let unchanged = store::lock_unchanged_subscription(tx, &cx.vendor_id, &seen.id, seen.lock_no).await?;
    let Some(before) = unchanged else { return Ok(false) };
    if let Some(Waiting { change, standing, invoice_id }) = &found.waiting {
        unpaid_changes::conclude(tx, cx, &commerce.master, change, *standing, invoice_id.as_deref()).await?;
    }
    if !subscription.has_pending_update && subscription.schedule_id.is_none() {
        handlers::hasten_plan_again(tx, cx, &subscription.id).await?;
    }
    // What waits for its transfer is neither paid nor given yet.
    let held = found.awaited().map(|change| change.held(subscription));
    let view = licenses::find_license(tx, &cx.vendor_id, &before.license_id).await?;
    let sold_as = view.as_ref().map(|view| view.license.sold_as());
    let given = held.as_ref().unwrap_or(subscription);
    let facts = SubscriptionFacts::resolve(tx, cx, given, planned, sold_as.as_ref()).await?;
    let plan = catalog::find_plan_as_held(tx, &cx.vendor_id, &facts.composition.plan_id, sold_as.as_ref())
        .await?
        .ok_or_else(|| CommerceError::Contradiction(format!("{} has no plan", subscription.id)))?;
    let awaits_first_payment =
        subscription.is_invoiced && !invoices::store::has_paid_invoice(tx, &cx.vendor_id, &before.license_id).await?;
    // A change was begun when all was paid and is given up before the renewal: it is all that may be late.
    let state = match found.awaited() {
        Some(_) if is_behind(subscription.state) => SubscriptionState::Active,
        _ => subscription.state,
    };
    let is_late = is_behind(state) && !awaits_first_payment;
    let past_due_since = is_late.then(|| before.past_due_since.unwrap_or(cx.now));
    let condition = facts.condition(subscription, &plan, past_due_since, awaits_first_payment);
    let condition = rules::Condition { state, ..condition };
    let standing = rules::standing(&condition, cx.now);
    // What somebody else has paid for until then brings nothing in.
    let is_paid = !awaits_first_payment && before.begins_at.is_none_or(|at| at <= cx.now);
    store::update_subscription(tx, cx, &before.id, subscription, &facts, past_due_since, is_paid).await?;
    store::set_renews(tx, &cx.vendor_id, &before.license_id, subscription).await?;
    card_changes::take_mark_off(tx, cx, &before, subscription).await?;
    if !subscription.cancel_at_period_end && subscription.ended_at.is_none() && before.cancel_reason.is_some() {
        // Taken back, here or on Stripe's own pages.
        store::set_cancel_reason(tx, &cx.vendor_id, &before.id, None).await?;
    }
    cards::store::set_card(tx, &cx.vendor_id, &before.id, found.card.as_ref()).await?;
    let stood = view.as_ref().map(|it| is_suspended(it.license.status, &it.license.status_reason));

    // A license that has become perpetual is paid for; what becomes of the subscription is nothing to it any more.
    if view.as_ref().is_some_and(|it| it.license.kind == PlanKind::Perpetual) {
        record(tx, cx, &before, subscription, &facts).await?;
        return Ok(true);
    }
    // An ended license keeps the plan that it had; the rest follows what is paid.
    let plan = plan.as_bought(&facts.composition);
    let change = PlanChange { plan: &plan, seats: facts.composition.seats, ends_at: standing.ends_at };
    licenses::apply_plan(tx, cx, &before.license_id, &change).await?;
    licenses::set_trial(tx, cx, &before.license_id, subscription.trial_end).await?;
    licenses::set_standing(tx, cx, &before.license_id, standing.status, standing.reason).await?;

    if let (true, LicenseStatus::Active, Some(grace_end)) = (is_behind(state), standing.status, standing.ends_at) {
        // Nothing need arrive from Stripe when the grace ends, so we look again by ourselves.
        handlers::enqueue_projection(tx, cx, &commerce.master, subscription, grace_end).await?;
    }
    record(tx, cx, &before, subscription, &facts).await?;
    let then = Stand { is_behind: before.past_due_since.is_some(), is_suspended: stood.unwrap_or_default() };
    let now =
        Stand { is_behind: past_due_since.is_some(), is_suspended: is_suspended(standing.status, standing.reason) };
    if let Some(turn) = turn(then, now, state) {
        let turned = Turned {
            turn,
            works_until: standing.ends_at,
            awaits_confirmation: found.awaits_confirmation,
            by_transfer: subscription.is_invoiced,
        };
        mail_turn(tx, cx, &commerce.master, &before, &turned).await?;
    }
    Ok(true)
}

async fn record(
    tx: &mut Tx,
    cx: &Cx,
    before: &Subscription,
    subscription: &StripeSubscription,
    facts: &SubscriptionFacts,
) -> Result<(), CommerceError> {
    let was = serde_json::json!({
        "status": before.stripe_status, "plan_id": before.plan_id, "seats": before.seats, "addons": before.addons.0,
        "packs": before.packs.0,
        "interval": before.billing_interval, "period_end": before.period_end.timestamp().to_string(),
        "cancel_at_period_end": before.cancel_at_period_end,
        "scheduled": before.scheduled.as_ref().map(|scheduled| &scheduled.0),
    });
    let is = serde_json::json!({
        "status": subscription.state, "plan_id": facts.composition.plan_id, "seats": facts.composition.seats,
        "addons": facts.composition.addons, "packs": facts.composition.packs,
        "interval": facts.composition.interval, "period_end": facts.period_end.timestamp().to_string(),
        "cancel_at_period_end": subscription.cancel_at_period_end, "scheduled": facts.scheduled,
    });
    if was == is {
        return Ok(());
    }
    let account_id = Some(&before.account_id);
    let about = events::About { account_id, license_id: Some(&before.license_id), instance_id: None };
    if facts.period_end > before.period_end && subscription.ended_at.is_none() && !is_behind(subscription.state) {
        // Whoever has the license reads it there, also where a partner pays.
        let holder = licenses::find_license(tx, &cx.vendor_id, &before.license_id).await?;
        let account_id = holder.as_ref().map(|view| &view.license.account_id).or(account_id);
        events::record(tx, cx, "license.renewed", events::About { account_id, ..about }, &is).await?;
    }
    audit::record(tx, cx, account_id, "subscription.project", before.id.as_str(), Some(&was), Some(&is)).await?;
    Ok(())
}
