//! Payment intents: charged, declined, cancelled. <https://docs.stripe.com/payments/paymentintents/lifecycle>

use serde_json::{Value, json};

use super::{
    cards::{Behaviour, behaviour_of, decline_of},
    cash,
    charge::new_charge,
    debit, transfer,
};
use crate::{
    billing::invoicing,
    error::ApiError,
    object::{flag, int, text},
    resources::disputes,
    world::World,
};

/// A payment intent object, not stored.
pub(crate) fn new_intent(world: &World, amount: i64, currency: &Value, customer: &Value, metadata: Value) -> Value {
    let id = world.new_id("pi");
    json!({
        "id": id, "object": "payment_intent", "amount": amount, "amount_capturable": 0, "amount_details": { "tip": {} },
        "amount_received": 0, "application": null, "application_fee_amount": null,
        "automatic_payment_methods": null, "canceled_at": null, "cancellation_reason": null,
        "capture_method": "automatic_async", "client_secret": format!("{id}_secret_sandbox"),
        "confirmation_method": "automatic", "created": world.now, "currency": currency, "customer": customer,
        "customer_account": null, "description": null, "last_payment_error": null, "latest_charge": null,
        "allowed_payment_method_types": null, "excluded_payment_method_types": null, "managed_payments": null,
        "payment_method_configuration_details": null, "payment_record": null,
        "livemode": false, "metadata": metadata, "next_action": null, "on_behalf_of": null, "payment_method": null,
        "payment_method_options": {}, "payment_method_types": ["card"], "processing": null, "receipt_email": null,
        "review": null, "setup_future_usage": null, "shipping": null, "source": null, "statement_descriptor": null,
        "statement_descriptor_suffix": null, "status": "requires_payment_method", "transfer_data": null,
        "transfer_group": null,
    })
}

/// The payment intent that an invoice gets at finalisation.
pub(crate) fn intent_for_invoice(world: &mut World, invoice: &Value) -> String {
    let mut intent =
        new_intent(world, int(invoice, "amount_due"), &invoice["currency"], &invoice["customer"], json!({}));
    let subscription = invoicing::subscription_of(invoice).is_some();
    intent["description"] = json!(match text(invoice, "billing_reason") {
        "subscription_create" => "Subscription creation".to_owned(),
        "subscription_cycle" | "subscription_update" => "Subscription update".to_owned(),
        _ => format!("Payment for Invoice {}", text(invoice, "number")),
    });
    let settings = &invoice["payment_settings"];
    let by_transfer = settings["payment_method_types"] == json!(["customer_balance"]);
    intent["setup_future_usage"] = if subscription && !by_transfer { json!("off_session") } else { Value::Null };
    if settings["payment_method_types"].is_array() {
        intent["payment_method_types"] = settings["payment_method_types"].clone();
    }
    let transfer = &settings["payment_method_options"]["customer_balance"];
    if transfer.is_object() {
        intent["payment_method_options"] = json!({ "customer_balance": transfer });
    }
    intent["_invoice"] = invoice["id"].clone();
    let id = world.insert(intent);
    world.emit("payment_intent.created", &id);
    id
}

/// How an attempt to pay ended.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// Paid.
    Succeeded,
    /// A debit is on its way.
    Processing,
    /// 3-D Secure or a transfer is needed.
    RequiresAction,
    /// Refused.
    Declined(ApiError),
}

/// Charges a payment intent. `authenticated` says that the holder has just passed 3-D Secure.
pub(crate) fn confirm(world: &mut World, intent: &str, method: &str, authenticated: bool) -> Attempt {
    if text(&world.copy(method), "type") == "customer_balance" {
        transfer::await_money(world, intent, Some(method));
        let paid = text(&world.copy(intent), "status") == "succeeded";
        return if paid { Attempt::Succeeded } else { Attempt::RequiresAction };
    }
    if text(&world.copy(method), "type") == "sepa_debit" {
        debit::begin(world, intent, method);
        return Attempt::Processing;
    }
    // A card pays the whole: what a transfer has brought so far goes back to the cash balance.
    cash::unapply(world, intent);
    let behaviour = behaviour_of(world, method);
    let passed_before = flag(&world.copy(method), "_authenticated");
    world.set(intent, "payment_method", json!(method));
    let needs_action = !authenticated
        && match behaviour {
            Behaviour::AuthenticateAlways => true,
            Behaviour::AuthenticateOnce => !passed_before,
            _ => false,
        };
    if needs_action {
        let url = format!("{}/c/authenticate/{intent}", world.public_url);
        world.change(intent, |intent| {
            intent["status"] = json!("requires_action");
            intent["next_action"] =
                json!({ "type": "redirect_to_url", "redirect_to_url": { "url": url, "return_url": null } });
        });
        world.emit("payment_intent.requires_action", intent);
        return Attempt::RequiresAction;
    }
    if let Some(decline) = decline_of(behaviour) {
        return fail(world, intent, method, decline);
    }
    if authenticated {
        world.set(method, "_authenticated", json!(true));
    }
    succeed(world, intent, Some(method));
    if behaviour == Behaviour::Disputed {
        disputes::open(world, intent);
    }
    Attempt::Succeeded
}

/// Ends an intent's attempt with a decline: a failed charge, the error on the intent.
pub(crate) fn fail(world: &mut World, intent: &str, method: &str, decline: ApiError) -> Attempt {
    let charge = new_charge(world, intent, Some(method), Some(&decline));
    let method = crate::object::public(&world.copy(method));
    let mut error = decline.clone().with("charge", json!(charge)).object();
    error["payment_method"] = method;
    world.change(intent, |intent| {
        intent["status"] = json!("requires_payment_method");
        intent["latest_charge"] = json!(charge);
        intent["payment_method"] = Value::Null;
        intent["next_action"] = Value::Null;
        intent["last_payment_error"] = error;
    });
    world.emit("charge.failed", &charge);
    world.emit("payment_intent.payment_failed", intent);
    Attempt::Declined(decline)
}

/// Marks an intent paid and passes that on to its invoice and its Checkout Session.
pub(crate) fn succeed(world: &mut World, intent: &str, method: Option<&str>) {
    let charge = new_charge(world, intent, method, None);
    world.change(intent, |intent| {
        intent["status"] = json!("succeeded");
        intent["amount_received"] = intent["amount"].clone();
        intent["latest_charge"] = json!(charge);
        intent["next_action"] = Value::Null;
        intent["last_payment_error"] = Value::Null;
    });
    world.emit("charge.succeeded", &charge);
    world.emit("payment_intent.succeeded", intent);
    let paid = world.copy(intent);
    if let Some(invoice) = paid["_invoice"].as_str() {
        invoicing::settle(world, invoice, int(&paid, "amount"));
    }
    if let Some(session) = paid["_awaiting_session"].as_str() {
        crate::checkout::transfer_arrived(world, session, intent);
    }
}

/// Cancels an intent that is not final.
pub(crate) fn cancel(world: &mut World, intent: &str, reason: &str) {
    if matches!(text(&world.copy(intent), "status"), "succeeded" | "canceled") {
        return;
    }
    let now = world.now;
    world.change(intent, |intent| {
        intent["status"] = json!("canceled");
        intent["canceled_at"] = json!(now);
        intent["cancellation_reason"] = json!(reason);
        intent["next_action"] = Value::Null;
    });
    world.emit("payment_intent.canceled", intent);
    if let Some(session) = world.copy(intent)["_awaiting_session"].as_str() {
        world.emit("checkout.session.async_payment_failed", session);
    }
    cash::unapply(world, intent);
}

/// Pays an open invoice with the given or default payment method.
pub(crate) fn pay_invoice(world: &mut World, invoice: &str, method: Option<&str>) -> Attempt {
    let Some((_, intent)) = invoicing::payment_of(world, invoice) else { return Attempt::Succeeded };
    let object = world.copy(invoice);
    let subscription = invoicing::subscription_of(&object).map(|id| world.copy(id)).unwrap_or_default();
    let preferred = [&object["default_payment_method"], &subscription["default_payment_method"]]
        .into_iter()
        .find(|id| id.is_string())
        .cloned()
        .unwrap_or_default();
    let method = method.map(str::to_owned).or_else(|| world.payment_method_of(text(&object, "customer"), &preferred));
    let attempt = match method {
        Some(method) => confirm(world, &intent, &method, false),
        None => Attempt::Declined(
            ApiError::invalid("This customer has no attached payment source or default payment method.")
                .with_code("resource_missing"),
        ),
    };
    if !matches!(attempt, Attempt::Succeeded | Attempt::Processing) {
        invoicing::attempt_failed(world, invoice, matches!(attempt, Attempt::RequiresAction));
    }
    attempt
}
