//! `/v1/setup_intents`

use serde_json::{Value, json};

use crate::{
    api::{Call, PAGING, Route, get, page, post},
    error::Answer,
    object::metadata,
    payments,
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "setup_intents",
        "customer payment_method payment_method_types.# confirm usage metadata.* description \
         automatic_payment_methods.* return_url",
        create,
    ),
    get("setup_intents", PAGING, |world, call| page("/v1/setup_intents", &call.form, world.all("setup_intent"))),
    get("setup_intents/{}", "", |world, call| world.get("setup_intent", call.id())),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let customer = form.text("customer");
    if let Some(customer) = customer {
        world.referenced("customer", customer, "customer")?;
    }
    let method = form.text("payment_method").map(|method| payments::resolve(world, method)).transpose()?;
    let confirms = form.flag("confirm")? == Some(true);
    let status = match (&method, confirms) {
        (Some(method), true) => {
            if let Some(customer) = customer {
                payments::attach(world, method, customer)?;
            }
            "succeeded"
        }
        (Some(_), false) => "requires_confirmation",
        (None, _) => "requires_payment_method",
    };
    let id = insert(world, json!(customer), json!(method), status, metadata(form, "metadata"));
    Ok(world.copy(&id))
}

/// A setup intent that has succeeded at Checkout.
pub(crate) fn succeeded(world: &mut World, customer: &str, method: &str, metadata: Value) -> String {
    insert(world, json!(customer), json!(method), "succeeded", metadata)
}

fn insert(world: &mut World, customer: Value, method: Value, status: &str, metadata: Value) -> String {
    let id = world.new_id("seti");
    world.insert(json!({
        "id": id, "object": "setup_intent", "application": null, "automatic_payment_methods": null,
        "cancellation_reason": null, "client_secret": format!("{id}_secret_sandbox"), "created": world.now,
        "customer": customer, "customer_account": null, "description": null, "flow_directions": null,
        "last_setup_error": null, "latest_attempt": null, "livemode": false, "mandate": null, "metadata": metadata,
        "next_action": null, "on_behalf_of": null, "payment_method": method, "payment_method_options": {},
        "payment_method_types": ["card"], "single_use_mandate": null, "status": status, "usage": "off_session",
    }));
    world.emit("setup_intent.created", &id);
    if status == "succeeded" {
        world.emit("setup_intent.succeeded", &id);
    }
    id
}
