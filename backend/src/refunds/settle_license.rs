//! What follows for a license from what was given back of its payments.

use super::{rules, store};
use crate::billing::{Commerce, CommerceError, handlers, store as billing};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::licenses::{self, ReversalEffect};

/// Revokes, freezes, or sets free again, as the rows say now. A subscription whose period was given back shall not go on
/// charging, so its renewal is called off; what stands again is looked at anew, also when it has ended meanwhile.
///
/// # Errors
/// [`CommerceError`] when the database fails.
pub(crate) async fn settle_license(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    license_id: &LicenseId,
) -> Result<(), CommerceError> {
    let invoices = store::list_paid_invoices(tx, &cx.vendor_id, license_id, cx.now).await?;
    let (reversal, disputed_at) = rules::standing(&invoices);
    licenses::set_dispute(tx, cx, license_id, disputed_at).await?;
    if reversal.is_some() && store::was_given_up(tx, &cx.vendor_id, license_id).await? {
        // It has ended, unpaid: of the money that came too late nobody ever had anything.
        return Ok(());
    }
    let effect = licenses::set_reversal(tx, cx, license_id, reversal).await?;
    if effect == ReversalEffect::None {
        return Ok(());
    }
    let subscription = billing::find_subscription_of_license(tx, &cx.vendor_id, license_id).await?;
    let Some(subscription) = subscription else { return Ok(()) };
    let id = &subscription.stripe_subscription_id;
    match effect {
        ReversalEffect::Restored => handlers::enqueue_projection_of(tx, cx, &commerce.master, id, cx.now).await?,
        ReversalEffect::Revoked if subscription.ended_at.is_none() => {
            handlers::enqueue_stop_renewal(tx, cx, &commerce.master, id).await?;
        }
        ReversalEffect::Revoked | ReversalEffect::None => {}
    }
    Ok(())
}

/// Whether what a license stands on was given back.
pub(crate) async fn is_reversed(tx: &mut Tx, cx: &Cx, license_id: &LicenseId) -> Result<bool, DbError> {
    let invoices = store::list_paid_invoices(tx, &cx.vendor_id, license_id, cx.now).await?;
    Ok(rules::standing(&invoices).0.is_some())
}
