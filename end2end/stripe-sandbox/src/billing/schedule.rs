//! Subscription schedules: phases that take effect at their time. <https://docs.stripe.com/billing/subscriptions/subscription-schedules>

use serde_json::{Value, json};

use crate::{
    billing::{
        discount,
        subscription::{self, interval, new_item, period, set_period},
    },
    object::{data, elements, int, text},
    world::World,
};

/// When the present phase ends, if the schedule is active.
pub(crate) fn due(schedule: &Value) -> Option<i64> {
    (text(schedule, "status") == "active").then(|| schedule["current_phase"]["end_date"].as_i64()).flatten()
}

/// The present phase has ended: begin the next one, or release the subscription.
pub(crate) fn advance(world: &mut World, id: &str) {
    let schedule = world.copy(id);
    let ended = int(&schedule["current_phase"], "end_date");
    let next = elements(&schedule, "phases").iter().find(|phase| int(phase, "start_date") >= ended).cloned();
    let Some(phase) = next else {
        if text(&schedule, "end_behavior") == "cancel" {
            let subscription = text(&schedule, "subscription").to_owned();
            complete(world, id, "completed");
            return subscription::end(world, &subscription, "cancellation_requested");
        }
        return release(world, id);
    };
    world.update(id, "subscription_schedule.updated", |schedule| {
        schedule["current_phase"] = json!({ "start_date": phase["start_date"], "end_date": phase["end_date"] });
    });
    apply_phase(world, text(&schedule, "subscription"), &phase);
    apply_terms(world, text(&schedule, "subscription"), &phase);
}

/// Puts a phase's discounts and trial on the subscription: what the phase does not name, the subscription loses, and without
/// discounts of its own the customer's counts. <https://docs.stripe.com/api/subscription_schedules/update>
pub(crate) fn apply_terms(world: &mut World, subscription: &str, phase: &Value) {
    let before = world.copy(subscription);
    let mut discounts = Vec::new();
    for entry in elements(phase, "discounts") {
        if entry["discount"].is_string() {
            discounts.push(entry["discount"].clone());
            continue;
        }
        let promotion = entry["promotion_code"].as_str().map(str::to_owned);
        let coupon = match &promotion {
            Some(code) => text(&world.copy(code)["promotion"], "coupon").to_owned(),
            None => text(entry, "coupon").to_owned(),
        };
        let owner = ("subscription", subscription);
        discounts.extend(discount::redeem(world, &[(coupon, promotion)], text(&before, "customer"), owner));
    }
    if before["discounts"] != json!(discounts) {
        subscription::update(world, subscription, |subscription| subscription["discounts"] = json!(discounts));
    }
    if text(&before, "status") != "trialing" || phase["trial_end"] == before["trial_end"] {
        return;
    }
    let now = world.now;
    let ends = phase["trial_end"].as_i64().unwrap_or(now);
    subscription::update(world, subscription, |subscription| {
        let (start, _) = period(subscription);
        subscription["trial_end"] = json!(ends);
        subscription["billing_cycle_anchor"] = json!(ends);
        set_period(subscription, (start, ends));
    });
    if ends <= now {
        subscription::renew(world, subscription);
    }
}

/// Puts a phase's items on the subscription, keeping the item ids of prices that stay, and of the first item.
fn apply_phase(world: &mut World, subscription: &str, phase: &Value) {
    let before = world.copy(subscription);
    let mut unused: Vec<Value> = data(&before, "items").to_vec();
    let mut items = Vec::new();
    for wanted in elements(phase, "items") {
        let price = world.copy(text(wanted, "price"));
        let quantity = wanted["quantity"].as_i64().unwrap_or(1);
        let keep = unused.iter().position(|item| item["price"]["id"] == price["id"]);
        let item = match keep {
            Some(position) => {
                let mut item = unused.remove(position);
                item["quantity"] = json!(quantity);
                item
            }
            None => new_item(world, subscription, &price, quantity, wanted["metadata"].clone(), period(&before)),
        };
        items.push(item);
    }
    let metadata = phase["metadata"].clone();
    // With an anchor that is `automatic`, another interval counts from where its phase begins.
    let every = |items: &[Value]| items.first().map(|item| interval(&item["price"]));
    let restarts = every(&items) != every(data(&before, "items"));
    subscription::update(world, subscription, |subscription| {
        subscription["items"]["data"] = json!(items);
        if restarts {
            subscription["billing_cycle_anchor"] = phase["start_date"].clone();
        }
        if let (Some(known), Some(new)) = (subscription["metadata"].as_object_mut(), metadata.as_object()) {
            known.extend(new.clone());
        }
    });
}

/// Leaves the subscription as it is and ends the schedule's hold on it.
pub(crate) fn release(world: &mut World, id: &str) {
    let now = world.now;
    let subscription = world.copy(id)["subscription"].clone();
    world.change(id, |schedule| {
        schedule["status"] = json!("released");
        schedule["released_at"] = json!(now);
        schedule["released_subscription"] = subscription.clone();
        schedule["subscription"] = Value::Null;
        schedule["current_phase"] = Value::Null;
    });
    if let Some(subscription) = subscription.as_str() {
        subscription::update(world, subscription, |subscription| subscription["schedule"] = Value::Null);
    }
    world.emit("subscription_schedule.released", id);
}

/// Ends a schedule as `completed` or `canceled`.
pub(crate) fn complete(world: &mut World, id: &str, status: &str) {
    let now = world.now;
    world.change(id, |schedule| {
        schedule["status"] = json!(status);
        schedule[format!("{status}_at")] = json!(now);
        schedule["current_phase"] = Value::Null;
    });
    world.emit(&format!("subscription_schedule.{status}"), id);
}

/// The subscription has ended: its schedule has nothing left to do.
pub(crate) fn subscription_ended(world: &mut World, subscription: &str) {
    let schedule = world.copy(subscription)["schedule"].clone();
    if let Some(schedule) = schedule.as_str()
        && matches!(text(&world.copy(schedule), "status"), "active" | "not_started")
    {
        complete(world, schedule, "canceled");
    }
}
