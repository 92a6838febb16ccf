//! Acts of the world outside, from the console: a bank sends money, a card network renews a card, a holder disputes.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{done, object_link, refuse, wish};
use crate::{
    Sandbox,
    billing::lines::{amount_in, money, parse_money},
    form::Form,
    hosted::page::escape,
    object::{int, public, text},
    payments::{cash, transfer},
    resources::{customers, disputes},
    world::World,
};

/// Routes of these acts.
pub(super) fn router() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/_sandbox/fund", post(fund))
        .route("/_sandbox/card", post(card))
        .route("/_sandbox/dispute", post(dispute))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FundWish {
    customer: String,
    /// Minor units.
    amount: i64,
    currency: String,
    reference: Option<String>,
}

/// A bank transfer arrives for a customer.
async fn fund(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let of_form = |form: &Form| {
        let currency = form.text("currency").unwrap_or_default();
        json!({
            "customer": form.text("customer"), "currency": currency, "reference": form.text("reference"),
            "amount": form.text("amount").and_then(|typed| parse_money(typed, currency)),
        })
    };
    let (wish, is_form): (FundWish, bool) = match wish(&headers, &body, of_form) {
        Ok(wish) => wish,
        Err(refusal) => return *refusal,
    };
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    if let Err(error) = customers::living(&world, &wish.customer).and_then(|_| transfer::takes(&wish.currency)) {
        return refuse(&error.message);
    }
    if wish.amount < 1 {
        return refuse("amount is at least 1, in minor units");
    }
    let transaction = cash::fund(&mut world, &wish.customer, wish.amount, &wish.currency, wish.reference.as_deref());
    drop(world);
    sandbox.wake.notify_one();
    done(is_form, public(&transaction))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CardWish {
    payment_method: String,
    exp_month: i64,
    exp_year: i64,
}

/// The card network reports a new expiry. <https://docs.stripe.com/saving-cards#automatic-card-updates>
async fn card(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let of_form: fn(&Form) -> Value = |form| {
        let number = |member: &str| form.text(member).and_then(|n| n.parse::<i64>().ok());
        json!({ "payment_method": form.text("payment_method"), "exp_month": number("exp_month"), "exp_year": number("exp_year") })
    };
    let (wish, is_form): (CardWish, bool) = match wish(&headers, &body, of_form) {
        Ok(wish) => wish,
        Err(refusal) => return *refusal,
    };
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    match world.get("payment_method", &wish.payment_method) {
        Ok(method) if text(&method, "type") == "card" && (1..=12).contains(&wish.exp_month) => {}
        _ => return refuse("payment_method is a card, and exp_month is 1 to 12"),
    }
    world.update(&wish.payment_method, "payment_method.automatically_updated", |method| {
        method["card"]["exp_month"] = json!(wish.exp_month);
        method["card"]["exp_year"] = json!(wish.exp_year);
    });
    let answer = public(&world.copy(&wish.payment_method));
    drop(world);
    sandbox.wake.notify_one();
    done(is_form, answer)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DisputeWish {
    /// A charge to dispute …
    charge: Option<String>,
    /// … or a dispute to decide, with `outcome` `won` or `lost`.
    dispute: Option<String>,
    outcome: Option<String>,
}

/// A holder disputes a charge, or a bank decides.
async fn dispute(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let of_form = |form: &Form| json!({ "charge": form.text("charge"), "dispute": form.text("dispute"), "outcome": form.text("outcome") });
    let (wish, is_form): (DisputeWish, bool) = match wish(&headers, &body, of_form) {
        Ok(wish) => wish,
        Err(refusal) => return *refusal,
    };
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    let answer = match (wish.charge, wish.dispute, wish.outcome.as_deref()) {
        (Some(charge), None, None) => match world.get("charge", &charge) {
            Ok(charge) if text(&charge, "status") == "succeeded" && charge["disputed"] != true => {
                disputes::open(&mut world, text(&charge, "payment_intent"))
            }
            _ => return refuse("charge is one that succeeded and is not disputed"),
        },
        (None, Some(dispute), Some(outcome @ ("won" | "lost"))) => {
            if let Err(error) = disputes::undecided(&world, &dispute) {
                return refuse(&error.message);
            }
            disputes::decide(&mut world, &dispute, outcome);
            dispute
        }
        _ => return refuse("give a charge, or a dispute and its outcome, won or lost"),
    };
    let answer = public(&world.copy(&answer));
    drop(world);
    sandbox.wake.notify_one();
    done(is_form, answer)
}

/// What waits for a transfer, and a form that plays the bank.
pub(super) fn funding(world: &World) -> String {
    let waiting: String = cash::all_waiting(world)
        .into_iter()
        .take(20)
        .map(|(intent, remaining)| {
            let intent = world.copy(&intent);
            let currency = text(&intent, "currency");
            let send = |label: &str, amount: i64| {
                format!(
                    "<form method=\"post\" action=\"/_sandbox/fund\"><input type=\"hidden\" name=\"customer\" value=\"{}\">\
                     <input type=\"hidden\" name=\"currency\" value=\"{currency}\"><input type=\"hidden\" name=\"reference\" value=\"{}\">\
                     <button name=\"amount\" value=\"{}\">{label}</button></form>",
                    escape(text(&intent, "customer")),
                    escape(&cash::reference_of(world, &intent)),
                    amount_in(amount, currency),
                )
            };
            format!(
                "<tr><td>{}</td><td>{}</td><td class=\"num\">{}</td><td><div class=\"acts\">{}{}{}</div></td></tr>",
                object_link(&intent),
                escape(text(&world.copy(text(&intent, "customer")), "email")),
                escape(&money(remaining, currency)),
                send("Whole", remaining),
                send("Half", (remaining / 2).max(1)),
                send("Too much", remaining + remaining / 10 + 1),
            )
        })
        .collect();
    let waiting = if waiting.is_empty() {
        "<p class=\"hint\">No payment waits for a transfer.</p>".to_owned()
    } else {
        format!(
            "<div class=\"scroll\"><table><thead><tr><th>Payment</th><th>Customer</th><th class=\"num\">Missing</th><th>Send</th></tr></thead><tbody>{waiting}</tbody></table></div>"
        )
    };
    let customers: String = world
        .all("customer")
        .filter(|customer| customer["deleted"] != true)
        .take(200)
        .map(|customer| {
            let id = escape(text(customer, "id"));
            let balance = customer["_cash_balance"]["available"].as_object().into_iter().flatten();
            let balance: Vec<String> =
                balance.map(|(currency, minor)| money(minor.as_i64().unwrap_or(0), currency)).collect();
            let name = customer["email"].as_str().or(customer["name"].as_str()).unwrap_or("no name");
            format!("<option value=\"{id}\">{} · {id} {}</option>", escape(name), escape(&balance.join(" ")))
        })
        .collect();
    format!(
        "{waiting}<form method=\"post\" action=\"/_sandbox/fund\"><div class=\"acts\">\
         <div><label for=\"customer\">Customer</label><select id=\"customer\" name=\"customer\">{customers}</select></div>\
         <div><label for=\"amount\">Amount</label><input id=\"amount\" name=\"amount\" inputmode=\"decimal\" size=\"9\"></div>\
         <div><label for=\"currency\">Currency</label><select id=\"currency\" name=\"currency\"><option>usd</option><option>eur</option><option>gbp</option><option>jpy</option><option>mxn</option></select></div>\
         <div><label for=\"reference\">Reference</label><input id=\"reference\" name=\"reference\" size=\"14\"></div>\
         <button>Transfer</button></div></form>"
    )
}

/// The cards that customers have, each with a form that gives it another expiry.
pub(super) fn cards(world: &World) -> String {
    let rows: String = world
        .all("payment_method")
        .filter(|method| text(method, "type") == "card" && method["customer"].is_string())
        .take(12)
        .map(|method| {
            let (id, card) = (escape(text(method, "id")), &method["card"]);
            format!(
                "<tr><td>{}</td><td>{} {}</td><td>{}</td><td><form method=\"post\" action=\"/_sandbox/card\"><div class=\"acts\">\
                 <input type=\"hidden\" name=\"payment_method\" value=\"{id}\">\
                 <input name=\"exp_month\" aria-label=\"Month of expiry\" size=\"2\" value=\"{}\">\
                 <input name=\"exp_year\" aria-label=\"Year of expiry\" size=\"4\" value=\"{}\"><button>Change expiry</button></div></form></td></tr>",
                object_link(method),
                escape(text(card, "brand")),
                escape(text(card, "last4")),
                escape(text(&world.copy(text(method, "customer")), "email")),
                int(card, "exp_month"),
                int(card, "exp_year"),
            )
        })
        .collect();
    table("No customer has a card.", &["Payment method", "Card", "Customer", "Expires"], &rows)
}

/// Disputes to decide, and charges that can be disputed.
pub(super) fn disputes(world: &World) -> String {
    let button = |members: &[(&str, &str)], label: &str| {
        let hidden: String = members
            .iter()
            .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)))
            .collect();
        format!("<form method=\"post\" action=\"/_sandbox/dispute\">{hidden}<button>{label}</button></form>")
    };
    let row = |object: &Value, status: &str, acts: &str| {
        format!(
            "<tr><td>{}</td><td class=\"num\">{}</td><td>{}</td><td><div class=\"acts\">{acts}</div></td></tr>",
            object_link(object),
            escape(&money(int(object, "amount"), text(object, "currency"))),
            escape(status),
        )
    };
    let decided = |dispute: &&Value| matches!(text(dispute, "status"), "won" | "lost");
    let open = world.all("dispute").filter(|dispute| !decided(dispute)).take(8).map(|dispute| {
        let id = text(dispute, "id");
        let acts = format!(
            "{}{}",
            button(&[("dispute", id), ("outcome", "won")], "Won"),
            button(&[("dispute", id), ("outcome", "lost")], "Lost")
        );
        row(dispute, text(dispute, "status"), &acts)
    });
    let charges = world
        .all("charge")
        .filter(|charge| text(charge, "status") == "succeeded" && charge["disputed"] != true)
        .take(8)
        .map(|charge| row(charge, "succeeded", &button(&[("charge", text(charge, "id"))], "Dispute")));
    let rows: String = open.chain(charges).collect();
    table("No charge to dispute.", &["Object", "Amount", "Status", "Act"], &rows)
}

fn table(nothing: &str, heads: &[&str], rows: &str) -> String {
    if rows.is_empty() {
        return format!("<p class=\"hint\">{nothing}</p>");
    }
    let heads: String = heads.iter().map(|head| format!("<th>{head}</th>")).collect();
    format!("<div class=\"scroll\"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>")
}
