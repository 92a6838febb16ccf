//! `/v1/webhook_endpoints`

use serde_json::json;

use crate::{
    api::{Call, PAGING, Route, delete, get, page, post},
    error::{Answer, ApiError},
    object::{merge_metadata, merge_texts, text},
    world::{API_VERSION, World},
};

pub(crate) const ROUTES: &[Route] = &[
    post("webhook_endpoints", "url enabled_events.# description metadata.* api_version connect", create),
    get("webhook_endpoints", PAGING, |world, call| {
        page("/v1/webhook_endpoints", &call.form, world.all("webhook_endpoint"))
    }),
    get("webhook_endpoints/{}", "", |world, call| world.get("webhook_endpoint", call.id())),
    post("webhook_endpoints/{}", "url enabled_events.# description metadata.* disabled", update),
    delete("webhook_endpoints/{}", "", remove),
];

/// Stores an endpoint and returns its id.
pub(crate) fn insert(world: &mut World, url: &str, enabled_events: Vec<String>, secret: &str) -> String {
    world.insert(json!({
        "id": world.new_id("we"), "object": "webhook_endpoint", "api_version": null, "application": null,
        "created": world.now, "description": null, "enabled_events": enabled_events, "livemode": false,
        "metadata": {}, "status": "enabled", "url": url, "_secret": secret,
    }))
}

/// The endpoint that the sandbox is started with; a state file may know it already.
pub(crate) fn ensure(world: &mut World, url: &str, secret: &str) {
    let known = world.all("webhook_endpoint").find(|endpoint| text(endpoint, "url") == url);
    match known.map(|endpoint| text(endpoint, "id").to_owned()) {
        Some(id) => world.set(&id, "_secret", json!(secret)),
        None => {
            let id = insert(world, url, vec!["*".to_owned()], secret);
            world.set(&id, "api_version", json!(API_VERSION));
        }
    }
}

fn create(world: &mut World, call: &Call) -> Answer {
    let url = call.form.required("url")?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(ApiError::invalid("Invalid URL: an explicit scheme (such as https) must be provided.")
            .with_code("url_invalid")
            .with_param("url"));
    }
    if let Some(version) = call.form.text("api_version").filter(|version| *version != API_VERSION) {
        return Err(ApiError::invalid(format!(
            "Invalid API version: {version}. The sandbox speaks {API_VERSION} only."
        ))
        .with_param("api_version"));
    }
    let events: Vec<String> = call.form.texts("enabled_events").into_iter().map(str::to_owned).collect();
    if events.is_empty() {
        return Err(ApiError::missing("enabled_events"));
    }
    let secret = world.new_id("whsec");
    let id = insert(world, url, events, &secret);
    world.change(&id, |endpoint| {
        merge_texts(endpoint, &call.form, &["description", "api_version"]);
        merge_metadata(endpoint, &call.form, "metadata");
    });
    let mut answer = world.copy(&id);
    // The one time that Stripe shows it.
    answer["secret"] = json!(secret);
    Ok(answer)
}

fn update(world: &mut World, call: &Call) -> Answer {
    world.get("webhook_endpoint", call.id())?;
    let disabled = call.form.flag("disabled")?;
    world.change(call.id(), |endpoint| {
        merge_texts(endpoint, &call.form, &["description"]);
        merge_metadata(endpoint, &call.form, "metadata");
        if let Some(url) = call.form.text("url") {
            endpoint["url"] = json!(url);
        }
        if call.form.has("enabled_events") {
            endpoint["enabled_events"] = json!(call.form.texts("enabled_events"));
        }
        if let Some(disabled) = disabled {
            endpoint["status"] = json!(if disabled { "disabled" } else { "enabled" });
        }
    });
    Ok(world.copy(call.id()))
}

fn remove(world: &mut World, call: &Call) -> Answer {
    let endpoint = world.get("webhook_endpoint", call.id())?;
    world.remove(text(&endpoint, "id"));
    Ok(json!({ "id": call.id(), "object": "webhook_endpoint", "deleted": true }))
}
