//! `/v1/events`

use crate::{
    api::{Call, Route, get, page},
    error::{Answer, ApiError},
    object::{int, text},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    get(
        "events",
        "limit starting_after ending_before type types.# delivery_success created created.gt created.gte created.lt created.lte",
        list,
    ),
    get("events/{}", "", |world, call| world.get("event", call.id())),
];

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let types = form.texts("types");
    if types.len() > 20 {
        return Err(ApiError::invalid("You can specify at most 20 event types.").with_param("types"));
    }
    let wanted = |kind: &str| {
        let by_type =
            form.text("type").is_none_or(|t| t == kind || t.strip_suffix('*').is_some_and(|p| kind.starts_with(p)));
        by_type && (types.is_empty() || types.contains(&kind))
    };
    let delivered = form.flag("delivery_success")?;
    let exactly = if form.text("created").is_some() { form.int("created")? } else { None };
    let bounds = [form.int("created.gt")?, form.int("created.gte")?, form.int("created.lt")?, form.int("created.lte")?];
    let [gt, gte, lt, lte] = bounds;
    let found = world.all("event").filter(|event| {
        let created = int(event, "created");
        wanted(text(event, "type"))
            && delivered.is_none_or(|yes| (int(event, "pending_webhooks") == 0) == yes)
            && exactly.is_none_or(|at| created == at)
            && gt.is_none_or(|at| created > at)
            && gte.is_none_or(|at| created >= at)
            && lt.is_none_or(|at| created < at)
            && lte.is_none_or(|at| created <= at)
    });
    page("/v1/events", form, found)
}
