//! What becomes of a redemption: its order is paid, or given up. Called under the lock of the order's row.

use super::RedemptionState::{Redeemed, Released, Reserved};
use super::{RedemptionState, store};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::orders::Order;

/// The order is paid. One that was given up here and is paid after all has had its discount, so it counts again: Stripe is
/// the truth about money. Giving up tells Stripe first, so that this does not happen.
pub(crate) async fn redeem(tx: &mut Tx, cx: &Cx, order: &Order) -> Result<(), DbError> {
    settle(tx, cx, order, [Reserved, Released], Redeemed, "redemption.redeem").await
}

/// The order will not be paid any more: its redemption is there for others.
pub(crate) async fn release(tx: &mut Tx, cx: &Cx, order: &Order) -> Result<(), DbError> {
    settle(tx, cx, order, [Reserved, Reserved], Released, "redemption.release").await
}

async fn settle(
    tx: &mut Tx,
    cx: &Cx,
    order: &Order,
    from: [RedemptionState; 2],
    to: RedemptionState,
    act: &str,
) -> Result<(), DbError> {
    let Some(campaign_id) = store::settle(tx, cx, &order.id, from, to).await? else { return Ok(()) };
    let after = serde_json::json!({ "campaign_id": campaign_id, "state": to });
    audit::record(tx, cx, Some(&order.account_id), act, order.id.as_str(), audit::NOTHING, Some(&after)).await
}
