//! Trials: what a first payment would ask for, and what the end of a trial without a card does.
//! <https://docs.stripe.com/billing/subscriptions/trials#create-free-trials-without-payment>

use serde_json::{Value, json};

use crate::{
    billing::{
        anchor,
        discount::{self, Applied},
        invoicing,
        lines::Line,
        subscription::{self, Order},
    },
    error::ApiError,
    form::Form,
    object::{data, int, text},
    world::World,
};

/// Reads `trial_settings`: what the end of a trial does to a subscription that has no card. Null when not sent.
///
/// # Errors
/// Any word but `cancel`, `create_invoice` and `pause`.
pub(crate) fn settings(form: &Form, path: &str) -> Result<Value, ApiError> {
    let member = format!("{path}.end_behavior.missing_payment_method");
    match form.text(&member) {
        None => Ok(Value::Null),
        Some(word @ ("cancel" | "create_invoice" | "pause")) => {
            Ok(json!({ "end_behavior": { "billing_cycle_anchor": null, "missing_payment_method": word } }))
        }
        Some(other) => Err(ApiError::invalid(format!(
            "Invalid missing_payment_method: must be one of cancel, create_invoice, or pause: {other}"
        ))
        .with_param(&format!("{path}[end_behavior][missing_payment_method]"))),
    }
}

/// What the first invoice of an order will ask for: nothing during a trial, for free items, or when coupons or credit
/// cover it.
pub(crate) fn due_at_once(world: &World, order: &Order) -> i64 {
    let customer = world.copy(&order.customer);
    let trial = order.trial_end.is_some_and(|end| end > world.now);
    let free = trial || (order.anchor.is_some_and(|anchor| anchor > world.now) && !order.prorates);
    let items = order.items.iter().map(|(price, quantity, _)| {
        let mut line = Line::one_off(price, "", *quantity, world.now);
        if free {
            line.amount = 0;
        }
        line
    });
    let lines: Vec<Line> = items.chain(order.extra_lines.iter().cloned()).collect();
    let own = order.discounts.iter().map(|(coupon, _)| Applied { discount: String::new(), coupon: world.copy(coupon) });
    let mut coupons: Vec<Applied> = own.collect();
    if coupons.is_empty() {
        coupons = discount::applied(world, std::slice::from_ref(&customer["discount"]["id"]));
    }
    let currency = lines.first().map_or("", |line| text(&line.price, "currency"));
    (invoicing::totals(&lines, &coupons, None, currency).total + int(&customer, "balance")).max(0)
}

/// What the end of a trial does where nothing can be charged: the status, or `None` to go on with an invoice.
pub(super) fn ended_without_card(world: &World, subscription: &Value) -> Option<&'static str> {
    let (customer, preferred) = (text(subscription, "customer"), &subscription["default_payment_method"]);
    let by_wire = text(subscription, "collection_method") == "send_invoice";
    if by_wire || world.payment_method_of(customer, preferred).is_some() {
        return None;
    }
    match text(&subscription["trial_settings"]["end_behavior"], "missing_payment_method") {
        "cancel" => Some("canceled"),
        "pause" => Some("paused"),
        _ => None,
    }
}

pub(super) fn pause(world: &mut World, id: &str) {
    subscription::update(world, id, |subscription| subscription["status"] = json!("paused"));
    world.emit("customer.subscription.paused", id);
}

/// A paused subscription goes on: its period begins now, and is invoiced at once.
pub(crate) fn resume(world: &mut World, id: &str) {
    let now = world.now;
    let subscription = world.copy(id);
    let item = data(&subscription, "items").first().cloned().unwrap_or_default();
    let (every, count) = subscription::interval(&item["price"]);
    let period = (now, anchor::after(now, &every, count));
    subscription::update(world, id, |subscription| {
        subscription["status"] = json!("active");
        subscription["billing_cycle_anchor"] = json!(now);
        subscription::set_period(subscription, period);
    });
    world.emit("customer.subscription.resumed", id);
    let subscription = world.copy(id);
    let mut bill = subscription::bill(world, &subscription, "subscription_update", (now, now));
    bill.lines = subscription::period_lines(world, &subscription, period, false);
    let invoice = invoicing::draft(world, &bill);
    invoicing::finalize(world, &invoice);
    if text(&world.copy(&invoice), "status") == "open" {
        subscription::collect(world, &invoice);
    }
}
