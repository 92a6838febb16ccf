//! What Stripe says of an automatic renewal: agreed to, paid, failed, over.

use super::{AutoRenewal, AutoRenewalStatus, store};
use crate::accounts::{self, Act};
use crate::billing::rules::is_behind;
use crate::billing::{Commerce, CommerceError};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::AutoRenewalId;
use crate::stripe::{CheckoutStatus, StripeSubscription};
use crate::{audit, events, licenses};

/// Where it stands, for whoever comes back from Stripe's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoRenewalProgress {
    /// Not agreed to yet, or Stripe cannot be asked at the moment.
    Waiting,
    /// It is on.
    On,
    /// It is off: the page was left, it was on already, or it was switched off since.
    Off,
    /// No such renewal, or none that the user may see.
    NotFound,
}

fn progress(renewal: &AutoRenewal) -> AutoRenewalProgress {
    match renewal.status {
        AutoRenewalStatus::Asked => AutoRenewalProgress::Waiting,
        AutoRenewalStatus::On => AutoRenewalProgress::On,
        AutoRenewalStatus::Off => AutoRenewalProgress::Off,
    }
}

/// Switches it on as soon as it was agreed to, for whoever comes back from Stripe's page.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn finish_auto_renewal(
    commerce: &Commerce,
    cx: &Cx,
    id: &AutoRenewalId,
) -> Result<AutoRenewalProgress, CommerceError> {
    let (tx_cx, tx_id) = (cx.clone(), id.clone());
    let found = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let Some(renewal) = store::find(tx, &tx_cx.vendor_id, &tx_id).await? else { return Ok(None) };
                let may = accounts::may_act(tx, &tx_cx, &renewal.account_id, Act::Buy).await?;
                Ok::<_, DbError>(may.then_some(renewal))
            })
        })
        .await?;
    match found {
        None => Ok(AutoRenewalProgress::NotFound),
        Some(AutoRenewal { status: AutoRenewalStatus::Asked, stripe_session_id: Some(session_id), .. }) => {
            finish_auto_renewal_session(commerce, cx, &session_id).await
        }
        Some(renewal) => Ok(progress(&renewal)),
    }
}

/// Switches on what was agreed to on Stripe's page of this id.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn finish_auto_renewal_session(
    commerce: &Commerce,
    cx: &Cx,
    session_id: &str,
) -> Result<AutoRenewalProgress, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let session = stripe.fetch_checkout_session(session_id).await?;
    let is_ours = session.metadata.get("vendor_id").map(String::as_str) == Some(cx.vendor_id.as_str());
    let id = session.metadata.get("auto_renewal_id").filter(|_| is_ours).map(|id| AutoRenewalId::from_untrusted(id));
    let Some(id) = id else { return Ok(AutoRenewalProgress::NotFound) };
    let subscription_id = match (session.status, session.subscription_id) {
        (CheckoutStatus::Open, _) => return Ok(AutoRenewalProgress::Waiting),
        (CheckoutStatus::Complete, Some(subscription_id)) => Some(subscription_id),
        (CheckoutStatus::Complete | CheckoutStatus::Expired, _) => None,
    };
    let (tx_cx, made) = (Cx { actor: Actor::Stripe(session_id.to_owned()), ..cx.clone() }, subscription_id.clone());
    let outcome =
        commerce.db.write(move |tx| Box::pin(async move { settle(tx, &tx_cx, &id, made.as_deref()).await })).await?;
    match (outcome, &subscription_id) {
        // Agreed to twice, on two pages: one is enough. Or by an account that closes.
        (AutoRenewalProgress::Off, Some(subscription_id)) => {
            let subscription = stripe.fetch_subscription(subscription_id).await?;
            if subscription.ended_at.is_none() {
                stripe.cancel_subscription_now(subscription_id).await?;
            }
        }
        // What was paid before this was heard of counts as well.
        (AutoRenewalProgress::On, Some(subscription_id)) => {
            project_auto_renewal(commerce, cx, subscription_id).await?;
        }
        _ => {}
    }
    Ok(outcome)
}

async fn settle(
    tx: &mut Tx,
    cx: &Cx,
    id: &AutoRenewalId,
    subscription_id: Option<&str>,
) -> Result<AutoRenewalProgress, DbError> {
    let Some(found) = store::find(tx, &cx.vendor_id, id).await? else { return Ok(AutoRenewalProgress::NotFound) };
    // Locked first, as by whoever closes it: what is agreed to afterwards does not begin.
    let closes = accounts::lock_closing(tx, &cx.vendor_id, &found.account_id).await?.is_some();
    let Some(before) = store::lock(tx, &cx.vendor_id, id).await? else { return Ok(AutoRenewalProgress::NotFound) };
    if before.status != AutoRenewalStatus::Asked {
        // Off, though this very subscription was on once: it was switched off since.
        let is_known = before.stripe_subscription_id.as_deref() == subscription_id;
        return Ok(if is_known && before.status == AutoRenewalStatus::Off {
            AutoRenewalProgress::Off
        } else {
            progress(&before)
        });
    }
    // Two pages that are agreed to at once wait for each other here.
    let license = licenses::lock_license(tx, &cx.vendor_id, &before.license_id).await?;
    // It may have been handed over since it was asked for.
    let is_theirs = license.is_some_and(|view| view.license.account_id == before.account_id);
    let other = store::find_auto_renewal(tx, &cx.vendor_id, &before.license_id).await?;
    let mut after = before.clone();
    after.status = match subscription_id {
        Some(_) if other.is_none() && is_theirs && !closes => AutoRenewalStatus::On,
        _ => AutoRenewalStatus::Off,
    };
    after.stripe_subscription_id = subscription_id.map(str::to_owned);
    store::update(tx, &after).await?;
    record(tx, cx, &before, &after).await?;
    Ok(progress(&after))
}

/// Brings an automatic renewal up to date with its subscription, and adds a year for each renewal that is paid and has
/// brought none yet, in whatever order anything was heard of. `false` where the subscription is none of an automatic renewal's.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub(crate) async fn project_auto_renewal(
    commerce: &Commerce,
    cx: &Cx,
    stripe_subscription_id: &str,
) -> Result<bool, CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), stripe_subscription_id.to_owned());
    let found =
        commerce.db.read(|tx| Box::pin(async move { store::find_by_subscription(tx, &vendor_id, &id).await })).await?;
    let Some(renewal) = found else { return Ok(false) };
    let stripe = commerce.stripe(cx)?;
    let subscription = stripe.fetch_subscription(stripe_subscription_id).await?;
    let paid = stripe.list_paid_renewals(stripe_subscription_id).await?;
    let tx_cx = Cx { actor: Actor::Stripe(stripe_subscription_id.to_owned()), ..cx.clone() };
    commerce
        .db
        .write(move |tx| Box::pin(async move { write(tx, &tx_cx, &renewal.id, &subscription, &paid).await }))
        .await?;
    Ok(true)
}

async fn write(
    tx: &mut Tx,
    cx: &Cx,
    id: &AutoRenewalId,
    subscription: &StripeSubscription,
    paid: &[String],
) -> Result<(), DbError> {
    let Some(before) = store::lock(tx, &cx.vendor_id, id).await? else { return Ok(()) };
    let mut after = before.clone();
    if subscription.ended_at.is_some() {
        after.status = AutoRenewalStatus::Off;
    }
    after.is_behind = is_behind(subscription.state);
    after.next_at = subscription.items.first().map_or(before.next_at, |item| item.period_end);
    if after != before {
        store::update(tx, &after).await?;
        record(tx, cx, &before, &after).await?;
    }
    let mut years = 0;
    for invoice_id in paid {
        years += i16::from(store::insert_year(tx, &cx.vendor_id, id, invoice_id, cx.now).await?);
    }
    if years > 0 {
        licenses::extend_updates(tx, cx, &after.license_id, years).await?;
    }
    Ok(())
}

async fn record(tx: &mut Tx, cx: &Cx, before: &AutoRenewal, after: &AutoRenewal) -> Result<(), DbError> {
    let summary = |it: &AutoRenewal| {
        serde_json::json!({
            "status": it.status, "next_at": it.next_at.timestamp().to_string(), "is_behind": it.is_behind,
            "amount_minor": it.amount_minor, "currency": it.currency,
        })
    };
    let (was, is) = (summary(before), summary(after));
    let account_id = Some(&after.account_id);
    let about = events::About { account_id, license_id: Some(&after.license_id), instance_id: None };
    if before.status != after.status && after.status == AutoRenewalStatus::On {
        events::record(tx, cx, "order.auto_renewal_started", about, &is).await?;
    }
    if after.is_behind && !before.is_behind {
        events::record(tx, cx, "payment.failed", about, &is).await?;
    }
    audit::record(tx, cx, account_id, "auto_renewal.project", after.id.as_str(), Some(&was), Some(&is)).await
}
