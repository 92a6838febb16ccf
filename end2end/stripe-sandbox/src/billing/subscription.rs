//! The life of a subscription. <https://docs.stripe.com/billing/subscriptions/overview#subscription-lifecycle>

use serde_json::{Value, json};

use crate::{
    billing::{
        anchor,
        discount::{self, Applied},
        invoicing::{self, Bill},
        lines::{Line, grain},
        proration::remaining,
        schedule,
        tax::Treatment,
        trial,
    },
    error::ApiError,
    object::{self, data, elements, flag, int, text},
    payments::{self, Attempt},
    world::World,
};

/// A first payment, or a pending update, may take this long.
pub(crate) const INCOMPLETE_SECONDS: i64 = 23 * 3600;
/// A renewal's invoice stays a draft for this long.
pub(crate) const DRAFT_SECONDS: i64 = 3600;
/// Days from a failed attempt to the next; after the last one the subscription becomes `unpaid`.
pub(crate) const RETRY_DAYS: [i64; 3] = [3, 5, 7];

/// What a new subscription is made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    pub(crate) customer: String,
    /// Price object, quantity, metadata.
    pub(crate) items: Vec<(Value, i64, Value)>,
    pub(crate) metadata: Value,
    pub(crate) default_payment_method: Value,
    /// `charge_automatically` or `send_invoice`.
    pub(crate) collection_method: String,
    pub(crate) days_until_due: Option<i64>,
    /// Unix seconds.
    pub(crate) trial_end: Option<i64>,
    pub(crate) automatic_tax: bool,
    /// Coupon and promotion code.
    pub(crate) discounts: Vec<(String, Option<String>)>,
    pub(crate) description: Value,
    pub(crate) payment_settings: Value,
    pub(crate) cancel_at_period_end: bool,
    /// The first invoice's metadata, set explicitly.
    pub(crate) invoice_metadata: Value,
    /// One-off lines that go onto the first invoice.
    pub(crate) extra_lines: Vec<Line>,
    /// See [`trial::settings`]; null for Stripe's default.
    pub(crate) trial_settings: Value,
    /// The first full period begins at this later moment (Unix seconds) …
    pub(crate) anchor: Option<i64>,
    /// … and the time until then is charged in proportion, not free.
    pub(crate) prorates: bool,
}

/// How the first payment is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstPayment {
    /// The holder has just confirmed at Checkout, 3-D Secure included.
    Confirmed,
    /// Try the default payment method.
    Try,
    /// Leave it to the client (`default_incomplete`).
    Later,
}

/// A subscription item for a price.
pub(crate) fn new_item(
    world: &World,
    subscription: &str,
    price: &Value,
    quantity: i64,
    metadata: Value,
    period: (i64, i64),
) -> Value {
    json!({
        "id": world.new_id("si"), "object": "subscription_item", "billing_thresholds": null, "created": world.now,
        "current_trial": null, "current_period_end": period.1, "current_period_start": period.0, "discounts": [], "metadata": metadata,
        "plan": plan_of(price), "price": price, "quantity": quantity, "subscription": subscription, "tax_rates": [],
    })
}

/// The legacy plan that still stands beside every price.
pub(crate) fn plan_of(price: &Value) -> Value {
    json!({
        "id": price["id"], "object": "plan", "active": price["active"], "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"], "billing_scheme": price["billing_scheme"],
        "created": price["created"], "currency": price["currency"], "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"], "livemode": false, "metadata": price["metadata"],
        "meter": null, "nickname": price["nickname"], "product": price["product"], "tiers_mode": price["tiers_mode"],
        "transform_usage": null, "trial_period_days": null, "usage_type": "licensed",
    })
}

/// `(interval, interval_count)` of a price; a one-off price counts as monthly.
pub(crate) fn interval(price: &Value) -> (String, i64) {
    let every = text(&price["recurring"], "interval");
    let every = if every.is_empty() { "month" } else { every };
    (every.to_owned(), int(&price["recurring"], "interval_count").max(1))
}

/// The period that the subscription's items share.
pub(crate) fn period(subscription: &Value) -> (i64, i64) {
    let item = data(subscription, "items").first().cloned().unwrap_or_default();
    (int(&item, "current_period_start"), int(&item, "current_period_end"))
}

/// A customer has one currency while a subscription runs or its balance is not zero.
/// <https://docs.stripe.com/billing/customer#currency>
///
/// # Errors
/// The customer has another one.
pub(crate) fn one_currency(world: &World, customer: &str, currency: &str) -> Result<(), ApiError> {
    let runs = |it: &&Value| !matches!(text(it, "status"), "canceled" | "incomplete_expired" | "incomplete");
    let own = world.all("subscription").filter(|it| text(it, "customer") == customer).filter(runs);
    let mut bound = own.map(|it| text(it, "currency").to_owned()).collect::<Vec<_>>();
    let customer = world.copy(customer);
    if int(&customer, "balance") != 0 {
        bound.push(super::credit::currency(&customer));
    }
    match bound.into_iter().find(|it| it != currency) {
        None => Ok(()),
        Some(other) => Err(ApiError::invalid(format!(
            "You cannot combine currencies on a single customer. This customer has an active subscription, subscription \
             schedule, discount, quote, or invoice item with currency {other}."
        ))),
    }
}

/// Creates a subscription and its first invoice.
///
/// # Errors
/// No items, items of different intervals, or a price that is not recurring.
pub(crate) fn open(world: &mut World, order: Order, payment: FirstPayment) -> Result<String, ApiError> {
    let Some((first, ..)) = order.items.first() else { return Err(ApiError::missing("items")) };
    let every = interval(first);
    for (price, ..) in &order.items {
        if price["recurring"].is_null() {
            return Err(ApiError::invalid(format!(
                "The price specified is set to `type=one_time` but this field only accepts prices with \
                 `type=recurring`: {}",
                text(price, "id")
            ))
            .with_param("items"));
        }
        if interval(price) != every {
            return Err(ApiError::invalid(
                "Currency and interval fields must match across all plans on this subscription.",
            ));
        }
    }
    let currency = first["currency"].clone();
    one_currency(world, &order.customer, currency.as_str().unwrap_or_default())?;
    world.set(&order.customer, "currency", currency.clone());
    let now = world.now;
    let id = world.new_id("sub");
    let trial_end = order.trial_end.filter(|end| *end > now);
    let whole_end = anchor::after(now, &every.0, every.1);
    let later = order.anchor.filter(|at| *at > now && trial_end.is_none());
    if later.is_some_and(|at| at > whole_end) {
        return Err(ApiError::invalid(
            "billing_cycle_anchor cannot be later than the next natural billing date for the plan.",
        )
        .with_param("billing_cycle_anchor"));
    }
    let anchor = trial_end.or(later).unwrap_or(now);
    let end = trial_end.or(later).unwrap_or(whole_end);
    let by_wire = order.collection_method == "send_invoice";
    let items: Vec<Value> = order
        .items
        .iter()
        .map(|(price, quantity, metadata)| new_item(world, &id, price, *quantity, metadata.clone(), (now, end)))
        .collect();
    let discounts = discount::redeem(world, &order.discounts, &order.customer, ("subscription", &id));
    let status = match (trial_end, by_wire) {
        (Some(_), _) => "trialing",
        (None, true) => "active",
        (None, false) => "incomplete",
    };
    world.insert(json!({
        "id": id, "object": "subscription", "application": null, "application_fee_percent": null,
        "automatic_tax": { "disabled_reason": null, "enabled": order.automatic_tax,
            "liability": order.automatic_tax.then(|| json!({ "type": "self" })) },
        "billing_cycle_anchor": anchor, "billing_cycle_anchor_config": null,
        "billing_mode": { "type": "flexible", "flexible": { "proration_discounts": "included" } },
        "billing_schedules": [], "billing_thresholds": null, "cancel_at": order.cancel_at_period_end.then_some(end),
        "cancel_at_period_end": order.cancel_at_period_end,
        "canceled_at": order.cancel_at_period_end.then_some(now),
        "cancellation_details": { "comment": null, "feedback": null, "feedback_option": null, "reason": null },
        "collection_method": if by_wire { "send_invoice" } else { "charge_automatically" }, "created": now,
        "currency": currency, "customer": order.customer, "customer_account": null,
        "days_until_due": if by_wire { json!(order.days_until_due.unwrap_or(30)) } else { Value::Null },
        "default_payment_method": order.default_payment_method, "default_source": null, "default_tax_rates": [],
        "description": order.description, "discounts": discounts, "ended_at": null,
        "invoice_settings": { "account_tax_ids": null, "custom_fields": null, "description": null, "footer": null,
            "issuer": { "type": "self" } },
        "items": object::list(&format!("/v1/subscription_items?subscription={id}"), items),
        "latest_invoice": null, "livemode": false, "managed_payments": null, "metadata": order.metadata,
        "next_pending_invoice_item_invoice": null, "on_behalf_of": null, "pause_collection": null,
        "payment_settings": payment_settings(order.payment_settings), "pending_invoice_item_interval": null,
        "pending_setup_intent": null, "pending_update": null, "schedule": null, "start_date": now, "status": status,
        "test_clock": world.copy(&order.customer)["test_clock"], "transfer_data": null, "trial_end": trial_end,
        "trial_settings": if order.trial_settings.is_object() { order.trial_settings } else {
            json!({ "end_behavior": { "billing_cycle_anchor": null, "missing_payment_method": "create_invoice" } })
        },
        "trial_start": trial_end.map(|_| now),
    }));
    world.emit("customer.subscription.created", &id);
    let mut bill = bill(world, &world.copy(&id), "subscription_create", (now, now));
    bill.lines = period_lines(world, &world.copy(&id), (now, end), trial_end.is_some());
    if let Some(at) = later {
        if !order.prorates && order.extra_lines.is_empty() {
            // Nothing is due before the first full period, and no invoice says so.
            world.set(&id, "status", json!("active"));
            world.emit("customer.subscription.updated", &id);
            return Ok(id);
        }
        for line in &mut bill.lines {
            let grain = grain(text(&line.price, "currency"));
            let moment = now + whole_end - at;
            line.amount = if order.prorates { remaining(line.amount, now, whole_end, moment, grain) } else { 0 };
            line.proration = true;
        }
    }
    bill.lines.extend(order.extra_lines);
    if order.invoice_metadata.is_object() {
        bill.metadata = order.invoice_metadata;
    }
    let invoice = invoicing::draft(world, &bill);
    if by_wire && trial_end.is_none() {
        world.set(&invoice, "automatically_finalizes_at", json!(now + DRAFT_SECONDS));
        return Ok(id);
    }
    invoicing::finalize(world, &invoice);
    match payment {
        _ if text(&world.copy(&invoice), "status") == "paid" => {}
        FirstPayment::Confirmed => {
            let method = world.payment_method_of(&order.customer, &order.default_payment_method);
            if let Some(((_, intent), method)) = invoicing::payment_of(world, &invoice).zip(method) {
                payments::confirm(world, &intent, &method, true);
            }
        }
        FirstPayment::Try => {
            payments::pay_invoice(world, &invoice, None);
        }
        FirstPayment::Later => {}
    }
    Ok(id)
}

fn payment_settings(given: Value) -> Value {
    let mut settings = json!({
        "payment_method_options": null, "payment_method_types": null, "save_default_payment_method": "off",
    });
    if let (Value::Object(settings), Value::Object(given)) = (&mut settings, given) {
        settings.extend(given);
    }
    settings
}

/// The bill that a subscription's next invoice starts from: customer, tax, coupons, terms; no lines yet.
pub(crate) fn bill(world: &World, subscription: &Value, reason: &'static str, period: (i64, i64)) -> Bill {
    let customer = world.copy(text(subscription, "customer"));
    let tax = flag(&subscription["automatic_tax"], "enabled").then(|| Treatment::of_customer(world, &customer));
    Bill {
        tax,
        coupons: coupons(world, subscription, &customer),
        subscription: subscription.clone(),
        reason,
        collection_method: text(subscription, "collection_method").to_owned(),
        days_until_due: subscription["days_until_due"].as_i64(),
        description: subscription["description"].clone(),
        period,
        payment_settings: subscription["payment_settings"].clone(),
        ..Bill::of(world, customer, Vec::new())
    }
}

fn coupons(world: &World, subscription: &Value, customer: &Value) -> Vec<Applied> {
    let own = invoicing::coupons_of(world, subscription);
    if own.is_empty() { discount::applied(world, std::slice::from_ref(&customer["discount"]["id"])) } else { own }
}

/// A line per item for a whole period; free ones during a trial.
pub(crate) fn period_lines(world: &World, subscription: &Value, period: (i64, i64), trial: bool) -> Vec<Line> {
    data(subscription, "items")
        .iter()
        .filter(|item| int(item, "quantity") > 0)
        .flat_map(|item| {
            let name = product_name(world, &item["price"]);
            let mut lines = Line::periods(item, &name, period, &subscription["metadata"]);
            if trial {
                lines.truncate(1);
                for line in &mut lines {
                    line.amount = 0;
                    line.description = format!("Trial period for {name}");
                }
            }
            lines
        })
        .collect()
}

/// The name of the product behind a price.
pub(crate) fn product_name(world: &World, price: &Value) -> String {
    world.find(text(price, "product")).map(|product| text(product, "name").to_owned()).unwrap_or_default()
}

/// Emits `customer.subscription.updated` after a change.
pub(crate) fn update(world: &mut World, id: &str, change: impl FnOnce(&mut Value)) {
    world.update(id, "customer.subscription.updated", change);
}

/// An invoice of a subscription has been paid.
pub(crate) fn invoice_paid(world: &mut World, invoice: &str) {
    let invoice = world.copy(invoice);
    let Some(id) = invoicing::subscription_of(&invoice).map(str::to_owned) else { return };
    let subscription = world.copy(&id);
    spend_once_coupons(world, &subscription, &invoice);
    if subscription["_pending_invoice"] == invoice["id"] {
        super::change::apply_pending(world, &id);
    }
    let latest = subscription["latest_invoice"] == invoice["id"];
    let revives = match text(&subscription, "status") {
        "incomplete" => text(&invoice, "billing_reason") == "subscription_create",
        "past_due" | "unpaid" => latest,
        _ => false,
    };
    if revives {
        update(world, &id, |subscription| subscription["status"] = json!("active"));
    }
}

/// A coupon of duration `once` leaves the subscription with the first invoice from which it has taken something.
fn spend_once_coupons(world: &mut World, subscription: &Value, invoice: &Value) {
    let used = |discount: &Value| {
        elements(invoice, "total_discount_amounts")
            .iter()
            .any(|entry| entry["discount"] == *discount && int(entry, "amount") != 0)
    };
    let kept: Vec<Value> = elements(subscription, "discounts")
        .iter()
        .filter(|id| {
            let discount = world.copy(id.as_str().unwrap_or_default());
            !used(id) || text(&world.copy(text(&discount["source"], "coupon")), "duration") != "once"
        })
        .cloned()
        .collect();
    if kept.len() < elements(subscription, "discounts").len() {
        update(world, text(subscription, "id"), |subscription| subscription["discounts"] = json!(kept));
    }
}

/// An invoice of a subscription has been voided: what waited for it falls away.
pub(crate) fn invoice_voided(world: &mut World, invoice: &str) {
    let invoice = world.copy(invoice);
    let Some(id) = invoicing::subscription_of(&invoice).map(str::to_owned) else { return };
    let subscription = world.copy(&id);
    if subscription["_pending_invoice"] == invoice["id"] {
        super::change::drop_pending(world, &id);
    }
    if text(&subscription, "status") == "incomplete" && text(&invoice, "billing_reason") == "subscription_create" {
        let now = world.now;
        update(world, &id, |subscription| {
            subscription["status"] = json!("incomplete_expired");
            subscription["ended_at"] = json!(now);
        });
    }
}

/// The period has ended: end the subscription, or begin the next one with a draft invoice.
pub(crate) fn renew(world: &mut World, id: &str) {
    let subscription = world.copy(id);
    if flag(&subscription, "cancel_at_period_end") {
        return end(world, id, "cancellation_requested");
    }
    let (_, start) = period(&subscription);
    let item = data(&subscription, "items").first().cloned().unwrap_or_default();
    let (every, count) = interval(&item["price"]);
    let end = anchor::next_boundary(int(&subscription, "billing_cycle_anchor"), &every, count, start);
    let was_trial = text(&subscription, "status") == "trialing";
    if was_trial && let Some(status) = trial::ended_without_card(world, &subscription) {
        return if status == "canceled" {
            self::end(world, id, "cancellation_requested")
        } else {
            trial::pause(world, id)
        };
    }
    update(world, id, |subscription| {
        set_period(subscription, (start, end));
        if was_trial {
            subscription["status"] = json!("active");
        }
    });
    let subscription = world.copy(id);
    let mut bill = bill(world, &subscription, "subscription_cycle", period_before(&item));
    bill.lines = super::change::take_pending_lines(world, id);
    bill.lines.extend(period_lines(world, &subscription, (start, end), false));
    let invoice = invoicing::draft(world, &bill);
    if text(&subscription, "status") == "unpaid" {
        world.set(&invoice, "auto_advance", json!(false));
    } else {
        world.set(&invoice, "automatically_finalizes_at", json!(world.now + DRAFT_SECONDS));
    }
}

fn period_before(item: &Value) -> (i64, i64) {
    (int(item, "current_period_start"), int(item, "current_period_end"))
}

/// Sets the period of every item.
pub(crate) fn set_period(subscription: &mut Value, period: (i64, i64)) {
    for item in subscription["items"]["data"].as_array_mut().into_iter().flatten() {
        item["current_period_start"] = json!(period.0);
        item["current_period_end"] = json!(period.1);
    }
}

/// Ends a subscription now.
pub(crate) fn end(world: &mut World, id: &str, reason: &str) {
    let now = world.now;
    world.change(id, |subscription| {
        subscription["status"] = json!("canceled");
        subscription["ended_at"] = json!(now);
        if subscription["canceled_at"].is_null() {
            subscription["canceled_at"] = json!(now);
        }
        subscription["cancellation_details"]["reason"] = json!(reason);
        subscription["pending_update"] = Value::Null;
    });
    schedule::subscription_ended(world, id);
    stop_collecting(world, id);
    world.emit("customer.subscription.deleted", id);
}

/// Nobody is charged by surprise for what has ended: its invoices stay as they are.
/// <https://docs.stripe.com/api/subscriptions/cancel>
fn stop_collecting(world: &mut World, id: &str) {
    let is_its = |invoice: &&Value| {
        invoicing::subscription_of(invoice) == Some(id) && matches!(text(invoice, "status"), "draft" | "open")
    };
    let unpaid: Vec<String> =
        world.all("invoice").filter(is_its).map(|invoice| text(invoice, "id").to_owned()).collect();
    for invoice in unpaid {
        world.change(&invoice, |invoice| {
            invoice["auto_advance"] = json!(false);
            invoice["automatically_finalizes_at"] = Value::Null;
            invoice["next_payment_attempt"] = Value::Null;
        });
    }
}

/// Charges an open invoice that time has brought, and decides what a failure means.
pub(crate) fn collect(world: &mut World, invoice: &str) {
    let object = world.copy(invoice);
    if text(&object, "collection_method") != "charge_automatically" {
        return;
    }
    if matches!(payments::pay_invoice(world, invoice, None), Attempt::Succeeded | Attempt::Processing) {
        return;
    }
    let failures = int(&world.copy(invoice), "attempt_count");
    let next = usize::try_from(failures - 1).ok().and_then(|index| RETRY_DAYS.get(index));
    let next_at = next.map(|days| world.now + days * 86_400);
    world.set(invoice, "next_payment_attempt", json!(next_at));
    if let Some(subscription) = invoicing::subscription_of(&object).map(str::to_owned)
        && matches!(text(&world.copy(&subscription), "status"), "active" | "past_due")
    {
        let status = if next_at.is_some() { "past_due" } else { "unpaid" };
        update(world, &subscription, |subscription| subscription["status"] = json!(status));
    }
}
