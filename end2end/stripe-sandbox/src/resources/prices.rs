//! `/v1/prices`

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, get, page, post},
    billing::price,
    error::{Answer, ApiError},
    form::Form,
    object::{merge_metadata, merge_texts, metadata, text},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "prices",
        "currency product product_data.name product_data.metadata.* product_data.tax_code product_data.unit_label \
         unit_amount unit_amount_decimal tiers_mode tiers.#.up_to tiers.#.unit_amount tiers.#.unit_amount_decimal \
         tiers.#.flat_amount tiers.#.flat_amount_decimal recurring.interval recurring.interval_count recurring.usage_type nickname \
         metadata.* lookup_key transfer_lookup_key tax_behavior active billing_scheme",
        create,
    ),
    get(
        "prices",
        "limit starting_after ending_before active product currency type lookup_keys.# recurring.interval created.*",
        list,
    ),
    get("prices/{}", "", |world, call| world.get("price", call.id())),
    post("prices/{}", "active nickname metadata.* lookup_key transfer_lookup_key tax_behavior", update),
];

/// Creates a price, and its product where `product_data` asks for one.
pub(crate) fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    claim_lookup_key(world, form, None)?;
    let mut price = ad_hoc(world, form)?;
    if let Some(name) = form.text("product_data.name") {
        let id = world.new_id("prod");
        let mut product = super::products::object(world, &id, name);
        merge_metadata(&mut product, form, "product_data.metadata");
        world.insert(product);
        world.emit("product.created", &id);
        price["product"] = json!(id);
    }
    merge_texts(&mut price, form, &["nickname", "lookup_key"]);
    price["metadata"] = metadata(form, "metadata");
    price["active"] = json!(form.flag("active")?.unwrap_or(true));
    let id = world.insert(price);
    world.emit("price.created", &id);
    Ok(world.copy(&id))
}

/// The price object that `price_data` (or a create call) describes, not stored.
///
/// # Errors
/// Missing currency, unknown product, or an amount that is not an integer.
pub(crate) fn ad_hoc(world: &World, form: &Form) -> Answer {
    let currency = form.required("currency")?.to_lowercase();
    if currency.len() != 3 {
        return Err(ApiError::invalid(format!("Invalid currency: {currency}.")).with_param("currency"));
    }
    let product = match form.text("product") {
        Some(product) => json!(world.referenced("product", product, "product")?["id"]),
        None if form.has("product_data") => Value::Null,
        None => return Err(ApiError::missing("product")),
    };
    let tiered = form.text("billing_scheme") == Some("tiered");
    let (unit_amount, unit_amount_decimal) =
        if tiered { (Value::Null, Value::Null) } else { amount(form, "unit_amount")? };
    if !tiered && unit_amount_decimal.is_null() {
        return Err(ApiError::missing("unit_amount"));
    }
    if form.has("tiers") != tiered {
        return Err(ApiError::invalid("`tiers` goes with `billing_scheme` set to `tiered`.").with_param("tiers"));
    }
    let recurring = if form.has("recurring") {
        let every = form.required("recurring.interval")?;
        if !matches!(every, "day" | "week" | "month" | "year") {
            return Err(
                ApiError::invalid(format!("Invalid recurring[interval]: {every}")).with_param("recurring[interval]")
            );
        }
        json!({
            "interval": every, "interval_count": form.int("recurring.interval_count")?.unwrap_or(1), "meter": null,
            "trial_period_days": null, "usage_type": "licensed",
        })
    } else {
        Value::Null
    };
    let mut price = json!({
        "id": world.new_id("price"), "object": "price", "active": true,
        "billing_scheme": if tiered { "tiered" } else { "per_unit" },
        "created": world.now, "currency": currency, "custom_unit_amount": null, "livemode": false,
        "lookup_key": null, "metadata": {}, "nickname": null, "product": product,
        "type": if recurring.is_null() { "one_time" } else { "recurring" }, "recurring": recurring,
        "tax_behavior": form.text("tax_behavior").unwrap_or("unspecified"), "tiers_mode": null,
        "transform_quantity": null, "unit_amount": unit_amount, "unit_amount_decimal": unit_amount_decimal,
    });
    if tiered {
        price["tiers_mode"] = json!(match form.required("tiers_mode")? {
            mode @ ("graduated" | "volume") => mode,
            other => {
                return Err(ApiError::invalid(format!(
                    "Invalid tiers_mode: must be one of graduated or volume: {other}"
                ))
                .with_param("tiers_mode"));
            }
        });
        price["_tiers"] = tiers(form)?;
    }
    Ok(price)
}

/// `(amount, amount_decimal)` of a member that may come as either; nulls when it comes as none.
fn amount(form: &Form, member: &str) -> Result<(Value, Value), ApiError> {
    let decimal_member = format!("{member}_decimal");
    match (form.int(member)?, form.text(&decimal_member)) {
        (Some(amount), _) => Ok((json!(amount), json!(amount.to_string()))),
        (None, Some(decimal)) if price::parse_decimal(decimal).is_some() => {
            Ok((json!(price::whole(decimal)), json!(decimal)))
        }
        (None, Some(decimal)) => {
            Err(ApiError::invalid(format!("Invalid decimal: {decimal}")).with_param(&decimal_member))
        }
        (None, None) => Ok((Value::Null, Value::Null)),
    }
}

/// The tiers in their order: each ends above the one before, the last one never.
fn tiers(form: &Form) -> Answer {
    let entries = form.list("tiers");
    let mut tiers = Vec::new();
    let mut below = 0;
    for (number, entry) in entries.iter().enumerate() {
        let last = number + 1 == entries.len();
        let up_to = match entry.required("up_to")? {
            "inf" => None,
            _ => entry.int("up_to")?,
        };
        if up_to.is_none() != last || up_to.is_some_and(|end| end <= below) {
            return Err(ApiError::invalid(
                "Tiers must be in ascending order of `up_to`, and the last one must be `inf`.",
            )
            .with_param(&format!("tiers[{number}][up_to]")));
        }
        below = up_to.unwrap_or(below);
        let (unit, unit_decimal) = amount(entry, "unit_amount")?;
        let (flat, flat_decimal) = amount(entry, "flat_amount")?;
        if unit_decimal.is_null() && flat_decimal.is_null() {
            return Err(ApiError::missing(&format!("tiers[{number}][unit_amount]")));
        }
        tiers.push(json!({
            "flat_amount": flat, "flat_amount_decimal": flat_decimal, "unit_amount": unit,
            "unit_amount_decimal": unit_decimal, "up_to": up_to,
        }));
    }
    Ok(json!(tiers))
}

/// A stored price for `price_data`, as line items and invoice items use it; inactive, so that lists stay clean.
///
/// # Errors
/// See [`ad_hoc`].
pub(crate) fn inline(world: &mut World, form: &Form) -> Answer {
    let mut price = ad_hoc(world, form)?;
    if let Some(name) = form.text("product_data.name") {
        let id = world.new_id("prod");
        let mut product = super::products::object(world, &id, name);
        product["active"] = json!(false);
        merge_texts(&mut product, form.tree("product_data"), &["description"]);
        merge_metadata(&mut product, form, "product_data.metadata");
        price["product"] = json!(world.insert(product));
    }
    price["active"] = json!(false);
    world.insert(price.clone());
    Ok(price)
}

/// A lookup key belongs to one active price; it moves only when asked to.
fn claim_lookup_key(world: &mut World, form: &Form, new_owner: Option<&str>) -> Result<(), ApiError> {
    let Some(key) = form.text("lookup_key") else { return Ok(()) };
    let owner = world.all("price").find(|price| text(price, "lookup_key") == key).map(|p| text(p, "id").to_owned());
    match owner {
        Some(owner) if Some(owner.as_str()) != new_owner => {
            if form.flag("transfer_lookup_key")? != Some(true) {
                return Err(ApiError::invalid(format!(
                    "A price (`{owner}`) already uses that lookup key. Use `transfer_lookup_key` to move it."
                ))
                .with_param("lookup_key"));
            }
            world.update(&owner, "price.updated", |price| price["lookup_key"] = Value::Null);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn update(world: &mut World, call: &Call) -> Answer {
    world.get("price", call.id())?;
    claim_lookup_key(world, &call.form, Some(call.id()))?;
    let active = call.form.flag("active")?;
    world.update(call.id(), "price.updated", |price| {
        merge_texts(price, &call.form, &["nickname", "lookup_key"]);
        merge_metadata(price, &call.form, "metadata");
        if let Some(behavior) = call.form.text("tax_behavior") {
            price["tax_behavior"] = json!(behavior);
        }
        if let Some(active) = active {
            price["active"] = json!(active);
        }
    });
    world.get("price", call.id())
}

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let active = form.flag("active")?;
    let keys = form.texts("lookup_keys");
    let same = |price: &Value, member: &str| form.text(member).is_none_or(|wanted| text(price, member) == wanted);
    let found = world.all("price").filter(|price| {
        active.is_none_or(|active| price["active"] == active)
            && (keys.is_empty() || keys.contains(&text(price, "lookup_key")))
            && form.text("recurring.interval").is_none_or(|every| text(&price["recurring"], "interval") == every)
            && ["product", "currency", "type"].iter().all(|member| same(price, member))
    });
    page("/v1/prices", form, found)
}
