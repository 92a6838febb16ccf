//! `/v1/customers/{customer}/cash_balance`, its transactions, funding instructions, and the test helper that plays the
//! bank.

use serde_json::{Value, json};

use super::customers::living;
use crate::{
    api::{Call, PAGING, Route, get, page, post},
    error::{Answer, ApiError},
    form::Form,
    object::text,
    payments::{cash, transfer},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    get("customers/{}/cash_balance", "", |world, call| Ok(living(world, call.id())?["_cash_balance"].clone())),
    post("customers/{}/cash_balance", "settings.reconciliation_mode", update),
    get("customers/{}/cash_balance_transactions", PAGING, list),
    get("customers/{}/cash_balance_transactions/{}", "", retrieve),
    post(
        "customers/{}/funding_instructions",
        "currency funding_type bank_transfer.type bank_transfer.eu_bank_transfer.country \
         bank_transfer.requested_address_types.#",
        funding_instructions,
    ),
    post("test_helpers/customers/{}/fund_cash_balance", "amount currency reference", fund),
];

/// The cash balance of a new customer.
pub(crate) fn empty(customer: &str) -> Value {
    json!({
        "object": "cash_balance", "available": null, "customer": customer, "customer_account": null, "livemode": false,
        "settings": { "reconciliation_mode": "automatic", "using_merchant_default": true },
    })
}

fn update(world: &mut World, call: &Call) -> Answer {
    living(world, call.id())?;
    let mode = call.form.required("settings.reconciliation_mode")?;
    set_mode(world, call.id(), mode)?;
    Ok(world.copy(call.id())["_cash_balance"].clone())
}

/// Sets how transfers are applied; a change to automatic applies what lies there.
///
/// # Errors
/// Any word but `automatic`, `manual` and `merchant_default`.
pub(crate) fn set_mode(world: &mut World, customer: &str, mode: &str) -> Result<(), ApiError> {
    let settings = match mode {
        "automatic" | "manual" => json!({ "reconciliation_mode": mode, "using_merchant_default": false }),
        "merchant_default" => json!({ "reconciliation_mode": "automatic", "using_merchant_default": true }),
        _ => {
            return Err(ApiError::invalid(
                "Invalid settings[reconciliation_mode]: must be one of automatic, manual, or merchant_default",
            )
            .with_param("settings[reconciliation_mode]"));
        }
    };
    world.change(customer, |customer| customer["_cash_balance"]["settings"] = settings);
    let available = world.copy(customer)["_cash_balance"]["available"].clone();
    for currency in available.as_object().into_iter().flat_map(|members| members.keys()) {
        cash::reconcile(world, customer, currency, None);
    }
    Ok(())
}

fn list(world: &mut World, call: &Call) -> Answer {
    living(world, call.id())?;
    let found = world.all("customer_cash_balance_transaction").filter(|t| text(t, "customer") == call.id());
    page(&format!("/v1/customers/{}/cash_balance_transactions", call.id()), &call.form, found)
}

fn retrieve(world: &mut World, call: &Call) -> Answer {
    let id = call.ids.get(1).map(String::as_str).unwrap_or_default();
    let found = world.get("customer_cash_balance_transaction", id)?;
    if text(&found, "customer") == call.id() {
        Ok(found)
    } else {
        Err(ApiError::not_found("cash balance transaction", id))
    }
}

fn funding_instructions(world: &mut World, call: &Call) -> Answer {
    living(world, call.id())?;
    let currency = call.form.required("currency")?.to_lowercase();
    call.form.required("funding_type")?;
    call.form.required("bank_transfer.type")?;
    // The parameters are those of a payment's options, one level higher.
    let options =
        transfer::options(&Form::Tree(vec![("funding".to_owned(), call.form.clone())]), "funding", &currency)?;
    Ok(transfer::funding_instructions(call.id(), &options, &currency))
}

fn fund(world: &mut World, call: &Call) -> Answer {
    living(world, call.id())?;
    let amount = call.form.int("amount")?.ok_or_else(|| ApiError::missing("amount"))?;
    if amount < 1 {
        return Err(ApiError::invalid("This value must be greater than or equal to 1.")
            .with_code("parameter_invalid_integer")
            .with_param("amount"));
    }
    let currency = call.form.required("currency")?.to_lowercase();
    transfer::takes(&currency)?;
    Ok(cash::fund(world, call.id(), amount, &currency, call.form.text("reference")))
}
