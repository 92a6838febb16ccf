//! What follows for vouchers, and for the licenses that came of them, from what was given back of their order's payment.

use super::settle_license::settle_license;
use super::{rules, store};
use crate::billing::{Commerce, CommerceError};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{OrderId, VendorId};
use crate::invoices::Invoice;
use crate::licenses::Reversal;
use crate::orders::{self, OrderKind};
use crate::vouchers;

/// Settles what stands on an invoice: its license, or the vouchers that it paid for.
///
/// # Errors
/// [`CommerceError`] when the database fails.
pub(crate) async fn settle(tx: &mut Tx, commerce: &Commerce, cx: &Cx, invoice: &Invoice) -> Result<(), CommerceError> {
    match (&invoice.license_id, &invoice.order_id) {
        (Some(license_id), _) => settle_license(tx, commerce, cx, license_id).await,
        (None, Some(order_id)) => settle_vouchers(tx, commerce, cx, order_id).await,
        (None, None) => Ok(()),
    }
}

/// Makes the open vouchers of an order void and settles the licenses of the others, or takes that back, as the rows say now.
/// Does nothing for an order that bought something else.
///
/// # Errors
/// [`CommerceError`] when the database fails.
pub(crate) async fn settle_vouchers(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    order_id: &OrderId,
) -> Result<(), CommerceError> {
    let found = orders::find_order(tx, &cx.vendor_id, order_id).await?;
    if found.is_none_or(|order| order.kind != OrderKind::Vouchers) {
        return Ok(());
    }
    // Whoever redeems one of them takes the same lock, so that no license slips through.
    let Some(order) = orders::store::lock_order(tx, &cx.vendor_id, order_id).await? else { return Ok(()) };
    let (reversal, disputed_at) = standing_of_vouchers(tx, &cx.vendor_id, order_id).await?;
    vouchers::set_reversed(tx, cx, &order, reversal.is_some()).await?;
    let unsettled =
        vouchers::list_unsettled(tx, &cx.vendor_id, order_id, reversal.is_some(), disputed_at.is_some()).await?;
    for license_id in unsettled {
        settle_license(tx, commerce, cx, &license_id).await?;
    }
    Ok(())
}

/// What the payment of an order of vouchers says about them: whether it was given back, and since when it is disputed.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn standing_of_vouchers(
    tx: &mut Tx,
    vendor_id: &VendorId,
    order_id: &OrderId,
) -> Result<(Option<Reversal>, Option<UnixMs>), DbError> {
    let invoices = store::list_paid_invoices_of_order(tx, vendor_id, order_id).await?;
    Ok(rules::standing(&invoices))
}
