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
    /// Attaches to a customer, then every charge fails.
    FailsLater,
    /// Succeeds, and the holder disputes the charge at once.
    Disputed,
    /// Succeeds; a refund of it is pending for a while.
    RefundPends,
    /// Succeeds; a refund of it succeeds at first and then fails.
    RefundFails,
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
    TestCard {
        number: "4000000000007726",
        tokens: &["pm_card_pendingRefund"],
        brand: "visa",
        behaviour: Behaviour::RefundPends,
    },
    TestCard {
        number: "4000000000005126",
        tokens: &["pm_card_refundFail"],
        brand: "visa",
        behaviour: Behaviour::RefundFails,
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
