//! `/v1/subscription_items`

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, delete, get, page, post},
    billing::change::{self, Prorate},
    error::{Answer, ApiError},
    form::Form,
    object::{data, text},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    get("subscription_items", "limit starting_after ending_before subscription", list),
    get("subscription_items/{}", "", |world, call| find(world, call.id()).map(|(_, item)| item)),
    post(
        "subscription_items",
        "subscription price quantity metadata.* proration_behavior proration_date payment_behavior",
        create,
    ),
    post(
        "subscription_items/{}",
        "price quantity metadata.* proration_behavior proration_date payment_behavior",
        update,
    ),
    delete("subscription_items/{}", "proration_behavior proration_date", remove),
];

fn find(world: &World, id: &str) -> Result<(Value, Value), ApiError> {
    world
        .all("subscription")
        .find_map(|subscription| {
            let item = data(subscription, "items").iter().find(|item| text(item, "id") == id)?;
            Some((subscription.clone(), item.clone()))
        })
        .ok_or_else(|| ApiError::not_found("subscription_item", id))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let subscription = world.referenced("subscription", call.form.required("subscription")?, "subscription")?;
    page("/v1/subscription_items", &call.form, data(&subscription, "items").iter())
}

fn make(world: &mut World, subscription: &Value, form: &Form, entry: &Form) -> Result<Value, ApiError> {
    if subscription["schedule"].is_string() {
        return Err(ApiError::invalid("The subscription is managed by a subscription schedule."));
    }
    let moment = super::subscriptions::proration_date(form, subscription, world.now)?;
    let planned = change::plan(world, subscription, &[entry], moment)?;
    let prorate = Prorate::parse(form.text("proration_behavior"))?;
    change::make(world, planned, prorate, moment, form.text("payment_behavior"))?;
    Ok(world.copy(text(subscription, "id")))
}

fn create(world: &mut World, call: &Call) -> Answer {
    let subscription = world.referenced("subscription", call.form.required("subscription")?, "subscription")?;
    let price = call.form.required("price")?;
    let after = make(world, &subscription, &call.form, &call.form)?;
    let item = data(&after, "items").iter().find(|item| text(&item["price"], "id") == price);
    Ok(item.cloned().unwrap_or_default())
}

fn with_id(call: &Call, extra: Option<(&str, &str)>) -> Form {
    let mut entry = call.form.clone();
    let mut members = vec![("id".to_owned(), Form::Text(call.id().to_owned()))];
    members.extend(extra.map(|(name, value)| (name.to_owned(), Form::Text(value.to_owned()))));
    entry.join(Form::Tree(members));
    entry
}

fn update(world: &mut World, call: &Call) -> Answer {
    let (subscription, _) = find(world, call.id())?;
    make(world, &subscription, &call.form, &with_id(call, None))?;
    find(world, call.id()).map(|(_, item)| item)
}

fn remove(world: &mut World, call: &Call) -> Answer {
    let (subscription, _) = find(world, call.id())?;
    make(world, &subscription, &call.form, &with_id(call, Some(("deleted", "true"))))?;
    Ok(json!({ "id": call.id(), "object": "subscription_item", "deleted": true }))
}
