//! A subscription whose period was given back ends with that period: it shall not charge again for a license that is
//! revoked. The customer, or staff, can take it back as any cancellation; of a subscription that another one has replaced
//! nobody can.

use super::change_subscription::release_schedule;
use super::takeover::let_former_run_out;
use super::{Commerce, CommerceError, project_subscription, store};
use crate::cx::Cx;
use crate::db::DbError;
use crate::stripe::{IdempotencyKey, SubscriptionState};
use crate::{invoices, refunds};

/// Lets a subscription end with its period, unless it does already. What was given back may not be the newest period:
/// so its newest invoice is looked at first, and nothing is done where that makes the license good again.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn stop_renewal(commerce: &Commerce, cx: &Cx, subscription_id: &str) -> Result<(), CommerceError> {
    if let_former_run_out(commerce, cx, subscription_id).await? {
        return Ok(());
    }
    let stripe = commerce.stripe(cx)?;
    let subscription = stripe.fetch_subscription(subscription_id).await?;
    if let Some(invoice_id) = &subscription.latest_invoice_id {
        invoices::import_invoice(commerce, cx, invoice_id).await?;
    }
    let (tx_cx, id) = (cx.clone(), subscription_id.to_owned());
    let given_back = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let row = store::find_subscription_by_stripe_id(tx, &tx_cx.vendor_id, &id).await?;
                let Some(row) = row else { return Ok(None) };
                let is_reversed = refunds::is_reversed(tx, &tx_cx, &row.license_id).await?;
                Ok::<_, DbError>(is_reversed.then_some(row))
            })
        })
        .await?;
    let is_over = matches!(subscription.state, SubscriptionState::Canceled | SubscriptionState::IncompleteExpired);
    if let Some(row) = given_back.filter(|_| !is_over && !subscription.cancel_at_period_end) {
        release_schedule(stripe, &subscription).await?;
        // The lock number rises with every projection, so stopping again after that was taken back is a new step.
        let key = IdempotencyKey::new(&[subscription_id, "stop_renewal", &row.lock_no.to_string()]);
        stripe.set_cancel_at_period_end(&key, subscription_id, true).await?;
    }
    project_subscription(commerce, cx, subscription_id).await?;
    Ok(())
}
