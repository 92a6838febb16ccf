//! `/v1/invoice_payments`

use crate::{
    api::{Call, Route, get, page},
    error::Answer,
    object::text,
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    get(
        "invoice_payments",
        "limit starting_after ending_before invoice status payment.type payment.payment_intent created.*",
        list,
    ),
    get("invoice_payments/{}", "", |world, call| world.get("invoice_payment", call.id())),
];

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let found = world.all("invoice_payment").filter(|payment| {
        ["invoice", "status"].iter().all(|m| form.text(m).is_none_or(|wanted| text(payment, m) == wanted))
            && form
                .text("payment.payment_intent")
                .is_none_or(|intent| text(&payment["payment"], "payment_intent") == intent)
    });
    page("/v1/invoice_payments", form, found)
}
