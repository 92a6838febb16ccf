//! Comparing the catalog with what Stripe has, without changing either: whatever somebody altered there by hand.

use super::push_prices::{PushError, load, stripe_price, stripe_product};
use crate::cx::Cx;
use crate::db::Db;
use crate::money::Money;
use crate::stripe::{NewStripePrice, NewStripeProduct, Stripe, StripePrice};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceCheck {
    /// How many prices were compared.
    pub checked: usize,
    /// What differs.
    pub differences: Vec<PriceDifference>,
}

/// Where Stripe differs from the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceDifference {
    /// The price's look-up key.
    pub lookup_key: String,
    /// How.
    pub what: Difference,
}

/// How a price at Stripe differs from the catalog's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It was never pushed.
    NotPushed,
    /// Stripe does not know the price of this id.
    Unknown(String),
    /// It is archived: nobody can buy at it.
    Archived,
    /// Its look-up key leads to this other price.
    KeyElsewhere(String),
    /// No look-up key leads to it.
    KeyLost,
    /// It costs this instead; nothing where it is not priced by the unit.
    Amount(Option<Money>),
    /// Its tiers are others.
    Tiers,
    /// It is not charged as often.
    Rhythm,
    /// It belongs to this other product.
    Product(String),
    /// Its product is archived or deleted: nobody can buy it.
    ProductArchived,
    /// Invoices call its product so instead.
    ProductName(String),
}

/// Compares every current price of the vendor `cx` names.
///
/// # Errors
/// [`PushError`].
pub async fn check_prices(db: &Db, stripe: &Stripe, cx: &Cx) -> Result<PriceCheck, PushError> {
    let plans = load(db, cx).await?;
    let prices = plans.iter().flat_map(|(product, plan)| {
        let wanted = |price| {
            let named = stripe_product(product, plan, price);
            (price.stripe_price_id.as_deref(), stripe_price(product, plan, price, named.id.clone()), named)
        };
        plan.prices.iter().map(wanted)
    });
    let prices: Vec<(Option<&str>, NewStripePrice, NewStripeProduct)> = prices.collect();
    let keys: Vec<String> = prices.iter().map(|(_, price, _)| price.lookup_key.clone()).collect();
    let listed = stripe.list_prices(&keys).await?;
    let mut check = PriceCheck { checked: prices.len(), differences: Vec::new() };
    for (known, wanted, product) in &prices {
        let by_key = listed.iter().find(|price| price.lookup_key.as_ref() == Some(&wanted.lookup_key));
        let found = match (known, by_key) {
            (None, _) => vec![Difference::NotPushed],
            (Some(known), Some(by_key)) if by_key.id == **known => differences(wanted, product, by_key),
            (Some(known), by_key) => match stripe.find_price(known).await? {
                None => vec![Difference::Unknown((*known).to_owned())],
                Some(price) => {
                    let key = by_key.map_or(Difference::KeyLost, |other| Difference::KeyElsewhere(other.id.clone()));
                    let mut found = vec![key];
                    found.extend(differences(wanted, product, &price));
                    found
                }
            },
        };
        let found = found.into_iter().map(|what| PriceDifference { lookup_key: wanted.lookup_key.clone(), what });
        check.differences.extend(found);
    }
    Ok(check)
}

/// How a price differs from what is wanted, and its product.
fn differences(wanted: &NewStripePrice, product: &NewStripeProduct, found: &StripePrice) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut note = |differs: bool, difference: Difference| {
        if differs {
            differences.push(difference);
        }
    };
    note(!found.active, Difference::Archived);
    match &wanted.tiers {
        None => note(found.unit_amount != Some(wanted.unit_amount), Difference::Amount(found.unit_amount)),
        Some(_) => note(found.tiers != wanted.tiers, Difference::Tiers),
    }
    note(found.recurrence != Some(wanted.recurrence), Difference::Rhythm);
    if found.product_id == product.id {
        note(!found.product_active, Difference::ProductArchived);
        let is_renamed = found.product_active && found.product_name != product.name;
        note(is_renamed, Difference::ProductName(found.product_name.clone()));
    } else {
        note(true, Difference::Product(found.product_id.clone()));
    }
    differences
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::catalog::{Tier, TierMode, Tiers};
    use crate::money::Currency;
    use crate::stripe::Recurrence;

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::parse("usd").expect("a currency"))
    }

    fn wanted() -> (NewStripePrice, NewStripeProduct) {
        let price = NewStripePrice {
            stripe_product_id: "lh_a".to_owned(),
            unit_amount: usd(1_000),
            tiers: None,
            recurrence: Recurrence::Month,
            lookup_key: "a_month_usd".to_owned(),
            nickname: "A".to_owned(),
            metadata: HashMap::new(),
        };
        let (id, name) = ("lh_a".to_owned(), "A".to_owned());
        (price, NewStripeProduct { id, name, description: String::new(), metadata: HashMap::new() })
    }

    fn found() -> StripePrice {
        StripePrice {
            id: "price_1".to_owned(),
            lookup_key: Some("a_month_usd".to_owned()),
            active: true,
            unit_amount: Some(usd(1_000)),
            tiers: None,
            recurrence: Some(Recurrence::Month),
            product_id: "lh_a".to_owned(),
            product_name: "A".to_owned(),
            product_active: true,
        }
    }

    #[test]
    fn each_thing_that_can_differ_is_told_by_itself() {
        let (price, product) = wanted();
        let told = |found: StripePrice| differences(&price, &product, &found);
        assert_eq!(told(found()), []);
        assert_eq!(told(StripePrice { active: false, ..found() }), [Difference::Archived]);
        assert_eq!(told(StripePrice { unit_amount: Some(usd(999)), ..found() }), [Difference::Amount(Some(usd(999)))]);
        assert_eq!(told(StripePrice { unit_amount: None, ..found() }), [Difference::Amount(None)]);
        let tiers = |each_minor| Tiers { mode: TierMode::Volume, steps: vec![Tier { up_to: None, each_minor }] };
        let by_tiers = NewStripePrice { tiers: Some(tiers(500)), ..price.clone() };
        let with = |tiers| StripePrice { unit_amount: None, tiers, ..found() };
        assert_eq!(differences(&by_tiers, &product, &with(Some(tiers(500)))), []);
        for other in [Some(tiers(501)), None] {
            assert_eq!(differences(&by_tiers, &product, &with(other)), [Difference::Tiers]);
        }
        for recurrence in [None, Some(Recurrence::Once), Some(Recurrence::Year)] {
            assert_eq!(told(StripePrice { recurrence, ..found() }), [Difference::Rhythm]);
        }
        let other = StripePrice { product_id: "lh_b".to_owned(), product_name: "B".to_owned(), ..found() };
        assert_eq!(told(other), [Difference::Product("lh_b".to_owned())]);
        assert_eq!(told(StripePrice { product_active: false, ..found() }), [Difference::ProductArchived]);
        assert_eq!(
            told(StripePrice { product_name: "Z".to_owned(), ..found() }),
            [Difference::ProductName("Z".to_owned())]
        );
    }
}
