//! `/v1/payment_intents`

use serde_json::{Value, json};

use super::checkout_sessions::allowed_types;
use crate::{
    api::{Call, Route, get, page, post},
    billing::lines::step,
    error::{Answer, ApiError},
    form::Form,
    object::{int, merge_metadata, metadata, text},
    payments::{self, Attempt, cash, transfer},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "payment_intents",
        "amount currency customer payment_method ~payment_method_types.# allowed_payment_method_types.# payment_method_data.type \
         payment_method_options.* confirm description metadata.* receipt_email setup_future_usage off_session \
         automatic_payment_methods.* return_url confirmation_method capture_method error_on_requires_action shipping.*",
        create,
    ),
    get("payment_intents", "limit starting_after ending_before customer created.*", list),
    get("payment_intents/{}", "client_secret", |world, call| world.get("payment_intent", call.id())),
    post("payment_intents/{}", "metadata.* description amount payment_method receipt_email", update),
    post(
        "payment_intents/{}/confirm",
        "payment_method payment_method_data.type payment_method_options.customer_balance.* \
         return_url off_session",
        confirm,
    ),
    post("payment_intents/{}/cancel", "cancellation_reason", cancel),
    post("payment_intents/{}/apply_customer_balance", "amount currency", apply_customer_balance),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let amount = form.int("amount")?.ok_or_else(|| ApiError::missing("amount"))?;
    let currency = form.required("currency")?.to_lowercase();
    if amount < 1 {
        return Err(ApiError::invalid("Invalid positive integer")
            .with_code("parameter_invalid_integer")
            .with_param("amount"));
    }
    let step = step(&currency);
    if amount % step != 0 {
        return Err(
            ApiError::invalid(format!("Amounts in {currency} must be divisible by {step}.")).with_param("amount")
        );
    }
    let customer = match form.text("customer") {
        Some(id) => world.referenced("customer", id, "customer")?["id"].clone(),
        None => Value::Null,
    };
    let method = method(world, form, &customer)?;
    let transfer = transfer::options(form, "payment_method_options.customer_balance", &currency)?;
    let types = allowed_types(form);
    if types.contains(&"customer_balance") {
        transfer::takes(&currency)?;
        if customer.is_null() {
            return Err(ApiError::invalid("A PaymentIntent that accepts `customer_balance` requires a `customer`.")
                .with_code("parameter_missing")
                .with_param("customer"));
        }
    }
    let mut intent = payments::new_intent(world, amount, &json!(currency), &customer, metadata(form, "metadata"));
    for member in ["description", "receipt_email", "setup_future_usage"] {
        intent[member] = json!(form.text(member));
    }
    if !types.is_empty() {
        intent["payment_method_types"] = json!(types);
        intent["allowed_payment_method_types"] = json!(types);
    }
    if transfer.is_object() {
        intent["payment_method_options"] = json!({ "customer_balance": transfer });
    }
    if let Some(method) = &method {
        intent["payment_method"] = json!(method);
        intent["status"] = json!("requires_confirmation");
    }
    let id = world.insert(intent);
    world.emit("payment_intent.created", &id);
    if form.flag("confirm")? == Some(true) {
        return charge(world, &id, method.as_deref(), form.flag("off_session")? != Some(true));
    }
    Ok(world.copy(&id))
}

/// The payment method that a call names, or makes with `payment_method_data[type]=customer_balance`.
fn method(world: &mut World, form: &Form, customer: &Value) -> Result<Option<String>, ApiError> {
    match (form.text("payment_method"), form.text("payment_method_data.type")) {
        (Some(method), _) => payments::resolve(world, method).map(Some),
        (None, Some("customer_balance")) => {
            let method = payments::transfer_method(world, customer);
            Ok(Some(world.insert(method)))
        }
        (None, Some(_)) => {
            Err(ApiError::invalid("The sandbox makes payment methods of type `customer_balance` only here.")
                .with_param("payment_method_data[type]"))
        }
        (None, None) => Ok(None),
    }
}

fn charge(world: &mut World, id: &str, method: Option<&str>, on_session: bool) -> Answer {
    let intent = world.copy(id);
    let Some(method) = method.map(str::to_owned).or_else(|| intent["payment_method"].as_str().map(str::to_owned))
    else {
        return Err(ApiError::invalid("You cannot confirm this PaymentIntent because it's missing a payment method.")
            .with_code("payment_intent_unexpected_state"));
    };
    let by_transfer = text(&world.copy(&method), "type") == "customer_balance";
    match payments::confirm(world, id, &method, false) {
        Attempt::Declined(decline) => Err(decline.with("payment_intent", crate::object::public(&world.copy(id)))),
        Attempt::RequiresAction if !on_session && !by_transfer => Err(ApiError::card(
            "authentication_required",
            Some("authentication_required"),
            "Your card was declined. This transaction requires authentication.",
        )
        .with("payment_intent", crate::object::public(&world.copy(id)))),
        _ => Ok(world.copy(id)),
    }
}

fn confirm(world: &mut World, call: &Call) -> Answer {
    let intent = world.get("payment_intent", call.id())?;
    if matches!(text(&intent, "status"), "succeeded" | "canceled") {
        return Err(ApiError::invalid(format!(
            "You cannot confirm this PaymentIntent because it has already {}.",
            text(&intent, "status")
        ))
        .with_code("payment_intent_unexpected_state"));
    }
    let method = method(world, &call.form, &intent["customer"])?;
    let transfer = transfer::options(&call.form, "payment_method_options.customer_balance", text(&intent, "currency"))?;
    if transfer.is_object() {
        world.change(call.id(), |intent| intent["payment_method_options"]["customer_balance"] = transfer);
    }
    charge(world, call.id(), method.as_deref(), call.form.flag("off_session")? != Some(true))
}

fn update(world: &mut World, call: &Call) -> Answer {
    world.get("payment_intent", call.id())?;
    let amount = call.form.int("amount")?;
    world.change(call.id(), |intent| {
        merge_metadata(intent, &call.form, "metadata");
        crate::object::merge_texts(intent, &call.form, &["description", "payment_method", "receipt_email"]);
        if let Some(amount) = amount {
            intent["amount"] = json!(amount);
        }
    });
    Ok(world.copy(call.id()))
}

fn cancel(world: &mut World, call: &Call) -> Answer {
    let intent = world.get("payment_intent", call.id())?;
    if matches!(text(&intent, "status"), "succeeded" | "canceled") {
        return Err(ApiError::invalid(format!(
            "You cannot cancel this PaymentIntent because it has a status of {}.",
            text(&intent, "status")
        ))
        .with_code("payment_intent_unexpected_state"));
    }
    payments::cancel(world, call.id(), call.form.text("cancellation_reason").unwrap_or("requested_by_customer"));
    Ok(world.copy(call.id()))
}

/// By hand, what automatic reconciliation does.
fn apply_customer_balance(world: &mut World, call: &Call) -> Answer {
    let intent = world.get("payment_intent", call.id())?;
    let remaining = int(&intent, "amount") - int(&intent, "_applied");
    let there = cash::available(world, text(&intent, "customer"), text(&intent, "currency"));
    // The whole is applied to an invoice's payment, whatever amount is asked for.
    let asked = call.form.int("amount")?.filter(|_| intent["_invoice"].is_null()).unwrap_or(remaining);
    if matches!(text(&intent, "status"), "succeeded" | "canceled") || !(1..=remaining).contains(&asked) || there < asked
    {
        return Err(ApiError::invalid(
            "The amount cannot be applied: the payment does not wait for it, or the cash balance is not sufficient.",
        )
        .with_code("customer_balance_insufficient_funds")
        .with_param("amount"));
    }
    cash::apply(world, call.id(), asked);
    Ok(world.copy(call.id()))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let customer = call.form.text("customer");
    let found = world.all("payment_intent").filter(|i| customer.is_none_or(|customer| text(i, "customer") == customer));
    page("/v1/payment_intents", &call.form, found)
}
