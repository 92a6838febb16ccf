//! Changing plan, seats and interval: which lines a change costs, and when it takes effect.
//! <https://docs.stripe.com/billing/subscriptions/change> <https://docs.stripe.com/billing/subscriptions/pending-updates>

use serde_json::{Value, json};

use crate::{
    billing::{
        anchor,
        invoicing::{self, Bill},
        lines::Line,
        subscription::{self, INCOMPLETE_SECONDS, interval, new_item, period, product_name},
    },
    error::ApiError,
    form::Form,
    object::{self, data, int, merge_metadata, text},
    payments::{self, Attempt},
    resources::prices,
    world::World,
};

/// What to do about the part of the period that is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prorate {
    /// Invoice now.
    Now,
    /// With the next invoice.
    Later,
    /// Not at all.
    Never,
}

impl Prorate {
    /// From `proration_behavior`; Stripe's default is `create_prorations`.
    ///
    /// # Errors
    /// Any other word.
    pub(crate) fn parse(word: Option<&str>) -> Result<Self, ApiError> {
        match word {
            Some("always_invoice") => Ok(Self::Now),
            None | Some("create_prorations") => Ok(Self::Later),
            Some("none") => Ok(Self::Never),
            Some(other) => {
                Err(ApiError::invalid(format!("Invalid proration_behavior: {other}")).with_param("proration_behavior"))
            }
        }
    }
}

/// A change, worked out but not made.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    /// The subscription as it will be.
    pub(crate) after: Value,
    /// Credits and charges for the rest of the period, or for a new period that begins now.
    pub(crate) lines: Vec<Line>,
    /// The interval changed: a new period begins now and is invoiced at once.
    pub(crate) restarts: bool,
}

/// Works out `items[]` as in an update or a preview.
///
/// # Errors
/// Unknown item or price, mixed intervals, or no item left.
pub(crate) fn plan(world: &World, before: &Value, items: &[&Form], moment: i64) -> Result<Planned, ApiError> {
    let id = text(before, "id");
    let mut wanted: Vec<Value> = data(before, "items").to_vec();
    for ops in items {
        let price = match ops.text("price").or_else(|| ops.text("plan")) {
            Some(price) => Some(world.referenced("price", price, "items[price]")?),
            None if ops.has("price_data") => Some(prices::ad_hoc(world, ops.tree("price_data"))?),
            None => None,
        };
        let quantity = ops.int("quantity")?;
        if let Some(item) = ops.text("id") {
            let position = wanted
                .iter()
                .position(|known| text(known, "id") == item)
                .ok_or_else(|| ApiError::no_such("subscription_item", item, "items[id]"))?;
            if ops.flag("deleted")? == Some(true) {
                wanted.remove(position);
                continue;
            }
            let known = &mut wanted[position];
            if let Some(price) = price {
                known["plan"] = subscription::plan_of(&price);
                known["price"] = price;
            }
            if let Some(quantity) = quantity {
                known["quantity"] = json!(quantity);
            }
            merge_metadata(known, ops, "metadata");
        } else {
            let price = price.ok_or_else(|| ApiError::missing("items[0][price]"))?;
            let duplicate = wanted.iter().any(|known| known["price"]["id"] == price["id"]);
            if duplicate {
                return Err(ApiError::invalid(format!(
                    "Cannot add multiple subscription items with the same plan: {}",
                    text(&price, "id")
                )));
            }
            let metadata = object::metadata(ops, "metadata");
            wanted.push(new_item(world, id, &price, quantity.unwrap_or(1), metadata, period(before)));
        }
    }
    let Some(first) = wanted.first() else {
        return Err(ApiError::invalid("A subscription must have at least one active plan.").with_param("items"));
    };
    let every = interval(&first["price"]);
    if wanted.iter().any(|item| interval(&item["price"]) != every) {
        return Err(ApiError::invalid(
            "Currency and interval fields must match across all plans on this subscription.",
        ));
    }
    let restarts = data(before, "items").first().is_some_and(|item| interval(&item["price"]) != every);
    let mut after = before.clone();
    after["items"]["data"] = json!(wanted);
    if restarts {
        after["billing_cycle_anchor"] = json!(moment);
        subscription::set_period(&mut after, (moment, anchor::after(moment, &every.0, every.1)));
    }
    let lines =
        if text(before, "status") == "trialing" { Vec::new() } else { lines(world, before, &after, moment, restarts) };
    Ok(Planned { after, lines, restarts })
}

fn lines(world: &World, before: &Value, after: &Value, moment: i64, restarts: bool) -> Vec<Line> {
    let find = |items: &[Value], id: &str| items.iter().find(|item| text(item, "id") == id).cloned();
    let same =
        |one: &Value, other: &Value| one["price"]["id"] == other["price"]["id"] && one["quantity"] == other["quantity"];
    let metadata = &after["metadata"];
    let mut lines = Vec::new();
    for old in data(before, "items") {
        let kept = find(data(after, "items"), text(old, "id")).is_some_and(|new| same(old, &new));
        if (restarts || !kept) && int(old, "quantity") > 0 {
            lines.push(Line::prorated(old, &product_name(world, &old["price"]), moment, true, metadata));
        }
    }
    for new in data(after, "items").iter().filter(|item| int(item, "quantity") > 0) {
        let name = product_name(world, &new["price"]);
        if restarts {
            let whole = (int(new, "current_period_start"), int(new, "current_period_end"));
            lines.extend(Line::periods(new, &name, whole, metadata));
        } else if !find(data(before, "items"), text(new, "id")).is_some_and(|old| same(&old, new)) {
            lines.push(Line::prorated(new, &name, moment, false, metadata));
        }
    }
    lines
        .into_iter()
        .map(|mut line| {
            line.invoice_item = line.proration.then(|| world.new_id("ii"));
            line
        })
        .collect()
}

/// The bill for a planned change.
pub(crate) fn bill(world: &World, planned: &Planned, moment: i64) -> Bill {
    let mut bill = subscription::bill(world, &planned.after, "subscription_update", (moment, moment));
    bill.lines = planned.lines.clone();
    bill.proration_date = Some(moment);
    bill
}

/// Makes a planned change: invoices it as `prorate` says, and applies it now or, with `pending_if_incomplete`, when
/// that invoice is paid.
///
/// # Errors
/// With `error_if_incomplete`, the decline.
pub(crate) fn make(
    world: &mut World,
    planned: Planned,
    prorate: Prorate,
    moment: i64,
    payment_behavior: Option<&str>,
) -> Result<(), ApiError> {
    let id = text(&planned.after, "id").to_owned();
    let by_wire = text(&planned.after, "collection_method") == "send_invoice";
    let invoice_now =
        (prorate == Prorate::Now || (planned.restarts && prorate != Prorate::Never)) && !planned.lines.is_empty();
    if !invoice_now {
        if prorate == Prorate::Later {
            keep_for_later(world, &id, &planned.lines);
        }
        apply(world, &id, &planned.after);
        return Ok(());
    }
    let mut bill = bill(world, &planned, moment);
    bill.lines.splice(0..0, take_pending_lines(world, &id));
    let sum: i64 = bill.lines.iter().map(|line| line.amount).sum();
    let waits = payment_behavior == Some("pending_if_incomplete") && !by_wire && sum > 0;
    if payment_behavior == Some("error_if_incomplete") && !by_wire {
        let customer = text(&planned.after, "customer");
        let method = world.payment_method_of(customer, &planned.after["default_payment_method"]);
        if let Some(decline) = method.and_then(|m| payments::decline_of(payments::behaviour_of(world, &m))) {
            return Err(decline);
        }
    }
    if !waits {
        apply(world, &id, &planned.after);
    }
    let invoice = invoicing::draft(world, &bill);
    if waits {
        world.change(&id, |subscription| {
            subscription["_pending"] = planned.after.clone();
            subscription["_pending_invoice"] = json!(invoice);
        });
    }
    invoicing::finalize(world, &invoice);
    if text(&world.copy(&invoice), "status") == "paid" || by_wire {
        return Ok(());
    }
    let attempt = payments::pay_invoice(world, &invoice, None);
    if matches!(attempt, Attempt::Succeeded | Attempt::Processing) {
        return Ok(());
    }
    if waits {
        // <https://docs.stripe.com/billing/subscriptions/pending-updates-reference#expired-updates>
        let (_, period_end) = period(&world.copy(&id));
        let expires_at = (world.now + INCOMPLETE_SECONDS).min(period_end);
        let anchored = planned.restarts.then_some(moment);
        subscription::update(world, &id, |subscription| {
            subscription["pending_update"] = json!({
                "billing_cycle_anchor": anchored, "expires_at": expires_at, "trial_end": null,
                "subscription_items": planned.after["items"]["data"], "trial_from_plan": null,
            });
        });
    } else {
        subscription::update(world, &id, |subscription| subscription["status"] = json!("past_due"));
    }
    Ok(())
}

fn apply(world: &mut World, id: &str, after: &Value) {
    subscription::update(world, id, |subscription| {
        subscription["items"] = after["items"].clone();
        subscription["billing_cycle_anchor"] = after["billing_cycle_anchor"].clone();
    });
}

/// The invoice of a pending update has been paid.
pub(crate) fn apply_pending(world: &mut World, id: &str) {
    let subscription = world.copy(id);
    let shown = !subscription["pending_update"].is_null();
    clear_pending(world, id);
    apply(world, id, &subscription["_pending"]);
    if shown {
        world.emit("customer.subscription.pending_update_applied", id);
    }
}

/// The invoice of a pending update has been voided, by hand or by time.
pub(crate) fn drop_pending(world: &mut World, id: &str) {
    clear_pending(world, id);
    world.emit("customer.subscription.pending_update_expired", id);
}

fn clear_pending(world: &mut World, id: &str) {
    world.change(id, |subscription| {
        subscription["pending_update"] = Value::Null;
        if let Some(members) = subscription.as_object_mut() {
            members.remove("_pending");
            members.remove("_pending_invoice");
        }
    });
}

/// Before a subscription is cancelled at once: credits the unused time, and makes the last invoice.
/// <https://docs.stripe.com/api/subscriptions/cancel>
pub(crate) fn settle_before_end(world: &mut World, id: &str, prorate: bool, invoice_now: bool) {
    let subscription = world.copy(id);
    let now = world.now;
    let paid_for = matches!(text(&subscription, "status"), "active" | "past_due" | "unpaid");
    if prorate && paid_for {
        let lines: Vec<Line> = data(&subscription, "items")
            .iter()
            .filter(|item| int(item, "quantity") > 0)
            .map(|item| {
                let name = product_name(world, &item["price"]);
                let mut line = Line::prorated(item, &name, now, true, &subscription["metadata"]);
                line.invoice_item = Some(world.new_id("ii"));
                line
            })
            .collect();
        keep_for_later(world, id, &lines);
    }
    if !invoice_now {
        return;
    }
    let mut bill = subscription::bill(world, &subscription, "subscription_update", (now, now));
    bill.lines = take_pending_lines(world, id);
    if bill.lines.is_empty() {
        return;
    }
    let invoice = invoicing::draft(world, &bill);
    invoicing::finalize(world, &invoice);
    if text(&world.copy(&invoice), "status") == "open" {
        subscription::collect(world, &invoice);
    }
}

/// Keeps proration lines as invoice items for the next invoice.
fn keep_for_later(world: &mut World, id: &str, lines: &[Line]) {
    let subscription = world.copy(id);
    for line in lines {
        let invoice_item = line.invoice_item.clone().unwrap_or_else(|| world.new_id("ii"));
        let object = crate::resources::invoice_items::object(
            world,
            &invoice_item,
            line,
            &subscription,
            &subscription["customer"],
        );
        world.insert(object);
        world.emit("invoiceitem.created", &invoice_item);
    }
}

/// Takes the invoice items that wait for a subscription's next invoice.
pub(crate) fn take_pending_lines(world: &mut World, subscription: &str) -> Vec<Line> {
    let lines = pending_lines(world, subscription);
    for line in &lines {
        if let Some(item) = &line.invoice_item {
            world.set(item, "invoice", json!("in_taken"));
        }
    }
    lines
}

/// The lines that wait for a subscription's next invoice.
pub(crate) fn pending_lines(world: &World, subscription: &str) -> Vec<Line> {
    crate::resources::invoice_items::waiting(world, |item| {
        item["parent"]["subscription_details"]["subscription"] == subscription
    })
}
