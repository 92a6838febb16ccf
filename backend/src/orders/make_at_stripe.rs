//! Making at Stripe what an order is for, where no Checkout Session does it: a subscription that costs nothing, or one
//! whose invoices are sent, or the invoice of a single purchase.
//!
//! Every call has a key made from the order's id, and its parameters are the order's, so a run that died in between is
//! continued by the next one with the same result.

use super::ensure_customer;
use super::grant::Made;
use super::open_checkout::order_metadata;
use super::{Order, OrderKind, Payment, store};
use crate::billing::{Commerce, CommerceError};
use crate::clock::HOUR_MS;
use crate::cx::Cx;
use crate::db::DbError;
use crate::stripe::{
    IdempotencyKey, InvoiceState, InvoiceTerms, NewSentInvoice, NewSubscription, Stripe, StripeInvoice,
    StripeSubscription, transfer_network,
};
use crate::{accounts, audit, vendors};

/// Stripe remembers keys for a day; after that a call would act anew.
const KEYS_LIVE_MS: i64 = 23 * HOUR_MS;

/// What there is at Stripe for an order now, with its first invoice, made unless it was before; `None` when it was not
/// and is too old to be.
pub(super) async fn make_at_stripe(
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
) -> Result<Option<(Made, Option<StripeInvoice>)>, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let is_known = order.stripe_subscription_id.is_some() || order.stripe_invoice_id.is_some();
    if !is_known && order.created_at.plus(KEYS_LIVE_MS) < cx.now {
        return Ok(None);
    }
    let basis = basis(commerce, stripe, cx, order).await?;
    let (subscription, invoice_id) = match order.kind {
        OrderKind::Subscription | OrderKind::Continuation => {
            let subscription = subscription(stripe, order, &basis).await?;
            let invoice_id = match &order.stripe_invoice_id {
                Some(id) => Some(id.clone()),
                // Heard of late, its latest may be a renewal.
                None if order.stripe_subscription_id.is_some() => stripe.find_first_invoice(&subscription.id).await?,
                None => subscription.latest_invoice_id.clone(),
            };
            (Some(subscription), invoice_id)
        }
        OrderKind::Perpetual | OrderKind::Maintenance | OrderKind::Seats | OrderKind::Vouchers => {
            (None, Some(sent_invoice(stripe, order, &basis).await?))
        }
    };
    let invoice = match &invoice_id {
        Some(id) => Some(finalized(stripe, id).await?),
        None => None,
    };
    let is_paid = match order.payment {
        // Nothing is due, and nothing will be.
        Payment::None => true,
        Payment::Card | Payment::Transfer => {
            invoice.as_ref().is_some_and(|invoice| invoice.state == InvoiceState::Paid)
        }
    };
    let source = subscription.as_ref().map(|subscription| subscription.id.clone()).or_else(|| invoice_id.clone());
    let made = Made {
        source: source.unwrap_or_else(|| order.id.to_string()),
        session_id: None,
        customer_id: Some(basis.customer_id),
        subscription,
        invoice_id,
        promotion: None,
        is_paid,
        kept_by: None,
    };
    remember(commerce, cx, order, &made).await?;
    Ok(Some((made, invoice)))
}

struct Basis {
    customer_id: String,
    terms: Option<InvoiceTerms>,
}

async fn basis(commerce: &Commerce, stripe: &Stripe, cx: &Cx, order: &Order) -> Result<Basis, CommerceError> {
    let (vendor_id, account_id) = (order.vendor_id.clone(), order.account_id.clone());
    let (vendor, account) = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let vendor = vendors::find_vendor(tx, &vendor_id).await?;
                let account = accounts::find_account(tx, &vendor_id, &account_id).await?;
                Ok::<_, DbError>((vendor, account))
            })
        })
        .await?;
    let (Some(vendor), Some(account)) = (vendor, account) else {
        return Err(CommerceError::Contradiction(format!("order {} has no vendor or account", order.id)));
    };
    let customer_id = match &account.stripe_customer_id {
        Some(id) => id.clone(),
        None => ensure_customer(commerce, stripe, cx, &account).await?,
    };
    let terms = match order.days_until_due {
        None => None,
        Some(days) => {
            let network = transfer_network(order.currency, &vendor.profile.country)
                .ok_or_else(|| CommerceError::Contradiction(format!("no transfers in {:?}", order.currency)))?;
            Some(InvoiceTerms { days_until_due: u32::try_from(days).unwrap_or(1), network })
        }
    };
    Ok(Basis { customer_id, terms })
}

async fn subscription(stripe: &Stripe, order: &Order, basis: &Basis) -> Result<StripeSubscription, CommerceError> {
    if let Some(id) = &order.stripe_subscription_id {
        return Ok(stripe.fetch_subscription(id).await?);
    }
    let new = NewSubscription {
        customer_id: basis.customer_id.clone(),
        items: order.items.0.clone(),
        trial_days: u32::try_from(order.trial_days).unwrap_or(0),
        is_taxed: order.is_taxed,
        discount: order.discount(),
        terms: basis.terms,
        metadata: order_metadata(order),
    };
    let key = IdempotencyKey::new(&[order.id.as_str(), "subscription"]);
    let created = stripe.create_subscription(&key, &new).await?;
    // What a repeated key answers is what it was when it was made.
    Ok(stripe.fetch_subscription(&created.id).await?)
}

async fn sent_invoice(stripe: &Stripe, order: &Order, basis: &Basis) -> Result<String, CommerceError> {
    if let Some(id) = &order.stripe_invoice_id {
        return Ok(id.clone());
    }
    let Some(terms) = basis.terms else {
        return Err(CommerceError::Contradiction(format!("order {} has no terms of payment", order.id)));
    };
    let new = NewSentInvoice {
        customer_id: basis.customer_id.clone(),
        currency: order.currency.as_str().to_owned(),
        items: order.items.0.clone(),
        is_taxed: order.is_taxed,
        discount: order.discount(),
        terms,
        metadata: order_metadata(order),
    };
    let key = IdempotencyKey::new(&[order.id.as_str(), "invoice"]);
    Ok(stripe.create_sent_invoice(&key, &new).await?)
}

/// The invoice, final: the buyer shall not wait an hour for Stripe to finish a draft.
async fn finalized(stripe: &Stripe, invoice_id: &str) -> Result<StripeInvoice, CommerceError> {
    let invoice = stripe.fetch_invoice(invoice_id).await?;
    if invoice.state != InvoiceState::Draft {
        return Ok(invoice);
    }
    stripe.finalize_invoice(invoice_id).await?;
    Ok(stripe.fetch_invoice(invoice_id).await?)
}

/// Stripe's ids, as soon as they are known.
async fn remember(commerce: &Commerce, cx: &Cx, order: &Order, made: &Made) -> Result<(), DbError> {
    let subscription = made.subscription.as_ref().map(|subscription| subscription.id.clone());
    let invoice = made.invoice_id.clone().filter(|_| order.payment == Payment::Transfer);
    note_made(commerce, cx, order, subscription, invoice).await
}

/// Writes down what Stripe has made for an order, unless that is known; what is `None` stays as it is.
pub(super) async fn note_made(
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    subscription: Option<String>,
    invoice: Option<String>,
) -> Result<(), DbError> {
    let is_known = |made: Option<&str>, noted: Option<&str>| made.is_none() || made == noted;
    if is_known(subscription.as_deref(), order.stripe_subscription_id.as_deref())
        && is_known(invoice.as_deref(), order.stripe_invoice_id.as_deref())
    {
        return Ok(());
    }
    let (cx, account_id, order_id) = (cx.clone(), order.account_id.clone(), order.id.clone());
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let made = store::MadeIds {
                    subscription: subscription.as_deref(),
                    invoice: invoice.as_deref(),
                    ..store::MadeIds::default()
                };
                store::set_made(tx, &cx.vendor_id, &order_id, made).await?;
                let after = serde_json::json!({ "stripe_subscription_id": subscription, "stripe_invoice_id": invoice });
                let (account_id, id) = (Some(&account_id), order_id.as_str());
                audit::record(tx, &cx, account_id, "order.make", id, audit::NOTHING, Some(&after)).await
            })
        })
        .await
}
