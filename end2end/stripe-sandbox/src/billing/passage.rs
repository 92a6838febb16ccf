//! The passing of time: everything that is due happens in its order, at its own moment.

use serde_json::{Value, json};

use crate::{
    billing::{
        change, invoicing, schedule,
        subscription::{self, INCOMPLETE_SECONDS},
    },
    object::{flag, int, text},
    payments::debit,
    resources::{checkout_sessions, refunds},
    world::World,
};

/// Days before its end at which a trial is announced.
const TRIAL_NOTICE_SECONDS: i64 = 3 * 86_400;

/// Before its due date an invoice is announced so early. At Stripe an automation of the account decides.
const DUE_NOTICE_SECONDS: i64 = 3 * 86_400;

/// What time brings to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    // In this order when due at the same second: a phase that begins with a period shapes that period's invoice.
    ScheduleAdvances,
    TrialIsAnnounced,
    PendingUpdateExpires,
    SubscriptionExpires,
    SubscriptionEnds,
    SubscriptionRenews,
    InvoiceFinalizes,
    InvoiceIsRetried,
    InvoiceIsDueSoon,
    InvoiceIsOverdue,
    SessionExpires,
    CouponEnds,
    PromotionCodeEnds,
    RefundSettles,
    DebitSettles,
}

/// Brings everything up to `now` (Unix seconds). A clock that goes back undoes nothing.
pub(crate) fn advance_to(world: &mut World, now: i64) {
    if now == world.now {
        return;
    }
    pass(world, None, now);
    world.now = now;
}

/// Brings what follows a test clock up to its new time (Unix seconds); all else stays where it is.
pub(crate) fn advance_clock(world: &mut World, clock: &str, to: i64) {
    let real = world.now;
    world.now = int(&world.copy(clock), "frozen_time");
    pass(world, Some(clock), to);
    world.now = real;
}

fn pass(world: &mut World, clock: Option<&str>, until: i64) {
    // More steps than any honest jump of the clock needs: a guard against a step that stays due.
    for _ in 0..100_000 {
        let Some((at, due, id)) = next(world, clock).filter(|(at, ..)| *at <= until) else { break };
        world.now = at.max(world.now.min(until));
        happen(world, due, &id);
    }
}

fn next(world: &World, clock: Option<&str>) -> Option<(i64, Due, String)> {
    let of = |kind: &str, due: fn(&Value) -> Vec<(i64, Due)>| {
        let all = world
            .all(kind)
            .filter(|object| world.clock_of(object) == clock)
            .flat_map(move |object| due(object).into_iter().map(move |(at, due)| (at, due, object)));
        all.min_by_key(|(at, due, _)| (*at, *due)).map(|(at, due, object)| (at, due, text(object, "id").to_owned()))
    };
    [
        of("subscription_schedule", |s| schedule::due(s).map(|at| (at, Due::ScheduleAdvances)).into_iter().collect()),
        of("subscription", of_subscription),
        of("invoice", of_invoice),
        of("refund", |r| refunds::due(r).map(|at| (at, Due::RefundSettles)).into_iter().collect()),
        of("payment_intent", |i| i["_debited_at"].as_i64().map(|at| (at, Due::DebitSettles)).into_iter().collect()),
        of("coupon", |c| ends(c, "valid", "redeem_by", Due::CouponEnds)),
        of("promotion_code", |p| ends(p, "active", "expires_at", Due::PromotionCodeEnds)),
        of("checkout.session", |s| {
            let open = text(s, "status") == "open";
            open.then(|| (int(s, "expires_at"), Due::SessionExpires)).into_iter().collect()
        }),
    ]
    .into_iter()
    .flatten()
    .min()
}

fn ends(object: &Value, open: &str, end: &str, due: Due) -> Vec<(i64, Due)> {
    object[end].as_i64().filter(|_| flag(object, open)).map(|at| (at, due)).into_iter().collect()
}

fn of_subscription(subscription: &Value) -> Vec<(i64, Due)> {
    let mut due = Vec::new();
    let (_, period_end) = subscription::period(subscription);
    match text(subscription, "status") {
        "incomplete" => due.push((int(subscription, "created") + INCOMPLETE_SECONDS, Due::SubscriptionExpires)),
        status @ ("active" | "trialing" | "past_due" | "unpaid") => {
            due.push((period_end, Due::SubscriptionRenews));
            if status == "trialing" && !flag(subscription, "_trial_announced") {
                due.push((period_end - TRIAL_NOTICE_SECONDS, Due::TrialIsAnnounced));
            }
            if let (Some(at), false) = (subscription["cancel_at"].as_i64(), flag(subscription, "cancel_at_period_end"))
            {
                due.push((at, Due::SubscriptionEnds));
            }
            if let Some(at) = subscription["pending_update"]["expires_at"].as_i64() {
                due.push((at, Due::PendingUpdateExpires));
            }
        }
        _ => {}
    }
    due
}

fn of_invoice(invoice: &Value) -> Vec<(i64, Due)> {
    let mut due = Vec::new();
    match text(invoice, "status") {
        "draft" => due.extend(invoice["automatically_finalizes_at"].as_i64().map(|at| (at, Due::InvoiceFinalizes))),
        "open" => {
            due.extend(invoice["next_payment_attempt"].as_i64().map(|at| (at, Due::InvoiceIsRetried)));
            if !flag(invoice, "_due_announced") {
                due.extend(invoice["due_date"].as_i64().map(|at| (at - DUE_NOTICE_SECONDS, Due::InvoiceIsDueSoon)));
            }
            if !flag(invoice, "_overdue") {
                due.extend(invoice["due_date"].as_i64().map(|at| (at, Due::InvoiceIsOverdue)));
            }
        }
        _ => {}
    }
    due
}

fn happen(world: &mut World, due: Due, id: &str) {
    match due {
        Due::ScheduleAdvances => schedule::advance(world, id),
        Due::TrialIsAnnounced => {
            world.set(id, "_trial_announced", json!(true));
            world.emit("customer.subscription.trial_will_end", id);
        }
        Due::PendingUpdateExpires => match world.copy(id)["_pending_invoice"].as_str().map(str::to_owned) {
            Some(invoice) => invoicing::void(world, &invoice),
            None => change::drop_pending(world, id),
        },
        Due::SubscriptionExpires => {
            let invoice = world.copy(id)["latest_invoice"].as_str().map(str::to_owned);
            match invoice.filter(|invoice| text(&world.copy(invoice), "status") == "open") {
                Some(invoice) => invoicing::void(world, &invoice),
                None => subscription::update(world, id, |s| s["status"] = json!("incomplete_expired")),
            }
        }
        Due::SubscriptionEnds => subscription::end(world, id, "cancellation_requested"),
        Due::SubscriptionRenews => subscription::renew(world, id),
        Due::InvoiceFinalizes => {
            invoicing::finalize(world, id);
            if text(&world.copy(id), "status") == "open" {
                subscription::collect(world, id);
            }
        }
        Due::InvoiceIsRetried => subscription::collect(world, id),
        Due::InvoiceIsDueSoon => {
            world.set(id, "_due_announced", json!(true));
            world.emit("invoice.will_be_due", id);
        }
        Due::InvoiceIsOverdue => {
            world.set(id, "_overdue", json!(true));
            world.emit("invoice.overdue", id);
            if let Some(subscription) = invoicing::subscription_of(&world.copy(id)).map(str::to_owned)
                && text(&world.copy(&subscription), "status") == "active"
            {
                subscription::update(world, &subscription, |s| s["status"] = json!("past_due"));
            }
        }
        Due::CouponEnds => world.update(id, "coupon.updated", |coupon| coupon["valid"] = json!(false)),
        Due::PromotionCodeEnds => {
            world.update(id, "promotion_code.updated", |promotion| promotion["active"] = json!(false));
        }
        Due::RefundSettles => {
            let status = text(&world.copy(id)["_settles"], "status").to_owned();
            refunds::settle(world, id, &status);
        }
        Due::DebitSettles => debit::settle(world, id),
        Due::SessionExpires => checkout_sessions::expire_now(world, id),
    }
}
