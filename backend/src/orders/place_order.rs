//! Placing an order: the choice is priced, written down, and a page to pay it on is opened.

use std::collections::HashMap;

use super::rules::{self, ChoiceProblem, Quote};
use super::{Order, OrderKind, OrderStatus, store};
use crate::accounts::{self, Account, Act};
use crate::billing::{Commerce, CommerceError};
use crate::catalog::{self, BillingInterval, Plan, PlanKind};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, LicenseId, OrderId, PlanId, UserId};
use crate::money::Currency;
use crate::stripe::{CheckoutItem, CheckoutMode, CustomerDetails, IdempotencyKey, NewCheckout, Stripe};
use crate::{audit, events, licenses};

/// What is bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purchase {
    /// A new license under a plan.
    Plan {
        /// The plan.
        plan_id: PlanId,
        /// How often it is charged; `Once` for perpetual plans.
        interval: BillingInterval,
        /// Seats.
        seats: i64,
    },
    /// One more year of updates for a perpetual license.
    Maintenance {
        /// The license.
        license_id: LicenseId,
    },
}

/// Where Checkout sends the buyer. `{ORDER_ID}` in them is filled in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutUrls {
    /// After paying.
    pub success: String,
    /// Without paying.
    pub cancel: String,
}

/// An order to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Who buys.
    pub account_id: AccountId,
    /// Who orders.
    pub user_id: UserId,
    /// Hash of the browser session, so that the success page in it may show the key.
    pub session_hash: Option<Vec<u8>>,
    /// What is bought.
    pub purchase: Purchase,
    /// In which currency.
    pub currency: Currency,
    /// Where Checkout sends the buyer.
    pub urls: CheckoutUrls,
}

/// What came of placing an order.
#[derive(Clone, Debug, PartialEq)]
pub enum OrderPlacement {
    /// It waits to be paid at this address.
    Placed {
        /// The order.
        order: Box<Order>,
        /// Stripe's page.
        checkout_url: String,
    },
    /// The choice cannot be bought.
    Refused(ChoiceProblem),
    /// The user may not buy for the account, or there is no such account or license.
    NotAllowed,
}

struct Priced {
    order: Order,
    quote: Quote,
    account: Account,
    trial_days: u32,
}

/// Places an order. The row is committed before Stripe hears of it; if Stripe then cannot be reached, the
/// error says so and the open order expires by itself.
///
/// # Errors
/// [`CommerceError`].
pub async fn place_order(commerce: &Commerce, cx: &Cx, place: &PlaceOrder) -> Result<OrderPlacement, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let (tx_cx, tx_place) = (cx.clone(), place.clone());
    let written =
        commerce.db.write(move |tx| Box::pin(async move { write_order(tx, &tx_cx, &tx_place).await })).await?;
    let priced = match written {
        Ok(priced) => priced,
        Err(refused) => return Ok(refused),
    };
    let customer_id = ensure_customer(commerce, stripe, cx, &priced.account).await?;
    let session = open_checkout(stripe, cx, &priced, &customer_id, &place.urls).await?;
    let url = session
        .url
        .clone()
        .ok_or_else(|| CommerceError::Contradiction(format!("the new session {} has no address", session.id)))?;
    let mut order = priced.order;
    order.stripe_session_id = Some(session.id.clone());
    order.checkout_url = Some(url.clone());
    let (stored, tx_cx) = (order.clone(), cx.clone());
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                store::set_session(tx, &stored.vendor_id, &stored.id, &session.id, session.url.as_deref()).await?;
                let after = serde_json::json!({ "stripe_session_id": session.id });
                let (account_id, act) = (Some(&stored.account_id), "order.open_checkout");
                audit::record(tx, &tx_cx, account_id, act, stored.id.as_str(), audit::NOTHING, Some(&after)).await
            })
        })
        .await?;
    Ok(OrderPlacement::Placed { order: Box::new(order), checkout_url: url })
}

async fn write_order(tx: &mut Tx, cx: &Cx, place: &PlaceOrder) -> Result<Result<Priced, OrderPlacement>, DbError> {
    let Some(account) = accounts::find_account(tx, &cx.vendor_id, &place.account_id).await? else {
        return Ok(Err(OrderPlacement::NotAllowed));
    };
    if !accounts::may_act(tx, cx, &account.id, Act::Buy).await? {
        return Ok(Err(OrderPlacement::NotAllowed));
    }
    let Some(choice) = find_choice(tx, cx, place).await? else { return Ok(Err(OrderPlacement::NotAllowed)) };
    let quote = match choice.quote {
        Ok(quote) => quote,
        Err(problem) => return Ok(Err(OrderPlacement::Refused(problem))),
    };
    let trial_days = trial_days(tx, cx, &account.id, &choice.plan).await?;
    let order = Order {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        account_id: account.id.clone(),
        user_id: place.user_id.clone(),
        session_hash: place.session_hash.clone(),
        kind: choice.kind,
        plan_id: choice.plan.id,
        license_id: choice.license_id,
        billing_interval: quote.interval,
        seats: choice.seats,
        currency: quote.total.currency,
        amount_minor: quote.total.amount_minor,
        status: OrderStatus::Open,
        stripe_session_id: None,
        checkout_url: None,
        created_at: cx.now,
        paid_at: None,
    };
    store::insert_order(tx, &order).await?;
    let after = serde_json::json!({
        "kind": order.kind, "plan_id": order.plan_id, "seats": order.seats, "interval": order.billing_interval,
        "amount_minor": order.amount_minor, "currency": order.currency,
    });
    let about =
        events::About { account_id: Some(&account.id), license_id: order.license_id.as_ref(), instance_id: None };
    events::record(tx, cx, "order.placed", about, &after).await?;
    audit::record(tx, cx, Some(&account.id), "order.place", order.id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(Ok(Priced { order, quote, account, trial_days }))
}

/// A trial is for getting to know a product: an account has it once, with its first license of that product.
async fn trial_days(tx: &mut Tx, cx: &Cx, account_id: &AccountId, plan: &Plan) -> Result<u32, DbError> {
    let days = u32::try_from(plan.terms.trial_days).unwrap_or(0);
    if days == 0 || plan.kind == PlanKind::Perpetual {
        return Ok(0);
    }
    let knows_it = licenses::has_license_of(tx, &cx.vendor_id, account_id, &plan.product_id).await?;
    Ok(if knows_it { 0 } else { days })
}

struct FoundChoice {
    kind: OrderKind,
    plan: Plan,
    seats: i64,
    license_id: Option<LicenseId>,
    quote: Result<Quote, ChoiceProblem>,
}

async fn find_choice(tx: &mut Tx, cx: &Cx, place: &PlaceOrder) -> Result<Option<FoundChoice>, DbError> {
    Ok(match &place.purchase {
        Purchase::Plan { plan_id, interval, seats } => {
            let Some(plan) = catalog::find_plan(tx, &cx.vendor_id, plan_id).await? else { return Ok(None) };
            let quote = rules::quote_plan(&plan, *interval, *seats, place.currency);
            let kind = match plan.kind {
                PlanKind::Subscription => OrderKind::Subscription,
                PlanKind::Perpetual => OrderKind::Perpetual,
            };
            Some(FoundChoice { kind, plan, seats: *seats, license_id: None, quote })
        }
        Purchase::Maintenance { license_id } => {
            let license = licenses::find_license(tx, &cx.vendor_id, license_id).await?.map(|view| view.license);
            let Some(license) = license.filter(|license| license.account_id == place.account_id) else {
                return Ok(None);
            };
            let Some(plan) = catalog::find_plan(tx, &cx.vendor_id, &license.plan_id).await? else { return Ok(None) };
            let quote = rules::quote_maintenance(&plan, license.seats, place.currency);
            let license_id = Some(license.id);
            Some(FoundChoice { kind: OrderKind::Maintenance, plan, seats: license.seats, license_id, quote })
        }
    })
}

/// The account's customer at Stripe, with today's name, address and VAT id.
async fn ensure_customer(
    commerce: &Commerce,
    stripe: &Stripe,
    cx: &Cx,
    account: &Account,
) -> Result<String, CommerceError> {
    let details = CustomerDetails {
        name: account.company.clone(),
        email: account.billing_email.clone(),
        line1: account.address.line1.clone(),
        line2: account.address.line2.clone(),
        postal_code: account.address.postal_code.clone(),
        city: account.address.city.clone(),
        state: account.address.state.clone(),
        country: account.country.clone(),
        vat_id: account.vat_id.clone(),
        metadata: HashMap::from([
            ("account_id".to_owned(), account.id.to_string()),
            ("vendor_id".to_owned(), account.vendor_id.to_string()),
        ]),
    };
    // Part of the key, because Stripe refuses a key that comes again with other parameters.
    let content = format!("{account:?}");
    let content = data_encoding::HEXLOWER.encode(&crate::keys::sha256(content.as_bytes()));
    if let Some(customer_id) = &account.stripe_customer_id {
        // Once per minute of our time at most: the same details set again later must reach Stripe again.
        let minute = (cx.now.seconds() / 60).to_string();
        let key = IdempotencyKey::new(&[account.id.as_str(), "update", &content, &minute]);
        stripe.update_customer(&key, customer_id, &details).await?;
        return Ok(customer_id.clone());
    }
    let key = IdempotencyKey::new(&[account.id.as_str(), "customer", &content]);
    let created = stripe.create_customer(&key, &details).await?;
    let (cx, account_id) = (cx.clone(), account.id.clone());
    let standing = commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let standing = accounts::set_stripe_customer(tx, &cx.vendor_id, &account_id, &created).await?;
                let after = serde_json::json!({ "stripe_customer_id": standing });
                let act = "account.set_stripe_customer";
                audit::record(tx, &cx, Some(&account_id), act, account_id.as_str(), audit::NOTHING, Some(&after))
                    .await?;
                Ok::<_, DbError>(standing)
            })
        })
        .await?;
    Ok(standing)
}

async fn open_checkout(
    stripe: &Stripe,
    cx: &Cx,
    priced: &Priced,
    customer_id: &str,
    urls: &CheckoutUrls,
) -> Result<crate::stripe::CheckoutSession, CommerceError> {
    let order = &priced.order;
    let items = priced
        .quote
        .lines
        .iter()
        .map(|line| {
            let price_id = line.price.stripe_price_id.clone();
            let price_id = price_id.ok_or_else(|| CommerceError::PriceNotPushed(line.price.lookup_key.clone()))?;
            Ok(CheckoutItem { price_id, quantity: line.quantity })
        })
        .collect::<Result<Vec<_>, CommerceError>>()?;
    let with_order = |url: &str| url.replace("{ORDER_ID}", order.id.as_str());
    let new = NewCheckout {
        mode: match order.kind {
            OrderKind::Subscription => CheckoutMode::Subscription,
            OrderKind::Perpetual | OrderKind::Maintenance => CheckoutMode::Payment,
        },
        customer_id: customer_id.to_owned(),
        order_id: order.id.to_string(),
        items,
        trial_days: priced.trial_days,
        metadata: order_metadata(&cx.vendor_id, &order.id),
        success_url: with_order(&urls.success),
        cancel_url: with_order(&urls.cancel),
    };
    let key = IdempotencyKey::new(&[order.id.as_str(), "checkout"]);
    Ok(stripe.create_checkout_session(&key, &new).await?)
}

fn order_metadata(vendor_id: &crate::ids::VendorId, order_id: &OrderId) -> HashMap<String, String> {
    HashMap::from([("vendor_id".to_owned(), vendor_id.to_string()), ("order_id".to_owned(), order_id.to_string())])
}
