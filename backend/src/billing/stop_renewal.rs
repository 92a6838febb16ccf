//! A subscription whose period was given back ends with that period: it shall not charge again for a license that is
//! revoked. The customer, or staff, can take it back as any cancellation.

use super::change_subscription::release_schedule;
use super::{Commerce, CommerceError, project_subscription};
use crate::cx::Cx;
use crate::stripe::{IdempotencyKey, SubscriptionState};

/// Lets a subscription end with its period, unless it does already.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn stop_renewal(commerce: &Commerce, cx: &Cx, subscription_id: &str) -> Result<(), CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let subscription = stripe.fetch_subscription(subscription_id).await?;
    let is_over = matches!(subscription.state, SubscriptionState::Canceled | SubscriptionState::IncompleteExpired);
    if !is_over && !subscription.cancel_at_period_end {
        release_schedule(stripe, &subscription).await?;
        let period = subscription.items.first().map_or(0, |item| item.period_end.0).to_string();
        let key = IdempotencyKey::new(&[subscription_id, "stop_renewal", &period]);
        stripe.set_cancel_at_period_end(&key, subscription_id, true).await?;
    }
    project_subscription(commerce, cx, subscription_id).await?;
    Ok(())
}
