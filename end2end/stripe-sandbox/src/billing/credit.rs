//! A customer's credit balance: negative is credit for coming invoices, positive is owed with the next one. Each change
//! is a transaction. <https://docs.stripe.com/billing/customer/balance>

use serde_json::{Value, json};

use crate::{
    object::{int, text},
    world::World,
};

/// Changes a customer's credit balance by `amount` and returns the id of the transaction. `more` are members of the
/// transaction, such as the invoice that it belongs to.
pub(crate) fn book(world: &mut World, customer: &str, amount: i64, currency: &str, kind: &str, more: Value) -> String {
    let ending = int(&world.copy(customer), "balance") + amount;
    world.update(customer, "customer.updated", |customer| {
        customer["balance"] = json!(ending);
        if customer["currency"].is_null() {
            customer["currency"] = json!(currency);
        }
    });
    let mut transaction = json!({
        "id": world.new_id("cbtxn"), "object": "customer_balance_transaction", "amount": amount,
        "checkout_session": null, "created": world.now, "credit_note": null, "currency": currency,
        "customer": customer, "customer_account": null, "description": null, "ending_balance": ending, "invoice": null,
        "livemode": false, "metadata": {}, "type": kind,
    });
    if let (Value::Object(transaction), Value::Object(more)) = (&mut transaction, more) {
        transaction.extend(more);
    }
    world.insert(transaction)
}

/// The currency in which a customer's balance is counted.
pub(crate) fn currency(customer: &Value) -> String {
    let known = text(customer, "currency");
    if known.is_empty() { "usd".to_owned() } else { known.to_owned() }
}
