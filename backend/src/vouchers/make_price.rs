//! The price at Stripe at which vouchers are sold: paid once, whatever the plan's own price is.

use std::collections::HashMap;

use crate::billing::{Commerce, CommerceError};
use crate::catalog::Plan;
use crate::cx::Cx;
use crate::orders::rules::Quote;
use crate::stripe::{NewStripePrice, NewStripeProduct, Recurrence};
use crate::text::en::vouchers as text;

/// Stripe's id of the price of one voucher of this quote. Product and price are found by keys made from the plan, the term
/// and the amount, so they are made once, however often they are asked for.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn make_price(
    commerce: &Commerce,
    cx: &Cx,
    product_name: &str,
    plan: &Plan,
    quote: &Quote,
) -> Result<String, CommerceError> {
    let line = quote
        .lines
        .first()
        .ok_or_else(|| CommerceError::Contradiction(format!("vouchers of {} are of nothing", plan.id)))?;
    let stripe = commerce.stripe(cx)?;
    let name = text::line_name(product_name, &plan.name, quote.interval);
    let metadata = HashMap::from([
        ("leasehold_plan".to_owned(), plan.id.to_string()),
        ("leasehold_role".to_owned(), "voucher".to_owned()),
    ]);
    let product = NewStripeProduct {
        id: format!("{}_voucher_{}", plan.id, quote.interval.as_str()),
        name: name.clone(),
        description: String::new(),
        metadata: metadata.clone(),
    };
    let stripe_product_id = stripe.push_product(&product).await?;
    let price = NewStripePrice {
        stripe_product_id,
        unit_amount: line.price.unit_amount,
        tiers: None,
        recurrence: Recurrence::Once,
        lookup_key: line.price.lookup_key.clone(),
        nickname: name,
        metadata,
    };
    Ok(stripe.push_price(&price).await?)
}
