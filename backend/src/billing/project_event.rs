//! Projecting an event: what it names is fetched from Stripe and brought up to date here. What the event
//! itself says about it is never used, so duplicates, loss and any order do no harm.

use super::inbox::{EventStatus, store};
use super::takeover::let_former_run_out;
use super::{
    Commerce, CommerceError, Projection, cards, conversion, handlers, maintenance, project_subscription,
    refresh_vat_id_of,
};
use crate::cx::Cx;
use crate::{accounts, invoices, orders, refunds};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projected {
    /// What it names is up to date.
    Done,
    /// Nothing here depends on events of its type.
    Ignored,
    /// No such event in the inbox.
    NotFound,
}

/// Projects a stored event, again if it was before: also how staff replays one.
///
/// # Errors
/// [`CommerceError`]; the event is then marked as failed, with the reason, until a later run succeeds.
pub async fn project_event(commerce: &Commerce, cx: &Cx, event_id: &str) -> Result<Projected, CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), event_id.to_owned());
    let event = commerce.db.read(|tx| Box::pin(async move { store::find_event(tx, &vendor_id, &id).await })).await?;
    let Some(event) = event else { return Ok(Projected::NotFound) };
    let outcome = dispatch(commerce, cx, &event.event_type, &event.object_id, &event.raw).await;
    let (status, error) = match &outcome {
        Ok(true) => (EventStatus::Projected, None),
        Ok(false) => (EventStatus::Ignored, None),
        Err(error) => (EventStatus::Failed, Some(error.to_string())),
    };
    tracing::debug!(
        event_id,
        event_type = event.event_type,
        was = event.status.as_str(),
        status = status.as_str(),
        "projected an event"
    );
    let (tx_cx, id) = (cx.clone(), event_id.to_owned());
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                if status != EventStatus::Failed {
                    handlers::settle_event(tx, &tx_cx, &id).await?;
                }
                store::set_event_status(tx, &tx_cx, &id, status, error.as_deref()).await
            })
        })
        .await?;
    Ok(if outcome? { Projected::Done } else { Projected::Ignored })
}

/// `false` for types that nothing here depends on.
async fn dispatch(
    commerce: &Commerce,
    cx: &Cx,
    event_type: &str,
    object_id: &str,
    raw: &str,
) -> Result<bool, CommerceError> {
    match event_type {
        "checkout.session.completed"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.async_payment_failed"
        | "checkout.session.expired" => {
            let fulfilled = orders::fulfil_session(commerce, cx, object_id).await?;
            // Not every page is for an order.
            if fulfilled == orders::Fulfilment::NotFound
                && cards::finish_card_session(commerce, cx, object_id).await? == cards::CardUpdateProgress::NotFound
            {
                let renewal = maintenance::finish_auto_renewal_session(commerce, cx, object_id).await?;
                if renewal == maintenance::AutoRenewalProgress::NotFound {
                    conversion::finish_conversion_session(commerce, cx, object_id).await?;
                }
            }
        }
        // Whose card it is, or was, is the customer; a card that was taken away names it no more.
        "customer.updated" => project_customer(commerce, cx, object_id).await?,
        _ if event_type.starts_with("payment_method.") => {
            let customer = named(raw, "customer").or_else(|| previously(raw, "customer"));
            if let Some(customer_id) = customer {
                project_customer(commerce, cx, &customer_id).await?;
            }
        }
        // Its id is the same after it was deleted, and Stripe still answers it.
        _ if event_type.starts_with("customer.subscription.") => project(commerce, cx, object_id).await?,
        _ if event_type.starts_with("subscription_schedule.") => {
            if let Some(subscription_id) = named(raw, "subscription").or_else(|| named(raw, "released_subscription")) {
                project_subscription(commerce, cx, &subscription_id).await?;
            }
        }
        "invoice.finalized"
        | "invoice.paid"
        | "invoice.payment_succeeded"
        | "invoice.payment_failed"
        | "invoice.payment_action_required"
        | "invoice.voided"
        | "invoice.marked_uncollectible"
        | "invoice.overdue"
        | "invoice.updated" => {
            let imported = invoices::import_invoice(commerce, cx, object_id).await?;
            orders::fulfil_invoice(commerce, cx, object_id).await?;
            if let invoices::Import::Imported { stripe_subscription_id: Some(subscription_id), .. } = imported {
                project(commerce, cx, &subscription_id).await?;
            }
        }
        "customer_cash_balance_transaction.created" | "cash_balance.funds_available" => {
            if let Some(customer_id) = named(raw, "customer") {
                invoices::transfers::refresh_customer(commerce, cx, &customer_id).await?;
            }
        }
        _ if event_type.starts_with("credit_note.") => {
            if let Some(invoice_id) = named(raw, "invoice") {
                refunds::project_reversals(commerce, cx, &invoice_id).await?;
            }
        }
        _ if event_type.starts_with("customer.tax_id.") => {
            if let Some(customer_id) = named(raw, "customer") {
                refresh_vat_id_of(commerce, cx, &customer_id).await?;
            }
        }
        // A refund that fails is told as `refund.failed`, or in older accounts as `charge.refund.updated`.
        "charge.refunded" => refunds::project_reversals_of(commerce, cx, object_id).await?,
        _ if event_type.starts_with("refund.")
            || event_type.starts_with("charge.refund.")
            || event_type.starts_with("charge.dispute.") =>
        {
            refunds::project_reversals_of(commerce, cx, object_id).await?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// A subscription pays for a license, or for updates that renew by themselves.
async fn project(commerce: &Commerce, cx: &Cx, subscription_id: &str) -> Result<(), CommerceError> {
    if project_subscription(commerce, cx, subscription_id).await? == Projection::Unknown
        && !let_former_run_out(commerce, cx, subscription_id).await?
    {
        maintenance::project_auto_renewal(commerce, cx, subscription_id).await?;
        orders::fulfil_subscription(commerce, cx, subscription_id).await?;
    }
    Ok(())
}

/// Looks again at what a customer subscribes to, because its card or name may have changed.
async fn project_customer(commerce: &Commerce, cx: &Cx, customer_id: &str) -> Result<(), CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), customer_id.to_owned());
    let rows = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                match accounts::find_account_by_stripe_customer(tx, &vendor_id, &id).await? {
                    Some(account) => cards::store::list_living(tx, &vendor_id, &account.id).await,
                    None => Ok(Vec::new()),
                }
            })
        })
        .await?;
    for row in rows {
        project_subscription(commerce, cx, &row.stripe_subscription_id).await?;
    }
    Ok(())
}

/// What stood under `name` before the event.
fn previously(raw: &str, name: &str) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(raw).ok()?;
    event["data"]["previous_attributes"][name].as_str().map(str::to_owned)
}

/// The id under `name` in the event's object: which thing to fetch, not what it is like.
fn named(raw: &str, name: &str) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(raw).ok()?;
    event["data"]["object"][name].as_str().map(str::to_owned)
}
