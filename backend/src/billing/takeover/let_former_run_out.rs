//! A subscription whose place another one has taken ends with what is paid, whoever resumes it.

use super::store;
use crate::billing::change_subscription::release_schedule;
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::stripe::IdempotencyKey;

/// Sees to it that a former subscription ends with what is paid: somebody may have taken its cancellation back at the moment at
/// which it was replaced, or at Stripe, and it would charge for nothing for ever. `false` where it is none.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn let_former_run_out(
    commerce: &Commerce,
    cx: &Cx,
    stripe_subscription_id: &str,
) -> Result<bool, CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), stripe_subscription_id.to_owned());
    let is_former =
        commerce.db.read(|tx| Box::pin(async move { store::is_former_subscription(tx, &vendor_id, &id).await }));
    if !is_former.await? {
        return Ok(false);
    }
    let stripe = commerce.stripe(cx)?;
    let subscription = stripe.fetch_subscription(stripe_subscription_id).await?;
    if subscription.ended_at.is_none() && !subscription.cancel_at_period_end {
        release_schedule(stripe, &subscription).await?;
        // It may be resumed more than once, so each time is a step of its own.
        let key = IdempotencyKey::new(&[&subscription.id, "run_out", &cx.now.0.to_string()]);
        stripe.set_cancel_at_period_end(&key, &subscription.id, true).await?;
    }
    Ok(true)
}
