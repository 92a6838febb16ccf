//! Finishing a change of card: subscriptions charge the new one, and what was open is paid with it.

use super::{CardOutcome, CardUpdate, store};
use crate::accounts::{self, Act};
use crate::billing::{Commerce, CommerceError, Subscription, find_subscription_of_license, project_subscription};
use crate::clock::DAY_MS;
use crate::cx::{Actor, Cx};
use crate::db::DbError;
use crate::ids::CardUpdateId;
use crate::stripe::{
    CardCheckout, CardPayment, CheckoutStatus, IdempotencyKey, Stripe, StripeErrorKind, SubscriptionState,
};
use crate::{audit, events, invoices};

/// Stripe's page for a card lives a day; what was not finished after two never will be.
const LIFE_MS: i64 = 2 * DAY_MS;
const BATCH: i64 = 100;

/// Where a change of card stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardUpdateProgress {
    /// The card was not given yet, or Stripe cannot be asked at the moment.
    Waiting,
    /// Done.
    Finished {
        /// What it came to.
        outcome: CardOutcome,
        /// Where what is open can be paid, when the new card did not.
        payment_url: Option<String>,
    },
    /// The page was left, or has run out; the card is as it was.
    Dropped,
    /// No such change, or none that the user may see.
    NotFound,
}

/// Finishes a change as soon as the card was given, for whoever comes back from Stripe's page.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn finish_card_update(
    commerce: &Commerce,
    cx: &Cx,
    id: &CardUpdateId,
) -> Result<CardUpdateProgress, CommerceError> {
    let (tx_cx, tx_id) = (cx.clone(), id.clone());
    let found = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let Some(update) = store::find_update(tx, &tx_cx.vendor_id, &tx_id).await? else { return Ok(None) };
                let may = accounts::may_act(tx, &tx_cx, &update.account_id, Act::Buy).await?;
                Ok::<_, DbError>(may.then_some(update))
            })
        })
        .await?;
    match found {
        None => Ok(CardUpdateProgress::NotFound),
        Some(CardUpdate { outcome: Some(outcome), payment_url, .. }) => {
            Ok(CardUpdateProgress::Finished { outcome, payment_url })
        }
        Some(CardUpdate { stripe_session_id: None, .. }) => Ok(CardUpdateProgress::Waiting),
        Some(CardUpdate { stripe_session_id: Some(session_id), .. }) => {
            finish_card_session(commerce, cx, &session_id).await
        }
    }
}

/// Finishes the change that Stripe's page of this id was opened for, if a card was given on it.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn finish_card_session(
    commerce: &Commerce,
    cx: &Cx,
    session_id: &str,
) -> Result<CardUpdateProgress, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let session = stripe.fetch_card_checkout(session_id).await?;
    let is_ours = session.metadata.get("vendor_id").map(String::as_str) == Some(cx.vendor_id.as_str());
    let id = session.metadata.get("card_update_id").filter(|_| is_ours).map(|id| CardUpdateId::from_untrusted(id));
    let Some(id) = id else { return Ok(CardUpdateProgress::NotFound) };
    let (vendor_id, tx_id) = (cx.vendor_id.clone(), id);
    let found = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let Some(update) = store::find_update(tx, &vendor_id, &tx_id).await? else { return Ok(None) };
                let is_outdated = store::has_newer_finished(tx, &update).await?;
                let rows = if update.for_all {
                    store::list_living(tx, &vendor_id, &update.account_id).await?
                } else {
                    let row = find_subscription_of_license(tx, &vendor_id, &update.license_id).await?;
                    // Who has the license may pay for it by now.
                    let pays = |row: &Subscription| row.ended_at.is_none() && row.account_id == update.account_id;
                    row.into_iter().filter(pays).collect()
                };
                Ok::<_, DbError>(Some((update, is_outdated, rows)))
            })
        })
        .await?;
    let Some((update, is_outdated, rows)) = found else { return Ok(CardUpdateProgress::NotFound) };
    if let Some(outcome) = update.outcome {
        return Ok(CardUpdateProgress::Finished { outcome, payment_url: update.payment_url });
    }
    match session.status {
        CheckoutStatus::Open => return Ok(CardUpdateProgress::Waiting),
        CheckoutStatus::Expired => return drop_update(commerce, cx, &update).await,
        CheckoutStatus::Complete if is_outdated => return drop_update(commerce, cx, &update).await,
        CheckoutStatus::Complete => {}
    }
    let method = saved_method(stripe, &session).await?;
    let (outcome, payment_url) = use_card(stripe, &update, &rows, &method).await?;
    for row in &rows {
        for invoice_id in open_or_latest(stripe, row).await? {
            invoices::import_invoice(commerce, cx, &invoice_id).await?;
        }
        project_subscription(commerce, cx, &row.stripe_subscription_id).await?;
    }
    // Last, so that no page that says it is done shows the card of before.
    note(commerce, cx, &update, session_id, outcome, payment_url.as_deref()).await?;
    Ok(CardUpdateProgress::Finished { outcome, payment_url })
}

/// What was begun and never heard of again is asked for: one round of the reconciler.
///
/// # Errors
/// [`CommerceError`] when the database fails.
pub async fn sweep_card_updates(commerce: &Commerce, cx: &Cx) -> Result<(), CommerceError> {
    let vendor_id = cx.vendor_id.clone();
    let unfinished =
        commerce.db.read(|tx| Box::pin(async move { store::list_unfinished(tx, &vendor_id, BATCH).await })).await?;
    for update in unfinished {
        let is_old = update.created_at < cx.now.plus(-LIFE_MS);
        let progress = match &update.stripe_session_id {
            Some(session_id) => finish_card_session(commerce, cx, session_id).await,
            None => Ok(CardUpdateProgress::Waiting),
        };
        match progress {
            Ok(CardUpdateProgress::Waiting) if is_old => {
                drop_update(commerce, cx, &update).await?;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, id = %update.id, "a change of card cannot be reconciled"),
        }
    }
    Ok(())
}

async fn saved_method(stripe: &Stripe, session: &CardCheckout) -> Result<String, CommerceError> {
    let missing = || CommerceError::Contradiction(format!("the complete session {} has no card", session.id));
    let intent = session.setup_intent_id.as_deref().ok_or_else(missing)?;
    stripe.fetch_saved_method(intent).await?.ok_or_else(missing)
}

/// Every call has a key made of this change, so that going on after a crash repeats nothing.
async fn use_card(
    stripe: &Stripe,
    update: &CardUpdate,
    rows: &[Subscription],
    method: &str,
) -> Result<(CardOutcome, Option<String>), CommerceError> {
    let (mut outcome, mut payment_url) = (CardOutcome::Saved, None);
    let mut for_customer = update.for_all;
    for row in rows {
        let subscription = stripe.fetch_subscription(&row.stripe_subscription_id).await?;
        let is_over = matches!(subscription.state, SubscriptionState::Canceled | SubscriptionState::IncompleteExpired);
        if is_over || subscription.is_invoiced {
            continue;
        }
        if std::mem::take(&mut for_customer) {
            let key = IdempotencyKey::new(&[update.id.as_str(), "customer"]);
            stripe.set_customer_payment_method(&key, &subscription.customer_id, method).await?;
        }
        let key = IdempotencyKey::new(&[update.id.as_str(), "use", &subscription.id]);
        match stripe.set_payment_method(&key, &subscription.id, method).await {
            // It may have ended since it was looked at.
            Err(error) if error.kind == StripeErrorKind::Refused => continue,
            other => other?,
        }
        for invoice_id in stripe.list_open_invoices(&subscription.id).await? {
            let key = IdempotencyKey::new(&[update.id.as_str(), "pay", &invoice_id]);
            let paid = match stripe.pay_invoice_with(&key, &invoice_id, method).await? {
                CardPayment::Paid => CardOutcome::Paid,
                CardPayment::Declined => CardOutcome::Declined,
                CardPayment::Unconfirmed => CardOutcome::Unconfirmed,
            };
            if paid != CardOutcome::Paid {
                payment_url = stripe.fetch_invoice(&invoice_id).await?.payment_url.or(payment_url);
            }
            // The worst of several is what somebody has to act on; in the order of the words, that is the last.
            outcome = outcome.max(paid);
        }
    }
    Ok((outcome, payment_url))
}

async fn open_or_latest(stripe: &Stripe, row: &Subscription) -> Result<Vec<String>, CommerceError> {
    let subscription = stripe.fetch_subscription(&row.stripe_subscription_id).await?;
    Ok(subscription.latest_invoice_id.into_iter().filter(|_| row.past_due_since.is_some()).collect())
}

async fn drop_update(commerce: &Commerce, cx: &Cx, update: &CardUpdate) -> Result<CardUpdateProgress, CommerceError> {
    let (cx, id) = (cx.clone(), update.id.clone());
    commerce.db.write(move |tx| Box::pin(async move { store::finish_update(tx, &cx, &id, None, None).await })).await?;
    Ok(CardUpdateProgress::Dropped)
}

async fn note(
    commerce: &Commerce,
    cx: &Cx,
    update: &CardUpdate,
    session_id: &str,
    outcome: CardOutcome,
    payment_url: Option<&str>,
) -> Result<(), CommerceError> {
    // The card was given on Stripe's page, and so the audit says, whoever comes back first.
    let cx = Cx { actor: Actor::Stripe(session_id.to_owned()), ..cx.clone() };
    let (update, payment_url) = (update.clone(), payment_url.map(str::to_owned));
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                if !store::finish_update(tx, &cx, &update.id, Some(outcome), payment_url.as_deref()).await? {
                    return Ok(());
                }
                let data = serde_json::json!({
                    "outcome": outcome, "for_all": update.for_all, "license_id": update.license_id,
                    "asked_by": update.user_id,
                });
                let account_id = Some(&update.account_id);
                let about = events::About { account_id, license_id: Some(&update.license_id), instance_id: None };
                events::record(tx, &cx, "payment.card_changed", about, &data).await?;
                let id = update.id.as_str();
                audit::record(tx, &cx, account_id, "card.change", id, audit::NOTHING, Some(&data)).await
            })
        })
        .await?)
}
