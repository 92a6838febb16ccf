//! Taking open vouchers back, where staff give back a part of what they cost: money alone leaves every code redeemable.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Batch, VoidReason, store, tell};
use crate::accounts::{StaffAct, staff_may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::OrderId;
use crate::keys::MasterKey;
use crate::orders::OrderKind;
use crate::{audit, orders};

/// What is to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoidVouchers {
    /// The order with which they were bought.
    pub order_id: OrderId,
    /// How many.
    pub count: i64,
    /// How many were open when the form was shown: sent twice, it counts once.
    pub open_before: i64,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voiding {
    /// They are void, and whoever ordered is told.
    Done,
    /// None, or more than are open.
    WrongCount {
        /// How many are open.
        open: i64,
    },
    /// Others are open than when the form was shown.
    Outdated,
    /// There is no such batch, or whoever acts may not: the same answer to both.
    NotAllowed,
}

/// Makes so many open vouchers of an order void, for good: those without a note first, from the end of the batch. Money is
/// given back apart from it ([`crate::refunds::credit_invoice`]).
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn void_vouchers(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &VoidVouchers,
) -> Result<Voiding, DbError> {
    if !staff_may_act(tx, cx, StaffAct::MoveMoney).await? {
        return Ok(Voiding::NotAllowed);
    }
    // Whoever redeems one of them takes the same lock.
    let locked = orders::store::lock_order(tx, &cx.vendor_id, &request.order_id).await?;
    let Some(order) = locked.filter(|order| order.kind == OrderKind::Vouchers) else {
        return Ok(Voiding::NotAllowed);
    };
    let Some(batch) = store::find_batch(tx, &cx.vendor_id, &order.id).await? else { return Ok(Voiding::NotAllowed) };
    if batch.open != request.open_before {
        return Ok(Voiding::Outdated);
    }
    if request.count < 1 || request.count > batch.open {
        return Ok(Voiding::WrongCount { open: batch.open });
    }
    store::void_open(tx, &cx.vendor_id, &order.id, VoidReason::Returned, request.count, cx.now).await?;
    let (before, after) = (json!({ "open": batch.open }), json!({ "open": batch.open - request.count }));
    let (account_id, id) = (Some(&order.account_id), order.id.as_str());
    audit::record(tx, cx, account_id, "voucher.return", id, Some(&before), Some(&after)).await?;
    tell::returned(tx, cx, master, &order, request.count).await?;
    Ok(Voiding::Done)
}

/// The vouchers that an order has bought, for the vendor's staff; `None` for others, and for orders of something else.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_batch_for_staff(tx: &mut Tx, cx: &Cx, order_id: &OrderId) -> Result<Option<Batch>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(None);
    }
    store::find_batch(tx, &cx.vendor_id, order_id).await
}
