//! Orders that were begun and not finished, as notices with the way back.

use backend::clock::{DAY_MS, UnixMs};
use backend::db::{DbError, Tx};
use backend::ids::{AccountId, VendorId};
use backend::orders::{OrderStatus, Payment, UnfinishedOrder, list_unfinished_orders};
use backend::text::en::order_page as text;
use leptos::prelude::*;

use crate::components::{Emphasis, LinkButton, Notice, Tone};

/// For so long an order that has run out is offered to be begun again.
const OFFERED_MS: i64 = 7 * DAY_MS;
/// Of more, the oldest are left out.
const SHOWN: i64 = 3;

/// The account's unfinished orders.
pub(super) async fn read_unfinished(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    now: UnixMs,
) -> Result<Vec<UnfinishedOrder>, DbError> {
    list_unfinished_orders(tx, vendor_id, account_id, now.plus(-OFFERED_MS), SHOWN).await
}

/// A notice for each.
pub(super) fn unfinished_notices(orders: &[UnfinishedOrder]) -> impl IntoView + use<> {
    let notice = |order: &UnfinishedOrder| {
        let page = format!("/orders/{}", order.id);
        let (href, label) = match (order.status, order.payment, &order.checkout_url) {
            (OrderStatus::Open, Payment::Transfer, _) => (page, text::HOW_TO_PAY),
            (OrderStatus::Open, _, Some(url)) => (url.clone(), text::CONTINUE),
            (OrderStatus::Open, ..) => (page, text::CONTINUE),
            _ => (page, text::START_AGAIN),
        };
        let tone = if order.status == OrderStatus::Open { Tone::Warn } else { Tone::Neutral };
        let act = move || view! { <LinkButton href=href.clone() label=label emphasis=Emphasis::Plain /> };
        view! { <Notice tone=tone title=text::unfinished(order) text=text::unfinished_next(order) action=act /> }
    };
    orders.iter().map(notice).collect_view()
}
