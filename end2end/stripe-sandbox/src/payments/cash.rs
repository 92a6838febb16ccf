//! A customer's cash balance: money that has been transferred, and what it is applied to.
//! <https://docs.stripe.com/payments/customer-balance/reconciliation>

use serde_json::{Value, json};

use super::{bank, intents::succeed};
use crate::{
    object::{int, text},
    world::World,
};

/// An invoice takes transfers until this long after its due date.
const LATE_SECONDS: i64 = 30 * 86_400;

/// What lies in the balance, in minor units.
pub(crate) fn available(world: &World, customer: &str, currency: &str) -> i64 {
    world.copy(customer)["_cash_balance"]["available"][currency].as_i64().unwrap_or(0)
}

/// Books a movement: the balance changes, a transaction of this kind is stored and told. Returns its id.
pub(crate) fn book(world: &mut World, customer: &str, currency: &str, net: i64, kind: &str, details: Value) -> String {
    let ending = available(world, customer, currency) + net;
    world.change(customer, |customer| {
        let available = &mut customer["_cash_balance"]["available"];
        if !available.is_object() {
            *available = json!({});
        }
        available[currency] = json!(ending);
    });
    let mut transaction = json!({
        "id": world.new_id("ccsbtxn"), "object": "customer_cash_balance_transaction", "created": world.now,
        "currency": currency, "customer": customer, "customer_account": null, "ending_balance": ending,
        "livemode": false, "net_amount": net, "type": kind,
    });
    if !details.is_null() {
        transaction[kind] = details;
    }
    let id = world.insert(transaction);
    world.emit("customer_cash_balance_transaction.created", &id);
    id
}

/// A transfer arrives; with automatic reconciliation, what waits for it is paid. Returns the transaction.
pub(crate) fn fund(world: &mut World, customer: &str, amount: i64, currency: &str, reference: Option<&str>) -> Value {
    let (kind, country) = bank::kind_of(currency).unwrap_or(("us_bank_transfer", "US"));
    let name = world.copy(customer)["name"].clone();
    let sender = match kind {
        "eu_bank_transfer" => {
            json!({ "bic": format!("TEST{country}99XXX"), "iban_last4": "3000", "sender_name": name })
        }
        "gb_bank_transfer" => json!({ "account_number_last4": "6819", "sender_name": name, "sort_code": "200000" }),
        "jp_bank_transfer" => json!({ "sender_bank": "Sandbox Bank", "sender_branch": null, "sender_name": name }),
        "us_bank_transfer" => json!({ "network": "ach", "sender_name": name }),
        _ => Value::Null,
    };
    let mut transfer = json!({ "reference": reference, "type": kind });
    if sender.is_object() {
        transfer[kind] = sender;
    }
    let transaction = book(world, customer, currency, amount, "funded", json!({ "bank_transfer": transfer }));
    if automatic(world, customer) {
        reconcile(world, customer, currency, reference);
    }
    if available(world, customer, currency) > 0 {
        let balance = world.copy(customer)["_cash_balance"].clone();
        world.emit_with("cash_balance.funds_available", balance, None);
    }
    world.copy(&transaction)
}

fn automatic(world: &World, customer: &str) -> bool {
    text(&world.copy(customer)["_cash_balance"]["settings"], "reconciliation_mode") != "manual"
}

/// Applies the balance to what waits: first what the transfer names, then what waits for exactly this amount, then the
/// oldest, the last one in part.
pub(crate) fn reconcile(world: &mut World, customer: &str, currency: &str, reference: Option<&str>) {
    if !automatic(world, customer) {
        return;
    }
    loop {
        let left = available(world, customer, currency);
        let waiting = waiting(world, customer, currency);
        if left <= 0 || waiting.is_empty() {
            return;
        }
        let named = reference.and_then(|reference| waiting.iter().find(|(id, _)| is_named(world, id, reference)));
        let exact = waiting.iter().find(|(_, remaining)| *remaining == left);
        let Some((intent, remaining)) = named.or(exact).or(waiting.first()).cloned() else { return };
        apply(world, &intent, remaining.min(left));
    }
}

/// Intents of a customer that wait for a transfer, oldest first, each with what is missing.
fn waiting(world: &World, customer: &str, currency: &str) -> Vec<(String, i64)> {
    let of_customer = |id: &str| {
        let intent = world.find(id);
        intent.is_some_and(|intent| text(intent, "customer") == customer && text(intent, "currency") == currency)
    };
    all_waiting(world).into_iter().filter(|(id, _)| of_customer(id)).collect()
}

/// Everything that waits for a transfer, oldest first, each with what is missing.
pub(crate) fn all_waiting(world: &World) -> Vec<(String, i64)> {
    let mut found: Vec<(String, i64)> = world
        .all("payment_intent")
        .filter(|intent| takes_transfers(world, intent))
        .map(|intent| (text(intent, "id").to_owned(), int(intent, "amount") - int(intent, "_applied")))
        .filter(|(_, remaining)| *remaining > 0)
        .collect();
    found.reverse();
    found
}

/// What a transfer for this payment is to name.
pub(crate) fn reference_of(world: &World, intent: &Value) -> String {
    let invoice = world.copy(text(intent, "_invoice"));
    intent["_reference"].as_str().or(invoice["number"].as_str()).unwrap_or_default().to_owned()
}

/// A payment that displays its instructions, or the payment of an open invoice that may be paid by transfer.
fn takes_transfers(world: &World, intent: &Value) -> bool {
    let Some(invoice) = intent["_invoice"].as_str() else {
        return text(intent, "status") == "requires_action"
            && text(&intent["next_action"], "type") == "display_bank_transfer_instructions";
    };
    let invoice = world.copy(invoice);
    text(&invoice, "status") == "open"
        && matches!(text(intent, "status"), "requires_payment_method" | "requires_action")
        && crate::object::elements(intent, "payment_method_types").iter().any(|kind| kind == "customer_balance")
        && invoice["due_date"].as_i64().is_none_or(|due| world.now <= due + LATE_SECONDS)
}

/// People write a reference in any case and with spaces; an invoice is also named by its number.
fn is_named(world: &World, intent: &str, reference: &str) -> bool {
    let plain =
        |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase() };
    let intent = world.copy(intent);
    let invoice = world.copy(text(&intent, "_invoice"));
    let sent = plain(reference);
    [text(&intent, "_reference"), text(&invoice, "number")]
        .iter()
        .any(|known| !known.is_empty() && plain(known) == sent)
}

/// Applies money of the balance to an intent: paid in full it succeeds, else it goes on waiting for the rest.
pub(crate) fn apply(world: &mut World, intent: &str, amount: i64) {
    let object = world.copy(intent);
    let (customer, currency) = (text(&object, "customer"), text(&object, "currency"));
    book(world, customer, currency, -amount, "applied_to_payment", json!({ "payment_intent": intent }));
    let applied = int(&object, "_applied") + amount;
    let remaining = int(&object, "amount") - applied;
    let shown = object["next_action"]["display_bank_transfer_instructions"].is_object();
    world.change(intent, |intent| {
        intent["_applied"] = json!(applied);
        if shown {
            intent["next_action"]["display_bank_transfer_instructions"]["amount_remaining"] = json!(remaining);
        }
    });
    if remaining == 0 {
        let method = match object["payment_method"].as_str() {
            Some(method) => method.to_owned(),
            None => {
                let method = super::transfer_method(world, &object["customer"]);
                world.insert(method)
            }
        };
        world.set(intent, "payment_method", json!(method));
        return succeed(world, intent, Some(&method));
    }
    world.emit("payment_intent.partially_funded", intent);
    if let Some(invoice) = object["_invoice"].as_str() {
        show_applied(world, invoice, applied);
    }
}

/// What a transfer has brought so far shows on the open invoice.
fn show_applied(world: &mut World, invoice: &str, applied: i64) {
    world.update(invoice, "invoice.updated", |invoice| {
        invoice["amount_paid"] = json!(applied);
        invoice["amount_remaining"] = json!(int(invoice, "amount_due") - applied);
    });
}

/// Returns what was applied to an intent that will not be paid by transfer after all; other payments may then take it.
pub(crate) fn unapply(world: &mut World, intent: &str) {
    let object = world.copy(intent);
    let applied = int(&object, "_applied");
    if applied == 0 || text(&object, "status") == "succeeded" {
        return;
    }
    let (customer, currency) = (text(&object, "customer"), text(&object, "currency"));
    world.set(intent, "_applied", json!(0));
    book(world, customer, currency, applied, "unapplied_from_payment", json!({ "payment_intent": intent }));
    if let Some(invoice) = object["_invoice"].as_str() {
        show_applied(world, invoice, 0);
    }
    if text(&object, "status") == "canceled" {
        reconcile(world, customer, currency, None);
    }
}

/// A payment by transfer is refunded into the balance, from where it can be returned to the bank account.
/// <https://docs.stripe.com/payments/bank-transfers/refunds>
pub(crate) fn refunded(world: &mut World, customer: &str, currency: &str, amount: i64, refund: &str) {
    book(world, customer, currency, amount, "refunded_from_payment", json!({ "refund": refund }));
}
