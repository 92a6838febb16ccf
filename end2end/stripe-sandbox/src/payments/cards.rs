//! Test cards, and what a payment method does. <https://docs.stripe.com/testing>

use serde_json::{Value, json};

use crate::{error::ApiError, object::text, world::World};

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
    /// `lost_card`; cannot be attached either.
    Lost,
    /// `stolen_card`; cannot be attached either.
    Stolen,
    /// `card_velocity_exceeded`; cannot be attached either.
    VelocityExceeded,
    /// `expired_card`; cannot be attached either.
    Expired,
    /// `incorrect_cvc`; cannot be attached either.
    IncorrectCvc,
    /// `processing_error`; cannot be attached either.
    ProcessingError,
    /// Attaches to a customer, then every charge fails.
    FailsLater,
    /// Succeeds, and the holder disputes the charge at once.
    Disputed,
    /// Succeeds; a refund of it is pending for a while.
    RefundPends,
    /// Succeeds; a refund of it succeeds at first and then fails.
    RefundFails,
}

/// A test card: number, tokens, brand, kind of card, behaviour.
pub(crate) struct TestCard {
    pub(crate) number: &'static str,
    tokens: &'static [&'static str],
    brand: &'static str,
    funding: &'static str,
    pub(crate) behaviour: Behaviour,
}

const fn credit(
    number: &'static str,
    tokens: &'static [&'static str],
    brand: &'static str,
    behaviour: Behaviour,
) -> TestCard {
    TestCard { number, tokens, brand, funding: "credit", behaviour }
}

/// The cards that the sandbox knows.
pub(crate) const CARDS: &[TestCard] = &[
    credit("4242424242424242", &["pm_card_visa", "tok_visa"], "visa", Behaviour::Succeeds),
    TestCard {
        funding: "debit",
        ..credit("4000056655665556", &["pm_card_visa_debit", "tok_visa_debit"], "visa", Behaviour::Succeeds)
    },
    credit("5555555555554444", &["pm_card_mastercard", "tok_mastercard"], "mastercard", Behaviour::Succeeds),
    credit("378282246310005", &["pm_card_amex", "tok_amex"], "amex", Behaviour::Succeeds),
    credit("6011111111111117", &["pm_card_discover", "tok_discover"], "discover", Behaviour::Succeeds),
    credit("4000002500003155", &["pm_card_authenticationRequiredOnSetup"], "visa", Behaviour::AuthenticateOnce),
    credit(
        "4000002760003184",
        &["pm_card_authenticationRequired", "pm_card_threeDSecure2Required"],
        "visa",
        Behaviour::AuthenticateAlways,
    ),
    credit(
        "4000000000000002",
        &["pm_card_visa_chargeDeclined", "pm_card_chargeDeclined", "tok_chargeDeclined"],
        "visa",
        Behaviour::Declined,
    ),
    credit(
        "4000000000009995",
        &["pm_card_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedInsufficientFunds"],
        "visa",
        Behaviour::InsufficientFunds,
    ),
    credit(
        "4000000000009987",
        &["pm_card_visa_chargeDeclinedLostCard", "pm_card_chargeDeclinedLostCard"],
        "visa",
        Behaviour::Lost,
    ),
    credit(
        "4000000000009979",
        &["pm_card_visa_chargeDeclinedStolenCard", "pm_card_chargeDeclinedStolenCard"],
        "visa",
        Behaviour::Stolen,
    ),
    credit(
        "4000000000006975",
        &["pm_card_visa_chargeDeclinedVelocityLimitExceeded"],
        "visa",
        Behaviour::VelocityExceeded,
    ),
    credit(
        "4000000000000069",
        &["pm_card_chargeDeclinedExpiredCard", "tok_chargeDeclinedExpiredCard"],
        "visa",
        Behaviour::Expired,
    ),
    credit(
        "4000000000000127",
        &["pm_card_chargeDeclinedIncorrectCvc", "tok_chargeDeclinedIncorrectCvc"],
        "visa",
        Behaviour::IncorrectCvc,
    ),
    credit(
        "4000000000000119",
        &["pm_card_chargeDeclinedProcessingError", "tok_chargeDeclinedProcessingError"],
        "visa",
        Behaviour::ProcessingError,
    ),
    credit(
        "4000000000000341",
        &["pm_card_chargeCustomerFail", "tok_chargeCustomerFail"],
        "visa",
        Behaviour::FailsLater,
    ),
    credit(
        "4000000000000259",
        &["pm_card_createDispute", "pm_card_createDisputeInquiry", "tok_createDispute"],
        "visa",
        Behaviour::Disputed,
    ),
    credit("4000000000007726", &["pm_card_pendingRefund"], "visa", Behaviour::RefundPends),
    credit("4000000000005126", &["pm_card_refundFail"], "visa", Behaviour::RefundFails),
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
                "fingerprint": format!("sandbox{last4}"), "funding": self.funding, "generated_from": null, "last4": last4,
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

/// A payment method of type `customer_balance`: paying by bank transfer, not stored.
pub(crate) fn transfer_method(world: &World, customer: &Value) -> Value {
    json!({
        "id": world.new_id("pm"), "object": "payment_method", "allow_redisplay": "unspecified",
        "billing_details": no_details(), "created": world.now, "customer": customer, "customer_account": null,
        "customer_balance": {}, "livemode": false, "metadata": {}, "type": "customer_balance",
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

/// The refusal of a card that declines. <https://docs.stripe.com/testing#declined-payments>
pub(crate) fn decline_of(behaviour: Behaviour) -> Option<ApiError> {
    let (code, decline_code, param, message) = match behaviour {
        Behaviour::Declined | Behaviour::FailsLater => ("card_declined", "generic_decline", None, DECLINED),
        Behaviour::InsufficientFunds => {
            ("card_declined", "insufficient_funds", None, "Your card has insufficient funds.")
        }
        Behaviour::Lost => ("card_declined", "lost_card", None, DECLINED),
        Behaviour::Stolen => ("card_declined", "stolen_card", None, DECLINED),
        Behaviour::VelocityExceeded => (
            "card_declined",
            "card_velocity_exceeded",
            None,
            "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
        ),
        Behaviour::Expired => ("expired_card", "expired_card", Some("exp_month"), "Your card has expired."),
        Behaviour::IncorrectCvc => {
            ("incorrect_cvc", "incorrect_cvc", Some("cvc"), "Your card's security code is incorrect.")
        }
        Behaviour::ProcessingError => (
            "processing_error",
            "processing_error",
            None,
            "An error occurred while processing your card. Try again in a little bit.",
        ),
        Behaviour::Succeeds
        | Behaviour::AuthenticateOnce
        | Behaviour::AuthenticateAlways
        | Behaviour::Disputed
        | Behaviour::RefundPends
        | Behaviour::RefundFails => return None,
    };
    let decline = ApiError::card(code, Some(decline_code), message);
    Some(match param {
        Some(param) => decline.with_param(param),
        None => decline,
    })
}

/// What buyers are told where the bank's reason is not for them.
const DECLINED: &str = "Your card was declined.";
