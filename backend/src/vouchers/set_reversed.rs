//! What becomes of vouchers when the money of their order goes back, or comes again.

use serde_json::json;

use super::{VoidReason, store};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::orders::Order;

/// Makes the open vouchers of an order void, or those open again that were void for that, as its payment says. What staff
/// made void stays so. The caller holds the order's
/// lock.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn set_reversed(tx: &mut Tx, cx: &Cx, order: &Order, is_reversed: bool) -> Result<(), DbError> {
    let (vendor_id, why) = (&cx.vendor_id, VoidReason::Reversed);
    let (count, act) = if is_reversed {
        (store::void_open(tx, vendor_id, &order.id, why, i64::MAX, cx.now).await?, "voucher.void")
    } else {
        (store::open_void(tx, vendor_id, &order.id, why).await?, "voucher.reopen")
    };
    if count == 0 {
        return Ok(());
    }
    let after = json!({ "count": count });
    audit::record(tx, cx, Some(&order.account_id), act, order.id.as_str(), audit::NOTHING, Some(&after)).await
}
