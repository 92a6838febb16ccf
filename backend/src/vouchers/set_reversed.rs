//! What becomes of vouchers when the money of their order goes back, or comes again.

use serde_json::json;

use super::{VoucherStatus, store};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::orders::Order;

/// Makes the open vouchers of an order void, or those void ones open again, as its payment says. The caller holds the order's
/// lock.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn set_reversed(tx: &mut Tx, cx: &Cx, order: &Order, is_reversed: bool) -> Result<(), DbError> {
    let (from, to, act) = if is_reversed {
        (VoucherStatus::Open, VoucherStatus::Void, "voucher.void")
    } else {
        (VoucherStatus::Void, VoucherStatus::Open, "voucher.reopen")
    };
    let voided_at = is_reversed.then_some(cx.now);
    let count = store::move_all(tx, &cx.vendor_id, &order.id, (from, to), voided_at).await?;
    if count == 0 {
        return Ok(());
    }
    let after = json!({ "count": count });
    audit::record(tx, cx, Some(&order.account_id), act, order.id.as_str(), audit::NOTHING, Some(&after)).await
}
