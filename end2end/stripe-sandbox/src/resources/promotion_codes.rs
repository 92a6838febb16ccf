//! `/v1/promotion_codes`

use serde_json::json;

use crate::{
    api::{Call, Route, get, page, post},
    error::{Answer, ApiError},
    object::{merge_metadata, metadata, text},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "promotion_codes",
        "promotion.type promotion.coupon ~coupon code active customer expires_at max_redemptions metadata.* \
         restrictions.first_time_transaction restrictions.minimum_amount restrictions.minimum_amount_currency",
        create,
    ),
    get("promotion_codes", "limit starting_after ending_before code coupon customer active created.*", list),
    get("promotion_codes/{}", "", |world, call| world.get("promotion_code", call.id())),
    post("promotion_codes/{}", "active metadata.*", update),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let coupon = world.referenced(
        "coupon",
        form.text("coupon").map_or_else(|| form.required("promotion.coupon"), Ok)?,
        "promotion[coupon]",
    )?;
    if let Some(customer) = form.text("customer") {
        world.referenced("customer", customer, "customer")?;
    }
    if form.int("expires_at")?.is_some_and(|end| end <= world.now) {
        return Err(ApiError::invalid("expires_at must be in the future.").with_param("expires_at"));
    }
    if form.has("restrictions.minimum_amount") != form.has("restrictions.minimum_amount_currency") {
        return Err(ApiError::missing("restrictions[minimum_amount_currency]"));
    }
    let code = match form.text("code") {
        Some(code) => code.to_owned(),
        None => world.new_id("").chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>().to_uppercase(),
    };
    let taken = world.all("promotion_code").any(|p| p["active"] == true && text(p, "code").eq_ignore_ascii_case(&code));
    if taken {
        return Err(ApiError::invalid(format!("An active promotion code with `code: {code}` already exists."))
            .with_param("code"));
    }
    let id = world.insert(json!({
        "id": world.new_id("promo"), "object": "promotion_code", "active": form.flag("active")?.unwrap_or(true),
        "code": code, "created": world.now, "customer": form.text("customer"), "customer_account": null,
        "expires_at": form.int("expires_at")?, "livemode": false, "max_redemptions": form.int("max_redemptions")?,
        "metadata": metadata(form, "metadata"), "promotion": { "type": "coupon", "coupon": coupon["id"] },
        "restrictions": {
            "first_time_transaction": form.flag("restrictions.first_time_transaction")?.unwrap_or(false),
            "minimum_amount": form.int("restrictions.minimum_amount")?,
            "minimum_amount_currency": form.text("restrictions.minimum_amount_currency"),
        },
        "times_redeemed": 0,
    }));
    world.emit("promotion_code.created", &id);
    Ok(world.copy(&id))
}

fn update(world: &mut World, call: &Call) -> Answer {
    world.get("promotion_code", call.id())?;
    let active = call.form.flag("active")?;
    world.update(call.id(), "promotion_code.updated", |promotion| {
        merge_metadata(promotion, &call.form, "metadata");
        if let Some(active) = active {
            promotion["active"] = json!(active);
        }
    });
    Ok(world.copy(call.id()))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let active = form.flag("active")?;
    let found = world.all("promotion_code").filter(|promotion| {
        active.is_none_or(|active| promotion["active"] == active)
            && form.text("code").is_none_or(|code| text(promotion, "code").eq_ignore_ascii_case(code))
            && form.text("customer").is_none_or(|customer| text(promotion, "customer") == customer)
            && form.text("coupon").is_none_or(|coupon| text(&promotion["promotion"], "coupon") == coupon)
    });
    page("/v1/promotion_codes", form, found)
}
