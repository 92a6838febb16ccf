//! Charges: what an attempt to pay leaves behind, whether it succeeds or not.

use serde_json::{Value, json};

use super::cards::no_details;
use crate::{
    error::ApiError,
    object::{int, text},
    world::World,
};

/// Stores the charge of an attempt to pay an intent and returns its id.
pub(super) fn new_charge(world: &mut World, intent: &str, method: Option<&str>, decline: Option<&ApiError>) -> String {
    let intent = world.copy(intent);
    let method = method.map(|id| world.copy(id)).unwrap_or_default();
    let paid = decline.is_none();
    let id = world.new_id("ch");
    let details = if text(&method, "type") == "sepa_debit" {
        let mut debit = method["sepa_debit"].clone();
        debit["mandate"] = Value::Null;
        if let Some(debit) = debit.as_object_mut() {
            debit.remove("generated_from");
        }
        json!({ "type": "sepa_debit", "sepa_debit": debit })
    } else if text(&method, "type") != "card" {
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
