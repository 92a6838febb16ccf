//! `/v1/setup_intents`

use serde_json::{Value, json};

use crate::{
    api::{Call, PAGING, Route, get, page, post},
    error::{Answer, ApiError},
    object::{merge_metadata, merge_texts, metadata, text},
    payments,
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "setup_intents",
        "customer payment_method ~payment_method_types.# allowed_payment_method_types.# confirm usage metadata.* description \
         automatic_payment_methods.* return_url",
        create,
    ),
    get("setup_intents", PAGING, |world, call| page("/v1/setup_intents", &call.form, world.all("setup_intent"))),
    get("setup_intents/{}", "client_secret", |world, call| world.get("setup_intent", call.id())),
    post("setup_intents/{}", "metadata.* description payment_method customer", update),
    post("setup_intents/{}/confirm", "payment_method return_url", confirm),
    post("setup_intents/{}/cancel", "cancellation_reason", cancel),
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

fn update(world: &mut World, call: &Call) -> Answer {
    open(world, call.id(), "update")?;
    world.change(call.id(), |intent| {
        merge_metadata(intent, &call.form, "metadata");
        merge_texts(intent, &call.form, &["description", "payment_method", "customer"]);
    });
    Ok(world.copy(call.id()))
}

/// A setup intent that is neither done nor cancelled.
fn open(world: &World, id: &str, verb: &str) -> Answer {
    let intent = world.get("setup_intent", id)?;
    if matches!(text(&intent, "status"), "succeeded" | "canceled") {
        return Err(ApiError::invalid(format!(
            "You cannot {verb} this SetupIntent because it has a status of {}.",
            text(&intent, "status")
        ))
        .with_code("setup_intent_unexpected_state"));
    }
    Ok(intent)
}

fn confirm(world: &mut World, call: &Call) -> Answer {
    let intent = open(world, call.id(), "confirm")?;
    let named = call.form.text("payment_method").or(intent["payment_method"].as_str());
    let method = payments::resolve(world, named.ok_or_else(|| ApiError::missing("payment_method"))?)?;
    if let Some(customer) = intent["customer"].as_str() {
        payments::attach(world, &method, customer)?;
    }
    world.change(call.id(), |intent| {
        intent["payment_method"] = json!(method);
        intent["status"] = json!("succeeded");
    });
    world.emit("setup_intent.succeeded", call.id());
    Ok(world.copy(call.id()))
}

fn cancel(world: &mut World, call: &Call) -> Answer {
    open(world, call.id(), "cancel")?;
    world.change(call.id(), |intent| {
        intent["status"] = json!("canceled");
        intent["cancellation_reason"] = json!(call.form.text("cancellation_reason"));
    });
    world.emit("setup_intent.canceled", call.id());
    Ok(world.copy(call.id()))
}

/// A setup intent that has succeeded at Checkout.
pub(crate) fn succeeded(world: &mut World, customer: &str, method: &str, metadata: Value) -> String {
    insert(world, json!(customer), json!(method), "succeeded", metadata)
}

fn insert(world: &mut World, customer: Value, method: Value, status: &str, metadata: Value) -> String {
    let id = world.new_id("seti");
    world.insert(json!({
        "id": id, "object": "setup_intent", "allowed_payment_method_types": null, "application": null, "automatic_payment_methods": null,
        "cancellation_reason": null, "client_secret": format!("{id}_secret_sandbox"), "created": world.now,
        "customer": customer, "customer_account": null, "description": null, "excluded_payment_method_types": null, "flow_directions": null,
        "last_setup_error": null, "latest_attempt": null, "livemode": false, "mandate": null, "metadata": metadata,
        "next_action": null, "on_behalf_of": null, "payment_method": method, "payment_method_configuration_details": null, "payment_method_options": {},
        "payment_method_types": ["card"], "single_use_mandate": null, "status": status, "usage": "off_session",
    }));
    world.emit("setup_intent.created", &id);
    if status == "succeeded" {
        world.emit("setup_intent.succeeded", &id);
    }
    id
}
