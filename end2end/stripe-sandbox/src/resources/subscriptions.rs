//! `/v1/subscriptions`

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, delete, get, page, post},
    billing::{
        change::{self, Prorate},
        discount::{self, OrderFacts},
        price, settings,
        subscription::{self, FirstPayment, Order},
        trial,
    },
    error::{Answer, ApiError},
    form::Form,
    object::{data, flag, merge_metadata, metadata, text},
    payments,
    world::World,
};

const CREATE: &str = "customer items.#.price items.#.quantity items.#.metadata.* items.#.price_data.* metadata.* \
    default_payment_method collection_method days_until_due trial_end trial_period_days automatic_tax.enabled \
    discounts.#.coupon discounts.#.promotion_code discounts.#.discount description payment_behavior \
    payment_settings.* cancel_at_period_end off_session currency billing_mode.* proration_behavior \
    add_invoice_items.#.price add_invoice_items.#.quantity add_invoice_items.#.price_data.* billing_cycle_anchor \
    trial_settings.end_behavior.missing_payment_method";

const UPDATE: &str = "items.#.id items.#.price items.#.quantity items.#.deleted items.#.metadata.* items.#.price_data.* \
    metadata.* default_payment_method collection_method days_until_due automatic_tax.enabled discounts.#.coupon \
    discounts.#.promotion_code discounts.#.discount description payment_behavior payment_settings.* \
    cancel_at_period_end cancel_at cancellation_details.comment cancellation_details.feedback proration_behavior \
    proration_date off_session trial_end billing_cycle_anchor trial_settings.end_behavior.missing_payment_method";

pub(crate) const ROUTES: &[Route] = &[
    post("subscriptions", CREATE, create),
    get("subscriptions", "limit starting_after ending_before customer status price collection_method created.*", list),
    get("subscriptions/{}", "", |world, call| world.get("subscription", call.id())),
    post("subscriptions/{}", UPDATE, update),
    post("subscriptions/{}/resume", "billing_cycle_anchor proration_behavior proration_date", resume),
    delete(
        "subscriptions/{}",
        "invoice_now prorate cancellation_details.comment cancellation_details.feedback",
        cancel,
    ),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let customer = form.required("customer")?;
    world.referenced("customer", customer, "customer")?;
    let mut items = Vec::new();
    for entry in form.list("items") {
        let price = priced(world, entry, "items[0][price]")?;
        items.push((price, entry.int("quantity")?.unwrap_or(1), metadata(entry, "metadata")));
    }
    let mut extra_lines = Vec::new();
    for entry in form.list("add_invoice_items") {
        let price = priced(world, entry, "add_invoice_items[0][price]")?;
        let name = subscription::product_name(world, &price);
        extra_lines.push(crate::billing::lines::Line::one_off(
            &price,
            &name,
            entry.int("quantity")?.unwrap_or(1),
            world.now,
        ));
    }
    let method = match form.text("default_payment_method") {
        Some(method) => {
            let method = payments::resolve(world, method)?;
            payments::attach(world, &method, customer)?;
            json!(method)
        }
        None => Value::Null,
    };
    let by_wire = form.text("collection_method") == Some("send_invoice");
    if by_wire && form.int("days_until_due")?.is_none() {
        return Err(ApiError::invalid("If `collection_method` is `send_invoice`, you must specify `days_until_due`.")
            .with_param("days_until_due"));
    }
    let trial_days = form.int("trial_period_days")?;
    let currency = items.first().map(|(price, ..)| text(price, "currency").to_owned()).unwrap_or_default();
    let subtotal: i64 = items.iter().map(|(price, quantity, _)| price::cost(price, *quantity)).sum();
    let facts = OrderFacts {
        customer: Some(customer),
        subtotal: Some(subtotal + extra_lines.iter().map(|line| line.amount).sum::<i64>()),
        currency: &currency,
    };
    let order = Order {
        customer: customer.to_owned(),
        items,
        extra_lines,
        metadata: metadata(form, "metadata"),
        default_payment_method: method,
        collection_method: form.text("collection_method").unwrap_or("charge_automatically").to_owned(),
        days_until_due: form.int("days_until_due")?,
        trial_end: form.int("trial_end")?.or(trial_days.map(|days| world.now + days * 86_400)),
        automatic_tax: form.flag("automatic_tax.enabled")? == Some(true),
        discounts: discount::wanted(world, form, "discounts", &facts)?,
        description: json!(form.text("description")),
        payment_settings: settings::read(form, &currency)?,
        cancel_at_period_end: form.flag("cancel_at_period_end")? == Some(true),
        invoice_metadata: Value::Null,
        trial_settings: trial::settings(form, "trial_settings")?,
        anchor: form.int("billing_cycle_anchor")?,
        prorates: form.text("proration_behavior") != Some("none"),
    };
    let behavior = form.text("payment_behavior").unwrap_or("allow_incomplete");
    let preferred = world.payment_method_of(customer, &order.default_payment_method);
    let pays_now = !by_wire && trial::due_at_once(world, &order) > 0;
    if pays_now && behavior != "default_incomplete" && preferred.is_none() {
        return Err(ApiError::invalid("This customer has no attached payment source or default payment method. Please consider adding a default payment method.")
            .with_code("resource_missing"));
    }
    if behavior == "error_if_incomplete"
        && pays_now
        && let Some(decline) = preferred.and_then(|method| payments::decline_of(payments::behaviour_of(world, &method)))
    {
        return Err(decline);
    }
    let payment = if behavior == "default_incomplete" { FirstPayment::Later } else { FirstPayment::Try };
    let id = subscription::open(world, order, payment)?;
    Ok(world.copy(&id))
}

fn priced(world: &mut World, entry: &Form, param: &str) -> Answer {
    match entry.text("price").or_else(|| entry.text("plan")) {
        Some(price) => world.referenced("price", price, param),
        None if entry.has("price_data") => super::prices::inline(world, entry.tree("price_data")),
        None => Err(ApiError::missing(param)),
    }
}

fn update(world: &mut World, call: &Call) -> Answer {
    let (id, form) = (call.id(), &call.form);
    let before = world.get("subscription", id)?;
    if matches!(text(&before, "status"), "canceled" | "incomplete_expired") {
        return Err(ApiError::invalid(
            "A canceled subscription can only update its cancellation_details and metadata.",
        ));
    }
    let pending = form.text("payment_behavior") == Some("pending_if_incomplete");
    if pending {
        refuse_beside_pending(form)?;
    }
    if before["schedule"].is_string() && (form.has("items") || form.has("cancel_at_period_end")) {
        return Err(ApiError::invalid(format!(
            "The subscription is managed by the subscription schedule `{}`, and updating it directly is not allowed. \
             Please update the schedule instead, or release it.",
            text(&before, "schedule")
        )));
    }
    let facts =
        OrderFacts { customer: before["customer"].as_str(), subtotal: None, currency: text(&before, "currency") };
    let discounts =
        if form.has("discounts") { Some(discount::wanted(world, form, "discounts", &facts)?) } else { None };
    let method = form.text("default_payment_method").map(|method| payments::resolve(world, method)).transpose()?;
    if let Some(method) = &method {
        payments::attach(world, method, text(&before, "customer"))?;
    }
    let (tax, now) = (form.flag("automatic_tax.enabled")?, world.now);
    let days = form.int("days_until_due")?;
    let cancel_at = form.int("cancel_at")?;
    let trial_end = if form.text("trial_end") == Some("now") { Some(now) } else { form.int("trial_end")? };
    let at_end = form.flag("cancel_at_period_end")?;
    let trial_settings = trial::settings(form, "trial_settings")?;
    let settings = settings::read(form, text(&before, "currency"))?;
    let redeemed =
        discounts.map(|wanted| discount::redeem(world, &wanted, text(&before, "customer"), ("subscription", id)));
    let (_, period_end) = subscription::period(&before);
    subscription::update(world, id, |subscription| {
        merge_metadata(subscription, form, "metadata");
        for member in ["description", "collection_method"] {
            if let Some(value) = form.text(member) {
                subscription[member] = json!(value);
            }
        }
        if let Some(days) = days {
            subscription["days_until_due"] = json!(days);
        }
        if let Some(method) = method {
            subscription["default_payment_method"] = json!(method);
        }
        if let Some(enabled) = tax {
            subscription["automatic_tax"]["enabled"] = json!(enabled);
        }
        if trial_settings.is_object() {
            subscription["trial_settings"] = trial_settings;
        }
        if let Some(redeemed) = redeemed {
            subscription["discounts"] = json!(redeemed);
        }
        if let (Some(known), Some(new)) = (subscription["payment_settings"].as_object_mut(), settings.as_object()) {
            known.extend(new.clone());
        }
        for member in ["comment", "feedback"] {
            if let Some(value) = form.text(&format!("cancellation_details.{member}")) {
                subscription["cancellation_details"][member] = json!(value);
            }
        }
        match at_end {
            Some(true) => plan_end(subscription, Some(period_end), now),
            Some(false) => plan_end(subscription, None, now),
            None => {}
        }
        if form.has("cancel_at") {
            subscription["cancel_at_period_end"] = json!(false);
            subscription["cancel_at"] = json!(cancel_at);
            subscription["canceled_at"] = json!(cancel_at.map(|_| now));
        }
    });
    if let Some(trial_end) = trial_end.filter(|_| text(&before, "status") == "trialing") {
        subscription::update(world, id, |subscription| {
            let (start, _) = subscription::period(subscription);
            subscription["trial_end"] = json!(trial_end);
            subscription["billing_cycle_anchor"] = json!(trial_end);
            subscription::set_period(subscription, (start, trial_end));
        });
        if trial_end <= now {
            subscription::renew(world, id);
        }
    }
    if form.has("items") {
        let moment = proration_date(form, &before, now)?;
        let planned = change::plan(world, &world.copy(id), &form.list("items"), moment)?;
        let prorate = Prorate::parse(form.text("proration_behavior"))?;
        change::make(world, planned, prorate, moment, form.text("payment_behavior"))?;
    }
    Ok(world.copy(id))
}

/// `proration_date`, which must lie in the present period.
///
/// # Errors
/// A date outside the period.
pub(crate) fn proration_date(form: &Form, subscription: &Value, now: i64) -> Result<i64, ApiError> {
    let Some(date) = form.int("proration_date")? else { return Ok(now) };
    let (start, end) = subscription::period(subscription);
    if !(start..=end).contains(&date) {
        return Err(ApiError::invalid("Cannot specify a proration date outside of the current period.")
            .with_param("proration_date"));
    }
    Ok(date)
}

/// With `pending_if_incomplete` only these may stand in the same call.
/// <https://docs.stripe.com/billing/subscriptions/pending-updates-reference>
fn refuse_beside_pending(form: &Form) -> Result<(), ApiError> {
    let Form::Tree(members) = form else { return Ok(()) };
    let supported = [
        "expand",
        "payment_behavior",
        "proration_behavior",
        "proration_date",
        "billing_cycle_anchor",
        "items",
        "trial_end",
        "trial_from_plan",
        "add_invoice_items",
        "off_session",
        "discounts",
    ];
    match members.iter().find(|(name, _)| !supported.contains(&name.as_str())) {
        Some((name, _)) => Err(ApiError::invalid(format!(
            "When `payment_behavior` is set to `pending_if_incomplete`, you cannot pass `{name}`."
        ))
        .with_param(name)),
        None => Ok(()),
    }
}

fn plan_end(subscription: &mut Value, at: Option<i64>, now: i64) {
    subscription["cancel_at_period_end"] = json!(at.is_some());
    subscription["cancel_at"] = json!(at);
    subscription["canceled_at"] = json!(at.map(|_| now));
    subscription["cancellation_details"]["reason"] = json!(at.map(|_| "cancellation_requested"));
}

fn cancel(world: &mut World, call: &Call) -> Answer {
    let before = world.get("subscription", call.id())?;
    if text(&before, "status") == "canceled" {
        return Err(ApiError::not_found("subscription", call.id()));
    }
    let (prorate, invoice_now) = (call.form.flag("prorate")?, call.form.flag("invoice_now")?);
    world.change(call.id(), |subscription| {
        for member in ["comment", "feedback"] {
            if let Some(value) = call.form.text(&format!("cancellation_details.{member}")) {
                subscription["cancellation_details"][member] = json!(value);
            }
        }
    });
    change::settle_before_end(world, call.id(), prorate == Some(true), invoice_now == Some(true));
    subscription::end(world, call.id(), "cancellation_requested");
    Ok(world.copy(call.id()))
}

/// A subscription that a trial without a card has paused goes on, with a period that begins now.
fn resume(world: &mut World, call: &Call) -> Answer {
    let before = world.get("subscription", call.id())?;
    if text(&before, "status") != "paused" {
        return Err(ApiError::invalid("You can only resume a subscription whose status is `paused`."));
    }
    trial::resume(world, call.id());
    Ok(world.copy(call.id()))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let status = form.text("status");
    let found = world.all("subscription").filter(|subscription| {
        let ended = matches!(text(subscription, "status"), "canceled" | "incomplete_expired");
        let by_status = match status {
            None => text(subscription, "status") != "canceled",
            Some("all") => true,
            Some("ended") => ended,
            Some(wanted) => text(subscription, "status") == wanted,
        };
        by_status
            && form.text("customer").is_none_or(|customer| text(subscription, "customer") == customer)
            && form.text("collection_method").is_none_or(|method| text(subscription, "collection_method") == method)
            && form
                .text("price")
                .is_none_or(|price| data(subscription, "items").iter().any(|i| text(&i["price"], "id") == price))
    });
    page("/v1/subscriptions", form, found)
}

/// Whether a subscription still runs.
pub(crate) fn runs(subscription: &Value) -> bool {
    !matches!(text(subscription, "status"), "canceled" | "incomplete_expired") && !flag(subscription, "deleted")
}
