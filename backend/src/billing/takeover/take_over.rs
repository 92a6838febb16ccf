//! Taking over, once, what pays for a license.

use serde_json::json;

use super::{is_outdated, store};
use crate::billing::store::SubscriptionFacts;
use crate::billing::{Commerce, CommerceError, Subscription, handlers, rules};
use crate::catalog::{self, PlanKind, PlanVersion};
use crate::cx::{Actor, Cx};
use crate::db::Tx;
use crate::ids::{AccountId, LicenseId};
use crate::licenses::{self, PlanChange};
use crate::stripe::{StripeSubscription, SubscriptionState};
use crate::{audit, partners};

/// Who continues which license.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TakeOver<'a> {
    /// Who has it, and pays from now on.
    pub(crate) account_id: &'a AccountId,
    /// The license.
    pub(crate) license_id: &'a LicenseId,
    /// The plan as it was ordered.
    pub(crate) sold_as: &'a PlanVersion,
    /// The seats that the license had when it was ordered.
    pub(crate) seats: i64,
}

/// The subscription without the time that somebody else has paid for, which Stripe calls its trial.
pub(crate) fn without_paid_time(mut subscription: StripeSubscription, row: &Subscription) -> StripeSubscription {
    if row.begins_at.is_some() {
        subscription.trial_end = None;
        if subscription.state == SubscriptionState::Trialing {
            subscription.state = SubscriptionState::Active;
        }
    }
    subscription
}

/// Puts a license on the subscription of who has it, in place of the one that somebody else has paid. The license keeps its
/// key, seats and instances. The caller holds the lock of the order, which lets this happen once, and has asked under the same
/// locks whether what pays is being changed (`is_being_changed.rs`).
///
/// # Errors
/// [`CommerceError`]: also where the license is another account's by now, or paid for by this one already; then a person has to
/// decide.
pub(crate) async fn take_over(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    taking: TakeOver<'_>,
    subscription: &StripeSubscription,
) -> Result<(), CommerceError> {
    let TakeOver { account_id, license_id, sold_as, .. } = taking;
    // In the order in which projections lock them.
    let before = store::lock_subscription_of_license(tx, &cx.vendor_id, license_id).await?;
    let license = licenses::lock_license(tx, &cx.vendor_id, license_id).await?.map(|view| view.license);
    let can_be_taken = license.is_some_and(|it| it.account_id == *account_id && it.kind == PlanKind::Subscription);
    let Some(before) = before.filter(|row| row.account_id != *account_id && can_be_taken) else {
        return Err(CommerceError::Contradiction(format!(
            "{} is to continue license {license_id}, which is not another's to pay any more",
            subscription.id
        )));
    };
    // Looked at before as well; then the order is given up.
    if is_outdated(tx, cx, taking, subscription).await? {
        return Err(CommerceError::Contradiction(format!(
            "{} is to continue license {license_id} otherwise than was agreed to",
            subscription.id
        )));
    }
    // What is paid counts, and that is what Stripe has.
    let facts = SubscriptionFacts::resolve(tx, cx, subscription, None, Some(sold_as)).await?;
    let plan = catalog::find_plan_as_held(tx, &cx.vendor_id, &facts.composition.plan_id, Some(sold_as))
        .await?
        .ok_or_else(|| CommerceError::Contradiction(format!("{} has no plan", subscription.id)))?
        .as_bought(&facts.composition);
    let after = Subscription { begins_at: subscription.trial_end, account_id: account_id.clone(), ..before.clone() };
    let subscription = &without_paid_time(subscription.clone(), &after);
    let standing = rules::standing(&facts.condition(subscription, &plan, None, false), cx.now);
    store::insert_former_subscription(tx, cx, &before).await?;
    store::replace_subscription(tx, cx, &after, subscription, &facts).await?;
    let change = PlanChange { plan: &plan, seats: facts.composition.seats, ends_at: standing.ends_at };
    licenses::apply_plan(tx, cx, license_id, &change).await?;
    licenses::set_standing(tx, cx, license_id, standing.status, standing.reason).await?;
    record(tx, cx, &before, &after, subscription).await?;
    if before.ended_at.is_none() {
        // Whoever resumes it at this moment sees the row as it was.
        handlers::enqueue_stop_renewal(tx, cx, &commerce.master, &before.stripe_subscription_id).await?;
    }
    partners::tell_of_continuation(tx, cx, &commerce.master, &before.account_id, license_id).await?;
    // What is not needed for the license, such as the card, is fetched apart from it.
    Ok(handlers::enqueue_projection(tx, cx, &commerce.master, subscription, cx.now).await?)
}

/// A row for each side: neither reads the other's subscription.
async fn record(
    tx: &mut Tx,
    cx: &Cx,
    before: &Subscription,
    after: &Subscription,
    subscription: &StripeSubscription,
) -> Result<(), CommerceError> {
    let is = json!({
        "license_id": after.license_id, "stripe_subscription_id": subscription.id,
        "begins_at": after.begins_at.map(|at| at.timestamp().to_string()),
    });
    let (account_id, id) = (Some(&after.account_id), after.id.as_str());
    audit::record(tx, cx, account_id, "subscription.take_over", id, audit::NOTHING, Some(&is)).await?;
    let neutral = Cx { actor: Actor::Job("billing.take_over"), address: None, ..cx.clone() };
    let was = json!({
        "license_id": before.license_id, "stripe_subscription_id": before.stripe_subscription_id,
        "period_end": before.period_end.timestamp().to_string(),
    });
    let payer_id = Some(&before.account_id);
    audit::record(tx, &neutral, payer_id, "subscription.hand_back", id, Some(&was), audit::NOTHING).await?;
    Ok(())
}
