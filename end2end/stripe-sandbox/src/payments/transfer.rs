//! Paying by bank transfer: the options, and the instructions of a payment that waits for its money.
//! <https://docs.stripe.com/payments/bank-transfers>

use serde_json::{Value, json};

use super::{bank, cash};
use crate::{
    error::ApiError,
    form::{Form, bracketed},
    object::{elements, int, text},
    world::World,
};

/// Reads `…[customer_balance]` as payment intents, sessions and invoices take it.
///
/// # Errors
/// A kind of transfer that does not go with the currency, or a country without virtual accounts.
pub(crate) fn options(form: &Form, path: &str, currency: &str) -> Result<Value, ApiError> {
    if !form.has(path) {
        return Ok(Value::Null);
    }
    let at = |member: &str| form.text(&format!("{path}.{member}"));
    let param = |member: &str| bracketed(&format!("{path}.{member}"));
    if at("funding_type").is_some_and(|kind| kind != "bank_transfer") {
        return Err(
            ApiError::invalid("Invalid funding_type: must be bank_transfer.").with_param(&param("funding_type"))
        );
    }
    if at("funding_type").is_none() && form.has(&format!("{path}.bank_transfer")) {
        return Err(ApiError::missing(&param("funding_type")));
    }
    // What fixtures of the Stripe CLI still say.
    let kind = at("bank_transfer.type").map(|kind| if kind == "jp_bank_account" { "jp_bank_transfer" } else { kind });
    let Some(kind) = kind else {
        return Ok(json!({ "funding_type": at("funding_type") }));
    };
    let fits = takes(currency)?;
    if kind != fits {
        return Err(ApiError::invalid(format!(
            "The bank transfer type {kind} does not support the currency {currency}; use {fits}."
        ))
        .with_param(&param("bank_transfer.type")));
    }
    let mut transfer = json!({ "type": kind });
    if kind == "eu_bank_transfer" {
        let country = at("bank_transfer.eu_bank_transfer.country")
            .ok_or_else(|| ApiError::missing(&param("bank_transfer.eu_bank_transfer.country")))?;
        if !bank::IBAN_COUNTRIES.contains(&country) {
            return Err(ApiError::invalid(format!(
                "Invalid country: must be one of {}",
                bank::IBAN_COUNTRIES.join(", ")
            ))
            .with_param(&param("bank_transfer.eu_bank_transfer.country")));
        }
        transfer["eu_bank_transfer"] = json!({ "country": country });
    }
    let types = form.texts(&format!("{path}.bank_transfer.requested_address_types"));
    if !types.is_empty() {
        transfer["requested_address_types"] = json!(types);
    }
    Ok(json!({ "bank_transfer": transfer, "funding_type": "bank_transfer" }))
}

/// Whether a currency can be transferred; the kind of transfer that does it.
///
/// # Errors
/// It cannot.
pub(crate) fn takes(currency: &str) -> Result<&'static str, ApiError> {
    bank::kind_of(currency).map(|(kind, _)| kind).ok_or_else(|| {
        ApiError::invalid(format!(
            "The currency provided ({currency}) is invalid. Payments with customer_balance support the following \
             currencies: eur, gbp, jpy, mxn, and usd."
        ))
        .with_param("currency")
    })
}

/// The kind of transfer and the account's country that a payment's options ask for.
fn kind(options: &Value, currency: &str) -> (String, String) {
    let (kind, country) = bank::kind_of(currency).unwrap_or(("us_bank_transfer", "US"));
    let transfer = &options["bank_transfer"];
    let country = transfer["eu_bank_transfer"]["country"].as_str().unwrap_or(country);
    (transfer["type"].as_str().unwrap_or(kind).to_owned(), country.to_owned())
}

/// The reference that a payment's transfer is to carry. It is known before the payment is, so that it can be shown.
pub(crate) fn reference(id: &str) -> String {
    let tail: String = id.chars().rev().filter(char::is_ascii_alphanumeric).take(10).collect();
    tail.to_uppercase()
}

/// `display_bank_transfer_instructions` for an amount.
pub(crate) fn instructions(
    customer: &str,
    options: &Value,
    currency: &str,
    remaining: i64,
    reference: &str,
    url: &str,
) -> Value {
    let (kind, country) = kind(options, currency);
    json!({
        "amount_remaining": remaining, "currency": currency,
        "financial_addresses": bank::addresses(customer, &kind, &country), "hosted_instructions_url": url,
        "reference": reference, "type": kind,
    })
}

/// The `funding_instructions` object of a customer.
pub(crate) fn funding_instructions(customer: &str, options: &Value, currency: &str) -> Value {
    let (kind, country) = kind(options, currency);
    json!({
        "object": "funding_instructions",
        "bank_transfer": { "country": country, "financial_addresses": bank::addresses(customer, &kind, &country), "type": kind },
        "currency": currency, "funding_type": "bank_transfer", "livemode": false,
    })
}

/// Lets an intent wait for a transfer, and gives it at once what the cash balance holds.
pub(crate) fn await_money(world: &mut World, intent: &str, method: Option<&str>) {
    let object = world.copy(intent);
    let method = match method {
        Some(method) => method.to_owned(),
        None => {
            let method = super::transfer_method(world, &object["customer"]);
            world.insert(method)
        }
    };
    let reference = object["_reference"].as_str().map_or_else(|| reference(intent), str::to_owned);
    let shown = instructions(
        text(&object, "customer"),
        &object["payment_method_options"]["customer_balance"],
        text(&object, "currency"),
        int(&object, "amount") - int(&object, "_applied"),
        &reference,
        &format!("{}/c/transfer/{intent}", world.public_url),
    );
    world.change(intent, |intent| {
        intent["status"] = json!("requires_action");
        intent["payment_method"] = json!(method);
        if !elements(intent, "payment_method_types").iter().any(|kind| kind == "customer_balance") {
            intent["payment_method_types"] = json!(["customer_balance"]);
        }
        intent["_reference"] = json!(reference);
        intent["next_action"] = json!({
            "type": "display_bank_transfer_instructions", "display_bank_transfer_instructions": shown,
        });
    });
    world.emit("payment_intent.requires_action", intent);
    cash::reconcile(world, text(&object, "customer"), text(&object, "currency"), None);
}
