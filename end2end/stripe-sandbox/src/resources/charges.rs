//! `/v1/charges`

use crate::{
    api::{Call, Route, get, page},
    error::Answer,
    object::text,
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    get("charges", "limit starting_after ending_before customer payment_intent created.*", list),
    get("charges/{}", "", |world, call| world.get("charge", call.id())),
];

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let found = world.all("charge").filter(|charge| {
        ["customer", "payment_intent"].iter().all(|m| form.text(m).is_none_or(|wanted| text(charge, m) == wanted))
    });
    page("/v1/charges", form, found)
}
