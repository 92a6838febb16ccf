//! SEPA debits: a payment that is under way for a while. The account number decides how it ends.
//! <https://docs.stripe.com/payments/sepa-debit/accept-a-payment#test-integration>

use serde_json::{Value, json};

use super::{
    cards::no_details,
    intents::{fail, succeed},
};
use crate::{error::ApiError, object::text, world::World};

/// Stripe's own test accounts take three minutes.
const UNDER_WAY_SECONDS: i64 = 180;
/// The accounts at which every debit fails.
const FAILS: [&str; 2] = ["AT861904300235473202", "IT60X0542811101000000123456"];

/// A payment method for an IBAN, not stored.
///
/// # Errors
/// Something that cannot be an IBAN.
pub(crate) fn method(world: &World, iban: &str) -> Result<Value, ApiError> {
    let iban: String = iban.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
    if !(15..=34).contains(&iban.len()) || !iban.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(ApiError::invalid("The IBAN you entered is incomplete.")
            .with_code("invalid_bank_account_iban")
            .with_param("sepa_debit[iban]"));
    }
    Ok(json!({
        "id": world.new_id("pm"), "object": "payment_method", "allow_redisplay": "unspecified",
        "billing_details": no_details(), "created": world.now, "customer": null, "customer_account": null,
        "livemode": false, "metadata": {}, "type": "sepa_debit", "_iban": iban,
        "sepa_debit": { "bank_code": &iban[4..9], "branch_code": "", "country": &iban[..2],
            "fingerprint": format!("sandbox{}", &iban[iban.len() - 4..]), "generated_from": null,
            "last4": &iban[iban.len() - 4..] },
    }))
}

/// The debit is on its way.
pub(super) fn begin(world: &mut World, intent: &str, method: &str) {
    let at = world.now + UNDER_WAY_SECONDS;
    world.change(intent, |intent| {
        intent["payment_method"] = json!(method);
        intent["status"] = json!("processing");
        intent["_debited_at"] = json!(at);
    });
    world.emit("payment_intent.processing", intent);
}

/// The bank has answered.
pub(crate) fn settle(world: &mut World, intent: &str) {
    let object = world.copy(intent);
    let method = text(&object, "payment_method").to_owned();
    world.set(intent, "_debited_at", Value::Null);
    if !FAILS.contains(&text(&world.copy(&method), "_iban")) {
        return succeed(world, intent, Some(&method));
    }
    let decline =
        ApiError::card("payment_intent_payment_attempt_failed", Some("generic_decline"), "The debit was returned.");
    fail(world, intent, &method, decline);
    if let Some(session) = object["_awaiting_session"].as_str() {
        world.emit("checkout.session.async_payment_failed", session);
    }
}
