//! `/v1/subscription_schedules`

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, get, page, post},
    billing::{
        anchor, schedule,
        subscription::{self, FirstPayment, Order},
    },
    error::{Answer, ApiError},
    form::Form,
    object::{data, elements, int, merge_metadata, metadata, text},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "subscription_schedules",
        "from_subscription customer start_date metadata.* end_behavior phases.#.items.#.price \
         phases.#.items.#.quantity phases.#.items.#.metadata.* phases.#.end_date phases.#.duration.interval \
         phases.#.duration.interval_count phases.#.iterations phases.#.proration_behavior phases.#.metadata.* \
         phases.#.automatic_tax.enabled",
        create,
    ),
    get("subscription_schedules", "limit starting_after ending_before customer scheduled released_at.*", list),
    get("subscription_schedules/{}", "", |world, call| world.get("subscription_schedule", call.id())),
    post(
        "subscription_schedules/{}",
        "end_behavior metadata.* proration_behavior phases.#.items.#.price phases.#.items.#.quantity \
         phases.#.items.#.metadata.* phases.#.start_date phases.#.end_date phases.#.duration.interval \
         phases.#.duration.interval_count phases.#.proration_behavior phases.#.metadata.* phases.#.iterations \
         phases.#.automatic_tax.enabled phases.#.collection_method phases.#.default_payment_method \
         phases.#.invoice_settings.days_until_due phases.#.discounts.#.coupon phases.#.discounts.#.discount \
         phases.#.discounts.#.promotion_code phases.#.trial phases.#.trial_end",
        update,
    ),
    post("subscription_schedules/{}/release", "preserve_cancel_date", release),
    post("subscription_schedules/{}/cancel", "invoice_now prorate", cancel),
];

fn create(world: &mut World, call: &Call) -> Answer {
    if call.form.has("from_subscription") {
        return from_subscription(world, call.form.required("from_subscription")?, &call.form);
    }
    let customer = call.form.required("customer")?;
    world.referenced("customer", customer, "customer")?;
    let at_once = match call.form.text("start_date") {
        None | Some("now") => true,
        Some(_) => call.form.int("start_date")?.is_some_and(|start| start <= world.now),
    };
    if !at_once {
        return Err(
            ApiError::invalid("The sandbox starts schedules now, or from a subscription.").with_param("start_date")
        );
    }
    let phases = call.form.list("phases");
    let first = phases.first().ok_or_else(|| ApiError::missing("phases"))?;
    let mut items = Vec::new();
    for item in first.list("items") {
        let price = world.referenced("price", item.required("price")?, "phases[0][items][0][price]")?;
        items.push((price, item.int("quantity")?.unwrap_or(1), metadata(item, "metadata")));
    }
    let order = Order {
        customer: customer.to_owned(),
        items,
        metadata: metadata(first, "metadata"),
        collection_method: "charge_automatically".to_owned(),
        automatic_tax: first.flag("automatic_tax.enabled")? == Some(true),
        ..Order::default()
    };
    let id = subscription::open(world, order, FirstPayment::Try)?;
    let schedule = from_subscription(world, &id, &call.form)?;
    put_phases(world, text(&schedule, "id"), &call.form)
}

fn from_subscription(world: &mut World, id: &str, form: &Form) -> Answer {
    let subscription = world.referenced("subscription", id, "from_subscription")?;
    if subscription["schedule"].is_string() {
        return Err(ApiError::invalid(format!(
            "You cannot migrate a subscription that is already attached to a schedule: `{}`.",
            text(&subscription, "schedule")
        )));
    }
    if !super::subscriptions::runs(&subscription) {
        return Err(ApiError::invalid("You cannot create a schedule from a subscription that has ended."));
    }
    let (start, end) = subscription::period(&subscription);
    let items: Vec<Value> = data(&subscription, "items")
        .iter()
        .map(|item| phase_item(text(&item["price"], "id"), int(item, "quantity"), &item["metadata"]))
        .collect();
    let schedule = world.new_id("sub_sched");
    let mut phase = phase(&subscription, items, (start, end), &json!({}), "create_prorations");
    phase["discounts"] = elements(&subscription, "discounts").iter().map(|id| phase_discount("discount", id)).collect();
    if text(&subscription, "status") == "trialing" {
        phase["trial_end"] = subscription["trial_end"].clone();
    }
    world.insert(json!({
        "id": schedule, "object": "subscription_schedule", "application": null,
        "billing_mode": subscription["billing_mode"], "canceled_at": null, "completed_at": null,
        "created": world.now, "current_phase": { "start_date": start, "end_date": end },
        "customer": subscription["customer"], "customer_account": null,
        "default_settings": {
            "application_fee_percent": null, "automatic_tax": subscription["automatic_tax"],
            "billing_cycle_anchor": "automatic", "billing_thresholds": null,
            "collection_method": subscription["collection_method"],
            "default_payment_method": subscription["default_payment_method"],
            "description": null, "invoice_settings": { "account_tax_ids": null, "custom_fields": null, "description": null, "footer": null, "days_until_due":
                subscription["days_until_due"], "issuer": { "type": "self" } },
            "on_behalf_of": null, "transfer_data": null,
        },
        "end_behavior": form.text("end_behavior").unwrap_or("release"), "livemode": false,
        "metadata": metadata(form, "metadata"), "phases": [phase], "released_at": null,
        "released_subscription": null, "status": "active", "subscription": id, "test_clock": subscription["test_clock"],
    }));
    subscription::update(world, id, |subscription| subscription["schedule"] = json!(schedule));
    world.emit("subscription_schedule.created", &schedule);
    Ok(world.copy(&schedule))
}

fn phase_item(price: &str, quantity: i64, metadata: &Value) -> Value {
    json!({
        "billing_thresholds": null, "discounts": [], "metadata": metadata, "plan": price, "price": price,
        "quantity": quantity, "tax_rates": [],
    })
}

/// A discount by the one of its three ids that is given.
fn phase_discount(member: &str, id: &Value) -> Value {
    let mut entry = json!({ "coupon": null, "discount": null, "promotion_code": null });
    entry[member] = id.clone();
    entry
}

fn phase(subscription: &Value, items: Vec<Value>, period: (i64, i64), metadata: &Value, proration: &str) -> Value {
    json!({
        "add_invoice_items": [], "application_fee_percent": null, "automatic_tax": subscription["automatic_tax"],
        "billing_cycle_anchor": null, "billing_thresholds": null, "collection_method": null,
        "currency": subscription["currency"], "default_payment_method": null, "default_tax_rates": [],
        "description": null, "discounts": [], "end_date": period.1, "invoice_settings": null, "items": items,
        "metadata": metadata, "on_behalf_of": null, "proration_behavior": proration, "start_date": period.0,
        "transfer_data": null, "trial_end": null,
    })
}

fn update(world: &mut World, call: &Call) -> Answer {
    let schedule = world.get("subscription_schedule", call.id())?;
    if text(&schedule, "status") != "active" {
        return Err(ApiError::invalid(format!(
            "You cannot update a subscription schedule that is currently in the `{}` status.",
            text(&schedule, "status")
        )));
    }
    put_phases(world, call.id(), &call.form)
}

/// Replaces the phases, end behaviour and metadata that the form names.
fn put_phases(world: &mut World, id: &str, form: &Form) -> Answer {
    let schedule = world.copy(id);
    let subscription = world.copy(text(&schedule, "subscription"));
    let mut phases: Vec<Value> = Vec::new();
    for entry in form.list("phases") {
        let before = phases.last().map(|phase| int(phase, "end_date"));
        phases.push(read_phase(world, entry, &subscription, &schedule, before)?);
    }
    if let Some(first) = phases.first()
        && first["start_date"] != schedule["current_phase"]["start_date"]
    {
        return Err(ApiError::invalid("You can not modify the start date of the current phase.")
            .with_param("phases[0][start_date]"));
    }
    if phases.iter().skip(1).any(|phase| phase["trial_end"].is_i64()) {
        return Err(
            ApiError::invalid("The sandbox has trials in the current phase only.").with_param("phases[1][trial]")
        );
    }
    if let Some(first) = phases.first() {
        schedule::apply_terms(world, text(&subscription, "id"), first);
    }
    let end_behavior = form.text("end_behavior");
    world.update(id, "subscription_schedule.updated", |schedule| {
        if let Some(end_behavior) = end_behavior {
            schedule["end_behavior"] = json!(end_behavior);
        }
        merge_metadata(schedule, form, "metadata");
        if let Some(first) = phases.first() {
            schedule["current_phase"] = json!({ "start_date": first["start_date"], "end_date": first["end_date"] });
            schedule["phases"] = json!(phases);
        }
    });
    Ok(world.copy(id))
}

fn read_phase(
    world: &World,
    entry: &Form,
    subscription: &Value,
    schedule: &Value,
    before: Option<i64>,
) -> Result<Value, ApiError> {
    let mut items = Vec::new();
    let mut every = ("month".to_owned(), 1);
    for item in entry.list("items") {
        let price = world.referenced("price", item.required("price")?, "phases[0][items][0][price]")?;
        every = subscription::interval(&price);
        items.push(phase_item(text(&price, "id"), item.int("quantity")?.unwrap_or(1), &metadata(item, "metadata")));
    }
    if items.is_empty() {
        return Err(ApiError::missing("phases[0][items]"));
    }
    let moment = |member: &str| match entry.text(member) {
        Some("now") => Ok(Some(world.now)),
        _ => entry.int(member),
    };
    let first_start = int(&schedule["current_phase"], "start_date");
    let start = moment("start_date")?.or(before).unwrap_or(first_start);
    if before.is_some_and(|end| end != start) {
        return Err(
            ApiError::invalid("Phases must follow one another without a gap.").with_param("phases[1][start_date]")
        );
    }
    let end = match (moment("end_date")?, entry.text("duration.interval")) {
        (Some(end), _) => end,
        (None, Some(unit)) => anchor::after(start, unit, entry.int("duration.interval_count")?.unwrap_or(1)),
        (None, None) => anchor::after(start, &every.0, every.1 * entry.int("iterations")?.unwrap_or(1)),
    };
    if end <= start {
        return Err(ApiError::invalid("The end date of a phase must be after its start date.")
            .with_param("phases[0][end_date]"));
    }
    let proration = entry.text("proration_behavior").unwrap_or("create_prorations");
    let mut phase = phase(subscription, items, (start, end), &metadata(entry, "metadata"), proration);
    phase["discounts"] = json!(read_discounts(world, entry, subscription)?);
    phase["trial_end"] = match (entry.flag("trial")? == Some(true), moment("trial_end")?) {
        (true, Some(_)) => {
            return Err(ApiError::invalid("You may only specify one of these parameters: trial, trial_end."));
        }
        (true, None) => json!(end),
        (false, Some(ends)) if ends >= end => {
            return Err(ApiError::invalid("The trial end of a phase must be before its end date.")
                .with_param("phases[0][trial_end]"));
        }
        (false, ends) => json!(ends),
    };
    Ok(phase)
}

/// The discounts that a phase names, by coupon, promotion code or a discount that the customer has.
fn read_discounts(world: &World, entry: &Form, subscription: &Value) -> Result<Vec<Value>, ApiError> {
    let mut found = Vec::new();
    for wanted in entry.list("discounts") {
        for kind in ["discount", "promotion_code", "coupon"] {
            let Some(id) = wanted.text(kind) else { continue };
            let named = world.referenced(kind, id, &format!("phases[0][discounts][0][{kind}]"))?;
            if kind == "discount" && named["customer"] != subscription["customer"] {
                return Err(ApiError::no_such("discount", id, "phases[0][discounts][0][discount]"));
            }
            found.push(phase_discount(kind, &named["id"]));
        }
    }
    Ok(found)
}

fn list(world: &mut World, call: &Call) -> Answer {
    let customer = call.form.text("customer");
    let found = world.all("subscription_schedule").filter(|s| customer.is_none_or(|c| text(s, "customer") == c));
    page("/v1/subscription_schedules", &call.form, found)
}

fn ending(world: &World, id: &str) -> Result<Value, ApiError> {
    let found = world.get("subscription_schedule", id)?;
    if matches!(text(&found, "status"), "active" | "not_started") {
        return Ok(found);
    }
    Err(ApiError::invalid(format!(
        "You cannot change a subscription schedule that is currently in the `{}` status.",
        text(&found, "status")
    )))
}

fn release(world: &mut World, call: &Call) -> Answer {
    ending(world, call.id())?;
    schedule::release(world, call.id());
    Ok(world.copy(call.id()))
}

fn cancel(world: &mut World, call: &Call) -> Answer {
    let found = ending(world, call.id())?;
    schedule::complete(world, call.id(), "canceled");
    subscription::end(world, text(&found, "subscription"), "cancellation_requested");
    Ok(world.copy(call.id()))
}
