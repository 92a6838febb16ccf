//! Products and prices: what the catalog sells, as Stripe must know it.
//!
//! A price never changes. It is found by its `lookup_key`; a new amount under the same key is a new price
//! that takes the key over, and subscriptions on the old one keep it.

use std::collections::HashMap;

use stripe_product::price::{
    CreatePrice, CreatePriceRecurring, CreatePriceRecurringInterval, CreatePriceTiers, CreatePriceTiersUpTo, ListPrice,
};
use stripe_product::product::{CreateProduct, RetrieveProduct, UpdateProduct};
use stripe_shared::{PriceBillingScheme, PriceTaxBehavior, PriceTiersMode};

use super::{IdempotencyKey, Stripe, StripeError, StripeErrorKind};
use crate::catalog::{Tier, TierMode, Tiers};
use crate::money::Money;

/// A product as Stripe shows it on its pages and invoices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStripeProduct {
    /// The id that it shall have there: derived from ours, so that pushing twice makes one.
    pub id: String,
    /// Display name.
    pub name: String,
    /// One sentence, or empty.
    pub description: String,
    /// Our ids.
    pub metadata: HashMap<String, String>,
}

/// How often a price is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recurrence {
    /// Once.
    Once,
    /// Every month.
    Month,
    /// Every year.
    Year,
}

/// A price to be pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStripePrice {
    /// Stripe's product.
    pub stripe_product_id: String,
    /// Per unit, without tax; where there are tiers, in the first of them.
    pub unit_amount: Money,
    /// What units cost by their number, where they do not all cost the same.
    pub tiers: Option<Tiers>,
    /// How often.
    pub recurrence: Recurrence,
    /// Names plan, role, interval and currency.
    pub lookup_key: String,
    /// What Stripe's own pages call it.
    pub nickname: String,
    /// Our ids.
    pub metadata: HashMap<String, String>,
}

impl Stripe {
    /// Makes sure that the product can be sold under its id with this name, and answers the id.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn push_product(&self, product: &NewStripeProduct) -> Result<String, StripeError> {
        let content = crate::keys::sha256(format!("{product:?}").as_bytes());
        let content = data_encoding::HEXLOWER.encode(&content);
        match self.fetch(RetrieveProduct::new(product.id.as_str())).await {
            Ok(found) if is_as_pushed(&found, product) => return Ok(found.id.to_string()),
            Ok(found) => {
                let update = UpdateProduct::new(product.id.as_str())
                    .active(true)
                    .name(&product.name)
                    .metadata(product.metadata.clone());
                let update = match product.description.as_str() {
                    "" => update,
                    description => update.description(description),
                };
                // When it was altered is part of the key: the same repair may be needed again.
                let altered = found.updated.to_string();
                let key = IdempotencyKey::new(&[&product.id, "update", &content, &altered]);
                return Ok(self.act(&key, update).await?.id.to_string());
            }
            Err(error) if error.kind == StripeErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let create = CreateProduct::new(&product.name).id(&product.id).metadata(product.metadata.clone());
        let create = match product.description.as_str() {
            "" => create,
            description => create.description(description),
        };
        Ok(self.act(&IdempotencyKey::new(&[&product.id, "create", &content]), create).await?.id.to_string())
    }

    /// Makes sure that the price's lookup key leads to a price of this amount, and answers its id.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn push_price(&self, price: &NewStripePrice) -> Result<String, StripeError> {
        let request = ListPrice::new().lookup_keys(vec![price.lookup_key.clone()]);
        let found = self.fetch(request.expand(vec!["data.tiers".to_owned()])).await?;
        let same = found.data.iter().find(|found| {
            found.active
                && costs_the_same(found, price)
                && found.currency.to_string() == price.unit_amount.currency.as_str()
                && found.product.id().as_str() == price.stripe_product_id
                && found.recurring.as_ref().map(|recurring| recurring.interval.as_str())
                    == match price.recurrence {
                        Recurrence::Once => None,
                        Recurrence::Month => Some("month"),
                        Recurrence::Year => Some("year"),
                    }
        });
        if let Some(same) = same {
            return Ok(same.id.to_string());
        }
        let currency =
            price.unit_amount.currency.as_str().parse::<stripe_types::Currency>().map_err(StripeError::unreadable)?;
        let mut request = CreatePrice::new(currency)
            .product(&price.stripe_product_id)
            .tax_behavior(PriceTaxBehavior::Exclusive)
            .lookup_key(&price.lookup_key)
            .transfer_lookup_key(true)
            .nickname(&price.nickname)
            .metadata(price.metadata.clone());
        request = match &price.tiers {
            None => request.unit_amount(price.unit_amount.amount_minor),
            Some(tiers) => request
                .billing_scheme(PriceBillingScheme::Tiered)
                .tiers_mode(stripe_mode(tiers.mode))
                .tiers(tiers.steps.iter().map(stripe_tier).collect::<Vec<_>>()),
        };
        match price.recurrence {
            Recurrence::Once => {}
            Recurrence::Month => {
                request = request.recurring(CreatePriceRecurring::new(CreatePriceRecurringInterval::Month));
            }
            Recurrence::Year => {
                request = request.recurring(CreatePriceRecurring::new(CreatePriceRecurringInterval::Year));
            }
        }
        let amount = match &price.tiers {
            None => price.unit_amount.amount_minor.to_string(),
            Some(tiers) => data_encoding::HEXLOWER.encode(&crate::keys::sha256(format!("{tiers:?}").as_bytes())),
        };
        // Who has the look-up key until now is part of the key: after it, the same price may be needed again.
        let before = found.data.first().map(|found| found.id.to_string()).unwrap_or_default();
        let key = IdempotencyKey::new(&[&price.stripe_product_id, "price", &price.lookup_key, &amount, &before]);
        Ok(self.act(&key, request).await?.id.to_string())
    }
}

fn is_as_pushed(found: &stripe_shared::Product, wanted: &NewStripeProduct) -> bool {
    found.active
        && found.name == wanted.name
        && found.description.as_deref().unwrap_or_default() == wanted.description
        && wanted.metadata.iter().all(|(name, value)| found.metadata.get(name) == Some(value))
}

fn costs_the_same(found: &stripe_shared::Price, price: &NewStripePrice) -> bool {
    match &price.tiers {
        None => found.unit_amount == Some(price.unit_amount.amount_minor),
        Some(tiers) => read_tiers(found).as_ref() == Some(tiers),
    }
}

/// The tiers of a price; `None` where it has none, or some that we do not sell. They have to be asked for (`expand`).
pub(super) fn read_tiers(price: &stripe_shared::Price) -> Option<Tiers> {
    let mode = match price.tiers_mode.as_ref()? {
        PriceTiersMode::Volume => TierMode::Volume,
        PriceTiersMode::Graduated => TierMode::Graduated,
        _ => return None,
    };
    let read = |tier: &stripe_shared::PriceTier| {
        // Ours have no flat amount.
        let flat = tier.flat_amount.unwrap_or(0);
        tier.unit_amount.filter(|_| flat == 0).map(|each_minor| Tier { up_to: tier.up_to, each_minor })
    };
    Some(Tiers { mode, steps: price.tiers.as_ref()?.iter().map(read).collect::<Option<Vec<Tier>>>()? })
}

fn stripe_mode(mode: TierMode) -> PriceTiersMode {
    match mode {
        TierMode::Volume => PriceTiersMode::Volume,
        TierMode::Graduated => PriceTiersMode::Graduated,
    }
}

fn stripe_tier(tier: &Tier) -> CreatePriceTiers {
    let mut new = CreatePriceTiers::new(tier.up_to.map_or(CreatePriceTiersUpTo::Inf, CreatePriceTiersUpTo::I64));
    new.unit_amount = Some(tier.each_minor);
    new
}
