//! `/v1/customers/{customer}/balance_transactions`: the credit balance, changed by hand and by invoices.

use serde_json::json;

use super::customers::living;
use crate::{
    api::{Call, PAGING, Route, get, page, post},
    billing::credit,
    error::{Answer, ApiError},
    object::{merge_metadata, merge_texts, metadata, text},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post("customers/{}/balance_transactions", "amount currency description metadata.*", create),
    get("customers/{}/balance_transactions", PAGING, list),
    get("customers/{}/balance_transactions/{}", "", retrieve),
    post("customers/{}/balance_transactions/{}", "description metadata.*", update),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let customer = living(world, call.id())?;
    let amount = call.form.int("amount")?.ok_or_else(|| ApiError::missing("amount"))?;
    let currency = call.form.required("currency")?.to_lowercase();
    if customer["currency"].as_str().is_some_and(|known| known != currency) {
        return Err(ApiError::invalid(format!(
            "You cannot combine currencies on a single customer. This customer has had a balance or an invoice in {}.",
            text(&customer, "currency")
        ))
        .with_param("currency"));
    }
    let more = json!({ "description": call.form.text("description"), "metadata": metadata(&call.form, "metadata") });
    let id = credit::book(world, call.id(), amount, &currency, "adjustment", more);
    Ok(world.copy(&id))
}

fn list(world: &mut World, call: &Call) -> Answer {
    living(world, call.id())?;
    let found = world.all("customer_balance_transaction").filter(|t| text(t, "customer") == call.id());
    page(&format!("/v1/customers/{}/balance_transactions", call.id()), &call.form, found)
}

fn retrieve(world: &mut World, call: &Call) -> Answer {
    let id = call.ids.get(1).map(String::as_str).unwrap_or_default();
    let found = world.get("customer_balance_transaction", id)?;
    if text(&found, "customer") == call.id() { Ok(found) } else { Err(ApiError::not_found("balance transaction", id)) }
}

fn update(world: &mut World, call: &Call) -> Answer {
    let found = retrieve(world, call)?;
    world.change(text(&found, "id"), |transaction| {
        merge_texts(transaction, &call.form, &["description"]);
        merge_metadata(transaction, &call.form, "metadata");
    });
    Ok(world.copy(text(&found, "id")))
}
