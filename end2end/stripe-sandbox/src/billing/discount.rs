//! Coupons on invoice lines. <https://docs.stripe.com/billing/subscriptions/coupons>

use serde_json::{Value, json};

use crate::{
    billing::{anchor, proration::share},
    error::ApiError,
    form::Form,
    object::{elements, int, text},
    world::World,
};

/// A coupon that applies, with the discount it came by (empty before one exists).
#[derive(Debug, Clone)]
pub(crate) struct Applied {
    /// `di_…`.
    pub(crate) discount: String,
    /// The coupon object.
    pub(crate) coupon: Value,
}

/// The coupons behind discount ids, leaving out those that have ended.
pub(crate) fn applied(world: &World, discounts: &[Value]) -> Vec<Applied> {
    discounts
        .iter()
        .filter_map(|id| world.find(id.as_str()?))
        .filter(|discount| discount["end"].as_i64().is_none_or(|end| end > world.now))
        .map(|discount| Applied {
            discount: text(discount, "id").to_owned(),
            coupon: world.copy(text(&discount["source"], "coupon")),
        })
        .collect()
}

/// What the coupons take off each amount, in their order: `[line][coupon]`. Percentages apply to credits as well, so
/// that unused time bought with a discount is credited with it; fixed amounts only to charges, largest share first.
pub(crate) fn take_off(coupons: &[Applied], amounts: &[(i64, String)]) -> Vec<Vec<i64>> {
    let mut rest: Vec<i64> = amounts.iter().map(|(amount, _)| *amount).collect();
    let mut off = vec![vec![0; coupons.len()]; amounts.len()];
    for (position, applied) in coupons.iter().enumerate() {
        let products = elements(&applied.coupon["_applies_to"], "products");
        let covers = |product: &str| products.is_empty() || products.iter().any(|known| known == product);
        if let Some(percent) = applied.coupon["percent_off"].as_f64() {
            for line in (0..amounts.len()).filter(|line| covers(&amounts[*line].1)) {
                // Stripe keeps two decimals of a percentage.
                off[line][position] = share(rest[line], (percent * 100.0).round() as i64, 10_000);
                rest[line] -= off[line][position];
            }
            continue;
        }
        let eligible: Vec<usize> =
            (0..amounts.len()).filter(|line| rest[*line] > 0 && covers(&amounts[*line].1)).collect();
        let whole: i64 = eligible.iter().map(|line| rest[*line]).sum();
        let mut left = int(&applied.coupon, "amount_off").min(whole);
        let mut base = whole;
        for line in eligible {
            let part = share(left, rest[line], base).min(rest[line]);
            base -= rest[line];
            left -= part;
            off[line][position] = part;
            rest[line] -= part;
        }
    }
    off
}

/// Whether a coupon can still be redeemed.
pub(crate) fn redeemable(world: &World, coupon: &Value) -> bool {
    coupon["valid"] == true
        && coupon["redeem_by"].as_i64().is_none_or(|by| by > world.now)
        && coupon["max_redemptions"].as_i64().is_none_or(|max| int(coupon, "times_redeemed") < max)
}

/// An active promotion code by what the buyer types, ignoring case, with its coupon.
///
/// # Errors
/// Unknown, or not to be used by this customer for this order.
pub(crate) fn promotion_by_code(world: &World, code: &str, order: &OrderFacts) -> Result<Value, ApiError> {
    let code = code.trim();
    let same = |p: &&Value| text(p, "code").eq_ignore_ascii_case(code);
    // Of several with this code at most one is active.
    let found = world.all("promotion_code").filter(same).max_by_key(|p| p["active"] == true).cloned();
    let invalid = || ApiError::invalid("This code is invalid.").with_code("resource_missing").with_param("code");
    let promotion = found.ok_or_else(invalid)?;
    usable(world, &promotion, order).map_err(|why| match why.code.as_deref() {
        // To buyers Stripe says no more than this.
        Some("promotion_code_minimum_amount") => ApiError::invalid("This order is below the code's minimum."),
        _ => invalid(),
    })?;
    Ok(promotion)
}

/// What promotion codes ask about an order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrderFacts<'a> {
    pub(crate) customer: Option<&'a str>,
    /// Minor units before discounts and tax; `None` where Stripe does not ask for a minimum.
    pub(crate) subtotal: Option<i64>,
    pub(crate) currency: &'a str,
}

/// Whether a promotion code can be used.
///
/// # Errors
/// Inactive, expired, used up, for another customer, for first purchases, or below its minimum.
pub(crate) fn usable(world: &World, promotion: &Value, order: &OrderFacts) -> Result<(), ApiError> {
    let refuse =
        |code: &str, message: &str| Err(ApiError::invalid(message).with_code(code).with_param("promotion_code"));
    let coupon = world.copy(text(&promotion["promotion"], "coupon"));
    let open = promotion["active"] == true
        && promotion["expires_at"].as_i64().is_none_or(|end| end > world.now)
        && promotion["max_redemptions"].as_i64().is_none_or(|max| int(promotion, "times_redeemed") < max)
        && redeemable(world, &coupon);
    if !open {
        return refuse("promotion_code_expired", "This promotion code is expired, inactive or used up.");
    }
    if promotion["customer"].as_str().is_some_and(|only| Some(only) != order.customer) {
        return refuse("promotion_code_customer_mismatch", "This promotion code cannot be redeemed by this customer.");
    }
    fits(&coupon, order.currency)?;
    let restrictions = &promotion["restrictions"];
    let bought_before = |id: &str| {
        let paid = |charge: &&Value| text(charge, "customer") == id && text(charge, "status") == "succeeded";
        let invoiced = |invoice: &&Value| text(invoice, "customer") == id && text(invoice, "status") == "paid";
        world.all("charge").any(|charge| paid(&charge)) || world.all("invoice").any(|invoice| invoiced(&invoice))
    };
    if restrictions["first_time_transaction"] == true && order.customer.is_some_and(bought_before) {
        return refuse(
            "promotion_code_customer_not_first_time",
            "This promotion code cannot be redeemed because the associated customer has prior transactions.",
        );
    }
    let currency = restrictions["minimum_amount_currency"].as_str();
    if let (Some(minimum), Some(subtotal)) = (restrictions["minimum_amount"].as_i64(), order.subtotal)
        && (subtotal < minimum || currency.is_some_and(|currency| currency != order.currency))
    {
        return refuse("promotion_code_minimum_amount", "This order is below the promotion code's minimum amount.");
    }
    Ok(())
}

/// A fixed amount comes off orders in its own currency only.
fn fits(coupon: &Value, currency: &str) -> Result<(), ApiError> {
    match coupon["currency"].as_str() {
        Some(own) if own != currency => Err(ApiError::invalid(format!(
            "The coupon {} is in {own} and cannot be applied to an amount in {currency}.",
            text(coupon, "id")
        ))
        .with_param("discounts")),
        _ => Ok(()),
    }
}

/// `(coupon id, promotion code id)` pairs of a `discounts[]` parameter.
///
/// # Errors
/// Unknown coupon or promotion code, or one that this order cannot have.
pub(crate) fn wanted(
    world: &World,
    form: &Form,
    path: &str,
    order: &OrderFacts,
) -> Result<Vec<(String, Option<String>)>, ApiError> {
    let mut found = Vec::new();
    for entry in form.list(path) {
        if let Some(code) = entry.text("promotion_code") {
            let promotion = world.referenced("promotion_code", code, "promotion_code")?;
            usable(world, &promotion, order)?;
            found.push((text(&promotion["promotion"], "coupon").to_owned(), Some(code.to_owned())));
        } else if let Some(coupon) = entry.text("coupon") {
            let coupon = world.referenced("coupon", coupon, "coupon")?;
            if !redeemable(world, &coupon) {
                return Err(ApiError::invalid("This coupon can no longer be redeemed.").with_code("coupon_expired"));
            }
            fits(&coupon, order.currency)?;
            found.push((text(&coupon, "id").to_owned(), None));
        } else if let Some(discount) = entry.text("discount") {
            let discount = world.referenced("discount", discount, "discount")?;
            let code = discount["promotion_code"].as_str().map(str::to_owned);
            found.push((text(&discount["source"], "coupon").to_owned(), code));
        }
    }
    Ok(found)
}

/// Whether what a session holds can still be redeemed: others may have been faster.
///
/// # Errors
/// A code or coupon has been used up or has ended since.
pub(crate) fn still_there(
    world: &World,
    wanted: &[(String, Option<String>)],
    order: &OrderFacts,
) -> Result<(), ApiError> {
    for (coupon, promotion) in wanted {
        match promotion {
            Some(promotion) => usable(world, &world.copy(promotion), order)?,
            None if !redeemable(world, &world.copy(coupon)) => {
                return Err(ApiError::invalid("This coupon can no longer be redeemed.").with_code("coupon_expired"));
            }
            None => {}
        }
    }
    Ok(())
}

/// Redeems coupons for an owner (`subscription` or `invoice` member) and returns the ids of the discounts.
pub(crate) fn redeem(
    world: &mut World,
    wanted: &[(String, Option<String>)],
    customer: &str,
    owner: (&str, &str),
) -> Vec<Value> {
    let mut ids = Vec::new();
    for (coupon, promotion) in wanted {
        let known = world.copy(coupon);
        let end = (text(&known, "duration") == "repeating")
            .then(|| anchor::after(world.now, "month", int(&known, "duration_in_months")));
        let mut discount = json!({
            "id": world.new_id("di"), "object": "discount", "checkout_session": null, "customer": customer,
            "customer_account": null, "end": end, "invoice": null, "invoice_item": null,
            "promotion_code": promotion, "source": { "type": "coupon", "coupon": coupon }, "start": world.now,
            "subscription": null, "subscription_item": null,
        });
        discount[owner.0] = json!(owner.1);
        ids.push(json!(world.insert(discount)));
        let once_more = |object: &mut Value, open: &str| {
            let times = int(object, "times_redeemed") + 1;
            object["times_redeemed"] = json!(times);
            if object["max_redemptions"].as_i64().is_some_and(|max| times >= max) {
                object[open] = json!(false);
            }
        };
        world.update(coupon, "coupon.updated", |coupon| once_more(coupon, "valid"));
        if let Some(promotion) = promotion {
            world.update(promotion, "promotion_code.updated", |promotion| once_more(promotion, "active"));
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Applied, take_off};

    fn coupon(value: serde_json::Value) -> Applied {
        Applied { discount: "di_1".into(), coupon: value }
    }

    #[test]
    fn a_percentage_applies_to_charges_and_credits() {
        let off = take_off(&[coupon(json!({ "percent_off": 25.0 }))], &[(1000, "a".into()), (-400, "a".into())]);
        assert_eq!(off, [[250], [-100]]);
    }

    #[test]
    fn a_fixed_amount_is_shared_out_to_the_last_unit_and_never_exceeds_the_charges() {
        let ten = coupon(json!({ "amount_off": 1000 }));
        let off = take_off(std::slice::from_ref(&ten), &[(333, "a".into()), (333, "a".into()), (334, "a".into())]);
        assert_eq!(off.iter().map(|line| line[0]).sum::<i64>(), 1000);
        let off = take_off(&[ten], &[(300, "a".into()), (-100, "a".into())]);
        assert_eq!(off, [[300], [0]]);
    }

    #[test]
    fn a_coupon_for_one_product_leaves_the_others_alone() {
        let only = coupon(json!({ "percent_off": 50.0, "_applies_to": { "products": ["prod_a"] } }));
        assert_eq!(take_off(&[only], &[(100, "prod_a".into()), (100, "prod_b".into())]), [[50], [0]]);
    }
}
