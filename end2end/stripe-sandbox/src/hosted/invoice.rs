//! The hosted invoice page, `/i/{id}`, and the instructions for a bank transfer, `/c/transfer/{intent}`.

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
    billing::{invoicing, lines::money},
    form::Form,
    object::{data, elements, int, text},
    payments::{self, Attempt},
};

/// `GET /i/{id}`
pub(super) async fn show(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response<Body> {
    let world = sandbox.world();
    match world.get("invoice", &id) {
        Ok(invoice) if text(&invoice, "status") != "draft" => render(&invoice, None),
        _ => notice(404, "No such page", "This invoice does not exist in the sandbox, or is not final yet.", None),
    }
}

/// `POST /i/{id}`: pay an open invoice with a test card.
pub(super) async fn submit(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    body: String,
) -> Response<Body> {
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    let Ok(invoice) = world.get("invoice", &id) else {
        return notice(404, "No such page", "This invoice does not exist in the sandbox.", None);
    };
    if text(&invoice, "status") != "open" {
        return see_other(&format!("/i/{id}"));
    }
    let form = Form::decode(&body).unwrap_or_default();
    let number = match form.text("action") {
        Some("4242") => "4242424242424242",
        Some("3ds") => "4000002500003155",
        Some("declined") => "4000000000000002",
        _ => form.text("card_number").unwrap_or_default(),
    };
    let Some(card) = payments::card_by_number(number) else {
        return render(&invoice, Some("Your card number is incorrect. The sandbox takes Stripe's test numbers only."));
    };
    let method = card.payment_method(&world, payments::no_details(), (12, 2034));
    let method = world.insert(method);
    let answer = match payments::pay_invoice(&mut world, &id, Some(&method)) {
        Attempt::Succeeded => see_other(&format!("/i/{id}")),
        Attempt::RequiresAction => {
            let intent = invoicing::payment_of(&world, &id).map(|(_, intent)| intent).unwrap_or_default();
            see_other(&format!("/c/authenticate/{intent}"))
        }
        Attempt::Declined(decline) => render(&world.copy(&id), Some(&decline.message)),
    };
    drop(world);
    sandbox.wake.notify_one();
    answer
}

fn render(invoice: &Value, problem: Option<&str>) -> Response<Body> {
    let currency = text(invoice, "currency");
    let amount = |minor: i64| escape(&money(minor, currency));
    let lines: String = data(invoice, "lines")
        .iter()
        .map(|line| {
            format!(
                "<tr><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>",
                escape(text(line, "description")),
                int(line, "quantity"),
                amount(int(line, "amount"))
            )
        })
        .collect();
    let tax: i64 = elements(invoice, "total_taxes").iter().map(|tax| int(tax, "amount")).sum();
    let status = text(invoice, "status");
    let sentence = match status {
        "paid" => format!("Paid: {}", amount(int(invoice, "amount_paid"))),
        "void" => "This invoice has been voided. Nothing is due.".to_owned(),
        _ => format!("{} due", amount(int(invoice, "amount_remaining"))),
    };
    let alert =
        problem.map(|problem| format!("<p class=\"alert\" role=\"alert\">{}</p>", escape(problem))).unwrap_or_default();
    let pay = if status == "open" {
        format!(
            "<form method=\"post\" action=\"/i/{}\"><div><label for=\"card_number\">Card number</label>\
             <input id=\"card_number\" name=\"card_number\" inputmode=\"numeric\" autocomplete=\"cc-number\"></div>\
             <button class=\"primary\" name=\"action\" value=\"pay\">Pay {}</button><div class=\"tests\"><div>\
             <button name=\"action\" value=\"4242\">Pay with 4242 (succeeds)</button>\
             <button name=\"action\" value=\"3ds\">3-D Secure</button>\
             <button name=\"action\" value=\"declined\">Declined</button></div></div></form>",
            escape(text(invoice, "id")),
            amount(int(invoice, "amount_remaining"))
        )
    } else {
        String::new()
    };
    let body = format!(
        "<main class=\"center\"><div class=\"card\"><span class=\"testmode\">Test mode</span><h1>Invoice {}</h1><p>{sentence}</p>{alert}\
         <div class=\"scroll\"><table><thead><tr><th>Description</th><th class=\"num\">Quantity</th><th class=\"num\">Amount</th></tr></thead><tbody>{lines}</tbody></table></div>\
         <dl class=\"sums\"><div><dt>Subtotal</dt><dd>{}</dd></div><div><dt>VAT</dt><dd>{}</dd></div>\
         <div class=\"total\"><dt>Total</dt><dd>{}</dd></div></dl>{pay}</div></main>",
        escape(text(invoice, "number")),
        amount(int(invoice, "subtotal")),
        amount(tax),
        amount(int(invoice, "total")),
    );
    page(200, "Invoice", &body, &[])
}

/// `GET /c/transfer/{intent}`
pub(super) async fn show_transfer(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response<Body> {
    let world = sandbox.world();
    let intent = world.copy(&id);
    let instructions = &intent["next_action"]["display_bank_transfer_instructions"];
    if instructions.is_null() {
        return notice(200, "Nothing to transfer", "This payment does not wait for a bank transfer.", None);
    }
    let body = format!(
        "<main class=\"center\"><div class=\"card\"><span class=\"testmode\">Test mode</span><h1>Transfer {}</h1>\
         <dl class=\"facts\"><dt>Reference</dt><dd><code>{}</code></dd></dl>\
         <form method=\"post\" action=\"/c/transfer/{}\"><button class=\"primary\">Simulate the transfer</button></form></div></main>",
        escape(&money(int(instructions, "amount_remaining"), text(instructions, "currency"))),
        escape(text(instructions, "reference")),
        escape(&id)
    );
    page(200, "Bank transfer", &body, &[])
}

/// `POST /c/transfer/{intent}`: the money arrives.
pub(super) async fn send_transfer(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response<Body> {
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    let intent = world.copy(&id);
    if !intent["next_action"]["display_bank_transfer_instructions"].is_null() {
        let (customer, currency) = (text(&intent, "customer").to_owned(), text(&intent, "currency").to_owned());
        payments::fund(&mut world, &customer, int(&intent, "amount"), &currency, None);
    }
    drop(world);
    sandbox.wake.notify_one();
    notice(200, "Transfer received", "The money has arrived. You can close this page.", None)
}
