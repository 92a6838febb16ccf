//! `/v1/coupons`

use serde_json::{Value, json};

use crate::{
    api::{Call, PAGING, Route, delete, get, page, post},
    error::{Answer, ApiError},
    object::{merge_metadata, merge_texts, metadata},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "coupons",
        "id name percent_off amount_off currency duration duration_in_months max_redemptions redeem_by metadata.* \
         applies_to.products.#",
        create,
    ),
    get("coupons", PAGING, |world, call| page("/v1/coupons", &call.form, world.all("coupon"))),
    get("coupons/{}", "", |world, call| world.get("coupon", call.id())),
    post("coupons/{}", "name metadata.*", update),
    delete("coupons/{}", "", remove),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let (percent, amount) = (form.number("percent_off")?, form.int("amount_off")?);
    if percent.is_some() == amount.is_some() {
        return Err(
            ApiError::invalid("You must pass exactly one of percent_off or amount_off.").with_param("percent_off")
        );
    }
    if percent.is_some_and(|percent| !(percent > 0.0 && percent <= 100.0)) {
        return Err(ApiError::invalid("percent_off must be above 0 and at most 100.").with_param("percent_off"));
    }
    if amount.is_some() && form.text("currency").is_none() {
        return Err(ApiError::missing("currency"));
    }
    let duration = form.text("duration").unwrap_or("once");
    let months = form.int("duration_in_months")?;
    if (duration == "repeating") != months.is_some() {
        return Err(
            ApiError::invalid("duration_in_months goes with duration=repeating.").with_param("duration_in_months")
        );
    }
    if form.int("redeem_by")?.is_some_and(|by| by <= world.now) {
        return Err(ApiError::invalid("redeem_by must be in the future.").with_param("redeem_by"));
    }
    if form.int("max_redemptions")?.is_some_and(|max| max < 1) {
        return Err(ApiError::invalid("This value must be greater than or equal to 1.").with_param("max_redemptions"));
    }
    for product in form.texts("applies_to.products") {
        world.referenced("product", product, "applies_to[products]")?;
    }
    let id = form.text("id").map_or_else(|| world.new_id("cpn"), str::to_owned);
    if world.find(&id).is_some() {
        return Err(ApiError::invalid(format!("Coupon already exists: {id}")).with_code("resource_already_exists"));
    }
    let products = form.texts("applies_to.products");
    let mut coupon = json!({
        "id": id, "object": "coupon", "amount_off": amount, "created": world.now,
        "currency": form.text("currency"), "duration": duration, "duration_in_months": months, "livemode": false,
        "max_redemptions": form.int("max_redemptions")?, "metadata": metadata(form, "metadata"),
        "name": form.text("name"), "percent_off": percent, "redeem_by": form.int("redeem_by")?, "times_redeemed": 0,
        "valid": true,
    });
    if !products.is_empty() {
        coupon["_applies_to"] = json!({ "products": products });
    }
    world.insert(coupon);
    world.emit("coupon.created", &id);
    Ok(world.copy(&id))
}

fn update(world: &mut World, call: &Call) -> Answer {
    world.get("coupon", call.id())?;
    world.update(call.id(), "coupon.updated", |coupon: &mut Value| {
        merge_texts(coupon, &call.form, &["name"]);
        merge_metadata(coupon, &call.form, "metadata");
    });
    Ok(world.copy(call.id()))
}

fn remove(world: &mut World, call: &Call) -> Answer {
    world.get("coupon", call.id())?;
    world.set(call.id(), "valid", json!(false));
    world.emit("coupon.deleted", call.id());
    Ok(json!({ "id": call.id(), "object": "coupon", "deleted": true }))
}
