//! Pushing the catalog's current prices to Stripe, by look-up key.
//!
//! Runs outside of any transaction, and stores each of Stripe's ids as soon as it is known: whatever interrupts it, the next
//! run goes on where it stopped. What Stripe does not have yet comes first, and what it refuses keeps back nothing else,
//! because the price list leaves out what Stripe has not heard of. After a catalog file is applied, what was pushed before is
//! compared again, so that a price archived or replaced at Stripe is noticed ([`push_prices`]); the console's job asks about
//! products and what is new alone ([`push_new_prices`]).

use std::collections::{BTreeMap, HashMap};

use super::{BillingInterval, Plan, Price, Product, price_name, store, stripe_product_id};
use crate::audit;
use crate::cx::Cx;
use crate::db::{Db, DbError};
use crate::stripe::{NewStripePrice, NewStripeProduct, Recurrence, Stripe, StripeError, StripeErrorKind};
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
    /// Prices that Stripe has as we know them, or that it was not asked about.
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

/// A price that did not get to Stripe, or of which Stripe could not be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedPrice {
    /// The price's look-up key.
    pub lookup_key: String,
    /// Stripe's refusal, or why there was none.
    pub error: StripeError,
}

/// Why not everything was pushed. What was pushed is stored; run it again.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// Stripe refused or did not answer.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// Stripe did not take some prices; where it could not be had at all, those after the last of them were not tried.
    #[error("{} price(s) were not pushed: {}", .failed.len(), listed(.failed))]
    Prices {
        /// What was done nevertheless.
        done: PushedPrices,
        /// All that failed.
        failed: Vec<FailedPrice>,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

fn listed(failed: &[FailedPrice]) -> String {
    failed.iter().map(|it| format!("{}: {}", it.lookup_key, it.error)).collect::<Vec<_>>().join("; ")
}

/// Pushes every current price of the vendor `cx` names, and compares those that Stripe has.
///
/// # Errors
/// [`PushError::Prices`] with all that failed, after everything else was pushed.
pub async fn push_prices(db: &Db, stripe: &dyn PriceList, cx: &Cx) -> Result<PushedPrices, PushError> {
    push(db, stripe, cx, Known::Compared).await
}

/// Pushes the current prices of the vendor `cx` names that Stripe does not have yet, and the names of all products.
///
/// # Errors
/// [`PushError::Prices`] with all that failed, after everything else was pushed.
pub async fn push_new_prices(db: &Db, stripe: &dyn PriceList, cx: &Cx) -> Result<PushedPrices, PushError> {
    push(db, stripe, cx, Known::Trusted).await
}

/// What is done about prices whose id at Stripe is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Compared,
    Trusted,
}

/// A price, and what it is a price of.
#[derive(Clone, Copy)]
struct Sold<'c> {
    product: &'c Product,
    plan: &'c Plan,
    price: &'c Price,
}

async fn push(db: &Db, stripe: &dyn PriceList, cx: &Cx, known: Known) -> Result<PushedPrices, PushError> {
    let plans = load(db, cx).await?;
    let mut all = Vec::new();
    for (product, plan) in &plans {
        all.extend(plan.prices.iter().map(|price| Sold { product, plan, price }));
    }
    all.sort_by_key(|sold| sold.price.stripe_price_id.is_some());
    let mut pushing = Pushing { db, stripe, cx, known, products: BTreeMap::new(), done: PushedPrices::default() };
    let mut failed = Vec::new();
    for sold in all {
        match pushing.price(sold).await {
            Ok(()) => {}
            Err(PushError::Stripe(error)) => {
                let is_away = matches!(error.kind, StripeErrorKind::Unavailable | StripeErrorKind::Authentication);
                failed.push(FailedPrice { lookup_key: sold.price.lookup_key.clone(), error });
                // The others would be told the same, each after a while.
                if is_away {
                    break;
                }
            }
            Err(error) => return Err(error),
        }
    }
    let done = pushing.done;
    if failed.is_empty() { Ok(done) } else { Err(PushError::Prices { done, failed }) }
}

struct Pushing<'c> {
    db: &'c Db,
    stripe: &'c dyn PriceList,
    cx: &'c Cx,
    known: Known,
    /// Those at Stripe that were pushed by now, and what became of it.
    products: BTreeMap<String, Result<(), StripeError>>,
    done: PushedPrices,
}

impl Pushing<'_> {
    async fn price(&mut self, sold: Sold<'_>) -> Result<(), PushError> {
        let Sold { product, plan, price } = sold;
        let stripe_product_id = self.product(sold).await?;
        if self.known == Known::Trusted && price.stripe_price_id.is_some() {
            self.done.unchanged += 1;
            return Ok(());
        }
        let pushed = self.stripe.push_price(&stripe_price(product, plan, price, stripe_product_id)).await?;
        match &price.stripe_price_id {
            Some(known) if *known == pushed => self.done.unchanged += 1,
            None => {
                remember(self.db, self.cx, price, pushed).await?;
                self.done.pushed += 1;
            }
            Some(known) => {
                let (lookup_key, before) = (price.lookup_key.clone(), known.clone());
                replace(self.db, self.cx, plan, price, pushed.clone()).await?;
                self.done.drift.push(Drift { lookup_key, before, after: pushed });
            }
        }
        Ok(())
    }

    /// Each role of a plan, each add-on and each pack, is a product of its own at Stripe, whose pages and invoices name lines
    /// by product. It is pushed once for all of its prices.
    async fn product(&mut self, sold: Sold<'_>) -> Result<String, StripeError> {
        let product = stripe_product(sold.product, sold.plan, sold.price);
        let pushed = match self.products.get(&product.id) {
            Some(pushed) => pushed.clone(),
            None => {
                let pushed = self.stripe.push_product(&product).await.map(drop);
                self.products.insert(product.id.clone(), pushed.clone());
                pushed
            }
        };
        pushed.map(|()| product.id)
    }
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
