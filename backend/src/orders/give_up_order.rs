//! Giving an order up that is not paid: its session runs out or is ended, or its payment fails, its invoice is taken back,
//! and the license that waited for it ends. Stripe is told first; a run that dies in between is completed by the next.

use super::fulfil_order::{Fulfilment, done, fulfil_order, fulfil_session, keep_order};
use super::mail_unfinished::{Unfinished, mail_unfinished};
use super::make_at_stripe::note_made;
use super::take_back::{TakenBack, Takes, take_back};
use super::{Order, OrderStatus, Payment, store};
use crate::accounts::{self, Act};
use crate::billing::rules::REASON_UNPAID;
use crate::billing::unpaid_changes::give_up_unpaid_change;
use crate::billing::{self, Commerce, CommerceError};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::{LicenseId, OrderId};
use crate::invoices;
use crate::licenses::{self, LicenseStatus};
use crate::stripe::{CheckoutSession, Stripe, StripeErrorKind};
use crate::{audit, campaigns, events};

const BATCH: i64 = 100;

/// What came of giving an order up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenUp {
    /// It is over, and nothing will be charged.
    Closed(OrderStatus),
    /// Too late: it is paid; with the license that it made or adds to, where it bought one.
    Paid(Option<LicenseId>),
    /// No such order, or none that the user may give up.
    NotAllowed,
}

/// Gives up an open order for whoever may buy: the buyer's "I do not want it any more".
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub async fn cancel_order(commerce: &Commerce, cx: &Cx, order_id: &OrderId) -> Result<GivenUp, CommerceError> {
    let (tx_cx, id) = (cx.clone(), order_id.clone());
    let found = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let Some(order) = store::find_order(tx, &tx_cx.vendor_id, &id).await? else { return Ok(None) };
                let may = accounts::may_act(tx, &tx_cx, &order.account_id, Act::Buy).await?;
                Ok::<_, DbError>(may.then_some(order))
            })
        })
        .await?;
    let Some(order) = found else { return Ok(GivenUp::NotAllowed) };
    match (order.status, order.payment) {
        (OrderStatus::Paid, _) => Ok(GivenUp::Paid(order.license_id)),
        (OrderStatus::Open, Payment::Transfer) => give_up(commerce, cx, &order, OrderStatus::Cancelled).await,
        (OrderStatus::Open, Payment::Card | Payment::None) => {
            cancel_session(commerce, cx, &order, End::of(OrderStatus::Cancelled)).await
        }
        (status, _) => Ok(GivenUp::Closed(status)),
    }
}

/// The same for an order by card, for whoever has been asked whether it may.
pub(super) async fn cancel_session(
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    end: End,
) -> Result<GivenUp, CommerceError> {
    let mut session = order.stripe_session_id.clone();
    loop {
        if let Some(session_id) = &session {
            match commerce.stripe(cx)?.expire_checkout_session(session_id).await {
                Ok(_) => {}
                // Paid or run out in the meantime: Stripe says which.
                Err(error) if error.kind == StripeErrorKind::Refused => {
                    match fulfil_session(commerce, cx, session_id).await? {
                        Fulfilment::Fulfilled { license_id, .. } => return Ok(GivenUp::Paid(Some(license_id))),
                        Fulfilment::Delivered { .. } => return Ok(GivenUp::Paid(None)),
                        // Its money is on the way: given up now, it would be paid all the same, and its code used twice.
                        Fulfilment::AwaitingPayment => return Ok(GivenUp::NotAllowed),
                        Fulfilment::Closed(_) | Fulfilment::NotFound => {}
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        match close_as_seen(commerce, cx, &order.id, session.clone(), end).await? {
            Ok(closed) => return answer(closed),
            // Its page was made after we looked; a session is noted once, so this comes once.
            Err(made) => session = made,
        }
    }
}

/// Closes an order whose session is the one that was ended, or answers which it has now: a session that nobody ended could
/// still be paid.
async fn close_as_seen(
    commerce: &Commerce,
    cx: &Cx,
    order_id: &OrderId,
    seen: Option<String>,
    end: End,
) -> Result<Result<Fulfilment, Option<String>>, CommerceError> {
    let (commerce_of, cx, id) = (commerce.clone(), cx.clone(), order_id.clone());
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let order = store::lock_order(tx, &cx.vendor_id, &id).await?;
                if let Some(order) = order.filter(|it| it.status == OrderStatus::Open && it.stripe_session_id != seen) {
                    return Ok(Err(order.stripe_session_id));
                }
                close_locked(tx, &commerce_of, &cx, &id, end).await.map(Ok)
            })
        })
        .await
}

fn answer(closed: Fulfilment) -> Result<GivenUp, CommerceError> {
    Ok(match closed {
        Fulfilment::Fulfilled { license_id, .. } => GivenUp::Paid(Some(license_id)),
        Fulfilment::Delivered { .. } => GivenUp::Paid(None),
        Fulfilment::Closed(status) => GivenUp::Closed(status),
        Fulfilment::AwaitingPayment | Fulfilment::NotFound => GivenUp::NotAllowed,
    })
}

/// Gives up an order by transfer, unless its money has come after all, or a later period is paid: takes its invoice back, ends
/// its subscription and the license that waited. What has arrived becomes the customer's balance at Stripe, and what is paid
/// for a later period meanwhile becomes credit.
pub(crate) async fn give_up(
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    status: OrderStatus,
) -> Result<GivenUp, CommerceError> {
    give_up_as(commerce, cx, order, End::of(status)).await
}

/// The same for staff who end its subscription, also where a later period is paid: that is not paid back by it.
pub(crate) async fn give_up_ended(commerce: &Commerce, cx: &Cx, order: &Order) -> Result<GivenUp, CommerceError> {
    give_up_as(commerce, cx, order, End { ends_paid: true, ..End::of(OrderStatus::Cancelled) }).await
}

pub(super) async fn give_up_as(
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    end: End,
) -> Result<GivenUp, CommerceError> {
    if let Some(done) = done(order) {
        return answer(done);
    }
    let order = &with_what_was_made(commerce, commerce.stripe(cx)?, cx, order).await?;
    let takes = Takes {
        order,
        invoice_id: order.stripe_invoice_id.as_deref(),
        subscription_id: order.stripe_subscription_id.as_deref(),
        ends_paid: end.ends_paid,
    };
    match take_back(commerce, cx, &takes).await? {
        TakenBack::Done => {}
        TakenBack::Paid => return answer(Box::pin(fulfil_order(commerce, cx, &order.id)).await?),
        TakenBack::Kept { paid_by } => {
            return answer(Box::pin(keep_order(commerce, cx, &order.id, paid_by)).await?);
        }
    }
    let closed = close_as(commerce, cx, order.id.clone(), end).await?;
    if let Some(invoice_id) = &order.stripe_invoice_id {
        invoices::import_invoice(commerce, cx, invoice_id).await?;
    }
    if let Some(subscription_id) = &order.stripe_subscription_id {
        billing::project_subscription(commerce, cx, subscription_id).await?;
    }
    answer(closed)
}

/// The order with Stripe's ids. Where none are written down, the run that made it may have died before it wrote them, so
/// what names the order is looked for among what its customer has.
async fn with_what_was_made(
    commerce: &Commerce,
    stripe: &Stripe,
    cx: &Cx,
    order: &Order,
) -> Result<Order, CommerceError> {
    let mut order = order.clone();
    if order.stripe_subscription_id.is_some() || order.stripe_invoice_id.is_some() {
        return Ok(order);
    }
    let (vendor_id, account_id) = (order.vendor_id.clone(), order.account_id.clone());
    let account = commerce
        .db
        .read(|tx| Box::pin(async move { accounts::find_account(tx, &vendor_id, &account_id).await }))
        .await?;
    let Some(customer_id) = account.and_then(|account| account.stripe_customer_id) else { return Ok(order) };
    let made = stripe.find_made_for(&customer_id, order.id.as_str()).await?;
    let invoice_id = made.invoice_id.clone().filter(|_| order.payment == Payment::Transfer);
    note_made(commerce, cx, &order, made.subscription_id.clone(), invoice_id).await?;
    (order.stripe_subscription_id, order.stripe_invoice_id) = (made.subscription_id, made.invoice_id);
    Ok(order)
}

/// Gives up an order whose page is done with, and tells why: its payment has failed for good, or what was agreed to does not hold
/// any more. What its page began at Stripe ends first, so that nothing there takes money for it later. `None` where it has been
/// paid in the meantime, or a later period is: then it is not given up.
pub(super) async fn give_up_session(
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    session: &CheckoutSession,
    why: Unfinished,
) -> Result<Option<Fulfilment>, CommerceError> {
    let (invoice_id, subscription_id) = (session.invoice_id.as_deref(), session.subscription_id.as_deref());
    let takes = Takes { order, invoice_id, subscription_id, ends_paid: false };
    if take_back(commerce, cx, &takes).await? != TakenBack::Done {
        return Ok(None);
    }
    let end = End { tells: Some(why), ..End::of(OrderStatus::Cancelled) };
    close_as(commerce, cx, order.id.clone(), end).await.map(Some)
}

/// Gives up every order, and every change of a subscription, whose transfer is so late that it is not waited for any
/// more; answers how many.
///
/// # Errors
/// [`CommerceError`] when the database fails; one that cannot be given up does not keep others from it.
pub(crate) async fn give_up_overdue(commerce: &Commerce, cx: &Cx) -> Result<u64, CommerceError> {
    let (vendor_id, now) = (cx.vendor_id.clone(), cx.now);
    let late = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let mut late = Vec::new();
                for invoice_id in invoices::transfers::list_to_void(tx, &vendor_id, now, BATCH).await? {
                    let order = store::find_order_by_invoice(tx, &vendor_id, &invoice_id).await?;
                    late.push((invoice_id, order));
                }
                Ok::<_, DbError>(late)
            })
        })
        .await?;
    let mut given_up = 0;
    for (invoice_id, order) in late {
        let done = match order {
            Some(order) => {
                let closed = give_up(commerce, cx, &order, OrderStatus::Expired).await;
                closed.map(|it| matches!(it, GivenUp::Closed(_)))
            }
            None => give_up_unpaid_change(commerce, cx, &invoice_id).await,
        };
        match done {
            Ok(done) => given_up += u64::from(done),
            Err(error) => tracing::warn!(%error, invoice_id, "what waits for a transfer cannot be given up"),
        }
    }
    Ok(given_up)
}

/// Gives up every order by transfer that adds to a license which was handed over meanwhile: paid, it would give to another
/// account what was paid for this one.
///
/// # Errors
/// [`CommerceError`] when the database fails; one that cannot be given up does not keep others from it.
pub(crate) async fn give_up_handed_over(commerce: &Commerce, cx: &Cx) -> Result<(), CommerceError> {
    let vendor_id = cx.vendor_id.clone();
    let moved = commerce
        .db
        .read(|tx| Box::pin(async move { store::list_open_of_handed_over(tx, &vendor_id, BATCH).await }))
        .await?;
    for order in moved {
        if let Err(error) = give_up(commerce, cx, &order, OrderStatus::Cancelled).await {
            tracing::warn!(%error, order_id = %order.id, "an order for a license that went over cannot be given up");
        }
    }
    Ok(())
}

/// How an order ends that is not paid.
#[derive(Clone, Copy)]
pub(super) struct End {
    status: OrderStatus,
    /// What whoever ordered is told.
    tells: Option<Unfinished>,
    /// Whether the request that placed it places anew when it is sent again; otherwise its answer is the order that has ended.
    frees_request: bool,
    /// Whether it ends also where a later period is paid.
    ends_paid: bool,
}

impl End {
    fn of(status: OrderStatus) -> Self {
        let tells = (status == OrderStatus::Expired).then_some(Unfinished::NotPaid);
        Self { status, tells, frees_request: false, ends_paid: false }
    }

    /// As if it had not been placed: nobody was ever shown where to pay it.
    pub(super) fn as_if_not_placed() -> Self {
        Self { frees_request: true, ..Self::of(OrderStatus::Cancelled) }
    }
}

/// Closes an open order that will not be paid any more; one that was paid meanwhile stays paid. A license that waited
/// for it ends; whoever ordered is told once, with the way back, if the session ran out or the transfer did not come.
pub(crate) async fn close(
    commerce: &Commerce,
    cx: &Cx,
    order_id: OrderId,
    status: OrderStatus,
) -> Result<Fulfilment, CommerceError> {
    close_as(commerce, cx, order_id, End::of(status)).await
}

pub(super) async fn close_as(
    commerce: &Commerce,
    cx: &Cx,
    order_id: OrderId,
    end: End,
) -> Result<Fulfilment, CommerceError> {
    let (cx, commerce_of) = (cx.clone(), commerce.clone());
    commerce
        .db
        .write(move |tx| Box::pin(async move { close_locked(tx, &commerce_of, &cx, &order_id, end).await }))
        .await
}

async fn close_locked(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    order_id: &OrderId,
    end: End,
) -> Result<Fulfilment, CommerceError> {
    let status = end.status;
    let Some(order) = store::lock_order(tx, &cx.vendor_id, order_id).await? else { return Ok(Fulfilment::NotFound) };
    if order.status != OrderStatus::Open {
        return Ok(done(&order).unwrap_or(Fulfilment::Closed(order.status)));
    }
    store::set_status(tx, &cx.vendor_id, order_id, status).await?;
    if end.frees_request {
        store::free_request(tx, &cx.vendor_id, order_id).await?;
    }
    campaigns::release(tx, cx, &order).await?;
    let about = events::About { account_id: Some(&order.account_id), ..events::About::default() };
    let event_type = format!("order.{}", status.as_str());
    events::record(tx, cx, &event_type, about, &serde_json::json!({ "order_id": order_id })).await?;
    let (account_id, was, is) = (Some(&order.account_id), Some(&order.status), Some(&status));
    audit::record(tx, cx, account_id, "order.close", order_id.as_str(), was, is).await?;
    if let (Some(license_id), false) = (&order.license_id, order.kind.adds()) {
        let job = Actor::Job("orders.give_up");
        let cx = match cx.actor {
            // Which of its partner's people gave it up, and from where, is not for the log of who had the license.
            _ if order.licensee_id.is_some() => Cx { actor: job, address: None, ..cx.clone() },
            Actor::User(_) | Actor::Staff(_) | Actor::ActingStaff(_) | Actor::Token(_) => cx.clone(),
            _ => Cx { actor: job, ..cx.clone() },
        };
        // That what came too late was given back may have been heard of first: it ends all the same.
        licenses::set_reversal(tx, &cx, license_id, None).await?;
        licenses::set_standing(tx, &cx, license_id, LicenseStatus::Ended, REASON_UNPAID).await?;
    }
    if let Some(why) = end.tells {
        mail_unfinished(tx, commerce, cx, &order, why).await?;
    }
    Ok(Fulfilment::Closed(status))
}
