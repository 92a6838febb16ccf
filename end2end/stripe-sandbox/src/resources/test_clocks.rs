//! `/v1/test_helpers/test_clocks`: customers with a time of their own, and everything that belongs to them.
//! <https://docs.stripe.com/billing/testing/test-clocks>

use serde_json::{Value, json};

use crate::{
    api::{Call, PAGING, Route, delete, get, page, post},
    billing::{passage, subscription},
    error::{Answer, ApiError},
    object::{int, text},
    world::World,
};

/// A clock is deleted so long after it was made.
const KEPT_SECONDS: i64 = 30 * 86_400;

pub(crate) const ROUTES: &[Route] = &[
    post("test_helpers/test_clocks", "frozen_time name", create),
    get("test_helpers/test_clocks", PAGING, |world, call| {
        page("/v1/test_helpers/test_clocks", &call.form, world.all("test_helpers.test_clock"))
    }),
    get("test_helpers/test_clocks/{}", "", |world, call| world.get("test_helpers.test_clock", call.id())),
    post("test_helpers/test_clocks/{}/advance", "frozen_time", advance),
    delete("test_helpers/test_clocks/{}", "", remove),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let frozen = call.form.int("frozen_time")?.ok_or_else(|| ApiError::missing("frozen_time"))?;
    let id = world.insert(json!({
        "id": world.new_id("clock"), "object": "test_helpers.test_clock", "created": world.now,
        "deletes_after": world.now + KEPT_SECONDS, "frozen_time": frozen, "livemode": false,
        "name": call.form.text("name"), "status": "ready", "status_details": {},
    }));
    world.emit("test_helpers.test_clock.created", &id);
    Ok(world.copy(&id))
}

/// Answers while the clock is still advancing, as Stripe does; the next look finds it ready.
fn advance(world: &mut World, call: &Call) -> Answer {
    let clock = world.get("test_helpers.test_clock", call.id())?;
    let to = call.form.int("frozen_time")?.ok_or_else(|| ApiError::missing("frozen_time"))?;
    if to <= int(&clock, "frozen_time") {
        return Err(ApiError::invalid("A test clock can only be advanced to a later time.").with_param("frozen_time"));
    }
    world.change(call.id(), |clock| {
        clock["status"] = json!("advancing");
        clock["status_details"] = json!({ "advancing": { "target_frozen_time": to } });
    });
    world.emit("test_helpers.test_clock.advancing", call.id());
    let advancing = world.copy(call.id());
    passage::advance_clock(world, call.id(), to);
    world.change(call.id(), |clock| {
        clock["status"] = json!("ready");
        clock["frozen_time"] = json!(to);
        clock["status_details"] = json!({});
    });
    world.emit("test_helpers.test_clock.ready", call.id());
    Ok(advancing)
}

/// The clock's customers go with it.
fn remove(world: &mut World, call: &Call) -> Answer {
    world.get("test_helpers.test_clock", call.id())?;
    let of_clock = |object: &&Value| text(object, "test_clock") == call.id();
    let ids = |objects: Vec<&Value>| objects.into_iter().map(|o| text(o, "id").to_owned()).collect::<Vec<_>>();
    for id in ids(world.all("subscription").filter(of_clock).collect()) {
        if super::subscriptions::runs(&world.copy(&id)) {
            subscription::end(world, &id, "cancellation_requested");
        }
    }
    for id in ids(world.all("customer").filter(of_clock).collect()) {
        world.set(&id, "deleted", json!(true));
    }
    world.emit("test_helpers.test_clock.deleted", call.id());
    world.remove(call.id());
    Ok(json!({ "id": call.id(), "object": "test_helpers.test_clock", "deleted": true }))
}
