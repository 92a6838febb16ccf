//! Test cards and what happens when they are charged. <https://docs.stripe.com/testing>

use serde_json::{Value, json};

use crate::{
    billing::invoicing,
    error::ApiError,
    object::{flag, int, text},
    resources::disputes,
    world::World,
};

/// What a test card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Every charge succeeds.
    Succeeds,
    /// Asks for 3-D Secure once; afterwards it may be charged without asking.
    AuthenticateOnce,
    /// Asks for 3-D Secure every time, also without its holder.
    AuthenticateAlways,
    /// `generic_decline`; cannot be attached either.
    Declined,
    /// `insufficient_funds`; cannot be attached either.
    InsufficientFunds,
    /// Attaches to a customer, then every charge fails.
    FailsLater,
    /// Succeeds, and the holder disputes the charge at once.
    Disputed,
}

/// A test card: number, tokens, brand, behaviour.
pub(crate) struct TestCard {
    pub(crate) number: &'static str,
    tokens: &'static [&'static str],
    brand: &'static str,
    pub(crate) behaviour: Behaviour,
}

/// The cards that the sandbox knows.
pub(crate) const CARDS: &[TestCard] = &[
    TestCard {
        number: "4242424242424242",
        tokens: &["pm_card_visa", "tok_visa"],
        brand: "visa",
        behaviour: Behaviour::Succeeds,
    },
    TestCard {
        number: "5555555555554444",
        tokens: &["pm_card_mastercard", "tok_mastercard"],
        brand: "mastercard",
        behaviour: Behaviour::Succeeds,
    },
    TestCard {
        number: "378282246310005",
        tokens: &["pm_card_amex", "tok_amex"],
        brand: "amex",
        behaviour: Behaviour::Succeeds,
    },
    TestCard {
        number: "4000002500003155",
        tokens: &["pm_card_authenticationRequiredOnSetup"],
        brand: "visa",
        behaviour: Behaviour::AuthenticateOnce,
    },
    TestCard {
        number: "4000002760003184",
        tokens: &["pm_card_authenticationRequired", "pm_card_threeDSecure2Required"],
        brand: "visa",
        behaviour: Behaviour::AuthenticateAlways,
    },
    TestCard {
        number: "4000000000000002",
        tokens: &["pm_card_visa_chargeDeclined", "pm_card_chargeDeclined", "tok_chargeDeclined"],
        brand: "visa",
        behaviour: Behaviour::Declined,
    },
    TestCard {
        number: "4000000000009995",
        tokens: &["pm_card_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedInsufficientFunds"],
        brand: "visa",
        behaviour: Behaviour::InsufficientFunds,
    },
    TestCard {
        number: "4000000000000341",
        tokens: &["pm_card_chargeCustomerFail", "tok_chargeCustomerFail"],
        brand: "visa",
        behaviour: Behaviour::FailsLater,
    },
    TestCard {
        number: "4000000000000259",
        tokens: &["pm_card_createDispute", "pm_card_createDisputeInquiry", "tok_createDispute"],
        brand: "visa",
        behaviour: Behaviour::Disputed,
    },
];

/// By number as typed: spaces and dashes do not count.
pub(crate) fn card_by_number(number: &str) -> Option<&'static TestCard> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    CARDS.iter().find(|card| card.number == digits)
}

/// By `pm_card_*` or `tok_*`.
pub(crate) fn card_by_token(token: &str) -> Option<&'static TestCard> {
    CARDS.iter().find(|card| card.tokens.contains(&token))
}

impl TestCard {
    /// A payment method object for this card, not stored.
    pub(crate) fn payment_method(&self, world: &World, billing_details: Value, expiry: (i64, i64)) -> Value {
        let last4 = &self.number[self.number.len() - 4..];
        json!({
            "id": world.new_id("pm"), "object": "payment_method", "allow_redisplay": "unspecified",
            "billing_details": billing_details, "created": world.now, "customer": null, "customer_account": null,
            "livemode": false, "metadata": {}, "type": "card",
            "card": {
                "brand": self.brand,
                "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
                "country": "US", "display_brand": self.brand, "exp_month": expiry.0, "exp_year": expiry.1,
                "fingerprint": format!("sandbox{last4}"), "funding": "credit", "generated_from": null, "last4": last4,
                "networks": { "available": [self.brand], "preferred": null }, "regulated_status": "unregulated",
                "three_d_secure_usage": { "supported": true }, "wallet": null,
            },
            "_number": self.number,
        })
    }
}

/// Billing details with nothing in them.
pub(crate) fn no_details() -> Value {
    json!({
        "address": { "city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null },
        "email": null, "name": null, "phone": null, "tax_id": null,
    })
}

/// Resolves `pm_…` and the `pm_card_*` shorthands, which make a new payment method.
///
/// # Errors
/// 400 `resource_missing`.
pub(crate) fn resolve(world: &mut World, id: &str) -> Result<String, ApiError> {
    if let Some(card) = card_by_token(id) {
        let method = card.payment_method(world, no_details(), (12, 2034));
        return Ok(world.insert(method));
    }
    world.referenced("payment_method", id, "payment_method").map(|_| id.to_owned())
}

/// Attaches a payment method to a customer.
///
/// # Errors
/// 402 for cards that decline already then.
pub(crate) fn attach(world: &mut World, method: &str, customer: &str) -> Result<(), ApiError> {
    if let Some(decline) =
        decline_of(behaviour_of(world, method)).filter(|_| behaviour_of(world, method) != Behaviour::FailsLater)
    {
        return Err(decline);
    }
    if text(&world.copy(method), "customer") != customer {
        world.set(method, "customer", json!(customer));
        world.emit("payment_method.attached", method);
    }
    Ok(())
}

/// What the card behind a payment method does.
pub(crate) fn behaviour_of(world: &World, method: &str) -> Behaviour {
    world
        .find(method)
        .and_then(|method| card_by_number(text(method, "_number")))
        .map_or(Behaviour::Succeeds, |card| card.behaviour)
}

/// The refusal of a card that declines.
pub(crate) fn decline_of(behaviour: Behaviour) -> Option<ApiError> {
    match behaviour {
        Behaviour::Declined | Behaviour::FailsLater => {
            Some(ApiError::card("card_declined", Some("generic_decline"), "Your card was declined."))
        }
        Behaviour::InsufficientFunds => {
            Some(ApiError::card("card_declined", Some("insufficient_funds"), "Your card has insufficient funds."))
        }
        _ => None,
    }
}

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
    intent["setup_future_usage"] = if subscription { json!("off_session") } else { Value::Null };
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
    /// 3-D Secure is needed.
    RequiresAction,
    /// Refused.
    Declined(ApiError),
}

/// Charges a payment intent. `authenticated` says that the holder has just passed 3-D Secure.
pub(crate) fn confirm(world: &mut World, intent: &str, method: &str, authenticated: bool) -> Attempt {
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

/// Marks an intent paid and passes that on to its invoice.
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
    if !matches!(attempt, Attempt::Succeeded) {
        invoicing::attempt_failed(world, invoice, matches!(attempt, Attempt::RequiresAction));
    }
    attempt
}

fn new_charge(world: &mut World, intent: &str, method: Option<&str>, decline: Option<&ApiError>) -> String {
    let intent = world.copy(intent);
    let method = method.map(|id| world.copy(id)).unwrap_or_default();
    let paid = decline.is_none();
    let id = world.new_id("ch");
    let details = if method.is_null() {
        json!({ "type": "customer_balance", "customer_balance": {} })
    } else {
        let mut card = method["card"].clone();
        card["three_d_secure"] = Value::Null;
        card["network"] = card["brand"].clone();
        card["amount_authorized"] = json!(int(&intent, "amount"));
        for member in [
            "authorization_code",
            "electronic_commerce_indicator",
            "installments",
            "mandate",
            "network_transaction_id",
            "transaction_link_id",
        ] {
            card[member] = Value::Null;
        }
        if let Some(card) = card.as_object_mut() {
            card.retain(|name, _| {
                !matches!(name.as_str(), "networks" | "three_d_secure_usage" | "generated_from" | "display_brand")
            });
        }
        json!({ "type": "card", "card": card })
    };
    let outcome = match decline {
        None => json!({
            "advice_code": null, "network_advice_code": null, "network_decline_code": null,
            "network_status": "approved_by_network", "reason": null, "risk_level": "normal", "risk_score": 7,
            "seller_message": "Payment complete.", "type": "authorized",
        }),
        Some(decline) => json!({
            "advice_code": null, "network_advice_code": null, "network_decline_code": null,
            "network_status": "declined_by_network", "reason": decline.decline_code, "risk_level": "normal",
            "risk_score": 7, "seller_message": "The bank declined the payment.", "type": "issuer_declined",
        }),
    };
    let billing_details = if method.is_null() { no_details() } else { method["billing_details"].clone() };
    let amount = int(&intent, "amount");
    world.insert(json!({
        "id": id, "object": "charge", "amount": amount, "amount_captured": if paid { amount } else { 0 },
        "amount_refunded": 0, "application": null, "application_fee": null, "application_fee_amount": null,
        "balance_transaction": null, "billing_details": billing_details,
        "calculated_statement_descriptor": "LEASEHOLD DEMO", "captured": paid, "created": world.now,
        "currency": intent["currency"], "customer": intent["customer"], "description": intent["description"],
        "disputed": false, "failure_balance_transaction": null,
        "failure_code": decline.and_then(|d| d.code.clone()), "failure_message": decline.map(|d| d.message.clone()),
        "fraud_details": {}, "livemode": false, "metadata": intent["metadata"], "on_behalf_of": null,
        "outcome": outcome, "paid": paid, "payment_intent": intent["id"], "payment_method": method["id"],
        "payment_method_details": details, "receipt_email": intent["receipt_email"], "receipt_number": null,
        "receipt_url": null, "refunded": false, "review": null, "shipping": null, "source": null,
        "source_transfer": null, "statement_descriptor": null, "statement_descriptor_suffix": null,
        "status": if paid { "succeeded" } else { "failed" }, "transfer_data": null, "transfer_group": null,
    }))
}

/// Leaves an intent waiting for a bank transfer into the customer's cash balance.
/// <https://docs.stripe.com/payments/bank-transfers>
pub(crate) fn await_transfer(world: &mut World, intent: &str) {
    let object = world.copy(intent);
    let reference = format!("LH{}", &intent[intent.len() - 8..].to_uppercase());
    let url = format!("{}/c/transfer/{intent}", world.public_url);
    let (kind, addresses) = match text(&object, "currency") {
        "eur" => (
            "eu_bank_transfer",
            json!([{ "type": "iban", "supported_networks": ["sepa"], "iban": {
                "account_holder_address": address("DE"), "account_holder_name": "Leasehold Demo",
                "bank_address": address("DE"), "bic": "SOGEDEFFXXX", "country": "DE", "iban": "DE89370400440532013000",
            } }]),
        ),
        _ => (
            "us_bank_transfer",
            json!([{ "type": "aba", "supported_networks": ["ach", "domestic_wire_us"], "aba": {
                "account_holder_address": address("US"), "account_holder_name": "Leasehold Demo",
                "account_number": "000123456789", "account_type": "checking", "bank_address": address("US"),
                "bank_name": "Sandbox Bank", "routing_number": "110000000",
            } }]),
        ),
    };
    world.change(intent, |intent| {
        intent["status"] = json!("requires_action");
        intent["payment_method_types"] = json!(["customer_balance"]);
        intent["next_action"] = json!({
            "type": "display_bank_transfer_instructions",
            "display_bank_transfer_instructions": {
                "amount_remaining": intent["amount"], "currency": intent["currency"],
                "financial_addresses": addresses, "hosted_instructions_url": url, "reference": reference, "type": kind,
            },
        });
    });
    world.emit("payment_intent.requires_action", intent);
}

fn address(country: &str) -> Value {
    json!({ "city": "Sandbox", "country": country, "line1": "1 Loopback Street", "line2": null, "postal_code": "12711",
        "state": null })
}

/// Money arrives in a customer's cash balance: what waits for it is paid, oldest first.
pub(crate) fn fund(world: &mut World, customer: &str, amount: i64, currency: &str, reference: Option<&str>) -> Value {
    let mut available = world.copy(customer)["_cash_balance"]["available"][currency].as_i64().unwrap_or(0) + amount;
    let transaction = json!({
        "id": world.new_id("ccsbtxn"), "object": "customer_cash_balance_transaction", "created": world.now,
        "currency": currency, "customer": customer, "customer_account": null, "ending_balance": available,
        "funded": { "bank_transfer": { "reference": reference, "type": if currency == "eur" { "eu_bank_transfer" } else { "us_bank_transfer" } } },
        "livemode": false, "net_amount": amount, "type": "funded",
    });
    let transaction = world.insert(transaction);
    world.emit("customer_cash_balance_transaction.created", &transaction);
    for intent in world.ids("payment_intent") {
        let object = world.copy(&intent);
        let waits = text(&object, "status") == "requires_action"
            && text(&object["next_action"], "type") == "display_bank_transfer_instructions"
            && text(&object, "customer") == customer
            && text(&object, "currency") == currency;
        if waits && int(&object, "amount") <= available {
            available -= int(&object, "amount");
            succeed(world, &intent, None);
            if let Some(session) = object["_session"].as_str() {
                world.set(session, "payment_status", json!("paid"));
                world.emit("checkout.session.async_payment_succeeded", session);
            }
        }
    }
    world.change(customer, |customer| {
        if !customer["_cash_balance"]["available"].is_object() {
            customer["_cash_balance"]["available"] = json!({});
        }
        customer["_cash_balance"]["available"][currency] = json!(available);
    });
    world.copy(&transaction)
}
