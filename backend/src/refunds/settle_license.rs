//! What follows for a license from what was given back of its payments.

use super::{rules, store};
use crate::billing::{Commerce, CommerceError, handlers, store as billing};
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::LicenseId;
use crate::licenses::{self, ReversalEffect};

/// Revokes, freezes, or sets free again, as the rows say now. A subscription whose period was given back shall not go on
/// charging, so its renewal is called off; one that stands again is looked at anew.
///
/// # Errors
/// [`CommerceError`] when the database fails.
pub(crate) async fn settle_license(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    license_id: &LicenseId,
) -> Result<(), CommerceError> {
    let invoices = store::list_paid_invoices(tx, &cx.vendor_id, license_id).await?;
    let (reversal, disputed_at) = rules::standing(&invoices);
    licenses::set_dispute(tx, cx, license_id, disputed_at).await?;
    let effect = licenses::set_reversal(tx, cx, license_id, reversal).await?;
    if effect == ReversalEffect::None {
        return Ok(());
    }
    let subscription = billing::find_subscription_of_license(tx, &cx.vendor_id, license_id).await?;
    if let Some(subscription) = subscription.filter(|subscription| subscription.ended_at.is_none()) {
        let id = &subscription.stripe_subscription_id;
        if effect == ReversalEffect::Revoked {
            handlers::enqueue_stop_renewal(tx, cx, &commerce.master, id).await?;
        } else {
            handlers::enqueue_projection_of(tx, cx, &commerce.master, id, cx.now).await?;
        }
    }
    Ok(())
}
