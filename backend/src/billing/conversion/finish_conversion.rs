//! Finishing it: paid means perpetual, exactly once, and then the subscription ends.

use super::preview_conversion::fetch_unused_minor;
use super::{Conversion, ConversionStatus, RECKONED_AT, store};
use crate::accounts::{self, Act};
use crate::billing::change_subscription::release_schedule;
use crate::billing::{
    Commerce, CommerceError, Subscription, find_subscription_of_license, handlers, project_subscription,
};
use crate::clock::UnixMs;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::ConversionId;
use crate::stripe::{CheckoutSession, CheckoutStatus, StripeErrorKind};
use crate::{audit, catalog, events, licenses};

const BATCH: i64 = 100;

/// Where it stands, for whoever comes back from Stripe's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversionProgress {
    /// Not paid yet, or Stripe cannot be asked at the moment.
    Waiting,
    /// The license is perpetual.
    Done,
    /// Not paid; everything is as it was.
    Dropped,
    /// No such conversion, or none that the user may see.
    NotFound,
}

/// Finishes it as soon as it is paid, for whoever comes back from Stripe's page.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn finish_conversion(
    commerce: &Commerce,
    cx: &Cx,
    id: &ConversionId,
) -> Result<ConversionProgress, CommerceError> {
    let (tx_cx, tx_id) = (cx.clone(), id.clone());
    let found = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let Some(conversion) = store::find(tx, &tx_cx.vendor_id, &tx_id).await? else { return Ok(None) };
                let may = accounts::may_act(tx, &tx_cx, &conversion.account_id, Act::Buy).await?;
                Ok::<_, DbError>(may.then_some(conversion))
            })
        })
        .await?;
    match found {
        None => Ok(ConversionProgress::NotFound),
        Some(conversion) => go_on(commerce, cx, &conversion).await,
    }
}

/// Finishes what Stripe's page of this id was opened for.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn finish_conversion_session(
    commerce: &Commerce,
    cx: &Cx,
    session_id: &str,
) -> Result<ConversionProgress, CommerceError> {
    let session = commerce.stripe(cx)?.fetch_checkout_session(session_id).await?;
    let is_ours = session.metadata.get("vendor_id").map(String::as_str) == Some(cx.vendor_id.as_str());
    let id = session.metadata.get("conversion_id").filter(|_| is_ours).map(|id| ConversionId::from_untrusted(id));
    let Some(id) = id else { return Ok(ConversionProgress::NotFound) };
    let (vendor_id, tx_id) = (cx.vendor_id.clone(), id);
    let found = commerce.db.read(|tx| Box::pin(async move { store::find(tx, &vendor_id, &tx_id).await })).await?;
    match found {
        None => Ok(ConversionProgress::NotFound),
        Some(conversion) => settle(commerce, cx, &conversion, &session).await,
    }
}

/// Looks again at what is open of the license that a subscription pays for, because some of its money was given back.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub(crate) async fn look_at_conversions(
    commerce: &Commerce,
    cx: &Cx,
    stripe_subscription_id: &str,
) -> Result<(), CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), stripe_subscription_id.to_owned());
    let unfinished = commerce
        .db
        .read(|tx| Box::pin(async move { store::list_unfinished_of(tx, &vendor_id, &id, BATCH).await }))
        .await?;
    for conversion in unfinished {
        go_on(commerce, cx, &conversion).await?;
    }
    Ok(())
}

/// What was asked for and never heard of again, and what a crash left half done: one round of the reconciler.
///
/// # Errors
/// [`CommerceError`] when the database fails.
pub async fn sweep_conversions(commerce: &Commerce, cx: &Cx) -> Result<(), CommerceError> {
    let vendor_id = cx.vendor_id.clone();
    let unfinished =
        commerce.db.read(|tx| Box::pin(async move { store::list_unfinished(tx, &vendor_id, BATCH).await })).await?;
    for conversion in unfinished {
        if let Err(error) = go_on(commerce, cx, &conversion).await {
            tracing::warn!(%error, id = %conversion.id, "a conversion cannot be reconciled");
        }
    }
    Ok(())
}

async fn go_on(commerce: &Commerce, cx: &Cx, conversion: &Conversion) -> Result<ConversionProgress, CommerceError> {
    match (conversion.status, &conversion.stripe_session_id) {
        (ConversionStatus::Done, _) => Ok(ConversionProgress::Done),
        (ConversionStatus::Dropped, _) => Ok(ConversionProgress::Dropped),
        (ConversionStatus::Paid, _) => end_subscription(commerce, cx, conversion).await,
        // The id of its page was lost in a crash: the webhook names it, should it be paid.
        (ConversionStatus::Asked, None) => Ok(ConversionProgress::Waiting),
        (ConversionStatus::Asked, Some(session_id)) => {
            let session = commerce.stripe(cx)?.fetch_checkout_session(session_id).await?;
            settle(commerce, cx, conversion, &session).await
        }
    }
}

async fn settle(
    commerce: &Commerce,
    cx: &Cx,
    conversion: &Conversion,
    session: &CheckoutSession,
) -> Result<ConversionProgress, CommerceError> {
    let ended = match session.status {
        CheckoutStatus::Open => end_if_short(commerce, cx, conversion, session).await?,
        CheckoutStatus::Complete | CheckoutStatus::Expired => None,
    };
    let session = ended.as_ref().unwrap_or(session);
    let is_paid = match session.status {
        CheckoutStatus::Open => return Ok(ConversionProgress::Waiting),
        CheckoutStatus::Complete => session.is_paid,
        CheckoutStatus::Expired => false,
    };
    // What is under way may come still; what the bank has not paid never will.
    let is_complete = session.status == CheckoutStatus::Complete;
    if is_complete && !is_paid && !commerce.stripe(cx)?.has_payment_failed(session).await? {
        return Ok(ConversionProgress::Waiting);
    }
    let is_settled = matches!(conversion.status, ConversionStatus::Paid | ConversionStatus::Done);
    let is_left_minor =
        if is_paid && !is_settled { find_shortage(commerce, cx, conversion, session).await? } else { None };
    // It is Stripe's word on which the license changes, and so the audit says.
    let tx_cx = Cx { actor: Actor::Stripe(session.id.clone()), ..cx.clone() };
    let (id, tx_commerce, tx_session) = (conversion.id.clone(), commerce.clone(), session.clone());
    let settled = commerce
        .db
        .write(move |tx| {
            Box::pin(async move { write(tx, &tx_commerce, &tx_cx, &id, &tx_session, is_paid, is_left_minor).await })
        })
        .await?;
    match settled {
        ConversionStatus::Paid => end_subscription(commerce, cx, conversion).await,
        ConversionStatus::Done => Ok(ConversionProgress::Done),
        ConversionStatus::Dropped => Ok(ConversionProgress::Dropped),
        ConversionStatus::Asked => Ok(ConversionProgress::Waiting),
    }
}

/// Ends a page that is open and credits money of which some was given back since; answers what has become of it. `None` where
/// it credits what is still there.
async fn end_if_short(
    commerce: &Commerce,
    cx: &Cx,
    conversion: &Conversion,
    session: &CheckoutSession,
) -> Result<Option<CheckoutSession>, CommerceError> {
    if find_shortage(commerce, cx, conversion, session).await?.is_none() {
        return Ok(None);
    }
    let stripe = commerce.stripe(cx)?;
    match stripe.expire_checkout_session(&session.id).await {
        Ok(ended) => Ok(Some(ended)),
        // Paid or run out in the meantime: Stripe says which.
        Err(refusal) if refusal.kind == StripeErrorKind::Refused => {
            Ok(Some(stripe.fetch_checkout_session(&session.id).await?))
        }
        Err(error) => Err(error.into()),
    }
}

/// What is left of the money that the page has credited, where some of it was given back since: the same money twice. What was
/// agreed on and paid holds all the same, and staff are told.
async fn find_shortage(
    commerce: &Commerce,
    cx: &Cx,
    conversion: &Conversion,
    session: &CheckoutSession,
) -> Result<Option<i64>, CommerceError> {
    let reckoned_at = session.metadata.get(RECKONED_AT).and_then(|at| at.parse().ok()).map(UnixMs::from_seconds);
    let Some(reckoned_at) = reckoned_at.filter(|_| conversion.credit_minor > 0) else { return Ok(None) };
    let Some(row) = find_row(commerce, cx, conversion).await? else { return Ok(None) };
    let stripe = commerce.stripe(cx)?;
    let unused_minor = fetch_unused_minor(stripe, &row.stripe_subscription_id, reckoned_at).await?;
    Ok((unused_minor < conversion.credit_minor).then_some(unused_minor))
}

/// What has paid for the license until now.
async fn find_row(
    commerce: &Commerce,
    cx: &Cx,
    conversion: &Conversion,
) -> Result<Option<Subscription>, CommerceError> {
    let (vendor_id, license_id) = (cx.vendor_id.clone(), conversion.license_id.clone());
    Ok(commerce
        .db
        .read(|tx| Box::pin(async move { find_subscription_of_license(tx, &vendor_id, &license_id).await }))
        .await?)
}

async fn write(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    id: &ConversionId,
    session: &CheckoutSession,
    is_paid: bool,
    is_left_minor: Option<i64>,
) -> Result<ConversionStatus, CommerceError> {
    let Some(conversion) = store::lock(tx, &cx.vendor_id, id).await? else { return Ok(ConversionStatus::Dropped) };
    let status = if is_paid { ConversionStatus::Paid } else { ConversionStatus::Dropped };
    // Stripe tells of its end as well where we have ended its page.
    let is_paid_before = matches!(conversion.status, ConversionStatus::Paid | ConversionStatus::Done);
    if is_paid_before || conversion.status == status {
        return Ok(conversion.status);
    }
    store::set_status(tx, &cx.vendor_id, id, status).await?;
    let account_id = Some(&conversion.account_id);
    let about = events::About { account_id, license_id: Some(&conversion.license_id), instance_id: None };
    if is_paid {
        let plan = catalog::find_plan(tx, &cx.vendor_id, &conversion.plan_id)
            .await?
            .ok_or_else(|| CommerceError::Contradiction(format!("conversion {id} has no plan")))?;
        let bought = conversion.composition();
        licenses::make_perpetual(tx, cx, &conversion.license_id, &plan.as_bought(&bought), bought.seats).await?;
        let data = serde_json::json!({
            "amount_minor": conversion.rest().amount_minor, "currency": conversion.currency,
            "stripe_session_id": session.id, "stripe_invoice_id": session.invoice_id,
        });
        events::record(tx, cx, "order.paid", about, &data).await?;
        if let Some(invoice_id) = &session.invoice_id {
            handlers::enqueue_invoice(tx, cx, &commerce.master, invoice_id, session.customer_id.as_deref()).await?;
        }
    } else {
        events::record(tx, cx, "order.expired", about, &serde_json::json!({ "conversion_id": id })).await?;
    }
    audit::record(tx, cx, account_id, "conversion.settle", id.as_str(), Some(&conversion.status), Some(&status))
        .await?;
    if let Some(unused_minor) = is_left_minor {
        let credited = serde_json::json!({ "credit_minor": conversion.credit_minor, "currency": conversion.currency });
        let is_left = serde_json::json!({ "unused_minor": unused_minor, "currency": conversion.currency });
        audit::record(tx, cx, account_id, "conversion.short", id.as_str(), Some(&credited), Some(&is_left)).await?;
    }
    Ok(status)
}

/// The unused money is spent, so the subscription ends without a credit of its own.
async fn end_subscription(
    commerce: &Commerce,
    cx: &Cx,
    conversion: &Conversion,
) -> Result<ConversionProgress, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    if let Some(row) = find_row(commerce, cx, conversion).await? {
        let subscription = stripe.fetch_subscription(&row.stripe_subscription_id).await?;
        if !subscription.is_over() {
            release_schedule(stripe, &subscription).await?;
            stripe.cancel_subscription_now(&subscription.id).await?;
        }
        project_subscription(commerce, cx, &row.stripe_subscription_id).await?;
    }
    let (vendor_id, id) = (cx.vendor_id.clone(), conversion.id.clone());
    commerce
        .db
        .write(move |tx| Box::pin(async move { store::set_status(tx, &vendor_id, &id, ConversionStatus::Done).await }))
        .await?;
    Ok(ConversionProgress::Done)
}
