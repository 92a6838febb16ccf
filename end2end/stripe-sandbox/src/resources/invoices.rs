//! `/v1/invoices`

use serde_json::{Value, json};

use crate::{
    api::{Call, PAGING, Route, delete, get, page, post},
    billing::{
        change::{self, Prorate},
        discount::{self, Applied, OrderFacts},
        invoicing::{self, Bill, compose},
        settings, subscription,
        tax::Treatment,
    },
    error::{Answer, ApiError},
    form::Form,
    object::{PREVIEW, data, merge_metadata, merge_texts, metadata, text},
    payments::{self, Attempt},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "invoices/create_preview",
        "customer subscription schedule currency automatic_tax.enabled discounts.#.coupon discounts.#.promotion_code \
         customer_details.* preview_mode invoice_items.#.* subscription_details.items.#.* \
         subscription_details.proration_behavior subscription_details.proration_date \
         subscription_details.cancel_at_period_end subscription_details.billing_cycle_anchor \
         subscription_details.trial_end subscription_details.default_tax_rates subscription_details.billing_mode.*",
        create_preview,
    ),
    post(
        "invoices",
        "customer subscription collection_method days_until_due metadata.* description footer auto_advance \
         automatic_tax.enabled currency pending_invoice_items_behavior discounts.#.coupon discounts.#.promotion_code \
         default_payment_method payment_settings.* due_date",
        create,
    ),
    get(
        "invoices",
        "limit starting_after ending_before customer subscription status collection_method created.* due_date.*",
        list,
    ),
    get("invoices/{}", "", |world, call| world.get("invoice", call.id())),
    post("invoices/{}", "metadata.* description footer auto_advance default_payment_method", update),
    delete("invoices/{}", "", remove),
    get("invoices/{}/lines", PAGING, lines),
    post("invoices/{}/finalize", "auto_advance", finalize),
    post("invoices/{}/pay", "payment_method paid_out_of_band off_session source forgive", pay),
    post("invoices/{}/void", "", void),
    post("invoices/{}/send", "", send),
    post("invoices/{}/mark_uncollectible", "", mark_uncollectible),
];

/// Under which kind the lines of previews are kept.
const KEPT_PREVIEW: &str = "_preview";

/// So many previews are kept.
const PREVIEWS: usize = 20;

fn create_preview(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let details = form.tree("subscription_details");
    let id = world.new_id(PREVIEW);
    let mut bill = match form.text("subscription") {
        Some(id) => preview_change(world, id, details)?,
        None => preview_new(world, form, details)?,
    };
    let currency = currency_of(&bill);
    let facts = OrderFacts { customer: bill.customer["id"].as_str(), subtotal: None, currency: &currency };
    let wanted = discount::wanted(world, form, "discounts", &facts)?;
    if !wanted.is_empty() {
        let preview = |(coupon, _): &(String, Option<String>)| Applied {
            discount: "di_preview".into(),
            coupon: world.copy(coupon),
        };
        bill.coupons = wanted.iter().map(preview).collect();
    }
    if let Some(enabled) = form.flag("automatic_tax.enabled")? {
        bill.tax = enabled.then(|| Treatment::of_customer(world, &bill.customer));
    }
    if let Some(tax) = &bill.tax {
        tax.keep_rates(world);
    }
    let preview = compose(world, &bill, &id);
    keep_lines(world, &preview);
    Ok(preview)
}

/// Keeps the lines of a preview, for who asks for them by its id; those of the oldest go.
fn keep_lines(world: &mut World, preview: &Value) {
    world.insert(json!({ "id": preview["id"], "object": KEPT_PREVIEW, "lines": preview["lines"] }));
    let kept = world.ids(KEPT_PREVIEW);
    if kept.len() > PREVIEWS {
        world.remove(&kept[0]);
    }
}

fn currency_of(bill: &Bill) -> String {
    let line = bill.lines.iter().find_map(|line| line.price["currency"].as_str());
    line.or(bill.subscription["currency"].as_str()).unwrap_or("usd").to_owned()
}

/// What a change of a subscription would cost: with `always_invoice` now, else with the next period.
fn preview_change(world: &World, id: &str, details: &Form) -> Result<Bill, ApiError> {
    let before = world.referenced("subscription", id, "subscription")?;
    if !super::subscriptions::runs(&before) {
        return Err(
            ApiError::invalid("No upcoming invoices for a canceled subscription.").with_code("invoice_upcoming_none")
        );
    }
    let now = world.now;
    let moment = super::subscriptions::proration_date(details, &before, now)?;
    let prorate = Prorate::parse(details.text("proration_behavior"))?;
    let planned = change::plan(world, &before, &details.list("items"), moment)?;
    let changes = details.has("items");
    if changes && (prorate == Prorate::Now || (planned.restarts && prorate != Prorate::Never)) {
        let mut bill = change::bill(world, &planned, moment);
        bill.lines.splice(0..0, change::pending_lines(world, id));
        return Ok(bill);
    }
    let ends = details.flag("cancel_at_period_end")?.unwrap_or(before["cancel_at_period_end"] == true);
    if ends && !changes {
        return Err(ApiError::invalid("No upcoming invoices for customer: the subscription is set to cancel.")
            .with_code("invoice_upcoming_none"));
    }
    let (start, end) = subscription::period(&before);
    let (every, count) = subscription::interval(&data(&planned.after, "items")[0]["price"]);
    let next = crate::billing::anchor::next_boundary(
        before["billing_cycle_anchor"].as_i64().unwrap_or(start),
        &every,
        count,
        end,
    );
    let mut bill = subscription::bill(world, &planned.after, "upcoming", (start, end));
    bill.proration_date = changes.then_some(moment);
    bill.lines = change::pending_lines(world, id);
    if prorate == Prorate::Later {
        bill.lines.extend(planned.lines);
    }
    bill.lines.extend(subscription::period_lines(world, &planned.after, (end, next), false));
    Ok(bill)
}

/// What a new subscription would cost.
fn preview_new(world: &World, form: &Form, details: &Form) -> Result<Bill, ApiError> {
    let customer = match form.text("customer") {
        Some(id) => world.referenced("customer", id, "customer")?,
        None => {
            let address = crate::object::address(form, "customer_details.address");
            json!({ "address": address, "tax_exempt": form.text("customer_details.tax_exempt").unwrap_or("none"), "balance": 0 })
        }
    };
    let now = world.now;
    let mut items = Vec::new();
    let mut end = now;
    for entry in details.list("items") {
        let price = match entry.text("price") {
            Some(price) => world.referenced("price", price, "subscription_details[items][0][price]")?,
            None => super::prices::ad_hoc(world, entry.tree("price_data"))?,
        };
        let (every, count) = subscription::interval(&price);
        end = crate::billing::anchor::after(now, &every, count);
        let quantity = entry.int("quantity")?.unwrap_or(1);
        items.push(subscription::new_item(world, "sub_preview", &price, quantity, json!({}), (now, end)));
    }
    if items.is_empty() {
        return Err(ApiError::missing("subscription_details[items]"));
    }
    let shape = json!({ "items": { "data": items }, "metadata": {} });
    let lines = subscription::period_lines(world, &shape, (now, end), false);
    Ok(Bill { reason: "upcoming", ..Bill::of(world, customer, lines) })
}

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let subscription = match form.text("subscription") {
        Some(id) => world.referenced("subscription", id, "subscription")?,
        None => Value::Null,
    };
    let customer = match form.text("customer") {
        Some(id) => id.to_owned(),
        None if subscription.is_object() => text(&subscription, "customer").to_owned(),
        None => return Err(ApiError::missing("customer")),
    };
    let customer = world.referenced("customer", &customer, "customer")?;
    let taxed = form.flag("automatic_tax.enabled")? == Some(true);
    let includes = form.text("pending_invoice_items_behavior") == Some("include") || subscription.is_object();
    let waiting = super::invoice_items::waiting(world, |item| {
        includes && item["customer"] == customer["id"] && item["parent"].is_null() == subscription.is_null()
    });
    let currency = form.text("currency").or(customer["currency"].as_str()).unwrap_or("usd").to_owned();
    let facts = OrderFacts { customer: customer["id"].as_str(), subtotal: None, currency: &currency };
    let wanted = discount::wanted(world, form, "discounts", &facts)?;
    let redeemed = discount::redeem(world, &wanted, text(&customer, "id"), ("invoice", ""));
    let mut bill = Bill {
        payment_settings: settings::read(form, &currency)?,
        tax: taxed.then(|| Treatment::of_customer(world, &customer)),
        coupons: discount::applied(world, &redeemed),
        subscription,
        collection_method: form.text("collection_method").unwrap_or("charge_automatically").to_owned(),
        days_until_due: form.int("days_until_due")?,
        metadata: metadata(form, "metadata"),
        description: json!(form.text("description")),
        ..Bill::of(world, customer, waiting)
    };
    if let (true, Some(currency)) = (bill.lines.is_empty(), form.text("currency")) {
        bill.customer["currency"] = json!(currency);
    }
    let id = invoicing::draft(world, &bill);
    let advances = form.flag("auto_advance")?.unwrap_or(false);
    let at = advances.then(|| world.now + subscription::DRAFT_SECONDS);
    world.change(&id, |invoice| {
        invoice["auto_advance"] = json!(advances);
        invoice["automatically_finalizes_at"] = json!(at);
        merge_texts(invoice, form, &["footer", "default_payment_method"]);
    });
    for line in &bill.lines {
        if let Some(item) = &line.invoice_item {
            world.set(item, "invoice", json!(id));
        }
    }
    Ok(world.copy(&id))
}

/// Adds an invoice item to a draft that exists already.
pub(crate) fn add_line(world: &mut World, id: &str, line: crate::billing::lines::Line) {
    let before = world.copy(id);
    let customer = world.copy(text(&before, "customer"));
    let tax =
        crate::object::flag(&before["automatic_tax"], "enabled").then(|| Treatment::of_customer(world, &customer));
    if let Some(tax) = &tax {
        tax.keep_rates(world);
    }
    let mut lines = super::invoice_items::of_invoice(world, id);
    if !lines.iter().any(|known| known.invoice_item == line.invoice_item) {
        lines.push(line);
    }
    let bill = Bill {
        tax,
        coupons: discount::applied(world, crate::object::elements(&before, "discounts")),
        ..Bill::of(world, customer, lines)
    };
    let fresh = compose(world, &bill, id);
    world.update(id, "invoice.updated", |invoice| {
        for member in [
            "lines",
            "subtotal",
            "subtotal_excluding_tax",
            "total",
            "total_excluding_tax",
            "total_taxes",
            "total_discount_amounts",
            "amount_due",
            "amount_remaining",
            "currency",
        ] {
            invoice[member] = fresh[member].clone();
        }
    });
}

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let found = world.all("invoice").filter(|invoice| {
        ["customer", "status", "collection_method"]
            .iter()
            .all(|m| form.text(m).is_none_or(|wanted| text(invoice, m) == wanted))
            && form.text("subscription").is_none_or(|wanted| invoicing::subscription_of(invoice) == Some(wanted))
    });
    page("/v1/invoices", form, found)
}

fn update(world: &mut World, call: &Call) -> Answer {
    world.get("invoice", call.id())?;
    let advances = call.form.flag("auto_advance")?;
    world.update(call.id(), "invoice.updated", |invoice| {
        merge_metadata(invoice, &call.form, "metadata");
        merge_texts(invoice, &call.form, &["description", "footer", "default_payment_method"]);
        if let Some(advances) = advances {
            invoice["auto_advance"] = json!(advances);
            if !advances {
                invoice["automatically_finalizes_at"] = Value::Null;
            }
        }
    });
    Ok(world.copy(call.id()))
}

fn remove(world: &mut World, call: &Call) -> Answer {
    in_status(world, call.id(), &["draft"], "delete")?;
    world.emit("invoice.deleted", call.id());
    world.remove(call.id());
    Ok(json!({ "id": call.id(), "object": "invoice", "deleted": true }))
}

fn lines(world: &mut World, call: &Call) -> Answer {
    let invoice = world.get(KEPT_PREVIEW, call.id()).or_else(|_| world.get("invoice", call.id()))?;
    page(&format!("/v1/invoices/{}/lines", call.id()), &call.form, data(&invoice, "lines").iter())
}

fn in_status(world: &World, id: &str, allowed: &[&str], verb: &str) -> Answer {
    let invoice = world.get("invoice", id)?;
    let status = text(&invoice, "status");
    if allowed.contains(&status) {
        return Ok(invoice);
    }
    let error = ApiError::invalid(format!("You cannot {verb} an invoice in the status `{status}`."));
    Err(if status == "paid" && verb == "pay" {
        ApiError::invalid("Invoice is already paid").with_code("invoice_already_paid")
    } else {
        error
    })
}

fn finalize(world: &mut World, call: &Call) -> Answer {
    in_status(world, call.id(), &["draft"], "finalize")?;
    invoicing::finalize(world, call.id());
    Ok(world.copy(call.id()))
}

fn pay(world: &mut World, call: &Call) -> Answer {
    let invoice = in_status(world, call.id(), &["draft", "open", "uncollectible"], "pay")?;
    if text(&invoice, "status") == "draft" {
        invoicing::finalize(world, call.id());
    }
    if call.form.flag("paid_out_of_band")? == Some(true) {
        if let Some((_, intent)) = invoicing::payment_of(world, call.id()) {
            payments::cancel(world, &intent, "automatic");
        }
        let amount = world.copy(call.id())["amount_due"].as_i64().unwrap_or(0);
        invoicing::settle(world, call.id(), amount);
        return Ok(world.copy(call.id()));
    }
    let method = call.form.text("payment_method").map(|method| payments::resolve(world, method)).transpose()?;
    if let Some(method) = &method {
        payments::attach(world, method, text(&invoice, "customer"))?;
    }
    match payments::pay_invoice(world, call.id(), method.as_deref()) {
        Attempt::Succeeded | Attempt::Processing => Ok(world.copy(call.id())),
        Attempt::Declined(decline) => Err(decline),
        Attempt::RequiresAction => Err(ApiError::card(
            "invoice_payment_intent_requires_action",
            None,
            "Payment for this invoice requires additional user action before it can be completed successfully.",
        )),
    }
}

fn void(world: &mut World, call: &Call) -> Answer {
    in_status(world, call.id(), &["open", "uncollectible"], "void")?;
    invoicing::void(world, call.id());
    Ok(world.copy(call.id()))
}

fn send(world: &mut World, call: &Call) -> Answer {
    let invoice = in_status(world, call.id(), &["draft", "open", "uncollectible"], "send")?;
    if text(&invoice, "status") == "draft" {
        invoicing::finalize(world, call.id());
    } else {
        world.emit("invoice.sent", call.id());
    }
    Ok(world.copy(call.id()))
}

fn mark_uncollectible(world: &mut World, call: &Call) -> Answer {
    in_status(world, call.id(), &["open"], "mark uncollectible")?;
    let now = world.now;
    world.change(call.id(), |invoice| {
        invoice["status"] = json!("uncollectible");
        invoice["status_transitions"]["marked_uncollectible_at"] = json!(now);
    });
    world.emit("invoice.marked_uncollectible", call.id());
    Ok(world.copy(call.id()))
}
