//! `/v1/customers/{customer}/tax_ids`

use serde_json::json;

use crate::{
    api::{Call, PAGING, Route, delete, get, page, post},
    billing::tax,
    error::{Answer, ApiError},
    object::text,
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post("customers/{}/tax_ids", "type value", create),
    get("customers/{}/tax_ids", PAGING, list),
    get("customers/{}/tax_ids/{}", "", retrieve),
    delete("customers/{}/tax_ids/{}", "", remove),
];

fn create(world: &mut World, call: &Call) -> Answer {
    super::customers::living(world, call.id())?;
    insert(world, call.id(), call.form.required("type")?, call.form.required("value")?)
}

/// Stores a tax id and emits its events.
///
/// # Errors
/// A value that cannot be of that type.
pub(crate) fn insert(world: &mut World, customer: &str, kind: &str, value: &str) -> Answer {
    let value: String = value.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
    let plausible = match kind {
        "eu_vat" => is_vat_number(&value),
        _ => value.len() >= 4,
    };
    if !plausible {
        return Err(ApiError::invalid(format!("Invalid value for {kind}."))
            .with_code("tax_id_invalid")
            .with_param("value"));
    }
    let id = world.new_id("txi");
    let country =
        value.get(..2).filter(|_| kind == "eu_vat").map(|code| if code == "EL" { "GR" } else { code }.to_owned());
    world.insert(json!({
        "id": id, "object": "tax_id", "country": country, "created": world.now, "customer": customer,
        "customer_account": null, "livemode": false,
        "owner": { "type": "customer", "customer": customer, "customer_account": null },
        "type": kind, "value": value,
        "verification": { "status": tax::verification(&value), "verified_address": null, "verified_name": null },
    }));
    world.emit("customer.tax_id.created", &id);
    Ok(world.copy(&id))
}

/// Two letters of an EU country (EL for Greece, XI for Northern Ireland), then 2–12 letters and digits.
pub(crate) fn is_vat_number(value: &str) -> bool {
    let (country, rest) = value.split_at_checked(2).unwrap_or_default();
    country.chars().all(|c| c.is_ascii_uppercase())
        && (2..=12).contains(&rest.len())
        && rest.chars().all(|c| c.is_ascii_alphanumeric())
}

fn list(world: &mut World, call: &Call) -> Answer {
    super::customers::living(world, call.id())?;
    let found = world.all("tax_id").filter(|tax_id| text(tax_id, "customer") == call.id());
    page(&format!("/v1/customers/{}/tax_ids", call.id()), &call.form, found)
}

fn retrieve(world: &mut World, call: &Call) -> Answer {
    let id = call.ids.get(1).map(String::as_str).unwrap_or_default();
    let tax_id = world.get("tax_id", id)?;
    if text(&tax_id, "customer") == call.id() { Ok(tax_id) } else { Err(ApiError::not_found("tax_id", id)) }
}

fn remove(world: &mut World, call: &Call) -> Answer {
    let tax_id = retrieve(world, call)?;
    let id = text(&tax_id, "id");
    world.emit("customer.tax_id.deleted", id);
    world.remove(id);
    Ok(json!({ "id": id, "object": "tax_id", "deleted": true }))
}
