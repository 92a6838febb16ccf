//! Pushing the catalog's current prices to Stripe, by look-up key.
//!
//! Runs after a catalog is applied, outside of any transaction, and stores each of Stripe's ids as soon as
//! it is known: whatever interrupts it, the next run goes on where it stopped. What was pushed before is
//! compared again, so that a price archived or replaced at Stripe is noticed.

use std::collections::{BTreeMap, HashMap};

use super::{BillingInterval, Plan, Price, Product, price_name, store, stripe_product_id};
use crate::audit;
use crate::cx::Cx;
use crate::db::{Db, DbError};
use crate::stripe::{NewStripePrice, NewStripeProduct, Recurrence, Stripe, StripeError};
use crate::text::en;

/// Where prices are pushed to: Stripe, or a stand-in in tests.
#[async_trait::async_trait]
pub trait PriceList: Send + Sync {
    /// Makes sure that the product exists under its id, and answers the id.
    async fn push_product(&self, product: &NewStripeProduct) -> Result<String, StripeError>;
    /// Makes sure that the look-up key leads to a price of this amount, and answers its id.
    async fn push_price(&self, price: &NewStripePrice) -> Result<String, StripeError>;
}

#[async_trait::async_trait]
impl PriceList for Stripe {
    async fn push_product(&self, product: &NewStripeProduct) -> Result<String, StripeError> {
        Self::push_product(self, product).await
    }

    async fn push_price(&self, price: &NewStripePrice) -> Result<String, StripeError> {
        Self::push_price(self, price).await
    }
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushedPrices {
    /// Prices that Stripe did not have.
    pub pushed: usize,
    /// Prices that Stripe has as we know them.
    pub unchanged: usize,
    /// Prices that were changed at Stripe.
    pub drift: Vec<Drift>,
}

/// A price that was archived or altered at Stripe. Another one took its place there, and here as well; who
/// bought at the old one keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The price's look-up key.
    pub lookup_key: String,
    /// Stripe's id until now.
    pub before: String,
    /// Stripe's id from now on.
    pub after: String,
}

/// Why not everything was pushed. What was pushed is stored; run it again.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// Stripe refused or did not answer.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Pushes every current price of the vendor `cx` names.
///
/// # Errors
/// [`PushError`], at the first price that fails.
pub async fn push_prices(db: &Db, stripe: &dyn PriceList, cx: &Cx) -> Result<PushedPrices, PushError> {
    let plans = load(db, cx).await?;
    let mut done = PushedPrices::default();
    for (product, plan) in &plans {
        // Each role of a plan, each add-on and each pack, is a product of its own at Stripe, whose pages and invoices name lines by product.
        let mut products: BTreeMap<String, String> = BTreeMap::new();
        for price in &plan.prices {
            let name = price_name(price.role, &price.option);
            let stripe_product_id = match products.get(&name) {
                Some(id) => id.clone(),
                None => stripe.push_product(&stripe_product(product, plan, price)).await?,
            };
            products.insert(name, stripe_product_id.clone());
            let stripe_price_id = stripe.push_price(&stripe_price(product, plan, price, stripe_product_id)).await?;
            match &price.stripe_price_id {
                Some(known) if *known == stripe_price_id => done.unchanged += 1,
                None => {
                    remember(db, cx, price, stripe_price_id).await?;
                    done.pushed += 1;
                }
                Some(known) => {
                    let (lookup_key, before) = (price.lookup_key.clone(), known.clone());
                    replace(db, cx, plan, price, stripe_price_id.clone()).await?;
                    done.drift.push(Drift { lookup_key, before, after: stripe_price_id });
                }
            }
        }
    }
    Ok(done)
}

/// Everything that is sold.
pub(super) async fn load(db: &Db, cx: &Cx) -> Result<Vec<(Product, Plan)>, DbError> {
    let vendor_id = cx.vendor_id.clone();
    let loaded = db.read(move |tx| {
        Box::pin(async move {
            let mut plans = Vec::new();
            for product in store::list_products(tx, &vendor_id).await? {
                let of_product = store::list_plans(tx, &vendor_id, &product.id).await?;
                plans.extend(of_product.into_iter().map(|plan| (product.clone(), plan)));
            }
            Ok::<_, DbError>(plans)
        })
    });
    loaded.await
}

/// The product at Stripe that a price belongs to.
pub(super) fn stripe_product(product: &Product, plan: &Plan, price: &Price) -> NewStripeProduct {
    NewStripeProduct {
        id: stripe_product_id(&plan.id, price.role, &price.option),
        name: en::catalog::line_name(&product.name, plan, price.role, &price.option),
        description: String::new(),
        metadata: metadata(plan, price),
    }
}

/// A price as Stripe shall have it.
pub(super) fn stripe_price(product: &Product, plan: &Plan, price: &Price, stripe_product_id: String) -> NewStripePrice {
    NewStripePrice {
        stripe_product_id,
        unit_amount: price.unit_amount,
        tiers: price.tiers.clone(),
        recurrence: match price.interval {
            BillingInterval::Month => Recurrence::Month,
            BillingInterval::Year => Recurrence::Year,
            BillingInterval::Once => Recurrence::Once,
        },
        lookup_key: price.lookup_key.clone(),
        nickname: en::catalog::line_name(&product.name, plan, price.role, &price.option),
        metadata: metadata(plan, price),
    }
}

fn metadata(plan: &Plan, price: &Price) -> HashMap<String, String> {
    HashMap::from([
        ("leasehold_plan".to_owned(), plan.id.to_string()),
        ("leasehold_role".to_owned(), price_name(price.role, &price.option)),
    ])
}

async fn remember(db: &Db, cx: &Cx, price: &Price, stripe_price_id: String) -> Result<(), DbError> {
    let (cx, id) = (cx.clone(), price.id.clone());
    db.write(move |tx| {
        Box::pin(async move {
            // An amount that was given up and came back before Stripe heard of another one: Stripe's price is still that one.
            store::update_stripe_price_id_freed(tx, &cx.vendor_id, &stripe_price_id).await?;
            store::update_stripe_price_id(tx, &cx.vendor_id, &id, &stripe_price_id).await?;
            let after = serde_json::json!({ "stripe_price_id": stripe_price_id });
            audit::record(tx, &cx, None, "price.push", id.as_str(), audit::NOTHING, Some(&after)).await
        })
    })
    .await
}

async fn replace(db: &Db, cx: &Cx, plan: &Plan, price: &Price, stripe_price_id: String) -> Result<(), DbError> {
    let (cx, plan_id, old) = (cx.clone(), plan.id.clone(), price.clone());
    db.write(move |tx| {
        Box::pin(async move {
            let new = Price { id: cx.id(), stripe_price_id: None, created_at: cx.now, ..old.clone() };
            store::update_price_withdrawn(tx, &cx, &old.id).await?;
            store::insert_price(tx, &cx, &plan_id, &new).await?;
            store::update_stripe_price_id(tx, &cx.vendor_id, &new.id, &stripe_price_id).await?;
            let before = serde_json::json!({ "id": old.id, "stripe_price_id": old.stripe_price_id });
            let after = serde_json::json!({ "id": new.id, "stripe_price_id": stripe_price_id });
            audit::record(tx, &cx, None, "price.replace", new.id.as_str(), Some(&before), Some(&after)).await
        })
    })
    .await
}
