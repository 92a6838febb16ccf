//! Fulfilling an order: paid means licensed, exactly once.
//!
//! The webhook's worker, the return page and the reconciler all end here, in any order and at once. Each
//! fetches from Stripe what was made for the order; whether it is paid is believed from nowhere else. Then one
//! transaction locks the order row, and only the first of them finds it unpaid (`grant.rs`).

use super::give_up_order::give_up_session;
use super::grant::{Made, grant};
use super::mail_unfinished::Unfinished::{Outdated, PaymentFailed};
use super::make_at_stripe::{make_at_stripe, note_made};
use super::take_back::{TakenBack, Takes, take_back};
use super::{GivenUp, Order, OrderKind, OrderStatus, Payment, close, give_up_order, store};
use crate::billing::{self, Commerce, CommerceError, TakeOver};
use crate::cx::{Actor, Cx};
use crate::db::DbError;
use crate::ids::{LicenseId, OrderId};
use crate::invoices;
use crate::stripe::{CheckoutSession, CheckoutStatus, InvoiceState, Stripe, StripeInvoice, StripeSubscription};

/// What came of trying to fulfil an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fulfilment {
    /// Paid and licensed: by this call, or by one before it.
    Fulfilled {
        /// The license that it made or renewed.
        license_id: LicenseId,
        /// Whether it was this call.
        newly: bool,
    },
    /// Paid, and what it bought is no license: its vouchers are there.
    Delivered {
        /// Whether it was this call.
        newly: bool,
    },
    /// Not paid yet. By transfer its license is there, pending. Also where who has paid until now is just changing what goes on.
    AwaitingPayment,
    /// It will not be paid any more.
    Closed(OrderStatus),
    /// No such order of this vendor's.
    NotFound,
}

/// What an order that is paid has come to; `None` for any other.
pub(super) fn done(order: &Order) -> Option<Fulfilment> {
    let newly = false;
    (order.status == OrderStatus::Paid).then(|| match order.license_id.clone() {
        Some(license_id) => Fulfilment::Fulfilled { license_id, newly },
        None => Fulfilment::Delivered { newly },
    })
}

/// Fulfils an order if Stripe says that it is paid.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn fulfil_order(commerce: &Commerce, cx: &Cx, order_id: &OrderId) -> Result<Fulfilment, CommerceError> {
    let Some(order) = find(commerce, cx, order_id).await? else { return Ok(Fulfilment::NotFound) };
    if let Some(done) = done(&order) {
        return Ok(done);
    }
    match (&order.status, order.payment, &order.stripe_session_id) {
        (OrderStatus::Open, Payment::Card, Some(session_id)) => fulfil_session(commerce, cx, session_id).await,
        // The session was never made, or its id was lost in a crash; then its webhook or the reconciler
        // names it.
        (OrderStatus::Open, Payment::Card, None) => Ok(Fulfilment::AwaitingPayment),
        (OrderStatus::Open, ..) => fulfil_made(commerce, cx, &order).await,
        (status, ..) => Ok(Fulfilment::Closed(*status)),
    }
}

/// Fulfils an order that needs no Checkout: makes at Stripe what it is for, unless that was done before, grants the
/// license, pending where the transfer has not come yet, and brings its invoice here.
async fn fulfil_made(commerce: &Commerce, cx: &Cx, order: &Order) -> Result<Fulfilment, CommerceError> {
    let Some((made, invoice)) = make_at_stripe(commerce, cx, order).await? else {
        return Ok(Fulfilment::AwaitingPayment);
    };
    let state = invoice.as_ref().map(|invoice| invoice.state);
    if matches!(state, Some(InvoiceState::Void | InvoiceState::Uncollectible)) {
        // Taken back at Stripe, or by a run of ours that ended before it was written down. Where a later one is paid, it is kept.
        return match give_up_order::give_up(commerce, cx, order, OrderStatus::Cancelled).await? {
            GivenUp::Paid(Some(license_id)) => Ok(Fulfilment::Fulfilled { license_id, newly: false }),
            GivenUp::Paid(None) => Ok(Fulfilment::Delivered { newly: false }),
            GivenUp::NotAllowed => Ok(Fulfilment::AwaitingPayment),
            GivenUp::Closed(status) => Ok(Fulfilment::Closed(status)),
        };
    }
    grant_made(commerce, cx, order, made, invoice.as_ref()).await
}

/// Fulfils an order whose own invoice is not paid, because a later one of its subscription is, which goes on: whoever pays for
/// it has it. What is still owed of the first one stays owed.
pub(super) async fn keep_order(
    commerce: &Commerce,
    cx: &Cx,
    order_id: &OrderId,
    paid_by: String,
) -> Result<Fulfilment, CommerceError> {
    let Some(order) = find(commerce, cx, order_id).await? else { return Ok(Fulfilment::NotFound) };
    if let Some(done) = done(&order) {
        return Ok(done);
    }
    if order.status != OrderStatus::Open {
        return Ok(Fulfilment::Closed(order.status));
    }
    let Some((made, invoice)) = make_at_stripe(commerce, cx, &order).await? else {
        return Ok(Fulfilment::AwaitingPayment);
    };
    // The projection asks whether anything was ever paid for the license.
    invoices::import_invoice(commerce, cx, &paid_by).await?;
    let made = Made { is_paid: true, kept_by: Some(paid_by), ..made };
    grant_made(commerce, cx, &order, made, invoice.as_ref()).await
}

/// Grants what there is at Stripe for an order, and brings it here.
async fn grant_made(
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    made: Made,
    invoice: Option<&StripeInvoice>,
) -> Result<Fulfilment, CommerceError> {
    let stripe_cx = Cx { actor: Actor::Stripe(made.source.clone()), ..cx.clone() };
    // A projection may come in between, and it asks whether anything was ever paid for the license.
    if let (Some(invoice), true, Some(_)) = (invoice, made.is_paid, &order.license_id) {
        invoices::import_invoice(commerce, cx, &invoice.id).await?;
    }
    let subscription_id = made.subscription.as_ref().map(|subscription| subscription.id.clone());
    let granted = run_grant(commerce, &stripe_cx, order.id.clone(), made).await?;
    if matches!(granted, Fulfilment::Closed(_)) {
        // Given up while this was made, by somebody who could not see it yet.
        let invoice_id = invoice.map(|invoice| invoice.id.as_str());
        end_made(commerce, cx, order, invoice_id, subscription_id.as_deref()).await?;
    }
    if let Some(invoice) = invoice {
        invoices::import_invoice(commerce, cx, &invoice.id).await?;
    }
    if let Some(subscription_id) = subscription_id {
        billing::project_subscription(commerce, cx, &subscription_id).await?;
    }
    Ok(granted)
}

/// Fulfils the order that a subscription was made for without Checkout, if there is one: what a webhook names of which
/// we know nothing yet, because the process that made it died. Where the order was given up since, the subscription ends.
pub(crate) async fn fulfil_subscription(
    commerce: &Commerce,
    cx: &Cx,
    stripe_subscription_id: &str,
) -> Result<Fulfilment, CommerceError> {
    let subscription = commerce.stripe(cx)?.fetch_subscription(stripe_subscription_id).await?;
    let metadata = &subscription.metadata;
    let is_ours = metadata.get("vendor_id").map(String::as_str) == Some(cx.vendor_id.as_str());
    let order_id = metadata.get("order_id").filter(|_| is_ours).map(|id| OrderId::from_untrusted(id));
    let Some(order_id) = order_id else { return Ok(Fulfilment::NotFound) };
    let Some(order) = find(commerce, cx, &order_id).await? else { return Ok(Fulfilment::NotFound) };
    // One that Checkout made is granted from its session, which says that it is paid.
    if order.payment == Payment::Card {
        return Ok(Fulfilment::AwaitingPayment);
    }
    note_made(commerce, cx, &order, Some(subscription.id.clone()), None).await?;
    let fulfilled = fulfil_order(commerce, cx, &order_id).await?;
    if matches!(fulfilled, Fulfilment::Closed(_))
        && (subscription.ended_at.is_none() || is_begun(commerce, cx, &order_id).await?)
    {
        // It would renew for ever, and nobody would have anything of it; or a run that ended it has died before the rest.
        end_made(commerce, cx, &order, order.stripe_invoice_id.as_deref(), Some(&subscription.id)).await?;
    }
    Ok(fulfilled)
}

/// Whether a run of ours has begun to take back what was made for it.
async fn is_begun(commerce: &Commerce, cx: &Cx, order_id: &OrderId) -> Result<bool, CommerceError> {
    let (vendor_id, order_id) = (cx.vendor_id.clone(), order_id.clone());
    let begun =
        commerce.db.read(|tx| Box::pin(async move { store::find_giving_up(tx, &vendor_id, &order_id).await })).await?;
    Ok(begun.is_some())
}

/// Ends what was made for an order that was given up without anybody knowing of it.
async fn end_made(
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    invoice_id: Option<&str>,
    subscription_id: Option<&str>,
) -> Result<(), CommerceError> {
    let takes = Takes { order, invoice_id, subscription_id, ends_paid: false };
    let paid = match take_back(commerce, cx, &takes).await? {
        TakenBack::Done => return Ok(()),
        TakenBack::Paid => invoice_id.unwrap_or("its first invoice").to_owned(),
        TakenBack::Kept { paid_by } => paid_by,
    };
    // A person has to decide whether the money goes back or buys something.
    let subscription = subscription_id.unwrap_or("nothing");
    let text = format!("{paid} is paid, for {subscription}, whose order {} was given up", order.id);
    Err(CommerceError::Contradiction(text))
}

/// Fulfils the order that a transfer has paid for with this invoice, or gives it up where the invoice was taken back;
/// `NotFound` for any other invoice.
pub(crate) async fn fulfil_invoice(
    commerce: &Commerce,
    cx: &Cx,
    stripe_invoice_id: &str,
) -> Result<Fulfilment, CommerceError> {
    let (vendor_id, invoice_id) = (cx.vendor_id.clone(), stripe_invoice_id.to_owned());
    let order = commerce
        .db
        .read(|tx| Box::pin(async move { store::find_order_by_invoice(tx, &vendor_id, &invoice_id).await }))
        .await?;
    match order {
        Some(order) => fulfil_order(commerce, cx, &order.id).await,
        None => Ok(Fulfilment::NotFound),
    }
}

/// Fulfils the order that a Checkout Session was opened for, if Stripe says that it is paid.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn fulfil_session(commerce: &Commerce, cx: &Cx, session_id: &str) -> Result<Fulfilment, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    // Whoever called: it is Stripe's word on which the license is granted, and so the audit says.
    let cx = &Cx { actor: Actor::Stripe(session_id.to_owned()), ..cx.clone() };
    let session = stripe.fetch_checkout_session(session_id).await?;
    // Sessions that are not ours, or another vendor's on the same Stripe account, are none of our business.
    let is_ours = session.metadata.get("vendor_id").map(String::as_str) == Some(cx.vendor_id.as_str());
    let order_id = session.order_id.as_deref().filter(|_| is_ours).map(OrderId::from_untrusted);
    let Some(order_id) = order_id else { return Ok(Fulfilment::NotFound) };
    let Some(order) = find(commerce, cx, &order_id).await? else { return Ok(Fulfilment::NotFound) };
    if let Some(done) = done(&order) {
        return Ok(done);
    }
    match session.status {
        CheckoutStatus::Open => return Ok(Fulfilment::AwaitingPayment),
        CheckoutStatus::Expired => return close(commerce, cx, order_id, OrderStatus::Expired).await,
        CheckoutStatus::Complete => {}
    }
    if !session.is_paid && !has_paid_invoice(stripe, &session).await? {
        if !stripe.has_payment_failed(&session).await? {
            return Ok(Fulfilment::AwaitingPayment);
        }
        if let Some(given_up) = give_up_session(commerce, cx, &order, &session, PaymentFailed).await? {
            return Ok(given_up);
        }
    }
    let subscription = match (&session.subscription_id, order.kind) {
        (Some(id), OrderKind::Subscription | OrderKind::Continuation) => Some(stripe.fetch_subscription(id).await?),
        (None, OrderKind::Subscription | OrderKind::Continuation) => {
            return Err(CommerceError::Contradiction(format!("the paid session {session_id} has no subscription")));
        }
        (_, OrderKind::Perpetual | OrderKind::Maintenance | OrderKind::Seats | OrderKind::Vouchers) => None,
    };
    if let Some(subscription) = &subscription
        && is_outdated(commerce, cx, &order, subscription).await?
        && let Some(given_up) = give_up_session(commerce, cx, &order, &session, Outdated).await?
    {
        return Ok(given_up);
    }
    let made = Made {
        source: session.id.clone(),
        session_id: Some(session.id),
        customer_id: session.customer_id,
        subscription,
        invoice_id: session.invoice_id,
        promotion: session.promotion,
        is_paid: true,
        kept_by: None,
    };
    run_grant(commerce, cx, order_id, made).await
}

/// Whether a license would go on otherwise than its buyer has agreed to, before anything was charged.
async fn is_outdated(
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    subscription: &StripeSubscription,
) -> Result<bool, CommerceError> {
    let going_on = order.license_id.clone().filter(|_| order.kind == OrderKind::Continuation);
    let Some(license_id) = going_on else { return Ok(false) };
    let (tx_cx, order, subscription) = (cx.clone(), order.clone(), subscription.clone());
    let looked = commerce.db.read(|tx| {
        Box::pin(async move {
            let (account_id, sold_as) = (&order.account_id, order.sold_as());
            let taking = TakeOver { account_id, license_id: &license_id, sold_as: &sold_as, seats: order.seats };
            billing::is_outdated(tx, &tx_cx, taking, &subscription).await
        })
    });
    looked.await
}

/// Whether the invoice of a session is paid. A session whose payment has failed stays unpaid for ever; its invoice does not,
/// where the buyer pays it by another means, on Stripe's page for it for example.
async fn has_paid_invoice(stripe: &Stripe, session: &CheckoutSession) -> Result<bool, CommerceError> {
    let Some(invoice_id) = &session.invoice_id else { return Ok(false) };
    let invoice = stripe.fetch_invoice(invoice_id).await?;
    Ok(invoice.state == InvoiceState::Paid && invoice.total_minor > 0)
}

async fn run_grant(commerce: &Commerce, cx: &Cx, order_id: OrderId, made: Made) -> Result<Fulfilment, CommerceError> {
    let (tx_cx, tx_commerce) = (cx.clone(), commerce.clone());
    commerce.db.write(move |tx| Box::pin(async move { grant(tx, &tx_commerce, &tx_cx, &order_id, &made).await })).await
}

async fn find(commerce: &Commerce, cx: &Cx, order_id: &OrderId) -> Result<Option<Order>, DbError> {
    let (vendor_id, order_id) = (cx.vendor_id.clone(), order_id.clone());
    commerce.db.read(|tx| Box::pin(async move { store::find_order(tx, &vendor_id, &order_id).await })).await
}
