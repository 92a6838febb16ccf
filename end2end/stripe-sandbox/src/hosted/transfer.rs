//! Bank transfers for people: the instructions of a payment, `/c/transfer/{intent}`, and the bank that sends the money.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::Response,
};
use serde_json::Value;

use super::page::{escape, notice, page, see_other};
use crate::{
    Sandbox,
    billing::lines::{amount_in, money, parse_money},
    error::ApiError,
    form::Form,
    object::{elements, int, text},
    payments::{cash, transfer},
    world::World,
};

/// `GET /c/transfer/{intent}`
pub(super) async fn show(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response<Body> {
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    render(&world.copy(&id), None)
}

fn render(intent: &Value, problem: Option<&str>) -> Response<Body> {
    let instructions = &intent["next_action"]["display_bank_transfer_instructions"];
    if instructions.is_null() {
        return notice(200, "Nothing to transfer", "This payment does not wait for a bank transfer.", None);
    }
    let body = format!(
        "<main class=\"center\"><div class=\"card\"><span class=\"testmode\">Test mode</span><h1>Transfer {}</h1>{}{}</div>{}</main>",
        escape(&money(int(instructions, "amount_remaining"), text(instructions, "currency"))),
        progress(intent),
        facts(instructions),
        sender(&format!("/c/transfer/{}", text(intent, "id")), instructions, problem),
    );
    page(if problem.is_some() { 400 } else { 200 }, "Bank transfer", &body, &[])
}

/// What has arrived so far, when something has.
fn progress(intent: &Value) -> String {
    let applied = int(intent, "_applied");
    if applied == 0 {
        return String::new();
    }
    let of = |minor: i64| escape(&money(minor, text(intent, "currency")));
    format!("<p>{} of {} has arrived.</p>", of(applied), of(int(intent, "amount")))
}

/// The account and the reference as a list of facts.
pub(super) fn facts(instructions: &Value) -> String {
    let mut facts = String::new();
    let mut fact = |name: &str, value: &str| {
        if !value.is_empty() {
            facts.push_str(&format!("<dt>{name}</dt><dd><code>{}</code></dd>", escape(value)));
        }
    };
    // The first address is the one for transfers within the country.
    if let Some(address) = elements(instructions, "financial_addresses").first() {
        let account = &address[text(address, "type")];
        for (name, member) in [
            ("Beneficiary", "account_holder_name"),
            ("IBAN", "iban"),
            ("BIC", "bic"),
            ("Bank", "bank_name"),
            ("Routing number", "routing_number"),
            ("Sort code", "sort_code"),
            ("Branch code", "branch_code"),
            ("CLABE", "clabe"),
            ("Account number", "account_number"),
        ] {
            fact(name, text(account, member));
        }
    }
    fact("Reference", text(instructions, "reference"));
    format!("<dl class=\"facts\">{facts}</dl>")
}

/// The form that plays the buyer's bank: the whole, a part, or too much.
pub(super) fn sender(action: &str, instructions: &Value, problem: Option<&str>) -> String {
    let currency = text(instructions, "currency");
    let alert = problem
        .map(|problem| format!("<p class=\"alert\" role=\"alert\" id=\"problem\">{}</p>", escape(problem)))
        .unwrap_or_default();
    let wrong = if problem.is_some() { " aria-invalid=\"true\" aria-describedby=\"problem\"" } else { "" };
    format!(
        "<section class=\"tests\" aria-labelledby=\"bank\"><h2 id=\"bank\">The buyer's bank</h2>\
         <p class=\"hint\">Sends any amount: the whole, a part, or too much.</p>{alert}\
         <form method=\"post\" action=\"{}\"><div class=\"with\"><div><label for=\"amount\">Amount ({})</label>\
         <input id=\"amount\" name=\"amount\" inputmode=\"decimal\" autocomplete=\"off\" value=\"{}\"{wrong}></div>\
         <button name=\"action\" value=\"transfer\">Simulate the transfer</button></div></form></section>",
        escape(action),
        escape(&currency.to_uppercase()),
        escape(&amount_in(int(instructions, "amount_remaining"), currency)),
    )
}

/// `POST /c/transfer/{intent}`: money arrives.
pub(super) async fn send(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: String) -> Response<Body> {
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    let intent = world.copy(&id);
    let instructions = &intent["next_action"]["display_bank_transfer_instructions"];
    if instructions.is_null() {
        return render(&intent, None);
    }
    let customer = text(&intent, "customer").to_owned();
    let answer = match arrive(&mut world, &customer, instructions, &body) {
        Err(error) => render(&intent, Some(&error.message)),
        Ok(()) if text(&world.copy(&id), "status") == "succeeded" => {
            notice(200, "Transfer received", "The money has arrived. You can close this page.", None)
        }
        Ok(()) => see_other(&format!("/c/transfer/{id}")),
    };
    drop(world);
    sandbox.wake.notify_one();
    answer
}

/// Funds a customer with the amount that a form names, or with all that is missing when it names none.
pub(super) fn arrive(world: &mut World, customer: &str, instructions: &Value, body: &str) -> Result<(), ApiError> {
    let currency = text(instructions, "currency");
    let form = Form::decode(body)?;
    let amount = match form.text("amount") {
        Some(amount) => parse_money(amount, currency)
            .filter(|amount| *amount > 0)
            .ok_or_else(|| ApiError::invalid(format!("“{amount}” is not an amount in {}.", currency.to_uppercase())))?,
        None => int(instructions, "amount_remaining"),
    };
    transfer::takes(currency)?;
    cash::fund(world, customer, amount, currency, instructions["reference"].as_str());
    Ok(())
}
