//! The Checkout page, `/c/pay/{id}`.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::Response,
};
use serde_json::{Value, json};

use super::{
    countries,
    page::{escape, notice, page, see_other},
    transfer::facts as transfer_facts,
};
use crate::{
    Sandbox,
    billing::{
        lines::{day, money},
        price::cost,
        tax,
    },
    checkout::{self, Completion, Means},
    error::ApiError,
    form::Form,
    object::{elements, flag, int, text},
    payments::{self, transfer},
    resources::tax_ids,
    world::World,
};

/// Buttons of payments that are under way for a while.
const DEBITS: &str = "<button name=\"action\" value=\"debit\">SEPA debit</button>\
                      <button name=\"action\" value=\"debit_returned\">Returned debit</button>";

/// `GET /c/pay/{id}`
pub(super) async fn show(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response<Body> {
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    match open_session(&world, &id) {
        Ok(session) => render(&session, None, &Form::default()),
        Err(answer) => *answer,
    }
}

/// The session if it is open, else the page that says why it is not.
pub(super) fn open_session(world: &World, id: &str) -> Result<Value, Box<Response<Body>>> {
    let session = world.get("checkout.session", id).map_err(|_| {
        let sentence = "This checkout session does not exist in the sandbox. It forgets everything when it restarts.";
        Box::new(notice(404, "No such page", sentence, None))
    })?;
    let closed = match text(&session, "status") {
        "open" => return Ok(session),
        "complete" => {
            let onward = checkout::success_url(&session);
            notice(200, "You are all done here", "This checkout has been completed.", Some((&onward, "Continue")))
        }
        _ => {
            let back = session["cancel_url"].as_str().map(|url| (url, "Back"));
            notice(200, "This page has expired", "Nothing was charged. Please start again from the shop.", back)
        }
    };
    Err(Box::new(closed))
}

/// `POST /c/pay/{id}`
pub(super) async fn submit(
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
    let form = Form::decode(&body).unwrap_or_default();
    let answer = match act(&mut world, &session, &form) {
        Ok(Next::Show) => see_other(&format!("/c/pay/{id}")),
        Ok(Next::Completed(Completion::Done)) => see_other(&checkout::success_url(&world.copy(&id))),
        Ok(Next::Completed(Completion::NeedsAuthentication)) => see_other(&format!("/c/pay/{id}/authenticate")),
        Err(error) => render(&world.copy(&id), Some(&error), &form),
    };
    drop(world);
    sandbox.wake.notify_one();
    answer
}

enum Next {
    Show,
    Completed(Completion),
}

fn act(world: &mut World, session: &Value, form: &Form) -> Result<Next, ApiError> {
    let id = text(session, "id");
    // Enter in a field presses the form's first button, which may be the one that updates the tax.
    let action = match form.text("action").unwrap_or("pay") {
        "update" if form.text("card_number").is_some() => "pay",
        action => action,
    };
    if action == "apply_promotion" {
        checkout::apply_promotion(world, id, form.text("promotion_code").unwrap_or_default())?;
        return Ok(Next::Show);
    }
    take_details(world, session, form)?;
    if action == "update" {
        return Ok(Next::Show);
    }
    if action == "transfer" {
        return checkout::complete(world, id, &Means::Transfer).map(Next::Completed);
    }
    if let Some(iban) = debited(action) {
        if text(session, "mode") != "payment" {
            return Err(ApiError::invalid("The sandbox takes debits for single payments only."));
        }
        let method = payments::debit::method(world, iban)?;
        let method = world.insert(method);
        return checkout::complete(world, id, &Means::Card(method, false)).map(Next::Completed);
    }
    let number = match action {
        "4242" => "4242424242424242",
        "3ds" => "4000002500003155",
        "declined" => "4000000000000002",
        _ => form.text("card_number").unwrap_or_default(),
    };
    if number.is_empty() && !needs_card(&world.copy(id)) {
        return checkout::complete(world, id, &Means::Nothing).map(Next::Completed);
    }
    let card = payments::card_by_number(number).ok_or_else(|| {
        ApiError::card(
            "incorrect_number",
            None,
            "Your card number is incorrect. The sandbox takes Stripe's test numbers only.",
        )
        .with_param("card_number")
    })?;
    let expiry = if action == "pay" { expiry(form.text("expiry").unwrap_or_default(), world.now)? } else { (12, 2034) };
    if action == "pay"
        && !form.text("cvc").is_some_and(|cvc| (3..=4).contains(&cvc.len()) && cvc.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(ApiError::card("invalid_cvc", None, "Your card's security code is incomplete.").with_param("cvc"));
    }
    let details = world.copy(id)["_details"].clone();
    let mut billing = payments::no_details();
    billing["email"] = details["email"].clone();
    billing["name"] = form.text("name").map_or_else(|| details["name"].clone(), |name| json!(name));
    if details["address"].is_object() {
        billing["address"] = details["address"].clone();
    }
    let method = card.payment_method(world, billing, expiry);
    let method = world.insert(method);
    world.set(id, "_pending_method", json!(method));
    checkout::complete(world, id, &Means::Card(method, false)).map(Next::Completed)
}

/// The account that a button debits: the money of one comes after some minutes, that of the other never.
/// <https://docs.stripe.com/payments/sepa-debit/accept-a-payment#test-integration>
fn debited(action: &str) -> Option<&'static str> {
    match action {
        "debit" => Some("AT321904300235473204"),
        "debit_returned" => Some("AT861904300235473202"),
        _ => None,
    }
}

/// Takes over e-mail, name, country and VAT id, and computes the tax anew.
fn take_details(world: &mut World, session: &Value, form: &Form) -> Result<(), ApiError> {
    let id = text(session, "id");
    let mut details = session["_details"].clone();
    if let Some(email) = form.text("email") {
        if !email.contains('@') {
            return Err(ApiError::invalid("Your email is invalid.").with_param("email"));
        }
        details["email"] = json!(email);
    }
    if details["email"].is_null() {
        return Err(ApiError::invalid("Enter your email.").with_param("email"));
    }
    if let Some(name) = form.text("name").filter(|_| details["name"].is_null()) {
        details["name"] = json!(name);
    }
    if let Some(country) = form.text("country").filter(|code| countries::is_listed(code)) {
        if !details["address"].is_object() {
            details["address"] = payments::no_details()["address"].clone();
        }
        details["address"]["country"] = json!(country);
    }
    if let Some(value) = form.text("tax_id").map(|value| value.trim().to_uppercase())
        && elements(&details, "tax_ids").first().is_none_or(|known| text(known, "value") != value)
    {
        let kind = tax_ids::type_of(&value, text(&details["address"], "country"))
            .ok_or_else(|| ApiError::invalid("That is not a VAT id.").with_param("tax_id"))?;
        details["tax_ids"] = json!([{ "type": kind, "value": value }]);
    }
    world.set(id, "_details", details);
    checkout::price(world, id);
    Ok(())
}

/// `MM/YY` in the future.
fn expiry(text: &str, now: i64) -> Result<(i64, i64), ApiError> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let invalid = || {
        ApiError::card("invalid_expiry_month", None, "Your card's expiration date is incomplete or invalid.")
            .with_param("expiry")
    };
    if digits.len() != 4 {
        return Err(invalid());
    }
    let month: i64 = digits[..2].parse().map_err(|_| invalid())?;
    let year: i64 = 2000 + digits[2..].parse::<i64>().map_err(|_| invalid())?;
    let today = jiff::Timestamp::from_second(now).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC);
    let current = (i64::from(today.year()), i64::from(today.month()));
    if !(1..=12).contains(&month) || (year, month) < current {
        return Err(
            ApiError::card("expired_card", None, "Your card's expiration date is in the past.").with_param("expiry")
        );
    }
    Ok((month, year))
}

fn needs_card(session: &Value) -> bool {
    match text(session, "mode") {
        "payment" => int(session, "amount_total") > 0,
        "subscription" => int(session, "amount_total") > 0 || text(session, "payment_method_collection") == "always",
        _ => true,
    }
}

/// The words on the button.
fn act_label(session: &Value) -> String {
    match text(session, "mode") {
        "subscription" => "Subscribe".to_owned(),
        "setup" => "Save card".to_owned(),
        _ if int(session, "amount_total") == 0 => "Complete order".to_owned(),
        _ => format!("Pay {}", money(int(session, "amount_total"), text(session, "currency"))),
    }
}

fn render(session: &Value, error: Option<&ApiError>, sent: &Form) -> Response<Body> {
    let side = summary(session);
    let label = escape(&act_label(session));
    let details = &session["_details"];
    let alert =
        error.map(|error| format!("<p class=\"alert\" role=\"alert\" id=\"problem\">{}</p>", escape(&error.message)));
    let wrong = |name: &str| {
        if error.and_then(|error| error.param.as_deref()) == Some(name) {
            " aria-invalid=\"true\" aria-describedby=\"problem\""
        } else {
            ""
        }
    };
    let mut contact = String::new();
    match details["email"].as_str().filter(|_| session["customer"].is_string() || session["customer_email"].is_string()) {
        Some(email) => contact.push_str(&format!("<p class=\"hint\">Paying as {}</p>", escape(email))),
        None => contact.push_str(&format!(
            "<div><label for=\"email\">Email</label><input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"email\" value=\"{}\"{}></div>",
            escape(sent.text("email").or(details["email"].as_str()).unwrap_or_default()),
            wrong("email"),
        )),
    }
    let taxed = flag(&session["automatic_tax"], "enabled");
    let country = text(&details["address"], "country");
    if (taxed && (country.is_empty() || flag(session, "_saves_address") || session["customer"].is_null()))
        || text(session, "billing_address_collection") == "required"
    {
        let options = countries::options(country);
        contact.push_str(&format!(
            "<div class=\"with\"><div><label for=\"country\">Country</label><select id=\"country\" name=\"country\" autocomplete=\"country\">{options}</select></div>\
             <button name=\"action\" value=\"update\">Update tax</button></div>"
        ));
    }
    if flag(&session["tax_id_collection"], "enabled") {
        let known =
            elements(details, "tax_ids").first().map(|tax_id| text(tax_id, "value").to_owned()).unwrap_or_default();
        contact.push_str(&format!(
            "<div><label for=\"tax_id\">VAT id (optional)</label><input id=\"tax_id\" name=\"tax_id\" autocomplete=\"off\" value=\"{}\"{}></div>",
            escape(sent.text("tax_id").unwrap_or(&known)),
            wrong("tax_id"),
        ));
    }
    let kept = |name: &str| escape(sent.text(name).unwrap_or_default());
    let holder = escape(sent.text("name").or(details["name"].as_str()).unwrap_or_default());
    let types: Vec<&str> = elements(session, "payment_method_types").iter().filter_map(Value::as_str).collect();
    let mut ways = String::new();
    if !needs_card(session) {
        ways.push_str(&format!("<button class=\"primary\" name=\"action\" value=\"nothing\">{label}</button>"));
    } else if types.contains(&"card") || types.is_empty() {
        let debits = if text(session, "mode") == "payment" { DEBITS } else { "" };
        ways.push_str(&format!(
            "<fieldset><legend>Pay with card</legend>\
             <div><label for=\"card_number\">Card number</label><input id=\"card_number\" name=\"card_number\" inputmode=\"numeric\" autocomplete=\"cc-number\" placeholder=\"1234 1234 1234 1234\" value=\"{}\"{}></div>\
             <div class=\"pair\"><div><label for=\"expiry\">Expiry (MM/YY)</label><input id=\"expiry\" name=\"expiry\" inputmode=\"numeric\" autocomplete=\"cc-exp\" value=\"{}\"{}></div>\
             <div><label for=\"cvc\">CVC</label><input id=\"cvc\" name=\"cvc\" inputmode=\"numeric\" autocomplete=\"cc-csc\"{}></div></div>\
             <div><label for=\"name\">Name on card</label><input id=\"name\" name=\"name\" autocomplete=\"cc-name\" value=\"{holder}\"></div></fieldset>\
             <button class=\"primary\" name=\"action\" value=\"pay\">{label}</button>\
             <section class=\"tests\" aria-labelledby=\"tests\"><h2 id=\"tests\">Test cards</h2><p class=\"hint\">Fill nothing in; each button uses its own number.</p><div>\
             <button name=\"action\" value=\"4242\">Pay with 4242 (succeeds)</button>\
             <button name=\"action\" value=\"3ds\">3-D Secure</button>\
             <button name=\"action\" value=\"declined\">Declined</button>{debits}</div></section>",
            kept("card_number"),
            wrong("card_number"),
            kept("expiry"),
            wrong("expiry"),
            wrong("cvc"),
        ));
    }
    if types.contains(&"customer_balance") && needs_card(session) {
        let instructions = transfer::instructions(
            text(session, "customer"),
            &session["payment_method_options"]["customer_balance"],
            text(session, "currency"),
            int(session, "amount_total"),
            &transfer::reference(text(session, "id")),
            "",
        );
        ways.push_str(&format!(
            "<fieldset><legend>Bank transfer</legend><p class=\"hint\">Transfer {} to this account with this reference. \
             The order is complete when the money arrives.</p>{}\
             <button class=\"primary\" name=\"action\" value=\"transfer\">Pay by bank transfer</button></fieldset>",
            escape(&money(int(session, "amount_total"), text(session, "currency"))),
            transfer_facts(&instructions),
        ));
    }
    let body = format!(
        "<main class=\"pay\"><section class=\"side\" aria-label=\"Order\"><div class=\"inner\">{side}</div></section>\
         <section class=\"form\" aria-label=\"Payment\"><div class=\"inner\">{}<form method=\"post\" action=\"/c/pay/{}\" novalidate>\
         <fieldset><legend>Contact</legend>{contact}</fieldset>{ways}</form></div></section></main>",
        alert.unwrap_or_default(),
        escape(text(session, "id")),
    );
    let status = error.map_or(200, |error| error.status);
    page(status, "Checkout", &body, &[text(session, "success_url"), text(session, "cancel_url")])
}

/// Lines, discounts, tax and total.
fn summary(session: &Value) -> String {
    let currency = text(session, "currency");
    let amount = |minor: i64| escape(&money(minor, currency));
    let mut side = String::new();
    if let Some(back) = session["cancel_url"].as_str() {
        side.push_str(&format!("<p><a href=\"{}\">← Back</a></p>", escape(back)));
    }
    side.push_str("<span class=\"testmode\">Test mode</span>");
    if text(session, "mode") == "setup" {
        side.push_str("<h1>Save a card</h1><p class=\"soft\">Nothing is charged now.</p>");
        return side;
    }
    let recurring = elements(session, "_lines").iter().find(|line| !line["price"]["recurring"].is_null());
    let every = recurring.map(|line| text(&line["price"]["recurring"], "interval"));
    let title = if every.is_some() { "Subscribe" } else { "Pay Leasehold Demo" };
    let trial = session["_subscription_data"]["trial_end"].as_i64();
    let per = match (every, trial) {
        (Some(every), None) => format!("<small> per {every}</small>"),
        _ => String::new(),
    };
    side.push_str(&format!(
        "<div><h1>{title}</h1><p class=\"amount\">{}{per}</p></div>",
        amount(int(session, "amount_total"))
    ));
    if let (Some(every), Some(end)) = (every, trial) {
        let recurring = elements(session, "_lines").iter().filter(|line| !line["price"]["recurring"].is_null());
        let then: i64 = recurring.map(|line| cost(&line["price"], int(line, "quantity"))).sum();
        let sentence = format!("Free until {}, then {} per {every}", day(end), money(then, currency));
        side.push_str(&format!("<p class=\"soft\">{}</p>", escape(&sentence)));
    }
    let lines: String = elements(session, "_line_items")
        .iter()
        .map(|line| {
            let quantity = int(line, "quantity");
            let parts = match line["price"]["unit_amount"].as_i64() {
                Some(unit) => format!("{quantity} × {}", money(unit, currency)),
                None => quantity.to_string(),
            };
            format!(
                "<li><span>{}<small>{}</small></span><span>{}</span></li>",
                escape(text(line, "description")),
                escape(&parts),
                amount(int(line, "amount_subtotal")),
            )
        })
        .collect();
    side.push_str(&format!("<ul class=\"lines\">{lines}</ul>"));
    let totals = &session["total_details"];
    let mut sums = format!("<div><dt>Subtotal</dt><dd>{}</dd></div>", amount(int(session, "amount_subtotal")));
    if int(totals, "amount_discount") != 0 {
        sums.push_str(&format!("<div><dt>Discount</dt><dd>{}</dd></div>", amount(-int(totals, "amount_discount"))));
    }
    if flag(&session["automatic_tax"], "enabled") {
        let name = tax::name_in(text(&session["_details"]["address"], "country"));
        sums.push_str(&format!("<div><dt>{name}</dt><dd>{}</dd></div>", amount(int(totals, "amount_tax"))));
    }
    sums.push_str(&format!(
        "<div class=\"total\"><dt>Total due today</dt><dd>{}</dd></div>",
        amount(int(session, "amount_total"))
    ));
    side.push_str(&format!("<dl class=\"sums\">{sums}</dl>"));
    if flag(session, "allow_promotion_codes") {
        side.push_str(&format!(
            "<form method=\"post\" action=\"/c/pay/{}\"><div class=\"with\"><div><label for=\"promotion_code\">Promotion code</label>\
             <input id=\"promotion_code\" name=\"promotion_code\" autocomplete=\"off\"></div>\
             <button name=\"action\" value=\"apply_promotion\">Apply</button></div></form>",
            escape(text(session, "id"))
        ));
    }
    side
}
