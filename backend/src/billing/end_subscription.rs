//! Ending a subscription at once: an act of the vendor's staff, never of a customer.

use super::change_subscription::release_schedule;
use super::{Commerce, CommerceError, Subscription, project_subscription, store};
use crate::accounts::{self, StaffAct};
use crate::cx::Cx;
use crate::db::DbError;
use crate::ids::{LicenseId, OrderId};
use crate::orders::{self, GivenUp, Order, OrderStatus, Payment};
use crate::stripe::StripeSubscription;
use crate::{audit, events, licenses};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionEnd {
    /// It is over, Stripe says so, and so is its license. Nothing was paid back: that is a credit note of its own. Where its
    /// first transfer was waited for, it is waited for no more, and what comes of it stays with the customer.
    Ended,
    /// It was over already, and nothing of it was left to be given up.
    Over,
    /// No such license, or none that a subscription pays for.
    NotFound,
    /// Whoever acts may not.
    NotAllowed,
}

enum Found {
    Row(Box<Subscription>),
    Refused(SubscriptionEnd),
}

/// Ends a subscription and with it its license, now. A planned change falls away, and nothing is charged any more.
///
/// # Errors
/// [`CommerceError`]; also where Stripe does not end it. Calling it again is safe.
pub async fn end_subscription(
    commerce: &Commerce,
    cx: &Cx,
    license_id: &LicenseId,
    reason: &str,
) -> Result<SubscriptionEnd, CommerceError> {
    let row = match find(commerce, cx, license_id).await? {
        Found::Row(row) => row,
        Found::Refused(refused) => return Ok(refused),
    };
    let stripe = commerce.stripe(cx)?;
    let subscription = stripe.fetch_subscription(&row.stripe_subscription_id).await?;
    // Also of one that is over: whoever ended it may have died before this was done.
    let order = find_unpaid_order(commerce, cx, &subscription).await?;
    if subscription.is_over() && order.is_none() {
        project_subscription(commerce, cx, &row.stripe_subscription_id).await?;
        return Ok(SubscriptionEnd::Over);
    }
    note(commerce, cx, &row, reason).await?;
    if !subscription.is_over() {
        release_schedule(stripe, &subscription).await?;
    }
    if let Some(order) = &order {
        // Stripe would go on taking money for it, of which nobody would have anything.
        if let GivenUp::Paid(_) = orders::give_up_ended(commerce, cx, order).await? {
            // Asked again, whoever ends it knows that it is paid.
            let text =
                format!("order {} was paid while its subscription {} was to be ended", order.id, subscription.id);
            return Err(CommerceError::Contradiction(text));
        }
    }
    // What is answered is Stripe's word, not what giving the order up should have come to.
    if !stripe.fetch_subscription(&subscription.id).await?.is_over() {
        stripe.cancel_subscription_now(&subscription.id).await?;
    }
    tell(commerce, cx, &row).await?;
    project_subscription(commerce, cx, &row.stripe_subscription_id).await?;
    Ok(SubscriptionEnd::Ended)
}

async fn find(commerce: &Commerce, cx: &Cx, license_id: &LicenseId) -> Result<Found, CommerceError> {
    let (cx, license_id) = (cx.clone(), license_id.clone());
    Ok(commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                if !accounts::staff_may_act(tx, &cx, StaffAct::ManageLicenses).await? {
                    return Ok(Found::Refused(SubscriptionEnd::NotAllowed));
                }
                let row = store::find_subscription_of_license(tx, &cx.vendor_id, &license_id).await?;
                Ok::<_, DbError>(row.map_or(Found::Refused(SubscriptionEnd::NotFound), |row| Found::Row(Box::new(row))))
            })
        })
        .await?)
}

/// The order that the subscription was made for, while its transfer is waited for.
async fn find_unpaid_order(
    commerce: &Commerce,
    cx: &Cx,
    subscription: &StripeSubscription,
) -> Result<Option<Order>, CommerceError> {
    let order_id = subscription.metadata.get("order_id").map(|id| OrderId::from_untrusted(id));
    let Some(order_id) = order_id else { return Ok(None) };
    let vendor_id = cx.vendor_id.clone();
    let order =
        commerce.db.read(|tx| Box::pin(async move { orders::find_order(tx, &vendor_id, &order_id).await })).await?;
    Ok(order.filter(|order| order.status == OrderStatus::Open && order.payment == Payment::Transfer))
}

/// Who asked for it, and why, before Stripe is asked. What becomes of rows is recorded by the projection, in Stripe's name.
async fn note(commerce: &Commerce, cx: &Cx, row: &Subscription, reason: &str) -> Result<(), CommerceError> {
    let (cx, row, reason) = (cx.clone(), row.clone(), licenses::rules::reason(reason));
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let before = serde_json::json!({
                    "status": row.stripe_status, "period_end": row.period_end.timestamp().to_string(),
                });
                let after = serde_json::json!({ "reason": reason });
                let account_id = Some(&row.account_id);
                let id = row.id.as_str();
                audit::record(tx, &cx, account_id, "subscription.end", id, Some(&before), Some(&after)).await
            })
        })
        .await?)
}

/// The customer's history says that it was ended, once it is; why is a note for colleagues.
async fn tell(commerce: &Commerce, cx: &Cx, row: &Subscription) -> Result<(), CommerceError> {
    let (cx, row) = (cx.clone(), row.clone());
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let account_id = Some(&row.account_id);
                let about = events::About { account_id, license_id: Some(&row.license_id), instance_id: None };
                let (id, nothing) = (row.id.as_str(), serde_json::json!({}));
                events::record_once(tx, &cx, "order.ended_by_vendor", about, id, &nothing).await?;
                Ok::<_, DbError>(())
            })
        })
        .await?)
}
