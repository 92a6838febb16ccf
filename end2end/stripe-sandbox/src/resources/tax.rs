//! `/v1/tax/settings` and `/v1/tax/registrations`: that the one account taxes, and where.

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, get, page, post},
    billing::tax::SELLER,
    error::{Answer, ApiError},
    world::World,
};

/// Under which the settings are kept once they were changed; Stripe's have no id.
const SETTINGS: &str = "_tax_settings";

pub(crate) const ROUTES: &[Route] = &[
    get("tax/settings", "", |world, _| Ok(settings(world))),
    post(
        "tax/settings",
        "defaults.tax_code head_office.address.line1 head_office.address.line2 head_office.address.postal_code \
         head_office.address.city head_office.address.state head_office.address.country",
        update,
    ),
    get("tax/registrations", PAGING_AND_STATUS, |_, call| {
        let registered = json!({
            "id": "taxreg_1LeaseholdSandbox", "object": "tax.registration", "active_from": 1_704_067_200,
            "country": SELLER, "created": 1_704_067_200, "expires_at": null, "livemode": false, "status": "active",
            "country_options": { (SELLER.to_lowercase()): { "type": "standard", "standard": { "place_of_supply_scheme": "standard" } } },
        });
        // None is planned, and none has run out.
        let is_meant = !matches!(call.form.text("status"), Some("expired" | "scheduled"));
        page("/v1/tax/registrations", &call.form, Some(&registered).filter(|_| is_meant).into_iter())
    }),
];

/// The settings as they were changed last.
fn settings(world: &World) -> Value {
    let mut settings = world.copy(SETTINGS);
    if let Some(members) = settings.as_object_mut() {
        members.remove("id");
        return settings;
    }
    json!({
        "object": "tax.settings",
        "defaults": { "provider": "stripe", "tax_behavior": "exclusive", "tax_code": "txcd_10103001" },
        "head_office": { "address": {
            "city": "Berlin", "country": SELLER, "line1": "Unter den Linden 1", "line2": null,
            "postal_code": "10117", "state": null,
        } },
        "livemode": false, "status": "active", "status_details": { "active": {} },
    })
}

/// Tax itself is reckoned as before: for a seller in Germany.
fn update(world: &mut World, call: &Call) -> Answer {
    let (form, mut kept) = (&call.form, settings(world));
    if let Some(code) = form.text("defaults.tax_code") {
        let digits = code.strip_prefix("txcd_").unwrap_or_default();
        if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ApiError::no_such("tax code", code, "defaults[tax_code]"));
        }
        kept["defaults"]["tax_code"] = json!(code);
    }
    if form.has("head_office.address") {
        let country = form.required("head_office.address.country")?;
        // Stripe wants to know in which state; the tax of others follows from the country.
        if country == "US" && form.text("head_office.address.state").is_none() {
            return Err(ApiError::missing("head_office[address][state]"));
        }
        let part = |name: &str| json!(form.text(&format!("head_office.address.{name}")));
        kept["head_office"] = json!({ "address": {
            "city": part("city"), "country": country, "line1": part("line1"), "line2": part("line2"),
            "postal_code": part("postal_code"), "state": part("state"),
        } });
    }
    kept["id"] = json!(SETTINGS);
    if world.find(SETTINGS).is_some() {
        world.change(SETTINGS, |object| *object = kept);
    } else {
        world.insert(kept);
    }
    Ok(settings(world))
}

const PAGING_AND_STATUS: &str = "limit starting_after ending_before status";
