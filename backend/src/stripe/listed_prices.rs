//! Prices as Stripe has them, whoever made or changed them there.

use stripe_product::price::{ListPrice, RetrievePrice};

use super::price_list::read_tiers;
use super::{Recurrence, Stripe, StripeError, StripeErrorKind};
use crate::catalog::Tiers;
use crate::money::{Currency, Money};

/// A price with the product that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripePrice {
    /// Stripe's id.
    pub id: String,
    /// The look-up key that leads to it now.
    pub lookup_key: Option<String>,
    /// Whether it can still be sold.
    pub active: bool,
    /// Per unit; `None` where it is priced otherwise.
    pub unit_amount: Option<Money>,
    /// What it costs by the quantity, where it does; `None` also for tiers that we do not sell.
    pub tiers: Option<Tiers>,
    /// How often it is charged; `None` for a rhythm that we do not sell.
    pub recurrence: Option<Recurrence>,
    /// Stripe's id of its product.
    pub product_id: String,
    /// The product's name, which invoices show; empty where the product is deleted.
    pub product_name: String,
    /// Whether the product can still be sold.
    pub product_active: bool,
}

/// Stripe takes as many look-up keys in one call.
const KEYS_PER_CALL: usize = 10;

impl Stripe {
    /// The prices that these look-up keys lead to, archived ones too.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn list_prices(&self, lookup_keys: &[String]) -> Result<Vec<StripePrice>, StripeError> {
        let mut found = Vec::with_capacity(lookup_keys.len());
        for keys in lookup_keys.chunks(KEYS_PER_CALL) {
            let request = ListPrice::new().lookup_keys(keys.to_vec()).limit(100);
            let page = self.fetch(request.expand(vec!["data.product".to_owned(), "data.tiers".to_owned()])).await?;
            found.extend(page.data.into_iter().map(read).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(found)
    }

    /// A price by Stripe's id; `None` where there is none.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn find_price(&self, stripe_price_id: &str) -> Result<Option<StripePrice>, StripeError> {
        let request = RetrievePrice::new(stripe_price_id).expand(vec!["product".to_owned(), "tiers".to_owned()]);
        match self.fetch(request).await {
            Ok(price) => read(price).map(Some),
            Err(error) if error.kind == StripeErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn read(price: stripe_shared::Price) -> Result<StripePrice, StripeError> {
    let currency = Currency::try_from(price.currency.to_string()).map_err(StripeError::unreadable)?;
    let recurrence = match &price.recurring {
        None => Some(Recurrence::Once),
        Some(recurring) => match (recurring.interval.as_str(), recurring.interval_count) {
            ("month", 1) => Some(Recurrence::Month),
            ("year", 1) => Some(Recurrence::Year),
            _ => None,
        },
    };
    let (product, tiers) = (price.product.as_object(), read_tiers(&price));
    Ok(StripePrice {
        id: price.id.to_string(),
        lookup_key: price.lookup_key,
        active: price.active,
        unit_amount: price.unit_amount.map(|minor| Money::new(minor, currency)),
        tiers,
        recurrence,
        product_id: price.product.id().to_string(),
        product_name: product.map(|product| product.name.clone()).unwrap_or_default(),
        product_active: product.is_some_and(|product| product.active),
    })
}
