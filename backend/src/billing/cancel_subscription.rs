//! Cancelling with the end of what is paid, and taking that back.

use super::change_subscription::release_schedule;
use super::{Commerce, CommerceError, Subscription, may_change_payment, project_subscription, rules, store};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::DbError;
use crate::ids::LicenseId;
use crate::stripe::{IdempotencyKey, StripeSubscription, SubscriptionState};
use crate::{accounts, audit, events, feedback, licenses};

/// What came of cancelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// It ends then, and everything works until then.
    Cancelling {
        /// The license's last moment.
        ends_at: UnixMs,
    },
    /// It is over already.
    Over,
    /// The license has no subscription: a perpetual one.
    NotASubscription,
    /// The user may not cancel it, or there is no such license.
    NotAllowed,
}

/// What came of taking a cancellation back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resumption {
    /// It renews then.
    Renewing {
        /// The next charge.
        renews_at: UnixMs,
    },
    /// Too late: it is over. Buying again makes a new license.
    Over,
    /// The account that pays closes then: nothing renews any more, unless it is kept first.
    AccountCloses {
        /// When.
        at: UnixMs,
    },
    /// The license has no subscription: a perpetual one.
    NotASubscription,
    /// The user may not change it, or there is no such license.
    NotAllowed,
}

enum Found {
    Row(Box<Subscription>),
    NotASubscription,
    NotAllowed,
}

/// Why somebody cancels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CancelReason {
    /// A code of [`crate::text::en::changes::REASONS`]; empty where nothing was said.
    pub code: String,
    /// The customer's own words; may be empty.
    pub comment: String,
    /// Whether the vendor may write about it to whoever cancels.
    pub may_contact: bool,
}

/// Lets a subscription end with the period that is paid. A planned change falls away.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub async fn cancel_subscription(
    commerce: &Commerce,
    cx: &Cx,
    license_id: &LicenseId,
    why: &CancelReason,
) -> Result<Cancellation, CommerceError> {
    let row = match find(commerce, cx, license_id).await? {
        Found::Row(row) => row,
        Found::NotASubscription => return Ok(Cancellation::NotASubscription),
        Found::NotAllowed => return Ok(Cancellation::NotAllowed),
    };
    let (code, comment) = (rules::known_reason(&why.code), rules::comment(&why.comment));
    let why = CancelReason { code, comment, may_contact: why.may_contact };
    Ok(match set(commerce, cx, &row, Some(&why)).await? {
        Some(subscription) => Cancellation::Cancelling { ends_at: period_end(&subscription, &row) },
        None => Cancellation::Over,
    })
}

/// Takes a cancellation back, as long as the subscription is not over.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub async fn resume_subscription(
    commerce: &Commerce,
    cx: &Cx,
    license_id: &LicenseId,
) -> Result<Resumption, CommerceError> {
    let row = match find(commerce, cx, license_id).await? {
        Found::Row(row) => row,
        Found::NotASubscription => return Ok(Resumption::NotASubscription),
        Found::NotAllowed => return Ok(Resumption::NotAllowed),
    };
    let (vendor_id, payer_id) = (cx.vendor_id.clone(), row.account_id.clone());
    let closing =
        commerce.db.read(|tx| Box::pin(async move { accounts::find_closing(tx, &vendor_id, &payer_id).await }));
    if let Some(at) = closing.await? {
        return Ok(Resumption::AccountCloses { at });
    }
    Ok(match set(commerce, cx, &row, None).await? {
        Some(subscription) => Resumption::Renewing { renews_at: period_end(&subscription, &row) },
        None => Resumption::Over,
    })
}

fn period_end(subscription: &StripeSubscription, row: &Subscription) -> UnixMs {
    subscription.items.first().map_or(row.period_end, |item| item.period_end)
}

async fn find(commerce: &Commerce, cx: &Cx, license_id: &LicenseId) -> Result<Found, CommerceError> {
    let (cx, license_id) = (cx.clone(), license_id.clone());
    Ok(commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let license = licenses::find_license(tx, &cx.vendor_id, &license_id).await?.map(|view| view.license);
                let Some(license) = license else { return Ok(Found::NotAllowed) };
                if !may_change_payment(tx, &cx, &license).await? {
                    return Ok(Found::NotAllowed);
                }
                let row = store::find_subscription_of_license(tx, &cx.vendor_id, &license_id).await?;
                Ok::<_, DbError>(row.map_or(Found::NotASubscription, |row| Found::Row(Box::new(row))))
            })
        })
        .await?)
}

/// Cancels for a reason, or takes it back without one. `None` when the subscription is over.
async fn set(
    commerce: &Commerce,
    cx: &Cx,
    row: &Subscription,
    why: Option<&CancelReason>,
) -> Result<Option<StripeSubscription>, CommerceError> {
    let cancel = why.is_some();
    let stripe = commerce.stripe(cx)?;
    let mut subscription = stripe.fetch_subscription(&row.stripe_subscription_id).await?;
    let is_over = matches!(subscription.state, SubscriptionState::Canceled | SubscriptionState::IncompleteExpired);
    if !is_over && subscription.cancel_at_period_end != cancel {
        release_schedule(stripe, &subscription).await?;
        // The lock number rises with every projection, so cancelling again after an undo is a new step.
        let (what, attempt) = (if cancel { "cancel" } else { "resume" }, row.lock_no.to_string());
        let key = IdempotencyKey::new(&[&subscription.id, what, &attempt]);
        subscription = stripe.set_cancel_at_period_end(&key, &subscription.id, cancel).await?;
        note(commerce, cx, row, why).await?;
    }
    project_subscription(commerce, cx, &row.stripe_subscription_id).await?;
    Ok((!is_over).then_some(subscription))
}

/// Who asked for it. What becomes of rows is recorded by the projection, in Stripe's name.
async fn note(
    commerce: &Commerce,
    cx: &Cx,
    row: &Subscription,
    why: Option<&CancelReason>,
) -> Result<(), CommerceError> {
    let (cx, row, why, master) = (cx.clone(), row.clone(), why.cloned(), commerce.master.clone());
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let cancel = why.is_some();
                store::set_cancel_reason(tx, &cx.vendor_id, &row.id, why.as_ref()).await?;
                let (act, event_type) = if cancel {
                    ("subscription.cancel", "order.cancellation_requested")
                } else {
                    ("subscription.resume", "order.cancellation_withdrawn")
                };
                let before = serde_json::json!({ "cancel_at_period_end": !cancel });
                let after = serde_json::json!({
                    "cancel_at_period_end": cancel, "period_end": row.period_end.timestamp().to_string(),
                    "reason": why.as_ref().map(|why| &why.code), "comment": why.as_ref().map(|why| &why.comment),
                    "may_contact": why.as_ref().map(|why| why.may_contact),
                });
                let account_id = Some(&row.account_id);
                audit::record(tx, &cx, account_id, act, row.id.as_str(), Some(&before), Some(&after)).await?;
                let about = events::About { account_id, license_id: Some(&row.license_id), instance_id: None };
                events::record(tx, &cx, event_type, about, &after).await?;
                if let Some(why) = &why {
                    feedback::keep_cancellation(tx, &cx, &master, &row.account_id, &row.license_id, why).await?;
                }
                Ok::<_, DbError>(())
            })
        })
        .await?)
}
