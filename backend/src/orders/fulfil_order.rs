//! Fulfilling an order: paid means licensed, exactly once.
//!
//! The webhook's worker, the return page and the reconciler all end here, in any order and at once. Each
//! fetches the Checkout Session from Stripe; whether it is paid is believed from nowhere else. Then one
//! transaction locks the order row, and only the first of them finds it unpaid.

use super::{Order, OrderKind, OrderStatus, store};
use crate::billing::store::SubscriptionFacts;
use crate::billing::{Commerce, CommerceError, handlers, rules as billing_rules};
use crate::catalog::{self, Plan};
use crate::cx::{Actor, Cx};
use crate::db::Tx;
use crate::ids::{LicenseId, OrderId};
use crate::licenses::{self, LicenseStatus, NewLicense};
use crate::stripe::{CheckoutSession, CheckoutStatus, StripeSubscription};
use crate::{accounts, audit, events, invoices};

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
    /// Not paid yet.
    AwaitingPayment,
    /// It will not be paid any more.
    Closed(OrderStatus),
    /// No such order of this vendor's.
    NotFound,
}

/// Fulfils an order if Stripe says that it is paid.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn fulfil_order(commerce: &Commerce, cx: &Cx, order_id: &OrderId) -> Result<Fulfilment, CommerceError> {
    let Some(order) = find(commerce, cx, order_id).await? else { return Ok(Fulfilment::NotFound) };
    match (&order.status, &order.license_id, &order.stripe_session_id) {
        (OrderStatus::Paid, Some(license_id), _) => {
            Ok(Fulfilment::Fulfilled { license_id: license_id.clone(), newly: false })
        }
        (OrderStatus::Open, _, Some(session_id)) => fulfil_session(commerce, cx, session_id).await,
        // The session was never made, or its id was lost in a crash; then its webhook or the reconciler
        // names it.
        (OrderStatus::Open, _, None) => Ok(Fulfilment::AwaitingPayment),
        (status, ..) => Ok(Fulfilment::Closed(*status)),
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
    if let (OrderStatus::Paid, Some(license_id)) = (&order.status, &order.license_id) {
        return Ok(Fulfilment::Fulfilled { license_id: license_id.clone(), newly: false });
    }
    match session.status {
        CheckoutStatus::Open => return Ok(Fulfilment::AwaitingPayment),
        CheckoutStatus::Expired => return close(commerce, cx, order_id, OrderStatus::Expired).await,
        CheckoutStatus::Complete if !session.is_paid => return Ok(Fulfilment::AwaitingPayment),
        CheckoutStatus::Complete => {}
    }
    let subscription = match (&session.subscription_id, order.kind) {
        (Some(id), OrderKind::Subscription) => Some(stripe.fetch_subscription(id).await?),
        (None, OrderKind::Subscription) => {
            return Err(CommerceError::Contradiction(format!("the paid session {session_id} has no subscription")));
        }
        (_, OrderKind::Perpetual | OrderKind::Maintenance) => None,
    };
    let (tx_cx, tx_commerce) = (cx.clone(), commerce.clone());
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let commerce = &tx_commerce;
                grant(tx, commerce, &tx_cx, &order_id, &session, subscription.as_ref()).await
            })
        })
        .await
}

async fn find(commerce: &Commerce, cx: &Cx, order_id: &OrderId) -> Result<Option<Order>, CommerceError> {
    let (vendor_id, order_id) = (cx.vendor_id.clone(), order_id.clone());
    Ok(commerce.db.read(|tx| Box::pin(async move { store::find_order(tx, &vendor_id, &order_id).await })).await?)
}

async fn grant(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    order_id: &OrderId,
    session: &CheckoutSession,
    subscription: Option<&StripeSubscription>,
) -> Result<Fulfilment, CommerceError> {
    let Some(order) = store::lock_order(tx, &cx.vendor_id, order_id).await? else { return Ok(Fulfilment::NotFound) };
    // An order that expired here while its payment came through is paid all the same.
    if let (OrderStatus::Paid, Some(license_id)) = (&order.status, &order.license_id) {
        return Ok(Fulfilment::Fulfilled { license_id: license_id.clone(), newly: false });
    }
    if let Some(customer_id) = &session.customer_id {
        let account = accounts::find_account(tx, &cx.vendor_id, &order.account_id).await?;
        let standing = account.and_then(|account| account.stripe_customer_id);
        if standing.as_ref() != Some(customer_id) {
            let text = format!("session {} was paid by {customer_id}, not by {standing:?}", session.id);
            return Err(CommerceError::Contradiction(text));
        }
    }
    let plan = catalog::find_plan(tx, &cx.vendor_id, &order.plan_id)
        .await?
        .ok_or_else(|| CommerceError::Contradiction(format!("order {} has no plan", order.id)))?;
    let license_id = match (order.kind, &order.license_id, subscription) {
        (OrderKind::Maintenance, Some(license_id), _) => {
            licenses::extend_updates(tx, cx, license_id, 1).await?;
            license_id.clone()
        }
        (OrderKind::Subscription, _, Some(subscription)) => {
            create_subscribed(tx, commerce, cx, &order, plan, subscription).await?
        }
        _ => create_perpetual(tx, commerce, cx, &order, &plan).await?,
    };
    store::set_paid(tx, &cx.vendor_id, &order.id, &license_id, &session.id, cx.now).await?;
    let after = serde_json::json!({
        "order_id": order.id, "license_id": license_id, "kind": order.kind, "amount_minor": order.amount_minor,
        "currency": order.currency, "stripe_session_id": session.id, "stripe_invoice_id": session.invoice_id,
    });
    let about = events::About { account_id: Some(&order.account_id), license_id: Some(&license_id), instance_id: None };
    events::record(tx, cx, "order.paid", about, &after).await?;
    audit::record(
        tx,
        cx,
        Some(&order.account_id),
        "order.fulfil",
        order.id.as_str(),
        Some(&order.status),
        Some(&after),
    )
    .await?;
    if let Some(invoice_id) = &session.invoice_id {
        handlers::enqueue_invoice(tx, cx, &commerce.master, invoice_id, session.customer_id.as_deref()).await?;
    }
    // Events of renewals may have come before those of the purchase.
    for invoice_id in invoices::store::list_unattached_invoices(tx, &cx.vendor_id, &order.account_id).await? {
        handlers::enqueue_invoice(tx, cx, &commerce.master, &invoice_id, session.customer_id.as_deref()).await?;
    }
    handlers::enqueue_license_ready(tx, cx, &commerce.master, &order, &license_id).await?;
    Ok(Fulfilment::Fulfilled { license_id, newly: true })
}

async fn create_perpetual(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    plan: &Plan,
) -> Result<LicenseId, CommerceError> {
    let new = NewLicense {
        account_id: &order.account_id,
        plan,
        seats: order.seats,
        status: LicenseStatus::Active,
        starts_at: cx.now,
        ends_at: None,
        updates_until: Some(licenses::rules::add_years(cx.now, 1)),
        name: "",
    };
    let (license, _key) = licenses::create_license(tx, cx, &commerce.master, &new).await?;
    Ok(license.id)
}

async fn create_subscribed(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    ordered: Plan,
    subscription: &StripeSubscription,
) -> Result<LicenseId, CommerceError> {
    // What is paid counts, and that is what Stripe has; it is what was ordered unless somebody changed it since.
    let facts = SubscriptionFacts::resolve(tx, cx, subscription, None).await?;
    let plan = if facts.plan_id == ordered.id {
        ordered
    } else {
        catalog::find_plan(tx, &cx.vendor_id, &facts.plan_id)
            .await?
            .ok_or_else(|| CommerceError::Contradiction(format!("subscription {} has no plan", subscription.id)))?
    };
    let standing = billing_rules::standing(&facts.condition(subscription, &plan, None, false), cx.now);
    let new = NewLicense {
        account_id: &order.account_id,
        plan: &plan,
        seats: facts.seats,
        status: standing.status,
        starts_at: cx.now,
        ends_at: standing.ends_at,
        updates_until: None,
        name: "",
    };
    let (license, _key) = licenses::create_license(tx, cx, &commerce.master, &new).await?;
    if subscription.trial_end.is_some() {
        licenses::set_trial(tx, cx, &license.id, subscription.trial_end).await?;
    }
    crate::billing::store::insert_subscription(tx, cx, &order.account_id, &license.id, subscription, &facts).await?;
    // What is not needed for the license, such as the card, is fetched apart from it.
    handlers::enqueue_projection(tx, cx, &commerce.master, subscription, cx.now).await?;
    Ok(license.id)
}

/// Closes an open order that will not be paid any more; one that was paid meanwhile stays paid.
pub(crate) async fn close(
    commerce: &Commerce,
    cx: &Cx,
    order_id: OrderId,
    status: OrderStatus,
) -> Result<Fulfilment, CommerceError> {
    let cx = cx.clone();
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let Some(order) = store::lock_order(tx, &cx.vendor_id, &order_id).await? else {
                    return Ok(Fulfilment::NotFound);
                };
                if order.status != OrderStatus::Open {
                    return Ok(match order.license_id {
                        Some(license_id) if order.status == OrderStatus::Paid => {
                            Fulfilment::Fulfilled { license_id, newly: false }
                        }
                        _ => Fulfilment::Closed(order.status),
                    });
                }
                store::set_status(tx, &cx.vendor_id, &order_id, status).await?;
                let about = events::About { account_id: Some(&order.account_id), ..events::About::default() };
                let event_type = format!("order.{}", status.as_str());
                events::record(tx, &cx, &event_type, about, &serde_json::json!({ "order_id": order_id })).await?;
                let act = "order.close";
                audit::record(
                    tx,
                    &cx,
                    Some(&order.account_id),
                    act,
                    order_id.as_str(),
                    Some(&order.status),
                    Some(&status),
                )
                .await?;
                Ok(Fulfilment::Closed(status))
            })
        })
        .await
}
