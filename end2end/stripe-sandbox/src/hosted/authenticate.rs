//! The 3-D Secure step: of a Checkout Session, or of a payment intent that a renewal or upgrade left waiting.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::Response,
};

use super::{
    checkout::open_session,
    page::{escape, notice, page, see_other},
};
use crate::{
    Sandbox,
    billing::{invoicing, lines::money},
    checkout::{self, Means},
    error::ApiError,
    form::Form,
    object::{int, text},
    payments,
};

fn challenge(action: &str, what: &str, targets: &[&str]) -> Response<Body> {
    let body = format!(
        "<main class=\"center\"><div class=\"card\"><span class=\"testmode\">Test mode</span><h1>3-D Secure 2 test page</h1>\
         <p>Your bank would ask you now to confirm {}.</p><form method=\"post\" action=\"{}\"><div class=\"acts\">\
         <button class=\"primary\" name=\"result\" value=\"complete\">Complete</button>\
         <button name=\"result\" value=\"fail\">Fail</button></div></form></div></main>",
        escape(what),
        escape(action)
    );
    page(200, "3-D Secure", &body, targets)
}

/// `GET /c/pay/{id}/authenticate`
pub(super) async fn show_session(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response<Body> {
    let world = sandbox.world();
    match open_session(&world, &id) {
        Ok(session) if session["_pending_method"].is_string() => {
            let what = match text(&session, "mode") {
                "setup" => "that this card may be saved".to_owned(),
                _ => format!("a payment of {}", money(int(&session, "amount_total"), text(&session, "currency"))),
            };
            challenge(&format!("/c/pay/{id}/authenticate"), &what, &[text(&session, "success_url")])
        }
        Ok(_) => see_other(&format!("/c/pay/{id}")),
        Err(answer) => *answer,
    }
}

/// `POST /c/pay/{id}/authenticate`
pub(super) async fn submit_session(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    body: String,
) -> Response<Body> {
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    let session = match open_session(&world, &id) {
        Ok(session) => session,
        Err(answer) => return *answer,
    };
    let passed = Form::decode(&body).unwrap_or_default().text("result") == Some("complete");
    let Some(method) = session["_pending_method"].as_str().filter(|_| passed) else {
        let back = format!("/c/pay/{id}");
        let sentence = "We are unable to authenticate your payment method. Nothing was charged; choose another card and try again.";
        return notice(402, "Authentication failed", sentence, Some((&back, "Try again")));
    };
    let answer = match checkout::complete(&mut world, &id, &Means::Card(method.to_owned(), true)) {
        Ok(_) => see_other(&checkout::success_url(&world.copy(&id))),
        Err(error) => notice(402, "Payment failed", &error.message, Some((&format!("/c/pay/{id}"), "Try again"))),
    };
    drop(world);
    sandbox.wake.notify_one();
    answer
}

/// `GET /c/authenticate/{intent}`
pub(super) async fn show_intent(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response<Body> {
    let world = sandbox.world();
    match world.get("payment_intent", &id) {
        Ok(intent) if text(&intent, "status") == "requires_action" => {
            let what = format!("a payment of {}", money(int(&intent, "amount"), text(&intent, "currency")));
            challenge(&format!("/c/authenticate/{id}"), &what, &[])
        }
        Ok(_) => notice(200, "Nothing to confirm", "This payment does not wait for you.", None),
        Err(_) => notice(404, "No such page", "This payment does not exist in the sandbox.", None),
    }
}

/// `POST /c/authenticate/{intent}`
pub(super) async fn submit_intent(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    body: String,
) -> Response<Body> {
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    let intent = world.copy(&id);
    if text(&intent, "status") != "requires_action" {
        return notice(200, "Nothing to confirm", "This payment does not wait for you.", None);
    }
    let method = text(&intent, "payment_method").to_owned();
    let passed = Form::decode(&body).unwrap_or_default().text("result") == Some("complete");
    let answer = if passed {
        payments::confirm(&mut world, &id, &method, true);
        notice(200, "Payment confirmed", "Thank you. You can close this page.", None)
    } else {
        let decline = ApiError::card(
            "payment_intent_authentication_failure",
            None,
            "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
        );
        payments::fail(&mut world, &id, &method, decline);
        if let Some(invoice) = intent["_invoice"].as_str() {
            invoicing::attempt_failed(&mut world, invoice, false);
        }
        notice(402, "Authentication failed", "Nothing was charged.", None)
    };
    drop(world);
    sandbox.wake.notify_one();
    answer
}
