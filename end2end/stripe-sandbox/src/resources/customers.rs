//! `/v1/customers`

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, delete, get, page, post},
    billing::{credit, discount, subscription},
    error::{Answer, ApiError},
    form::Form,
    object::{int, merge_address, merge_metadata, merge_texts, metadata, text},
    payments,
    world::World,
};

const WRITABLE: &str = "name email phone description metadata.* address.* shipping.* tax_exempt preferred_locales.# \
    invoice_settings.default_payment_method invoice_settings.footer invoice_prefix balance business_name \
    individual_name payment_method source default_source cash_balance.settings.reconciliation_mode test_clock tax.* tax_id_data.#.type tax_id_data.#.value ~coupon";

pub(crate) const ROUTES: &[Route] = &[
    post("customers", WRITABLE, |world, call| create(world, &call.form)),
    get("customers", "limit starting_after ending_before email test_clock created.*", list),
    get("customers/{}", "", retrieve),
    post("customers/{}", WRITABLE, update),
    delete("customers/{}", "", remove),
    delete("customers/{}/discount", "", |world, call| drop_discount(world, call.id())),
    get("customers/{}/payment_methods", "limit starting_after ending_before type", payment_methods),
];

/// Creates a customer from a form of its members.
pub(crate) fn create(world: &mut World, form: &Form) -> Answer {
    let prefix: String = world.new_id("").chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let id = world.new_id("cus");
    let clock = match form.text("test_clock") {
        Some(clock) => world.referenced("test_helpers.test_clock", clock, "test_clock")?["id"].clone(),
        None => Value::Null,
    };
    let mut customer = json!({
        "id": id, "object": "customer", "address": null, "balance": 0, "created": world.now,
        "currency": null, "customer_account": null, "default_source": null, "delinquent": false, "description": null,
        "discount": null, "email": null, "invoice_prefix": prefix.to_uppercase(),
        "invoice_settings": {
            "custom_fields": null, "default_payment_method": null, "footer": null, "rendering_options": null,
        },
        "livemode": false, "metadata": {}, "name": null, "phone": null,
        "preferred_locales": [], "shipping": null, "tax_exempt": "none", "test_clock": clock,
        "_cash_balance": super::cash_balances::empty(&id),
    });
    let method = form.text("payment_method").map(|method| payments::resolve(world, method)).transpose()?;
    merge(&mut customer, form)?;
    world.insert(customer);
    world.emit("customer.created", &id);
    for tax_id in form.list("tax_id_data") {
        super::tax_ids::insert(world, &id, tax_id.required("type")?, tax_id.required("value")?)?;
    }
    if let Some(method) = method {
        payments::attach(world, &method, &id)?;
    }
    default_payment_method(world, &id, form)?;
    set_balance(world, &id, form, "initial")?;
    set_coupon(world, &id, form)?;
    if let Some(mode) = form.text("cash_balance.settings.reconciliation_mode") {
        super::cash_balances::set_mode(world, &id, mode)?;
    }
    Ok(world.copy(&id))
}

fn merge(customer: &mut Value, form: &Form) -> Result<(), ApiError> {
    merge_texts(customer, form, &["name", "email", "phone", "description", "invoice_prefix"]);
    for member in ["business_name", "individual_name"] {
        if let Some(name) = form.text(member) {
            customer[member] = json!(name);
        }
    }
    merge_metadata(customer, form, "metadata");
    if let Some(exempt) = form.text("tax_exempt") {
        customer["tax_exempt"] = json!(exempt);
    }
    if form.at("address") == Some(&Form::Text(String::new())) {
        customer["address"] = Value::Null;
    } else if form.has("address") {
        merge_address(customer, form, "address");
    }
    if form.has("preferred_locales") {
        customer["preferred_locales"] = json!(form.texts("preferred_locales"));
    }
    if form.has("invoice_settings.footer") {
        customer["invoice_settings"]["footer"] = json!(form.text("invoice_settings.footer"));
    }
    Ok(())
}

/// `coupon` gives the customer a discount for everything to come; empty takes it away.
fn set_coupon(world: &mut World, id: &str, form: &Form) -> Result<(), ApiError> {
    if !form.has("coupon") {
        return Ok(());
    }
    let before = world.copy(id)["discount"].clone();
    let Some(coupon) = form.text("coupon") else {
        return drop_discount(world, id).map(|_| ());
    };
    let coupon = world.referenced("coupon", coupon, "coupon")?;
    if !discount::redeemable(world, &coupon) {
        return Err(ApiError::invalid("This coupon can no longer be redeemed.").with_code("coupon_expired"));
    }
    let redeemed = discount::redeem(world, &[(text(&coupon, "id").to_owned(), None)], id, ("customer", id));
    let discount = redeemed.first().and_then(Value::as_str).map(|discount| world.copy(discount)).unwrap_or_default();
    world.set(id, "discount", discount.clone());
    let event = if before.is_null() { "customer.discount.created" } else { "customer.discount.updated" };
    world.emit(event, text(&discount, "id"));
    Ok(())
}

fn drop_discount(world: &mut World, id: &str) -> Answer {
    let discount = living(world, id)?["discount"].clone();
    let Some(discount) = discount["id"].as_str() else {
        return Err(ApiError::invalid(format!("No active discount for customer: {id}")).with_code("resource_missing"));
    };
    world.set(id, "discount", Value::Null);
    world.emit("customer.discount.deleted", discount);
    Ok(json!({ "id": discount, "object": "discount", "deleted": true }))
}

/// `balance` sets the credit balance to a value; the difference is the transaction.
fn set_balance(world: &mut World, id: &str, form: &Form, kind: &str) -> Result<(), ApiError> {
    let customer = world.copy(id);
    let difference = form.int("balance")?.map_or(0, |wanted| wanted - int(&customer, "balance"));
    if difference != 0 {
        credit::book(world, id, difference, &credit::currency(&customer), kind, Value::Null);
    }
    Ok(())
}

fn default_payment_method(world: &mut World, id: &str, form: &Form) -> Result<(), ApiError> {
    if let Some(method) = form.text("invoice_settings.default_payment_method") {
        let method = payments::resolve(world, method)?;
        if text(&world.copy(&method), "customer") != id {
            payments::attach(world, &method, id)?;
        }
        world.change(id, |customer| customer["invoice_settings"]["default_payment_method"] = json!(method));
    }
    Ok(())
}

fn retrieve(world: &mut World, call: &Call) -> Answer {
    let customer = world.get("customer", call.id())?;
    if customer["deleted"] == true {
        return Ok(json!({ "id": call.id(), "object": "customer", "deleted": true }));
    }
    Ok(customer)
}

fn update(world: &mut World, call: &Call) -> Answer {
    let mut changed = living(world, call.id())?;
    merge(&mut changed, &call.form)?;
    world.update(call.id(), "customer.updated", |customer| *customer = changed);
    set_balance(world, call.id(), &call.form, "adjustment")?;
    set_coupon(world, call.id(), &call.form)?;
    if let Some(mode) = call.form.text("cash_balance.settings.reconciliation_mode") {
        super::cash_balances::set_mode(world, call.id(), mode)?;
    }
    if call.form.has("invoice_settings.default_payment_method") {
        default_payment_method(world, call.id(), &call.form)?;
        world.emit("customer.updated", call.id());
    }
    Ok(world.copy(call.id()))
}

/// A customer that has not been deleted.
///
/// # Errors
/// 404.
pub(crate) fn living(world: &World, id: &str) -> Answer {
    let customer = world.get("customer", id)?;
    if customer["deleted"] == true { Err(ApiError::not_found("customer", id)) } else { Ok(customer) }
}

fn list(world: &mut World, call: &Call) -> Answer {
    let found = world.all("customer").filter(|customer| {
        customer["deleted"] != true
            && call.form.text("test_clock").is_none_or(|clock| text(customer, "test_clock") == clock)
            && call.form.text("email").is_none_or(|email| text(customer, "email") == email)
    });
    page("/v1/customers", &call.form, found)
}

fn remove(world: &mut World, call: &Call) -> Answer {
    living(world, call.id())?;
    let running: Vec<String> = world
        .all("subscription")
        .filter(|s| text(s, "customer") == call.id() && !matches!(text(s, "status"), "canceled" | "incomplete_expired"))
        .map(|s| text(s, "id").to_owned())
        .collect();
    for subscription in running {
        subscription::end(world, &subscription, "cancellation_requested");
    }
    world.emit("customer.deleted", call.id());
    world.set(call.id(), "deleted", json!(true));
    Ok(json!({ "id": call.id(), "object": "customer", "deleted": true }))
}

fn payment_methods(world: &mut World, call: &Call) -> Answer {
    living(world, call.id())?;
    let kind = call.form.text("type");
    let found = world
        .all("payment_method")
        .filter(|m| text(m, "customer") == call.id() && kind.is_none_or(|kind| text(m, "type") == kind));
    page(&format!("/v1/customers/{}/payment_methods", call.id()), &call.form, found)
}

/// Metadata and address as Checkout saves them; see `customer_update`.
pub(crate) fn save_details(world: &mut World, id: &str, details: &Value, name: bool, place: bool) {
    world.update(id, "customer.updated", |customer| {
        if name && details["name"].is_string() {
            customer["name"] = details["name"].clone();
        }
        if place && details["address"].is_object() {
            customer["address"] = details["address"].clone();
        }
    });
}

/// A customer made by Checkout for a guest.
pub(crate) fn create_guest(world: &mut World, details: &Value, extra: &Form) -> Result<String, ApiError> {
    let mut customer = create(world, extra)?;
    let id = text(&customer, "id").to_owned();
    for member in ["name", "email", "phone", "address"] {
        customer[member] = details[member].clone();
    }
    customer["metadata"] = metadata(extra, "metadata");
    world.change(&id, |stored| *stored = customer);
    Ok(id)
}
