//! The page of Stripe's on which a card pays an order.

use std::collections::HashMap;

use super::parties::Parties;
use super::place_order::Priced;
use super::record_order::{as_payer_sees, mail_client};
use super::{Order, OrderKind, ensure_customer, store};
use crate::audit;
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::db::DbError;
use crate::stripe::{CheckoutMode, CheckoutSession, IdempotencyKey, NewCheckout, Stripe};

/// Where Checkout sends the buyer. `{ORDER_ID}` in them is filled in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutUrls {
    /// After paying.
    pub success: String,
    /// Without paying.
    pub cancel: String,
}

/// Opens the page on which a card pays.
pub(super) async fn open_checkout(
    commerce: &Commerce,
    stripe: &Stripe,
    cx: &Cx,
    priced: &Priced,
    urls: &CheckoutUrls,
) -> Result<CheckoutSession, CommerceError> {
    let customer_id = ensure_customer(commerce, stripe, cx, &priced.parties.payer).await?;
    let order = &priced.order;
    let with_order = |url: &str| url.replace("{ORDER_ID}", order.id.as_str());
    let new = NewCheckout {
        mode: match order.kind {
            OrderKind::Subscription | OrderKind::Continuation => CheckoutMode::Subscription,
            OrderKind::Perpetual | OrderKind::Maintenance | OrderKind::Seats | OrderKind::Vouchers => {
                CheckoutMode::Payment
            }
        },
        customer_id,
        order_id: order.id.to_string(),
        items: order.items.0.clone(),
        trial_days: u32::try_from(order.trial_days).unwrap_or(0),
        begins_at: priced.begins_at,
        trial_without_card: priced.trial_without_card,
        is_taxed: order.is_taxed,
        discount: order.discount(),
        metadata: order_metadata(order),
        success_url: with_order(&urls.success),
        cancel_url: with_order(&urls.cancel),
    };
    let key = IdempotencyKey::new(&[order.id.as_str(), "checkout"]);
    Ok(stripe.create_checkout_session(&key, &new).await?)
}

/// Notes where an order is paid, and asks a client to; `false` where it was given up in the meantime.
pub(super) async fn set_session(
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    parties: &Parties,
) -> Result<bool, DbError> {
    let (cx, master, order, parties) = (cx.clone(), commerce.master.clone(), order.clone(), parties.clone());
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let session_id = order.stripe_session_id.as_deref().unwrap_or_default();
                let url = order.checkout_url.as_deref();
                if !store::set_session(tx, &order.vendor_id, &order.id, session_id, url).await? {
                    return Ok(false);
                }
                let after = serde_json::json!({ "stripe_session_id": session_id });
                let (account_id, act) = (Some(&order.account_id), "order.open_checkout");
                let cx = as_payer_sees(&cx, &order);
                audit::record(tx, &cx, account_id, act, order.id.as_str(), audit::NOTHING, Some(&after)).await?;
                mail_client(tx, &cx, &master, &order, &parties).await?;
                Ok(true)
            })
        })
        .await
}

/// By which whatever Stripe makes for an order names it.
pub(super) fn order_metadata(order: &Order) -> HashMap<String, String> {
    HashMap::from([
        ("vendor_id".to_owned(), order.vendor_id.to_string()),
        ("order_id".to_owned(), order.id.to_string()),
    ])
}
