//! `/v1/payment_methods`

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, get, page, post},
    billing::subscription,
    error::{Answer, ApiError},
    form::Form,
    object::{address, merge_metadata, metadata, text},
    payments,
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "payment_methods",
        "type card.number card.exp_month card.exp_year card.cvc card.token sepa_debit.iban billing_details.* metadata.*",
        create,
    ),
    get("payment_methods", "limit starting_after ending_before customer type", list),
    get("payment_methods/{}", "", |world, call| world.get("payment_method", call.id())),
    post("payment_methods/{}", "metadata.* billing_details.* card.exp_month card.exp_year allow_redisplay", update),
    get("customers/{}/payment_methods/{}", "", of_customer),
    post("payment_methods/{}/attach", "customer", attach),
    post("payment_methods/{}/detach", "", detach),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let mut method = match form.required("type")? {
        "card" => card(world, form)?,
        "sepa_debit" => payments::debit::method(world, form.required("sepa_debit.iban")?)?,
        "customer_balance" => payments::transfer_method(world, &Value::Null),
        _ => {
            return Err(ApiError::invalid(
                "The sandbox makes payment methods of type `card`, `sepa_debit` and `customer_balance` only.",
            )
            .with_param("type"));
        }
    };
    merge_details(&mut method, form);
    method["metadata"] = metadata(form, "metadata");
    let id = world.insert(method);
    Ok(world.copy(&id))
}

fn card(world: &World, form: &Form) -> Answer {
    let card = match (form.text("card.number"), form.text("card.token")) {
        (Some(number), _) => payments::card_by_number(number),
        (None, Some(token)) => payments::card_by_token(token),
        (None, None) => return Err(ApiError::missing("card[number]")),
    };
    let card = card.ok_or_else(|| {
        ApiError::card("incorrect_number", None, "Your card number is incorrect.").with_param("number")
    })?;
    let expiry = (form.int("card.exp_month")?.unwrap_or(12), form.int("card.exp_year")?.unwrap_or(2034));
    Ok(card.payment_method(world, payments::no_details(), expiry))
}

/// Takes over the billing details that were sent.
fn merge_details(method: &mut Value, form: &Form) {
    if form.has("billing_details.address") {
        method["billing_details"]["address"] = address(form, "billing_details.address");
    }
    for member in ["email", "name", "phone"] {
        let path = format!("billing_details.{member}");
        if form.has(&path) {
            method["billing_details"][member] = json!(form.text(&path));
        }
    }
}

fn list(world: &mut World, call: &Call) -> Answer {
    let customer = call.form.text("customer");
    let found = world.all("payment_method").filter(|m| customer.is_none_or(|customer| text(m, "customer") == customer));
    page("/v1/payment_methods", &call.form, found)
}

fn of_customer(world: &mut World, call: &Call) -> Answer {
    let method = world.get("payment_method", call.ids.get(1).map(String::as_str).unwrap_or_default())?;
    if text(&method, "customer") == call.id() {
        Ok(method)
    } else {
        Err(ApiError::not_found("payment_method", call.id()))
    }
}

fn update(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    world.get("payment_method", call.id())?;
    let expiry = [("exp_month", form.int("card.exp_month")?), ("exp_year", form.int("card.exp_year")?)];
    world.update(call.id(), "payment_method.updated", |method| {
        merge_metadata(method, form, "metadata");
        merge_details(method, form);
        if let Some(word) = form.text("allow_redisplay") {
            method["allow_redisplay"] = json!(word);
        }
        for (member, value) in expiry {
            if let Some(value) = value {
                method["card"][member] = json!(value);
            }
        }
    });
    Ok(world.copy(call.id()))
}

fn attach(world: &mut World, call: &Call) -> Answer {
    let customer = call.form.required("customer")?;
    super::customers::living(world, customer)?;
    let method = payments::resolve(world, call.id())?;
    payments::attach(world, &method, customer)?;
    Ok(world.copy(&method))
}

fn detach(world: &mut World, call: &Call) -> Answer {
    let method = world.get("payment_method", call.id())?;
    if method["customer"].is_null() {
        return Err(ApiError::invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
        ));
    }
    let customer = text(&method, "customer").to_owned();
    if world.copy(&customer)["invoice_settings"]["default_payment_method"] == call.id() {
        world.update(&customer, "customer.updated", |customer| {
            customer["invoice_settings"]["default_payment_method"] = Value::Null;
        });
    }
    for subscription in world.ids("subscription") {
        if world.copy(&subscription)["default_payment_method"] == call.id() {
            subscription::update(world, &subscription, |s| s["default_payment_method"] = Value::Null);
        }
    }
    world.update(call.id(), "payment_method.detached", |method| method["customer"] = Value::Null);
    Ok(world.copy(call.id()))
}
