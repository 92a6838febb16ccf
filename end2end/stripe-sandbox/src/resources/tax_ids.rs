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

/// Types and how their ids look without punctuation: `9` a digit, `A` a letter, `X` either, anything else itself in lower case.
/// <https://docs.stripe.com/billing/customer/tax-ids>
const TYPES: &[(&str, &[&str])] = &[
    ("au_abn", &["99999999999"]),
    ("br_cnpj", &["99999999999999"]),
    ("br_cpf", &["99999999999"]),
    ("ca_bn", &["999999999"]),
    ("ca_gst_hst", &["999999999rt9999"]),
    ("ca_qst", &["9999999999tq9999"]),
    ("ch_vat", &["che999999999mwst", "che999999999tva", "che999999999iva"]),
    ("gb_vat", &["gb999999999", "gb999999999999", "gbgd999", "gbha999"]),
    ("in_gst", &["99AAAAA9999AXXX"]),
    ("jp_cn", &["9999999999999"]),
    ("jp_trn", &["t9999999999999"]),
    ("kr_brn", &["9999999999"]),
    ("no_vat", &["999999999mva"]),
    ("nz_gst", &["99999999", "999999999"]),
    ("sg_gst", &["A99999999A"]),
    ("sg_uen", &["99999999A", "999999999A", "A99AA9999A"]),
    ("tr_tin", &["9999999999"]),
    ("us_ein", &["999999999"]),
];

/// Prefixes of `eu_vat`: EL is Greece, XI Northern Ireland.
const UNION: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI",
];

/// Whose ids Stripe looks up; of all others it says `unavailable`.
const LOOKED_UP: &[&str] = &["au_abn", "eu_vat", "gb_vat"];

/// Stores a tax id and emits its events.
///
/// # Errors
/// A value that cannot be of that type.
pub(crate) fn insert(world: &mut World, customer: &str, kind: &str, value: &str) -> Answer {
    let value = value.trim().to_uppercase();
    if !is_valid(kind, &value) {
        return Err(ApiError::invalid(format!("Invalid value for {kind}."))
            .with_code("tax_id_invalid")
            .with_param("value"));
    }
    let id = world.new_id("txi");
    let prefix = if kind == "eu_vat" { value.as_str() } else { kind };
    let prefix = prefix.get(..2).unwrap_or_default().to_uppercase();
    let country = if prefix == "EL" { "GR" } else { prefix.as_str() };
    let status = if LOOKED_UP.contains(&kind) { tax::verification(&value) } else { "unavailable" };
    world.insert(json!({
        "id": id, "object": "tax_id", "country": country, "created": world.now, "customer": customer,
        "customer_account": null, "livemode": false,
        "owner": { "type": "customer", "customer": customer, "customer_account": null },
        "type": kind, "value": value,
        "verification": { "status": status, "verified_address": null, "verified_name": null },
    }));
    world.emit("customer.tax_id.created", &id);
    Ok(world.copy(&id))
}

fn is_valid(kind: &str, value: &str) -> bool {
    let value: String = value.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '/')).collect();
    if kind == "eu_vat" {
        let (country, rest) = value.split_at_checked(2).unwrap_or_default();
        return UNION.contains(&country)
            && (2..=12).contains(&rest.len())
            && rest.chars().all(|c| c.is_ascii_alphanumeric());
    }
    match TYPES.iter().find(|(known, _)| *known == kind) {
        Some((_, structures)) => structures.iter().any(|structure| fits(structure, &value)),
        None => value.len() >= 4,
    }
}

fn fits(structure: &str, value: &str) -> bool {
    structure.len() == value.len()
        && structure.chars().zip(value.chars()).all(|(wanted, c)| match wanted {
            '9' => c.is_ascii_digit(),
            'A' => c.is_ascii_uppercase(),
            'X' => c.is_ascii_digit() || c.is_ascii_uppercase(),
            literal => c == literal.to_ascii_uppercase(),
        })
}

/// The type that a buyer in a country would choose for an id; `None` where it is of none.
pub(crate) fn type_of(value: &str, country: &str) -> Option<&'static str> {
    let own = country.to_lowercase();
    let of_country = TYPES.iter().map(|(kind, _)| *kind).filter(|kind| !own.is_empty() && kind.starts_with(&own));
    std::iter::once("eu_vat").chain(of_country).find(|kind| is_valid(kind, value))
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

#[cfg(test)]
mod tests {
    use super::{is_valid, type_of};

    #[test]
    fn an_id_is_held_against_its_type() {
        for (kind, value, valid) in [
            ("eu_vat", "FR40303265045", true),
            ("eu_vat", "CHE123456789", false),
            ("eu_vat", "IE6+12345A", false),
            ("ch_vat", "CHE-123.456.789 MWST", true),
            ("ch_vat", "CHE-123.456.789", false),
            ("no_vat", "123456789MVA", true),
            ("no_vat", "NO123456789MVA", false),
            ("us_ein", "12-3456789", true),
            ("us_ein", "12-345", false),
            ("pe_ruc", "12345678901", true),
        ] {
            assert_eq!(is_valid(kind, value), valid, "{kind} {value}");
        }
    }

    #[test]
    fn a_buyer_chooses_the_type_that_fits() {
        for (value, country, kind) in [
            ("FR40303265045", "US", Some("eu_vat")),
            ("CHE-123.456.789 TVA", "CH", Some("ch_vat")),
            ("123456789MVA", "NO", Some("no_vat")),
            ("GB123456789", "GB", Some("gb_vat")),
            ("12", "DE", None),
            ("123456789", "", None),
        ] {
            assert_eq!(type_of(value, country), kind, "{value} {country}");
        }
    }
}
