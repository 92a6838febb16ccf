//! What the page shows to which Checkout sends the buyer back.

use super::{Fulfilment, Order, OrderStatus, fulfil_order, store};
use crate::accounts::{self, Act};
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::ids::{LicenseId, OrderId};

/// Where an order is on its way to a license.
#[derive(Clone, Debug, PartialEq)]
pub enum OrderProgress {
    /// Payment has not come yet, or Stripe cannot be asked at the moment: look again.
    AwaitingPayment(Box<Order>),
    /// Paid and licensed.
    Fulfilled {
        /// The order.
        order: Box<Order>,
        /// The license that it made or renewed.
        license_id: LicenseId,
    },
    /// Paid, and its vouchers are there.
    Delivered(Box<Order>),
    /// It will not be paid any more.
    Closed(Box<Order>),
    /// No such order, or none of an account that the user may see.
    NotFound,
}

/// Tells where an order stands, and fulfils it if that is all it waits for. Nothing in the page's address
/// is believed but the order's id. A Stripe that cannot be reached is not an error here: the order then
/// waits for its webhook.
///
/// # Errors
/// [`CommerceError`] when the database fails.
pub async fn order_progress(commerce: &Commerce, cx: &Cx, order_id: &OrderId) -> Result<OrderProgress, CommerceError> {
    let Some(order) = find_seen(commerce, cx, order_id).await? else { return Ok(OrderProgress::NotFound) };
    if order.status == OrderStatus::Open {
        match fulfil_order(commerce, cx, order_id).await {
            Ok(Fulfilment::AwaitingPayment) => return Ok(OrderProgress::AwaitingPayment(Box::new(order))),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, %order_id, "the return page could not fulfil an order; its webhook will");
                return Ok(OrderProgress::AwaitingPayment(Box::new(order)));
            }
        }
    }
    let Some(order) = find_seen(commerce, cx, order_id).await? else { return Ok(OrderProgress::NotFound) };
    Ok(match (order.status, order.license_id.clone()) {
        (OrderStatus::Paid, Some(license_id)) => OrderProgress::Fulfilled { order: Box::new(order), license_id },
        (OrderStatus::Paid, None) => OrderProgress::Delivered(Box::new(order)),
        (OrderStatus::Open, _) => OrderProgress::AwaitingPayment(Box::new(order)),
        _ => OrderProgress::Closed(Box::new(order)),
    })
}

async fn find_seen(commerce: &Commerce, cx: &Cx, order_id: &OrderId) -> Result<Option<Order>, CommerceError> {
    let (cx, order_id) = (cx.clone(), order_id.clone());
    Ok(commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let Some(order) = store::find_order(tx, &cx.vendor_id, &order_id).await? else { return Ok(None) };
                let seen = accounts::may_act(tx, &cx, &order.account_id, Act::SeeInvoices).await?;
                Ok::<_, crate::db::DbError>(seen.then_some(order))
            })
        })
        .await?)
}
