//! Where the account sells from, and where it collects tax: the tax settings' head office and the registrations.

use serde_json::{Value, json};

use crate::{
    billing::tax_table::{is_in_eu, state_of},
    object::text,
    world::World,
};

/// The account's country, and its head office's until the tax settings say otherwise.
pub(crate) const HOME: &str = "DE";

/// Under which the settings are kept once they were changed; Stripe's have no id.
pub(crate) const SETTINGS: &str = "_tax_settings";

/// The registration that the head office brings with it.
const FIRST: &str = "taxreg_1LeaseholdSandbox";

/// 1 January 2024: since then the first registration is active.
const FIRST_ACTIVE_FROM: i64 = 1_704_067_200;

/// A seller as tax sees it.
#[derive(Debug, Clone)]
pub(crate) struct Seller {
    /// Country of the head office.
    pub(super) country: String,
    /// Countries with an active registration, and the state for the USA.
    registered: Vec<(String, Option<&'static str>)>,
}

impl Seller {
    /// As the account is set up now.
    pub(crate) fn of(world: &World) -> Self {
        let active = registrations(world).into_iter().filter(|registration| text(registration, "status") == "active");
        let place = |registration: Value| {
            let state = state_of(text(&registration["country_options"]["us"], "state"), "");
            (text(&registration, "country").to_owned(), state)
        };
        let country = text(&settings(world)["head_office"]["address"], "country").to_owned();
        Self { country, registered: active.map(place).collect() }
    }

    /// A seller with a head office there and registrations for it and others.
    #[cfg(test)]
    pub(super) fn at(country: &str, registered: &[(&str, Option<&'static str>)]) -> Self {
        let registered = registered.iter().map(|(country, state)| ((*country).to_owned(), *state)).collect();
        Self { country: country.to_owned(), registered }
    }

    /// Whether sales to a place are taxed. One registration in the EU counts for all of it, as with the one stop shop;
    /// in the USA each state has its own.
    pub(super) fn collects(&self, country: &str, state: Option<&str>) -> bool {
        self.registered.iter().any(|(known, in_state)| match country {
            "US" => known == "US" && in_state.is_some() && *in_state == state,
            _ => known == country || (is_in_eu(known) && is_in_eu(country)),
        })
    }

    /// Whether the tax depends on the state that a buyer in the USA is in.
    pub(super) fn asks_for_state(&self) -> bool {
        self.registered.iter().any(|(country, _)| country == "US")
    }
}

/// The tax settings as they were changed last.
pub(crate) fn settings(world: &World) -> Value {
    let mut settings = world.copy(SETTINGS);
    if let Some(members) = settings.as_object_mut() {
        members.remove("id");
        return settings;
    }
    json!({
        "object": "tax.settings",
        "defaults": { "provider": "stripe", "tax_behavior": "exclusive", "tax_code": "txcd_10103001" },
        "head_office": { "address": {
            "city": "Berlin", "country": HOME, "line1": "Unter den Linden 1", "line2": null,
            "postal_code": "10117", "state": null,
        } },
        "livemode": false, "status": "active", "status_details": { "active": {} },
    })
}

/// All registrations with their status now, newest first: those that were made, and the one where the head office is.
pub(crate) fn registrations(world: &World) -> Vec<Value> {
    let head_office = settings(world)["head_office"]["address"].take();
    let country = text(&head_office, "country");
    let options = match country {
        "US" => json!({ "state": head_office["state"], "type": "state_sales_tax" }),
        _ => standard(country),
    };
    let first = json!({
        "id": FIRST, "object": "tax.registration", "active_from": FIRST_ACTIVE_FROM, "country": country,
        "country_options": { (country.to_lowercase()): options }, "created": FIRST_ACTIVE_FROM, "expires_at": null,
        "livemode": false, "status": "active",
    });
    let status = |mut registration: Value| {
        let from = registration["active_from"].as_i64().unwrap_or(world.now);
        let has_ended = registration["expires_at"].as_i64().is_some_and(|end| end <= world.now);
        let status = if has_ended {
            "expired"
        } else if from > world.now {
            "scheduled"
        } else {
            "active"
        };
        registration["status"] = json!(status);
        registration
    };
    world.all("tax.registration").cloned().map(status).chain([first]).collect()
}

/// An ordinary registration's part of `country_options`.
pub(crate) fn standard(country: &str) -> Value {
    if is_in_eu(country) {
        json!({ "type": "standard", "standard": { "place_of_supply_scheme": "standard" } })
    } else {
        json!({ "type": "standard" })
    }
}
