//! Invoices: composed from lines, finalised, paid, voided. <https://docs.stripe.com/invoicing/integration/workflow-transitions>

use serde_json::{Value, json};

use crate::{
    billing::{
        credit,
        discount::{self, Applied},
        lines::{Line, asked, grain},
        seller::HOME,
        settings, subscription,
        tax::Treatment,
    },
    object::{self, elements, int, text},
    payments,
    world::World,
};

/// Everything that goes into an invoice.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    /// The customer object.
    pub(crate) customer: Value,
    /// The subscription object, or null.
    pub(crate) subscription: Value,
    pub(crate) lines: Vec<Line>,
    pub(crate) coupons: Vec<Applied>,
    /// `None` without automatic tax.
    pub(crate) tax: Option<Treatment>,
    /// Stripe's `billing_reason`.
    pub(crate) reason: &'static str,
    pub(crate) collection_method: String,
    pub(crate) days_until_due: Option<i64>,
    pub(crate) metadata: Value,
    pub(crate) description: Value,
    /// The moment that prorations were computed for.
    pub(crate) proration_date: Option<i64>,
    /// Start and end of the invoice's period (Unix seconds).
    pub(crate) period: (i64, i64),
    /// Ways to pay, as a subscription or a call sets them; null for all.
    pub(crate) payment_settings: Value,
    /// Whether the customer's credit balance counts; not where a payment came first.
    pub(crate) uses_balance: bool,
}

impl Bill {
    /// A bill for a customer without a subscription.
    pub(crate) fn of(world: &World, customer: Value, lines: Vec<Line>) -> Self {
        Self {
            customer,
            subscription: Value::Null,
            lines,
            coupons: Vec::new(),
            tax: None,
            reason: "manual",
            collection_method: "charge_automatically".to_owned(),
            days_until_due: None,
            metadata: json!({}),
            description: Value::Null,
            proration_date: None,
            period: (world.now, world.now),
            payment_settings: Value::Null,
            uses_balance: true,
        }
    }
}

/// Net, discount, tax and gross of lines, without an invoice: what Checkout shows.
pub(crate) struct Totals {
    pub(crate) subtotal: i64,
    pub(crate) discount: i64,
    pub(crate) tax: i64,
    pub(crate) total: i64,
    /// `(discount, tax)` by line.
    pub(crate) by_line: Vec<(i64, i64)>,
    /// By line, what each of the taxes that apply comes to.
    taxes: Vec<Vec<i64>>,
}

impl Totals {
    /// What each of the taxes comes to on all lines.
    fn by_tax(&self, tax: &Treatment) -> Vec<i64> {
        let mut sums = tax.on(0, 1);
        for line in &self.taxes {
            for (sum, amount) in sums.iter_mut().zip(line) {
                *sum += amount;
            }
        }
        sums
    }
}

/// Adds up lines.
pub(crate) fn totals(lines: &[Line], coupons: &[Applied], tax: Option<&Treatment>, currency: &str) -> Totals {
    let amounts: Vec<(i64, String)> = lines.iter().map(|line| (line.amount, line.product())).collect();
    let off = discount::take_off(coupons, &amounts);
    let mut by_line = Vec::new();
    let mut taxes = Vec::new();
    for (line, off) in lines.iter().zip(&off) {
        let off: i64 = off.iter().sum();
        let levied = tax.map(|tax| tax.on(line.amount - off, grain(currency))).unwrap_or_default();
        by_line.push((off, levied.iter().sum::<i64>()));
        taxes.push(levied);
    }
    let subtotal = lines.iter().map(|line| line.amount).sum::<i64>();
    let discount = by_line.iter().map(|(off, _)| off).sum::<i64>();
    let tax = by_line.iter().map(|(_, tax)| tax).sum::<i64>();
    Totals { subtotal, discount, tax, total: subtotal - discount + tax, by_line, taxes }
}

/// The invoice object in status `draft`, not stored: also what a preview answers.
pub(crate) fn compose(world: &World, bill: &Bill, id: &str) -> Value {
    let amounts: Vec<(i64, String)> = bill.lines.iter().map(|line| (line.amount, line.product())).collect();
    let off = discount::take_off(&bill.coupons, &amounts);
    let subscription = bill.subscription["id"].clone();
    let currency = bill
        .lines
        .iter()
        .find_map(|line| line.price["currency"].as_str())
        .or_else(|| bill.subscription["currency"].as_str())
        .or_else(|| bill.customer["currency"].as_str())
        .unwrap_or("usd");
    let sums = totals(&bill.lines, &bill.coupons, bill.tax.as_ref(), currency);
    let discount_amounts = |per: &dyn Fn(usize) -> i64| -> Vec<Value> {
        let entry =
            |(position, applied): (usize, &Applied)| json!({ "amount": per(position), "discount": applied.discount });
        bill.coupons.iter().enumerate().map(entry).collect()
    };
    let lines: Vec<Value> = bill
        .lines
        .iter()
        .enumerate()
        .map(|(number, line)| {
            let taxable = line.amount - sums.by_line[number].0;
            let taxes = bill.tax.as_ref().map(|tax| tax.entries(&sums.taxes[number], taxable)).unwrap_or_default();
            json!({
                "id": world.new_id("il"), "object": "line_item", "amount": line.amount, "currency": currency,
                "description": line.description, "discount_amounts": discount_amounts(&|coupon| off[number][coupon]),
                "discountable": true, "discounts": [], "invoice": id, "livemode": false, "metadata": line.metadata,
                "parent": line_parent(line, &subscription), "period": { "start": line.period.0, "end": line.period.1 },
                "pretax_credit_amounts": [], "pricing": pricing(line), "quantity": line.quantity,
                "quantity_decimal": line.quantity.to_string(), "subscription": subscription,
                "subtotal": line.amount, "taxes": taxes,
            })
        })
        .collect();
    let net = sums.subtotal - sums.discount;
    let total_taxes = bill.tax.as_ref().map(|tax| tax.entries(&sums.by_tax(tax), net)).unwrap_or_default();
    let starting_balance = if bill.uses_balance { int(&bill.customer, "balance") } else { 0 };
    let amount_due = asked((sums.total + starting_balance).max(0), currency);
    let mut parent = if subscription.is_null() {
        Value::Null
    } else {
        json!({
            "type": "subscription_details", "quote_details": null,
            "subscription_details": {
                "metadata": bill.subscription["metadata"], "subscription": subscription,
            },
        })
    };
    // Absent, not null, on invoices without prorations.
    if let (true, Some(date)) = (parent.is_object(), bill.proration_date) {
        parent["subscription_details"]["subscription_proration_date"] = json!(date);
    }
    let status = bill.tax.as_ref().map(|tax| if tax.located() { "complete" } else { "requires_location_inputs" });
    let tax_ids: Vec<Value> = world
        .tax_ids_of(text(&bill.customer, "id"))
        .iter()
        .map(|tax_id| json!({ "type": tax_id["type"], "value": tax_id["value"] }))
        .collect();
    let discounts: Vec<&str> = bill.coupons.iter().map(|applied| applied.discount.as_str()).collect();
    json!({
        "id": id, "object": "invoice", "account_country": HOME, "account_name": "Leasehold Demo",
        "account_tax_ids": null, "amount_due": amount_due, "amount_overpaid": 0, "amount_paid": 0,
        "amount_remaining": amount_due, "amount_shipping": 0, "application": null, "attempt_count": 0,
        "attempted": false, "auto_advance": true,
        "automatic_tax": { "disabled_reason": null, "enabled": bill.tax.is_some(), "liability":
            bill.tax.as_ref().map(|_| json!({ "type": "self" })), "provider": bill.tax.as_ref().map(|_| "stripe"),
            "status": status },
        "automatically_finalizes_at": null, "billing_reason": bill.reason,
        "collection_method": bill.collection_method, "created": world.now, "currency": currency,
        "custom_fields": null, "customer": bill.customer["id"], "customer_account": null,
        "customer_address": bill.customer["address"], "customer_email": bill.customer["email"],
        "customer_name": bill.customer["name"], "customer_phone": bill.customer["phone"], "customer_shipping": null,
        "customer_tax_exempt": bill.customer["tax_exempt"].as_str().unwrap_or("none"), "customer_tax_ids": tax_ids,
        "default_payment_method": null, "default_source": null, "default_tax_rates": [],
        "description": bill.description, "discounts": discounts, "due_date": null, "effective_at": null,
        "ending_balance": null, "footer": null, "from_invoice": null, "hosted_invoice_url": null,
        "invoice_pdf": null, "issuer": { "type": "self" }, "last_finalization_error": null, "latest_revision": null,
        "lines": object::list(&format!("/v1/invoices/{id}/lines"), lines), "livemode": false,
        "metadata": bill.metadata, "next_payment_attempt": null, "number": null, "on_behalf_of": null,
        "parent": parent,
        "payment_settings": settings::of_invoice(&bill.payment_settings),
        "period_end": bill.period.1, "period_start": bill.period.0, "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0, "receipt_number": null, "rendering": null, "shipping_cost": null,
        "shipping_details": null, "starting_balance": starting_balance, "statement_descriptor": null,
        "status": "draft",
        "status_transitions": { "finalized_at": null, "marked_uncollectible_at": null, "paid_at": null, "voided_at": null },
        "subtotal": sums.subtotal, "subtotal_excluding_tax": sums.subtotal, "test_clock": bill.customer["test_clock"], "total": sums.total,
        "total_discount_amounts": discount_amounts(&|coupon| off.iter().map(|line| line[coupon]).sum()),
        "total_excluding_tax": net, "total_pretax_credit_amounts": [], "total_taxes": total_taxes,
        "webhooks_delivered_at": null,
        "_days_until_due": bill.days_until_due, "_uses_balance": bill.uses_balance,
    })
}

fn line_parent(line: &Line, subscription: &Value) -> Value {
    match &line.item {
        Some(item) => json!({
            "type": "subscription_item_details", "invoice_item_details": null,
            "subscription_item_details": {
                "invoice_item": line.invoice_item, "proration": line.proration,
                "proration_details": { "credited_items": null }, "subscription": subscription,
                "subscription_item": item,
            },
        }),
        None => json!({
            "type": "invoice_item_details", "subscription_item_details": null,
            "invoice_item_details": {
                "invoice_item": line.invoice_item.as_deref().unwrap_or("ii_sandbox"), "proration": line.proration,
                "proration_details": { "credited_items": null }, "subscription": subscription,
            },
        }),
    }
}

fn pricing(line: &Line) -> Value {
    if line.price.is_null() {
        return Value::Null;
    }
    json!({
        "type": "price_details", "unit_amount_decimal": line.unit,
        "price_details": { "price": line.price["id"], "product": line.price["product"] },
    })
}

/// Stores a draft and emits `invoice.created`.
pub(crate) fn draft(world: &mut World, bill: &Bill) -> String {
    if let Some(tax) = &bill.tax {
        tax.keep_rates(world);
    }
    let id = world.new_id("in");
    let invoice = compose(world, bill, &id);
    let customer = text(&bill.customer, "id").to_owned();
    let currency = invoice["currency"].clone();
    world.insert(invoice);
    world.change(&customer, |customer| {
        if customer["currency"].is_null() {
            customer["currency"] = currency;
        }
    });
    if let Some(subscription) = bill.subscription["id"].as_str() {
        world.set(subscription, "latest_invoice", json!(id));
    }
    world.emit("invoice.created", &id);
    id
}

/// Makes a draft final: number, hosted page, payment intent; an invoice of nothing is paid at once.
pub(crate) fn finalize(world: &mut World, id: &str) {
    finalize_for(world, id, None);
}

/// Makes a draft final. `paid` is the intent that has paid for it before, as at Checkout.
/// <https://docs.stripe.com/payments/checkout/receipts#paid-invoices>
pub(crate) fn finalize_for(world: &mut World, id: &str, paid: Option<&str>) {
    let invoice = world.copy(id);
    if text(&invoice, "status") != "draft" {
        return;
    }
    let number = world.next_invoice_number();
    let url = format!("{}/i/{id}", world.public_url);
    let now = world.now;
    // What the balance is now counts, not what it was when the draft was made.
    let customer = text(&invoice, "customer").to_owned();
    let uses_balance = object::flag(&invoice, "_uses_balance");
    let start = if uses_balance { int(&world.copy(&customer), "balance") } else { 0 };
    let total = int(&invoice, "total");
    let amount = asked((start + total).max(0), text(&invoice, "currency"));
    // What rounding leaves over is owed with the next invoice, or taken off it.
    let ending = start + total - amount;
    let by_wire = text(&invoice, "collection_method") == "send_invoice";
    let due = by_wire.then(|| now + invoice["_days_until_due"].as_i64().unwrap_or(30) * 86_400);
    world.change(id, |invoice| {
        invoice["number"] = json!(number);
        invoice["status"] = json!("open");
        invoice["effective_at"] = json!(now);
        invoice["automatically_finalizes_at"] = Value::Null;
        invoice["due_date"] = json!(due);
        invoice["starting_balance"] = json!(start);
        invoice["amount_due"] = json!(amount);
        invoice["amount_remaining"] = json!(amount);
        invoice["ending_balance"] = json!(ending);
        invoice["hosted_invoice_url"] = json!(url);
        invoice["invoice_pdf"] = json!(format!("{url}/pdf"));
        invoice["status_transitions"]["finalized_at"] = json!(now);
    });
    if start != ending {
        let more = json!({ "invoice": id });
        credit::book(world, &customer, ending - start, text(&invoice, "currency"), "applied_to_invoice", more);
    }
    if amount > 0 {
        let intent = match paid {
            Some(intent) => intent.to_owned(),
            None => payments::intent_for_invoice(world, &world.copy(id)),
        };
        let payment = json!({
            "id": world.new_id("inpay"), "object": "invoice_payment", "amount_paid": null, "amount_requested": amount,
            "created": now, "currency": invoice["currency"], "invoice": id, "is_default": true, "livemode": false,
            "payment": { "type": "payment_intent", "payment_intent": intent },
            "status": "open", "status_transitions": { "canceled_at": null, "paid_at": null },
        });
        world.insert(payment);
    }
    world.emit("invoice.finalized", id);
    if amount == 0 || paid.is_some() {
        settle(world, id, amount);
    } else if by_wire {
        world.emit("invoice.sent", id);
        if payments::transfer::takes(text(&invoice, "currency")).is_ok() {
            payments::cash::reconcile(world, text(&invoice, "customer"), text(&invoice, "currency"), None);
        }
    }
}

/// The default payment of an invoice and its payment intent.
pub(crate) fn payment_of(world: &World, invoice: &str) -> Option<(String, String)> {
    let payment = world.all("invoice_payment").find(|payment| text(payment, "invoice") == invoice)?;
    Some((text(payment, "id").to_owned(), text(&payment["payment"], "payment_intent").to_owned()))
}

/// Brings the open payment of an invoice down to what a credit note has left of it.
pub(crate) fn lower_payment(world: &mut World, id: &str) {
    let due = int(&world.copy(id), "amount_due");
    let Some((payment, intent)) = payment_of(world, id) else { return };
    if due == 0 {
        return payments::cancel(world, &intent, "automatic");
    }
    world.set(&payment, "amount_requested", json!(due));
    world.set(&intent, "amount", json!(due));
    let object = world.copy(&intent);
    if int(&object, "_applied") == due {
        payments::succeed(world, &intent, object["payment_method"].as_str());
    }
}

/// Marks an open invoice paid by `amount` and lets its subscription know.
pub(crate) fn settle(world: &mut World, id: &str, amount: i64) {
    let now = world.now;
    if let Some((payment, _)) = payment_of(world, id) {
        world.change(&payment, |payment| {
            payment["status"] = json!("paid");
            payment["amount_paid"] = json!(amount);
            payment["status_transitions"]["paid_at"] = json!(now);
        });
        world.emit("invoice_payment.paid", &payment);
    }
    world.change(id, |invoice| {
        invoice["status"] = json!("paid");
        invoice["amount_paid"] = json!(amount);
        invoice["amount_remaining"] = json!(0);
        invoice["attempted"] = json!(true);
        invoice["next_payment_attempt"] = Value::Null;
        invoice["status_transitions"]["paid_at"] = json!(now);
    });
    subscription::invoice_paid(world, id);
    for event in ["invoice.updated", "invoice.paid", "invoice.payment_succeeded"] {
        world.emit(event, id);
    }
}

/// Records a failed or interrupted attempt.
pub(crate) fn attempt_failed(world: &mut World, id: &str, needs_action: bool) {
    world.change(id, |invoice| {
        invoice["attempted"] = json!(true);
        invoice["attempt_count"] = json!(int(invoice, "attempt_count") + 1);
    });
    world.emit("invoice.payment_failed", id);
    if needs_action {
        world.emit("invoice.payment_action_required", id);
    }
}

/// Voids an open or uncollectible invoice; a balance that it used returns to the customer.
pub(crate) fn void(world: &mut World, id: &str) {
    let invoice = world.copy(id);
    let now = world.now;
    if let Some((payment, intent)) = payment_of(world, id) {
        world.change(&payment, |payment| {
            payment["status"] = json!("canceled");
            payment["status_transitions"]["canceled_at"] = json!(now);
        });
        payments::cancel(world, &intent, "void_invoice");
    }
    let used = int(&invoice, "ending_balance") - int(&invoice, "starting_balance");
    if used != 0 {
        let (customer, currency) = (text(&invoice, "customer"), text(&invoice, "currency"));
        credit::book(world, customer, -used, currency, "unapplied_from_invoice", json!({ "invoice": id }));
    }
    world.change(id, |invoice| {
        invoice["status"] = json!("void");
        invoice["next_payment_attempt"] = Value::Null;
        invoice["status_transitions"]["voided_at"] = json!(now);
    });
    subscription::invoice_voided(world, id);
    world.emit("invoice.voided", id);
}

/// The subscription behind an invoice.
pub(crate) fn subscription_of(invoice: &Value) -> Option<&str> {
    invoice["parent"]["subscription_details"]["subscription"].as_str()
}

/// Coupons that stand on a subscription or customer.
pub(crate) fn coupons_of(world: &World, subscription: &Value) -> Vec<Applied> {
    discount::applied(world, elements(subscription, "discounts"))
}
