//! `/v1/setup_intents`

use serde_json::{Value, json};

use crate::{
    api::{PAGING, Route, get, page},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    get("setup_intents", PAGING, |world, call| page("/v1/setup_intents", &call.form, world.all("setup_intent"))),
    get("setup_intents/{}", "", |world, call| world.get("setup_intent", call.id())),
];

/// A setup intent that has succeeded at Checkout.
pub(crate) fn succeeded(world: &mut World, customer: &str, method: &str, metadata: Value) -> String {
    let id = world.new_id("seti");
    world.insert(json!({
        "id": id, "object": "setup_intent", "application": null, "automatic_payment_methods": null,
        "cancellation_reason": null, "client_secret": format!("{id}_secret_sandbox"), "created": world.now,
        "customer": customer, "customer_account": null, "description": null, "flow_directions": null,
        "last_setup_error": null, "latest_attempt": null, "livemode": false, "mandate": null, "metadata": metadata,
        "next_action": null, "on_behalf_of": null, "payment_method": method, "payment_method_options": {},
        "payment_method_types": ["card"], "single_use_mandate": null, "status": "succeeded", "usage": "off_session",
    }));
    world.emit("setup_intent.created", &id);
    world.emit("setup_intent.succeeded", &id);
    id
}
