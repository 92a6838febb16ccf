//! `/v1/products`

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, delete, get, page, post},
    error::{Answer, ApiError},
    form::Form,
    object::{merge_metadata, merge_texts, text},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "products",
        "id name description active metadata.* tax_code unit_label url statement_descriptor images.# \
         marketing_features.#.name shippable type default_price_data.*",
        create,
    ),
    get("products", "limit starting_after ending_before active ids.# url created.*", list),
    get("products/{}", "", |world, call| world.get("product", call.id())),
    post(
        "products/{}",
        "name description active metadata.* tax_code unit_label url statement_descriptor images.# \
         marketing_features.#.name default_price",
        update,
    ),
    delete("products/{}", "", remove),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let name = form.required("name")?;
    let id = form.text("id").map_or_else(|| world.new_id("prod"), str::to_owned);
    if world.find(&id).is_some() {
        return Err(ApiError::invalid(format!("Product already exists: {id}"))
            .with_code("resource_already_exists")
            .with_param("id"));
    }
    let mut product = object(world, &id, name);
    product["active"] = json!(form.flag("active")?.unwrap_or(true));
    merge(&mut product, form);
    world.insert(product);
    if form.has("default_price_data") {
        let mut data = form.tree("default_price_data").clone();
        data.join(Form::Tree(vec![("product".to_owned(), Form::Text(id.clone()))]));
        let price = super::prices::create(world, &Call { ids: Vec::new(), form: data })?;
        world.set(&id, "default_price", price["id"].clone());
    }
    world.emit("product.created", &id);
    Ok(world.copy(&id))
}

/// A bare product.
pub(crate) fn object(world: &World, id: &str, name: &str) -> Value {
    json!({
        "id": id, "object": "product", "active": true, "created": world.now, "default_price": null,
        "description": null, "images": [], "livemode": false, "marketing_features": [], "metadata": {}, "name": name,
        "package_dimensions": null, "shippable": null, "statement_descriptor": null, "tax_code": null, "tax_details": null,
        "type": "service", "unit_label": null, "updated": world.now, "url": null,
    })
}

fn merge(product: &mut Value, form: &Form) {
    let texts = ["description", "tax_code", "unit_label", "url", "statement_descriptor"];
    merge_texts(product, form, &texts);
    merge_metadata(product, form, "metadata");
    if form.has("images") {
        product["images"] = json!(form.texts("images"));
    }
    if form.has("marketing_features") {
        let names = form.list("marketing_features").into_iter().map(|feature| json!({ "name": feature.text("name") }));
        product["marketing_features"] = names.collect();
    }
}

fn update(world: &mut World, call: &Call) -> Answer {
    world.get("product", call.id())?;
    let active = call.form.flag("active")?;
    if let Some(price) = call.form.text("default_price") {
        world.referenced("price", price, "default_price")?;
    }
    let now = world.now;
    world.update(call.id(), "product.updated", |product| {
        merge(product, &call.form);
        merge_texts(product, &call.form, &["name", "default_price"]);
        if let Some(active) = active {
            product["active"] = json!(active);
        }
        product["updated"] = json!(now);
    });
    world.get("product", call.id())
}

fn list(world: &mut World, call: &Call) -> Answer {
    let active = call.form.flag("active")?;
    let ids = call.form.texts("ids");
    let found = world.all("product").filter(|product| {
        active.is_none_or(|active| product["active"] == active)
            && (ids.is_empty() || ids.contains(&text(product, "id")))
    });
    page("/v1/products", &call.form, found)
}

fn remove(world: &mut World, call: &Call) -> Answer {
    world.get("product", call.id())?;
    if world.all("price").any(|price| text(price, "product") == call.id()) {
        return Err(ApiError::invalid(
            "This product cannot be deleted because it has one or more user-created prices.",
        ));
    }
    world.emit("product.deleted", call.id());
    world.remove(call.id());
    Ok(json!({ "id": call.id(), "object": "product", "deleted": true }))
}
