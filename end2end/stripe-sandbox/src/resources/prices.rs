//! `/v1/prices`

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, get, page, post},
    error::{Answer, ApiError},
    form::Form,
    object::{merge_metadata, merge_texts, metadata, text},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "prices",
        "currency product product_data.name product_data.metadata.* product_data.tax_code product_data.unit_label \
         unit_amount unit_amount_decimal recurring.interval recurring.interval_count recurring.usage_type nickname \
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
    if form.int("unit_amount")?.is_none() && form.text("unit_amount_decimal").is_none() {
        return Err(ApiError::missing("unit_amount"));
    }
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
    let amount = match form.int("unit_amount")? {
        Some(amount) => amount,
        None => form.int("unit_amount_decimal")?.unwrap_or(0),
    };
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
    Ok(json!({
        "id": world.new_id("price"), "object": "price", "active": true, "billing_scheme": "per_unit",
        "created": world.now, "currency": currency, "custom_unit_amount": null, "livemode": false,
        "lookup_key": null, "metadata": {}, "nickname": null, "product": product,
        "type": if recurring.is_null() { "one_time" } else { "recurring" }, "recurring": recurring,
        "tax_behavior": form.text("tax_behavior").unwrap_or("unspecified"), "tiers_mode": null,
        "transform_quantity": null, "unit_amount": amount, "unit_amount_decimal": amount.to_string(),
    }))
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
