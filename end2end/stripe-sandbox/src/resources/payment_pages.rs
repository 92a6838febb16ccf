//! `/v1/payment_pages`: the way in which `stripe trigger` completes a Checkout Session without a browser.

use serde_json::json;

use crate::{
    api::{Call, Route, get, post},
    checkout::{self, Completion, Means},
    error::{Answer, ApiError},
    object::int,
    payments,
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    get("payment_pages/{}", "", |world, call| world.get("checkout.session", call.id())),
    post("payment_pages/{}/confirm", "payment_method expected_amount", confirm),
];

fn confirm(world: &mut World, call: &Call) -> Answer {
    let session = world.get("checkout.session", call.id())?;
    if call.form.int("expected_amount")?.is_some_and(|amount| amount != int(&session, "amount_total")) {
        return Err(ApiError::invalid("The amount of the Checkout Session has changed.").with_param("expected_amount"));
    }
    let method = payments::resolve(world, call.form.required("payment_method")?)?;
    let billing = world.copy(&method)["billing_details"].clone();
    world.change(call.id(), |session| {
        for member in ["email", "name", "address"] {
            if session["_details"][member].is_null() {
                session["_details"][member] = billing[member].clone();
            }
        }
        session["_pending_method"] = json!(method);
    });
    checkout::price(world, call.id());
    match checkout::complete(world, call.id(), &Means::Card(method, false))? {
        Completion::Done => Ok(world.copy(call.id())),
        Completion::NeedsAuthentication => Err(ApiError::card(
            "authentication_required",
            Some("authentication_required"),
            "This card asks for 3-D Secure, which needs the hosted page.",
        )),
    }
}
