//! The console at `/` and the control API below `/_sandbox/`: chaos, resending, state, clock, and acts of the world
//! outside (`acts`).

mod acts;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, Response, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Sandbox,
    amend::Amendment,
    form::Form,
    hosted::page::{escape, notice, page, see_other},
    object::{public, text},
    webhooks::{Drop, FailNext, Outcome},
    world::World,
};

/// Kinds that the console lists.
const KINDS: &[&str] = &[
    "customer",
    "product",
    "price",
    "checkout.session",
    "subscription",
    "subscription_schedule",
    "invoice",
    "payment_method",
    "payment_intent",
    "charge",
    "refund",
    "dispute",
    "credit_note",
    "coupon",
    "promotion_code",
    "webhook_endpoint",
];

/// Routes of console and control API.
pub(crate) fn router() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/", get(show))
        .route("/_sandbox/object/{id}", get(show_object))
        .route("/_sandbox/state", get(state))
        .route("/_sandbox/chaos", post(chaos))
        .route("/_sandbox/resend", post(resend))
        .route("/_sandbox/clock", post(clock))
        .merge(acts::router())
}

/// `drop` as a number or the word `all`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum DropWish {
    Count(u64),
    Word(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChaosWish {
    duplicate: Option<bool>,
    shuffle: Option<bool>,
    drop: Option<DropWish>,
    delay_ms: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    fail_next: Option<Option<FailNext>>,
    amend: Option<Vec<Amendment>>,
}

/// Tells `null` from absence.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<FailNext>>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResendWish {
    event_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockWish {
    advance_s: Option<i64>,
    set: Option<String>,
}

/// A control call comes as JSON from tests and as a form from the console's own page.
pub(super) fn wish<T: serde::de::DeserializeOwned>(
    headers: &HeaderMap,
    body: &[u8],
    of_form: fn(&Form) -> Value,
) -> Result<(T, bool), Box<Response<Body>>> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_form = kind.starts_with("application/x-www-form-urlencoded");
    let parsed = if is_form {
        let form = Form::decode(&String::from_utf8_lossy(body)).unwrap_or_default();
        serde_json::from_value(of_form(&form))
    } else {
        serde_json::from_slice(body)
    };
    parsed.map(|wish| (wish, is_form)).map_err(|error| Box::new(refuse(&error.to_string())))
}

pub(super) fn refuse(message: &str) -> Response<Body> {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": message }))).into_response()
}

pub(super) fn done(is_form: bool, answer: Value) -> Response<Body> {
    if is_form { see_other("/") } else { Json(answer).into_response() }
}

async fn chaos(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let of_form = |form: &Form| {
        let mut wish = json!({ "duplicate": form.has("duplicate"), "shuffle": form.has("shuffle") });
        wish["drop"] = match form.text("drop").unwrap_or("0") {
            "all" => json!("all"),
            count => json!(count.parse::<u64>().unwrap_or(0)),
        };
        wish["delay_ms"] = json!(form.text("delay_ms").and_then(|ms| ms.parse::<u64>().ok()).unwrap_or(0));
        wish["fail_next"] = json!(form.text("fail_next"));
        wish
    };
    let (wish, is_form): (ChaosWish, bool) = match wish(&headers, &body, of_form) {
        Ok(wish) => wish,
        Err(refusal) => return *refusal,
    };
    let mut world = sandbox.world();
    if let Some(drop) = wish.drop {
        world.chaos.drop = match drop {
            DropWish::Count(0) => Drop::Nothing,
            DropWish::Count(count) => Drop::Next(count),
            DropWish::Word(word) if word == "all" => Drop::All,
            DropWish::Word(word) => return refuse(&format!("drop is a number or \"all\", not \"{word}\"")),
        };
        world.outbox.restart_drop();
    }
    if let Some(duplicate) = wish.duplicate {
        world.chaos.duplicate = duplicate;
    }
    if let Some(shuffle) = wish.shuffle {
        world.chaos.shuffle = shuffle;
    }
    if let Some(delay_ms) = wish.delay_ms {
        world.chaos.delay_ms = delay_ms;
    }
    if let Some(fail_next) = wish.fail_next {
        world.chaos.fail_next = fail_next;
    }
    if let Some(amend) = wish.amend {
        world.chaos.amend = amend;
    }
    done(is_form, world.chaos.show())
}

async fn resend(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let (wish, is_form): (ResendWish, bool) =
        match wish(&headers, &body, |form| json!({ "event_id": form.text("event_id") })) {
            Ok(wish) => wish,
            Err(refusal) => return *refusal,
        };
    let mut world = sandbox.world();
    if world.get("event", &wish.event_id).is_err() {
        return refuse(&format!("no such event: {}", wish.event_id));
    }
    let endpoints = world.ids("webhook_endpoint");
    for endpoint in &endpoints {
        world.outbox.resend(endpoint, &wish.event_id);
    }
    sandbox.wake.notify_one();
    done(is_form, json!({ "resent_to": endpoints }))
}

async fn clock(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let of_form = |form: &Form| match form.text("set") {
        Some(set) => json!({ "set": set }),
        None => json!({ "advance_s": form.text("advance_s").and_then(|s| s.parse::<i64>().ok()).unwrap_or(0) }),
    };
    let (wish, is_form): (ClockWish, bool) = match wish(&headers, &body, of_form) {
        Ok(wish) => wish,
        Err(refusal) => return *refusal,
    };
    let moved = match (wish.set, wish.advance_s) {
        (Some(content), None) => sandbox.clock.set(&content),
        (None, Some(seconds)) => sandbox.clock.advance(seconds),
        _ => return refuse("give either advance_s or set"),
    };
    if let Err(error) = moved {
        return refuse(&error.to_string());
    }
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    sandbox.wake.notify_one();
    done(is_form, json!({ "now": world.now, "now_text": instant(world.now) }))
}

async fn state(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    let objects: serde_json::Map<String, Value> =
        KINDS.iter().map(|kind| ((*kind).to_owned(), world.all(kind).map(public).collect())).collect();
    let events: Vec<Value> = world
        .all("event")
        .map(|event| json!({ "id": event["id"], "type": event["type"], "created": event["created"], "pending_webhooks": event["pending_webhooks"] }))
        .collect();
    Json(json!({
        "now": world.now, "chaos": world.chaos.show(), "objects": objects, "events": events,
        "deliveries": deliveries(&world), "refusals": world.refusals,
    }))
}

/// Deliveries, newest first.
fn deliveries(world: &World) -> Vec<Value> {
    let shown = |outcome: &Outcome| match outcome {
        Outcome::Pending => "pending",
        Outcome::Sending => "sending",
        Outcome::Delivered(_) => "delivered",
        Outcome::Failed(_) => "failed",
        Outcome::Dropped => "dropped",
    };
    let entry = |delivery: &crate::webhooks::Delivery| {
        json!({
            "endpoint": delivery.endpoint, "event": delivery.event,
            "type": world.find(&delivery.event).map(|event| event["type"].clone()),
            "outcome": shown(&delivery.outcome), "attempts": delivery.attempts, "last": delivery.last,
        })
    };
    world.outbox.deliveries.iter().rev().map(entry).collect()
}

fn instant(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map(|instant| instant.to_string()).unwrap_or_default()
}

async fn show_object(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response<Body> {
    let world = sandbox.world();
    let Some(object) = world.find(&id) else {
        return notice(
            404,
            "No such object",
            "The sandbox forgets everything when it restarts.",
            Some(("/", "Console")),
        );
    };
    let text = serde_json::to_string_pretty(&public(object)).unwrap_or_default();
    let body = format!(
        "<main class=\"wide\"><p><a href=\"/\">← Console</a></p><div class=\"card\"><h1><code>{}</code></h1><pre>{}</pre></div></main>",
        escape(&id),
        escape(&text)
    );
    page(200, &id, &body, &[])
}

async fn show(State(sandbox): State<Arc<Sandbox>>) -> Response<Body> {
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    let chaos = &world.chaos;
    let checked = |on: bool| if on { " checked" } else { "" };
    let drop = match chaos.drop {
        Drop::Nothing => "0".to_owned(),
        Drop::Next(count) => count.to_string(),
        Drop::All => "all".to_owned(),
    };
    let clock = match sandbox.clock.file() {
        Some(file) => format!(
            "<p class=\"hint\">Test clock file <code>{}</code></p><div class=\"acts\">{}</div>\
             <form method=\"post\" action=\"/_sandbox/clock\"><div class=\"with\"><div><label for=\"set\">Instant or offset</label><input id=\"set\" name=\"set\"></div><button>Set</button></div></form>",
            escape(&file.display().to_string()),
            [("1 hour", 3600), ("1 day", 86_400), ("1 month", 31 * 86_400), ("1 year", 366 * 86_400)]
                .iter()
                .map(|(label, seconds)| format!("<form method=\"post\" action=\"/_sandbox/clock\"><button name=\"advance_s\" value=\"{seconds}\">+ {label}</button></form>"))
                .collect::<String>()
        ),
        None => "<p class=\"hint\">System time. Set <code>LEASEHOLD_TEST_CLOCK</code> to a file to move it.</p>".to_owned(),
    };
    let objects: String = KINDS
        .iter()
        .map(|kind| {
            let links: Vec<String> = world.all(kind).take(8).map(object_link).collect();
            let count = world.all(kind).count();
            format!("<tr><th scope=\"row\">{kind}</th><td class=\"num\">{count}</td><td>{}</td></tr>", links.join(", "))
        })
        .collect();
    let events: String = world
        .all("event")
        .take(60)
        .map(|event| {
            let id = escape(text(event, "id"));
            format!(
                "<tr><td>{}</td><td><a href=\"/_sandbox/object/{id}\">{}</a></td><td>{}</td><td><form method=\"post\" action=\"/_sandbox/resend\"><button name=\"event_id\" value=\"{id}\">Resend</button></form></td></tr>",
                instant(event["created"].as_i64().unwrap_or(0)),
                escape(text(event, "type")),
                object_link(&event["data"]["object"]),
            )
        })
        .collect();
    let sent: String = deliveries(&world)
        .iter()
        .take(60)
        .map(|delivery| {
            format!(
                "<tr><td>{}</td><td><code>{}</code></td><td>{}</td><td class=\"num\">{}</td><td>{}</td></tr>",
                escape(text(delivery, "type")),
                escape(text(delivery, "endpoint")),
                escape(text(delivery, "outcome")),
                delivery["attempts"],
                escape(text(delivery, "last"))
            )
        })
        .collect();
    let (funding, cards, disputes) = (acts::funding(&world), acts::cards(&world), acts::disputes(&world));
    let refusals: String = world.refusals.iter().rev().take(20).map(|line| format!("{}\n", escape(line))).collect();
    let body = format!(
        "<main class=\"wide\"><span class=\"testmode\">Stripe sandbox</span><h1>{now}</h1>\
         <section class=\"card\"><h2>Clock</h2>{clock}</section>\
         <section class=\"card\"><h2>Chaos</h2><form method=\"post\" action=\"/_sandbox/chaos\"><div class=\"acts\">\
         <label class=\"check\"><input type=\"checkbox\" name=\"duplicate\"{}>Duplicate webhooks</label>\
         <label class=\"check\"><input type=\"checkbox\" name=\"shuffle\"{}>Shuffle webhooks</label>\
         <div><label for=\"drop\">Drop (number or all)</label><input id=\"drop\" name=\"drop\" value=\"{drop}\" size=\"5\"></div>\
         <div><label for=\"delay_ms\">Delay (ms)</label><input id=\"delay_ms\" name=\"delay_ms\" value=\"{}\" size=\"6\"></div>\
         <div><label for=\"fail_next\">Fail the next call</label><select id=\"fail_next\" name=\"fail_next\"><option value=\"\">no</option><option>500</option><option>429</option><option>402</option><option>400</option><option>timeout</option></select></div>\
         <button>Set</button></div></form></section>\
         <section class=\"card\"><h2>Bank transfers</h2>{funding}</section>\
         <section class=\"card\"><h2>Cards</h2>{cards}</section>\
         <section class=\"card\"><h2>Disputes</h2>{disputes}</section>\
         <section class=\"card\"><h2>Objects</h2><div class=\"scroll\"><table><thead><tr><th>Kind</th><th class=\"num\">Count</th><th>Newest</th></tr></thead><tbody>{objects}</tbody></table></div></section>\
         <section class=\"card\"><h2>Events</h2><div class=\"scroll\"><table><thead><tr><th>At</th><th>Type</th><th>Object</th><th>Send</th></tr></thead><tbody>{events}</tbody></table></div></section>\
         <section class=\"card\"><h2>Deliveries</h2><div class=\"scroll\"><table><thead><tr><th>Type</th><th>Endpoint</th><th>Outcome</th><th class=\"num\">Attempts</th><th>Last</th></tr></thead><tbody>{sent}</tbody></table></div></section>\
         <section class=\"card\"><h2>Refused calls</h2><pre>{refusals}</pre></section></main>",
        checked(chaos.duplicate),
        checked(chaos.shuffle),
        chaos.delay_ms,
        now = instant(world.now),
    );
    page(200, "Stripe sandbox", &body, &[])
}

pub(super) fn object_link(object: &Value) -> String {
    let id = escape(text(object, "id"));
    format!("<a href=\"/_sandbox/object/{id}\"><code>{id}</code></a>")
}
