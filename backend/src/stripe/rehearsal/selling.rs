//! Products, prices, customers and Checkout.

use std::collections::HashMap;
use std::time::Duration;

use super::scene::{Made, Scene};
use super::{Assumption, Progress};
use crate::accounts::Field;
use crate::money::Money;
use crate::stripe::{
    CheckoutItem, CheckoutMode, CheckoutSession, CheckoutStatus, CustomerDetails, NewCheckout, NewStripePrice,
    NewStripeProduct, Recurrence, StripeErrorKind,
};

/// Where buyers come back to; nothing has to answer there.
const ELSEWHERE: &str = "https://example.com/";

/// What there is to sell, and somebody who buys.
pub(super) struct Catalog {
    /// By the month.
    pub(super) cheap: String,
    /// By the month.
    pub(super) dear: String,
    /// For each further seat.
    pub(super) seat: String,
    /// A customer without a clock of its own.
    pub(super) customer: String,
}

pub(super) fn metadata(scene: &Scene<'_>) -> HashMap<String, String> {
    HashMap::from([("leasehold_check".to_owned(), scene.rehearsal.tag.clone())])
}

pub(super) async fn rehearse_catalog(scene: &mut Scene<'_>) -> Option<Catalog> {
    let (stripe, tag) = (scene.stripe, scene.rehearsal.tag.clone());
    let product = NewStripeProduct {
        id: format!("lh_check_{tag}"),
        name: format!("Leasehold rehearsal {tag}"),
        description: String::new(),
        metadata: metadata(scene),
    };
    let made = scene.need(Assumption::ProductUnderOurId, stripe.push_product(&product).await)?;
    scene.keep_in_mind(Made::Product(made.clone()));
    let again = scene.need(Assumption::ProductUnderOurId, stripe.push_product(&product).await)?;
    scene.judge(Assumption::ProductUnderOurId, made == product.id && again == made, &(&made, &again));

    let price = |name: &str, minor: i64| NewStripePrice {
        stripe_product_id: product.id.clone(),
        unit_amount: Money::new(minor, scene.rehearsal.currency),
        tiers: None,
        recurrence: Recurrence::Month,
        lookup_key: format!("lh_check_{tag}_{name}"),
        nickname: format!("{name} {minor}"),
        metadata: product.metadata.clone(),
    };
    let (cheap, dear, seat) = (price("base", 1_000), price("base", 2_500), price("seat", 300));
    let found = async |wanted: &NewStripePrice| stripe.push_price(wanted).await;
    let first = found(&cheap).await;
    let first = scene.need(Assumption::PriceByLookupKey, first)?;
    scene.keep_in_mind(Made::Price(first.clone()));
    let again = scene.need(Assumption::PriceByLookupKey, found(&cheap).await)?;
    scene.judge(Assumption::PriceByLookupKey, again == first, &(&first, &again));
    let second = scene.need(Assumption::PriceTakesKeyOver, found(&dear).await)?;
    scene.keep_in_mind(Made::Price(second.clone()));
    let again = scene.need(Assumption::PriceTakesKeyOver, found(&dear).await)?;
    scene.judge(Assumption::PriceTakesKeyOver, second != first && again == second, &(&first, &second, &again));
    let seat = scene.need(Assumption::PriceByLookupKey, found(&seat).await)?;
    scene.keep_in_mind(Made::Price(seat.clone()));

    let key = scene.key("customer");
    let details = buyer(scene, "Rehearsal GmbH");
    let customer = scene.need(Assumption::SameKeyActsOnce, stripe.create_customer(&key, &details).await)?;
    scene.keep_in_mind(Made::Customer(customer.clone()));
    let again = scene.need(Assumption::SameKeyActsOnce, stripe.create_customer(&key, &details).await)?;
    scene.judge(Assumption::SameKeyActsOnce, again == customer, &(&customer, &again));
    let other = stripe.create_customer(&key, &buyer(scene, "Somebody else")).await;
    let is_refused = other.as_ref().is_err_and(|error| error.kind == StripeErrorKind::IdempotencyMismatch);
    scene.judge(Assumption::SameKeyOtherParameters, is_refused, &other);
    let long = CustomerDetails { line2: "Floor 2".to_owned(), ..details.clone() };
    let key = scene.key("second line");
    scene.need(Assumption::EmptiedPartGoes, stripe.update_customer(&key, &customer, &long).await)?;
    let short = CustomerDetails { emptied: vec![Field::Line2], ..details };
    let key = scene.key("no second line");
    scene.need(Assumption::EmptiedPartGoes, stripe.update_customer(&key, &customer, &short).await)?;
    let seen = scene.need(Assumption::EmptiedPartGoes, stripe.look(&format!("customers/{customer}"), &[]).await)?;
    let address = &seen["address"];
    let is_gone = address["line2"].as_str().unwrap_or_default().is_empty() && address["line1"] == short.line1.as_str();
    scene.judge(Assumption::EmptiedPartGoes, is_gone, address);
    Some(Catalog { cheap: first, dear: second, seat, customer })
}

/// A German company: Stripe Tax needs an address.
fn buyer(scene: &Scene<'_>, name: &str) -> CustomerDetails {
    CustomerDetails {
        name: name.to_owned(),
        email: "rehearsal@example.com".to_owned(),
        line1: "Unter den Linden 1".to_owned(),
        line2: String::new(),
        postal_code: "10117".to_owned(),
        city: "Berlin".to_owned(),
        state: String::new(),
        country: "DE".to_owned(),
        emptied: Vec::new(),
        vat_id: None,
        former_vat_id: None,
        keeps_other_ids: true,
        metadata: metadata(scene),
    }
}

pub(super) async fn rehearse_checkout(scene: &mut Scene<'_>, catalog: &Catalog) -> Option<()> {
    let (stripe, tag) = (scene.stripe, scene.rehearsal.tag.clone());
    let order = format!("check_{tag}");
    let new = NewCheckout {
        mode: CheckoutMode::Subscription,
        customer_id: catalog.customer.clone(),
        order_id: order.clone(),
        items: vec![
            CheckoutItem { price_id: catalog.cheap.clone(), quantity: 1 },
            CheckoutItem { price_id: catalog.seat.clone(), quantity: 2 },
        ],
        trial_days: 0,
        begins_at: None,
        trial_without_card: false,
        is_taxed: true,
        discount: None,
        metadata: metadata(scene),
        success_url: ELSEWHERE.to_owned(),
        cancel_url: ELSEWHERE.to_owned(),
    };
    let is_ours = |session: &CheckoutSession| {
        session.status == CheckoutStatus::Open
            && session.url.is_some()
            && !session.is_paid
            && session.order_id.as_deref() == Some(order.as_str())
            && session.metadata.get("leasehold_check") == Some(&tag)
    };
    let key = scene.key("checkout");
    let opened = scene.need(Assumption::CheckoutOpens, stripe.create_checkout_session(&key, &new).await)?;
    let again = scene.need(Assumption::CheckoutOpens, stripe.create_checkout_session(&key, &new).await)?;
    let seen = scene.need(Assumption::CheckoutOpens, stripe.fetch_checkout_session(&opened.id).await)?;
    scene.judge(Assumption::CheckoutOpens, is_ours(&seen) && again.id == opened.id, &(&seen, &again.id));
    let ended = scene.need(Assumption::CheckoutExpires, stripe.expire_checkout_session(&opened.id).await)?;
    scene.judge(Assumption::CheckoutExpires, ended.status == CheckoutStatus::Expired, &ended);

    let Some(patience) = scene.rehearsal.buyer_patience else { return Some(()) };
    let sold = Assumption::CheckoutTellsWhatItSold;
    let opened = stripe.create_checkout_session(&scene.key("checkout for a buyer"), &new).await;
    let opened = scene.need(sold, opened)?;
    let Some(url) = opened.url else {
        scene.judge(sold, false, &"the page has no address");
        return None;
    };
    scene.tell(Progress::PayHere(url));
    let mut waited = Duration::ZERO;
    let session = loop {
        let session = scene.need(sold, stripe.fetch_checkout_session(&opened.id).await)?;
        if session.status != CheckoutStatus::Open || waited >= patience {
            break session;
        }
        tokio::time::sleep(scene.rehearsal.pause).await;
        waited += scene.rehearsal.pause.max(Duration::from_millis(1));
    };
    let Some(subscription_id) = session.subscription_id.clone().filter(|_| session.is_paid) else {
        scene.judge(sold, false, &session);
        return None;
    };
    let subscription = scene.need(sold, stripe.fetch_subscription(&subscription_id).await)?;
    // Stripe copies neither reference nor metadata by itself.
    let knows_us = subscription.metadata.get("leasehold_check") == Some(&tag);
    let sells = subscription.items.iter().map(|item| item.quantity).collect::<Vec<_>>();
    let holds = knows_us && sells == [1, 2] && session.order_id.as_deref() == Some(order.as_str());
    scene.judge(sold, holds && session.invoice_id.is_some(), &(&session, &subscription));
    Some(())
}
