//! The reconciler: what no webhook told is asked for.

use super::cards::sweep_card_updates;
use super::conversion::sweep_conversions;
use super::fetch_missed_events::fetch_missed_events;
use super::{Commerce, CommerceError, Projection, inbox, project_subscription, store};
use crate::clock::{DAY_MS, HOUR_MS};
use crate::cx::{Actor, Cx};
use crate::{invoices, orders, refunds};

/// A Checkout Session lives at most a day; an open order without one is over after two.
const ORDER_LIFE_MS: i64 = 2 * DAY_MS;
/// An order that only waits for its transfer is asked about this often: its events say when the money comes, and the sum of
/// such orders must not keep a round from the others.
const TRANSFER_AGE_MS: i64 = 6 * HOUR_MS;
/// A living subscription is looked at at least this often.
const SUBSCRIPTION_AGE_MS: i64 = 12 * HOUR_MS;
/// Events whose work is done are kept this long.
const INBOX_KEPT_MS: i64 = 90 * DAY_MS;
const BATCH: i64 = 200;

/// What a round found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Events that no webhook had brought.
    pub events: u64,
    /// Orders that were paid without our knowing.
    pub orders: u64,
    /// Subscriptions that were looked at again.
    pub subscriptions: u64,
    /// Invoices that were looked at again.
    pub invoices: u64,
    /// Invoices with a refund or dispute that was undecided.
    pub reversals: u64,
}

/// One round: lists Stripe's recent events and puts those that never arrived into the inbox, asks about
/// open orders, and looks again at what is not final or was not looked at for long. One object that
/// fails does not keep the round from the others.
///
/// # Errors
/// [`CommerceError`] when the database fails or Stripe cannot list its events.
pub async fn reconcile(commerce: &Commerce, cx: &Cx) -> Result<Reconciled, CommerceError> {
    let mut found = Reconciled::default();
    // First, because it costs the least and tells the most: whatever keeps the rest from its turn, events come.
    let events = fetch_missed_events(commerce, cx).await;
    found.orders = sweep_orders(commerce, cx).await?;
    found.events = events?;
    sweep_card_updates(commerce, cx).await?;
    sweep_conversions(commerce, cx).await?;
    found.subscriptions = sweep_subscriptions(commerce, cx).await?;
    found.invoices = sweep_invoices(commerce, cx).await?;
    found.reversals = sweep_reversals(commerce, cx).await?;
    let tx_cx = cx.clone();
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                inbox::store::delete_old_events(tx, &tx_cx.vendor_id, tx_cx.now.plus(-INBOX_KEPT_MS)).await
            })
        })
        .await?;
    if found != Reconciled::default() {
        tracing::info!(?found, vendor_id = %cx.vendor_id, "reconciled with Stripe");
    }
    Ok(found)
}

async fn sweep_orders(commerce: &Commerce, cx: &Cx) -> Result<u64, CommerceError> {
    let (vendor_id, until) = (cx.vendor_id.clone(), cx.now.plus(-TRANSFER_AGE_MS));
    let open = commerce
        .db
        .read(|tx| Box::pin(async move { orders::store::list_open_orders(tx, &vendor_id, until, BATCH).await }))
        .await?;
    let mut fulfilled = 0;
    for order in open {
        // Before it is asked about: one that fails, or that the round ends at, is not the first of the next round as well.
        let (tx_cx, id) = (cx.clone(), order.id.clone());
        commerce
            .db
            .write(move |tx| {
                Box::pin(async move { orders::store::set_looked_at(tx, &tx_cx.vendor_id, &id, tx_cx.now).await })
            })
            .await?;
        let is_old = order.created_at < cx.now.plus(-ORDER_LIFE_MS);
        match orders::fulfil_order(commerce, cx, &order.id).await {
            Ok(orders::Fulfilment::Fulfilled { newly, .. } | orders::Fulfilment::Delivered { newly }) => {
                fulfilled += u64::from(newly);
            }
            // Its session never came to be, or its id was lost in a crash. Should a payment for it turn up
            // after all, the webhook names the order, and it is fulfilled all the same.
            Ok(orders::Fulfilment::AwaitingPayment)
                if is_old
                    && order.stripe_session_id.is_none()
                    && order.stripe_invoice_id.is_none()
                    && order.license_id.is_none() =>
            {
                let cx = Cx { actor: Actor::Job("stripe.reconcile"), ..cx.clone() };
                let status = orders::OrderStatus::Expired;
                if order.payment == orders::Payment::Card {
                    orders::close(commerce, &cx, order.id, status).await?;
                } else if let Err(error) = orders::give_up(commerce, &cx, &order, status).await {
                    tracing::warn!(%error, order_id = %order.id, "an order that was never made cannot be given up");
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, order_id = %order.id, "an open order cannot be reconciled"),
        }
    }
    Ok(fulfilled)
}

async fn sweep_subscriptions(commerce: &Commerce, cx: &Cx) -> Result<u64, CommerceError> {
    let (vendor_id, until) = (cx.vendor_id.clone(), cx.now.plus(-SUBSCRIPTION_AGE_MS));
    let stale = commerce
        .db
        .read(|tx| Box::pin(async move { store::list_stale_subscriptions(tx, &vendor_id, until, BATCH).await }))
        .await?;
    let mut looked_at = 0;
    for subscription in stale {
        match project_subscription(commerce, cx, &subscription.stripe_subscription_id).await {
            Ok(Projection::Projected { .. }) => looked_at += 1,
            Ok(Projection::Unknown) => {}
            Err(error) => tracing::warn!(%error, id = %subscription.id, "a subscription cannot be reconciled"),
        }
    }
    Ok(looked_at)
}

async fn sweep_invoices(commerce: &Commerce, cx: &Cx) -> Result<u64, CommerceError> {
    let vendor_id = cx.vendor_id.clone();
    let open = commerce
        .db
        .read(|tx| Box::pin(async move { invoices::store::list_open_invoices(tx, &vendor_id, BATCH).await }))
        .await?;
    let mut looked_at = 0;
    for stripe_invoice_id in open {
        // As with orders: one that fails is not the first of the next round as well.
        let (tx_cx, id) = (cx.clone(), stripe_invoice_id.clone());
        commerce
            .db
            .write(move |tx| {
                Box::pin(async move { invoices::store::set_looked_at(tx, &tx_cx.vendor_id, &id, tx_cx.now).await })
            })
            .await?;
        match invoices::import_invoice(commerce, cx, &stripe_invoice_id).await {
            Ok(_) => looked_at += 1,
            Err(error) => tracing::warn!(%error, stripe_invoice_id, "an open invoice cannot be reconciled"),
        }
    }
    Ok(looked_at)
}

async fn sweep_reversals(commerce: &Commerce, cx: &Cx) -> Result<u64, CommerceError> {
    let vendor_id = cx.vendor_id.clone();
    let undecided = commerce
        .db
        .read(|tx| Box::pin(async move { refunds::store::list_undecided(tx, &vendor_id, BATCH).await }))
        .await?;
    let mut looked_at = 0;
    for stripe_invoice_id in undecided {
        let (tx_cx, id) = (cx.clone(), stripe_invoice_id.clone());
        commerce
            .db
            .write(move |tx| {
                Box::pin(async move { refunds::store::set_looked_at(tx, &tx_cx.vendor_id, &id, tx_cx.now).await })
            })
            .await?;
        match refunds::project_reversals(commerce, cx, &stripe_invoice_id).await {
            Ok(()) => looked_at += 1,
            Err(error) => tracing::warn!(%error, stripe_invoice_id, "a refund or dispute cannot be reconciled"),
        }
    }
    Ok(looked_at)
}
