//! `/v1/payment_methods`

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, get, page, post},
    error::{Answer, ApiError},
    object::{address, merge_metadata, metadata, text},
    payments,
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "payment_methods",
        "type card.number card.exp_month card.exp_year card.cvc card.token billing_details.* metadata.*",
        create,
    ),
    get("payment_methods", "limit starting_after ending_before customer type", list),
    get("payment_methods/{}", "", |world, call| world.get("payment_method", call.id())),
    post("payment_methods/{}", "metadata.* billing_details.*", update),
    post("payment_methods/{}/attach", "customer", attach),
    post("payment_methods/{}/detach", "", detach),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    if form.required("type")? != "card" {
        return Err(ApiError::invalid("The sandbox makes payment methods of type `card` only.").with_param("type"));
    }
    let card = match (form.text("card.number"), form.text("card.token")) {
        (Some(number), _) => payments::card_by_number(number),
        (None, Some(token)) => payments::card_by_token(token),
        (None, None) => return Err(ApiError::missing("card[number]")),
    };
    let card = card.ok_or_else(|| {
        ApiError::card("incorrect_number", None, "Your card number is incorrect.").with_param("number")
    })?;
    let expiry = (form.int("card.exp_month")?.unwrap_or(12), form.int("card.exp_year")?.unwrap_or(2034));
    let mut details = payments::no_details();
    if form.has("billing_details.address") {
        details["address"] = address(form, "billing_details.address");
    }
    for member in ["email", "name", "phone"] {
        details[member] = json!(form.text(&format!("billing_details.{member}")));
    }
    let mut method = card.payment_method(world, details, expiry);
    method["metadata"] = metadata(form, "metadata");
    let id = world.insert(method);
    Ok(world.copy(&id))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let customer = call.form.text("customer");
    let found = world.all("payment_method").filter(|m| customer.is_none_or(|customer| text(m, "customer") == customer));
    page("/v1/payment_methods", &call.form, found)
}

fn update(world: &mut World, call: &Call) -> Answer {
    world.get("payment_method", call.id())?;
    world.update(call.id(), "payment_method.updated", |method| merge_metadata(method, &call.form, "metadata"));
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
    world.update(call.id(), "payment_method.detached", |method| method["customer"] = Value::Null);
    Ok(world.copy(call.id()))
}
