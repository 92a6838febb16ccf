//! The hosted invoice page, `/i/{id}`: pay by card, or see where to transfer the money.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::Response,
};
use serde_json::Value;

use super::{
    page::{escape, notice, page, see_other},
    transfer,
};
use crate::{
    Sandbox,
    billing::{invoicing, lines::money, tax},
    form::Form,
    object::{data, elements, int, text},
    payments::{self, Attempt, transfer as transfers},
    world::World,
};

/// `GET /i/{id}`
pub(super) async fn show(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response<Body> {
    let world = sandbox.world();
    match world.get("invoice", &id) {
        Ok(invoice) if text(&invoice, "status") != "draft" => render(&world, &invoice, None),
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
    if form.text("action") == Some("transfer") {
        let instructions = instructions(&world, &invoice);
        let answer = match transfer::arrive(&mut world, text(&invoice, "customer"), &instructions, &body) {
            Ok(()) => see_other(&format!("/i/{id}")),
            Err(error) => render(&world, &invoice, Some(&error.message)),
        };
        drop(world);
        sandbox.wake.notify_one();
        return answer;
    }
    let number = match form.text("action") {
        Some("4242") => "4242424242424242",
        Some("3ds") => "4000002500003155",
        Some("declined") => "4000000000000002",
        _ => form.text("card_number").unwrap_or_default(),
    };
    let Some(card) = payments::card_by_number(number) else {
        return render(
            &world,
            &invoice,
            Some("Your card number is incorrect. The sandbox takes Stripe's test numbers only."),
        );
    };
    let method = card.payment_method(&world, payments::no_details(), (12, 2034));
    let method = world.insert(method);
    let answer = match payments::pay_invoice(&mut world, &id, Some(&method)) {
        Attempt::Succeeded | Attempt::Processing => see_other(&format!("/i/{id}")),
        Attempt::RequiresAction => {
            let intent = invoicing::payment_of(&world, &id).map(|(_, intent)| intent).unwrap_or_default();
            see_other(&format!("/c/authenticate/{intent}"))
        }
        Attempt::Declined(decline) => render(&world, &world.copy(&id), Some(&decline.message)),
    };
    drop(world);
    sandbox.wake.notify_one();
    answer
}

/// Whether the invoice may be paid in this way.
fn takes(invoice: &Value, kind: &str) -> bool {
    let types = &invoice["payment_settings"]["payment_method_types"];
    types.is_null() && kind == "card"
        || elements(&invoice["payment_settings"], "payment_method_types").contains(&Value::from(kind))
}

/// Where to transfer what is missing; an invoice is named by its number.
fn instructions(world: &World, invoice: &Value) -> Value {
    transfers::instructions(
        text(invoice, "customer"),
        &invoice["payment_settings"]["payment_method_options"]["customer_balance"],
        text(invoice, "currency"),
        int(invoice, "amount_remaining"),
        text(invoice, "number"),
        &format!("{}/i/{}", world.public_url, text(invoice, "id")),
    )
}

fn render(world: &World, invoice: &Value, problem: Option<&str>) -> Response<Body> {
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
        _ if int(invoice, "amount_paid") > 0 => {
            let (paid, left) = (int(invoice, "amount_paid"), int(invoice, "amount_remaining"));
            format!("{} has arrived, {} is due", amount(paid), amount(left))
        }
        _ => format!("{} due", amount(int(invoice, "amount_remaining"))),
    };
    let alert =
        problem.map(|problem| format!("<p class=\"alert\" role=\"alert\">{}</p>", escape(problem))).unwrap_or_default();
    let mut pay = String::new();
    if status == "open" && takes(invoice, "card") {
        pay.push_str(&format!(
            "<form method=\"post\" action=\"/i/{}\"><div><label for=\"card_number\">Card number</label>\
             <input id=\"card_number\" name=\"card_number\" inputmode=\"numeric\" autocomplete=\"cc-number\"></div>\
             <button class=\"primary\" name=\"action\" value=\"pay\">Pay {}</button><div class=\"tests\"><div>\
             <button name=\"action\" value=\"4242\">Pay with 4242 (succeeds)</button>\
             <button name=\"action\" value=\"3ds\">3-D Secure</button>\
             <button name=\"action\" value=\"declined\">Declined</button></div></div></form>",
            escape(text(invoice, "id")),
            amount(int(invoice, "amount_remaining"))
        ));
    }
    if status == "open" && takes(invoice, "customer_balance") {
        let instructions = instructions(world, invoice);
        let action = format!("/i/{}", text(invoice, "id"));
        pay.push_str("<h2>Pay by bank transfer</h2>");
        pay.push_str(&transfer::facts(&instructions));
        pay.push_str(&transfer::sender(&action, &instructions, None));
    }
    let body = format!(
        "<main class=\"center\"><div class=\"card\"><span class=\"testmode\">Test mode</span><h1>Invoice {}</h1><p>{sentence}</p>{alert}\
         <div class=\"scroll\"><table><thead><tr><th>Description</th><th class=\"num\">Quantity</th><th class=\"num\">Amount</th></tr></thead><tbody>{lines}</tbody></table></div>\
         <dl class=\"sums\"><div><dt>Subtotal</dt><dd>{}</dd></div><div><dt>{}</dt><dd>{}</dd></div>\
         <div class=\"total\"><dt>Total</dt><dd>{}</dd></div></dl>{pay}</div></main>",
        escape(text(invoice, "number")),
        amount(int(invoice, "subtotal")),
        tax::name_in(text(&invoice["customer_address"], "country")),
        amount(tax),
        amount(int(invoice, "total")),
    );
    page(200, "Invoice", &body, &[])
}
