//! `/v1/tax/settings` and `/v1/tax/registrations`: where the one account is, and where it collects tax.

use serde_json::json;

use crate::{
    api::{Call, Route, get, page, post},
    billing::seller::{SETTINGS, registrations, settings, standard},
    error::{Answer, ApiError},
    form::Form,
    object::text,
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    get("tax/settings", "", |world, _| Ok(settings(world))),
    post(
        "tax/settings",
        "defaults.tax_code head_office.address.line1 head_office.address.line2 head_office.address.postal_code \
         head_office.address.city head_office.address.state head_office.address.country",
        update,
    ),
    get("tax/registrations", "limit starting_after ending_before status", list),
    post("tax/registrations", "active_from country country_options.* expires_at", create),
    get("tax/registrations/{}", "", |world, call| registration(world, call.id())),
    post("tax/registrations/{}", "active_from expires_at", change),
];

/// Later invoices follow at once; those that exist stay.
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

fn list(world: &mut World, call: &Call) -> Answer {
    let wanted = call.form.text("status").filter(|status| *status != "all");
    let mut found = registrations(world);
    found.retain(|registration| wanted.is_none_or(|status| text(registration, "status") == status));
    page("/v1/tax/registrations", &call.form, found.iter())
}

fn registration(world: &World, id: &str) -> Answer {
    let found = registrations(world).into_iter().find(|registration| text(registration, "id") == id);
    found.ok_or_else(|| ApiError::not_found("tax.registration", id))
}

/// Of `country_options` it looks at what is said of the country itself: its type, and the state in the USA.
fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let country = form.required("country")?;
    let active_from = moment(form, "active_from", world.now)?.ok_or_else(|| ApiError::missing("active_from"))?;
    let expires_at = moment(form, "expires_at", world.now)?;
    let member = country.to_lowercase();
    let kind = form.required(&format!("country_options.{member}.type"))?;
    let options = match (country, kind) {
        ("US", _) => {
            let state = form.required("country_options.us.state")?;
            json!({ "state": state, "type": kind })
        }
        (_, "standard") => standard(country),
        _ => json!({ "type": kind }),
    };
    let id = world.insert(json!({
        "id": world.new_id("taxreg"), "object": "tax.registration", "active_from": active_from, "country": country,
        "country_options": { (member): options }, "created": world.now, "expires_at": expires_at, "livemode": false,
        "status": "active",
    }));
    registration(world, &id)
}

/// When it begins and ends; the head office's own stays as it is.
fn change(world: &mut World, call: &Call) -> Answer {
    world.get("tax.registration", call.id())?;
    for member in ["active_from", "expires_at"] {
        if call.form.has(member) {
            let at = moment(&call.form, member, world.now)?;
            world.set(call.id(), member, json!(at));
        }
    }
    registration(world, call.id())
}

/// A moment in Unix seconds, or the word `now`.
fn moment(form: &Form, name: &str, now: i64) -> Result<Option<i64>, ApiError> {
    if form.text(name) == Some("now") { Ok(Some(now)) } else { form.int(name) }
}
