//! `/v1/checkout/sessions`

use serde_json::{Value, json};

use crate::{
    api::{Call, PAGING, Route, get, page, post},
    billing::{
        discount::{self, OrderFacts},
        price, trial,
    },
    checkout,
    error::{Answer, ApiError},
    form::Form,
    object::{self, elements, metadata, text},
    payments::transfer,
    world::World,
};

const CREATE: &str = "mode success_url cancel_url return_url ui_mode client_reference_id customer customer_email \
    customer_creation customer_update.name customer_update.address customer_update.shipping metadata.* \
    line_items.#.price line_items.#.quantity line_items.#.price_data.* line_items.#.adjustable_quantity.* \
    line_items.#.metadata.* \
    subscription_data.metadata.* subscription_data.description subscription_data.trial_period_days \
    subscription_data.trial_end subscription_data.billing_mode.* subscription_data.trial_settings.* \
    subscription_data.invoice_settings.* subscription_data.proration_behavior \
    payment_intent_data.metadata.* payment_intent_data.description payment_intent_data.setup_future_usage \
    payment_intent_data.receipt_email payment_intent_data.shipping.* setup_intent_data.metadata.* setup_intent_data.description \
    invoice_creation.enabled invoice_creation.invoice_data.metadata.* invoice_creation.invoice_data.description \
    invoice_creation.invoice_data.footer invoice_creation.invoice_data.custom_fields.* \
    tax_id_collection.enabled tax_id_collection.required automatic_tax.enabled allow_promotion_codes \
    discounts.#.coupon discounts.#.promotion_code expires_at ~payment_method_types.# allowed_payment_method_types.# payment_method_options.* \
    payment_method_collection billing_address_collection locale submit_type currency saved_payment_method_options.* \
    phone_number_collection.enabled consent_collection.* custom_text.* adaptive_pricing.enabled";

pub(crate) const ROUTES: &[Route] = &[
    post("checkout/sessions", CREATE, create),
    get(
        "checkout/sessions",
        "limit starting_after ending_before customer subscription payment_intent status created.* customer_details.email",
        list,
    ),
    get("checkout/sessions/{}", "", |world, call| world.get("checkout.session", call.id())),
    post("checkout/sessions/{}", "metadata.*", update),
    get("checkout/sessions/{}/line_items", PAGING, line_items),
    post("checkout/sessions/{}/expire", "", expire),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let mode = form.required("mode")?;
    if !matches!(mode, "payment" | "setup" | "subscription") {
        return Err(ApiError::invalid(format!("Invalid mode: must be one of payment, setup, or subscription: {mode}"))
            .with_param("mode"));
    }
    let success_url = form.required("success_url")?;
    if !success_url.starts_with("http://") && !success_url.starts_with("https://") {
        return Err(ApiError::invalid("Not a valid URL").with_code("url_invalid").with_param("success_url"));
    }
    let expires_at = form.int("expires_at")?.unwrap_or(world.now + 86_400);
    if !(world.now + 1_740..=world.now + 86_460).contains(&expires_at) {
        return Err(ApiError::invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
        )
        .with_param("expires_at"));
    }
    if form.flag("allow_promotion_codes")? == Some(true) && form.has("discounts") {
        return Err(ApiError::invalid(
            "You may only specify one of these parameters: allow_promotion_codes, discounts.",
        ));
    }
    for (data, needed) in [
        ("subscription_data", "subscription"),
        ("payment_intent_data", "payment"),
        ("setup_intent_data", "setup"),
        ("invoice_creation", "payment"),
    ] {
        if form.has(data) && mode != needed {
            return Err(ApiError::invalid(format!("You can not pass `{data}` in `{mode}` mode.")).with_param(data));
        }
    }
    let customer = match form.text("customer") {
        Some(id) => world.referenced("customer", id, "customer")?,
        None => Value::Null,
    };
    if form.has("customer_update") && customer.is_null() {
        return Err(
            ApiError::invalid("`customer_update` can only be used with `customer`.").with_param("customer_update")
        );
    }
    if form.flag("tax_id_collection.enabled")? == Some(true)
        && !customer.is_null()
        && form.text("customer_update.name") != Some("auto")
    {
        return Err(ApiError::invalid(
            "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an \
             existing customer, please set `customer_update[name]` to `auto`.",
        ));
    }
    let located = !text(&customer["address"], "country").is_empty();
    if form.flag("automatic_tax.enabled")? == Some(true)
        && !customer.is_null()
        && !located
        && form.text("customer_update.address") != Some("auto")
    {
        return Err(ApiError::invalid(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to \
             the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' \
             to save the address entered in Checkout to the Customer.",
        )
        .with_code("customer_tax_location_invalid"));
    }
    let lines = lines(world, form, mode)?;
    let currency = lines
        .first()
        .map_or_else(|| json!(form.text("currency").unwrap_or("usd")), |line| line["price"]["currency"].clone());
    if lines.iter().any(|line| line["price"]["currency"] != currency) {
        return Err(ApiError::invalid("You cannot combine currencies on a single Checkout Session."));
    }
    if let ("subscription", Some(customer), Some(currency)) = (mode, customer["id"].as_str(), currency.as_str()) {
        crate::billing::subscription::one_currency(world, customer, currency)?;
    }
    let subtotal = lines.iter().map(|line| price::cost(&line["price"], object::int(line, "quantity"))).sum();
    let facts = OrderFacts {
        customer: customer["id"].as_str(),
        subtotal: Some(subtotal),
        currency: currency.as_str().unwrap_or("usd"),
    };
    let discounts = discount::wanted(world, form, "discounts", &facts)?;
    if discounts.len() > 1 {
        return Err(ApiError::invalid("You can only apply one discount to a Checkout Session.").with_param("discounts"));
    }
    let transfer =
        transfer::options(form, "payment_method_options.customer_balance", currency.as_str().unwrap_or("usd"))?;
    let id = world.new_id("cs_test");
    let details = checkout::details_of(world, &customer, form.text("customer_email"));
    let allowed = allowed_types(form);
    let types = if allowed.is_empty() { vec!["card"] } else { allowed.clone() };
    if types.contains(&"customer_balance") {
        takes_transfer(mode, &customer, &transfer, currency.as_str().unwrap_or("usd"))?;
    }
    let collects = form.flag("tax_id_collection.enabled")? == Some(true);
    let taxed = form.flag("automatic_tax.enabled")? == Some(true);
    let creation = form.flag("invoice_creation.enabled")? == Some(true);
    world.insert(json!({
        "id": id, "object": "checkout.session", "adaptive_pricing": { "enabled": false }, "after_expiration": null,
        "allow_promotion_codes": form.flag("allow_promotion_codes")?,
        "allowed_payment_method_types": (!allowed.is_empty()).then_some(&allowed), "amount_subtotal": null, "amount_total": null,
        "automatic_tax": { "enabled": taxed, "liability": taxed.then(|| json!({ "type": "self" })),
            "provider": taxed.then_some("stripe"), "status": taxed.then_some(if located { "complete" } else { "requires_location_inputs" }) },
        "billing_address_collection": form.text("billing_address_collection"), "cancel_url": form.text("cancel_url"),
        "client_reference_id": form.text("client_reference_id"), "client_secret": null, "collected_information": null, "consent": null,
        "consent_collection": null, "created": world.now, "currency": currency, "currency_conversion": null,
        "custom_fields": [],
        "custom_text": { "after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null },
        "customer": customer["id"], "customer_account": null,
        "customer_creation": if !customer.is_null() { Value::Null } else if mode == "payment" {
            json!(form.text("customer_creation").unwrap_or(if creation { "always" } else { "if_required" }))
        } else { json!("always") },
        "customer_details": if details["email"].is_string() { details.clone() } else { Value::Null },
        "customer_email": form.text("customer_email"), "discounts": [], "expires_at": expires_at, "invoice": null,
        "invoice_creation": if mode == "payment" { json!({
            "enabled": creation,
            "invoice_data": { "account_tax_ids": null, "custom_fields": null,
                "description": form.text("invoice_creation.invoice_data.description"),
                "footer": form.text("invoice_creation.invoice_data.footer"), "issuer": null,
                "metadata": metadata(form, "invoice_creation.invoice_data.metadata"), "rendering_options": null },
        }) } else { Value::Null },
        "integration_identifier": null, "livemode": false, "locale": form.text("locale"), "managed_payments": null, "metadata": metadata(form, "metadata"), "mode": mode,
        "origin_context": null, "payment_intent": null, "payment_link": null,
        "payment_method_collection": if mode == "payment" { "if_required" } else { form.text("payment_method_collection").unwrap_or("always") },
        "payment_method_configuration_details": null,
        "payment_method_options": if transfer.is_object() { json!({ "customer_balance": transfer }) } else { json!({}) },
        "payment_method_types": types,
        "payment_status": if mode == "setup" { "no_payment_required" } else { "unpaid" }, "permissions": null,
        "phone_number_collection": { "enabled": false }, "recovered_from": null, "saved_payment_method_options": null,
        "setup_intent": null, "shipping_address_collection": null, "shipping_cost": null, "shipping_options": [],
        "status": "open", "submit_type": form.text("submit_type"), "subscription": null, "success_url": success_url,
        "tax_id_collection": { "enabled": collects, "required": form.text("tax_id_collection.required").unwrap_or("never") },
        "total_details": null, "ui_mode": "hosted_page", "url": format!("{}/c/pay/{id}", world.public_url),
        "wallet_options": null,
        "_details": details, "_lines": lines, "_discounts": discounts, "_line_items": [],
        "_subscription_data": { "metadata": metadata(form, "subscription_data.metadata"),
            "description": form.text("subscription_data.description"), "trial_end": trial_end(world, form)?,
            "trial_settings": trial::settings(form, "subscription_data.trial_settings")? },
        "_payment_intent_data": { "metadata": metadata(form, "payment_intent_data.metadata"),
            "description": form.text("payment_intent_data.description"),
            "setup_future_usage": form.text("payment_intent_data.setup_future_usage") },
        "_setup_intent_data": { "metadata": metadata(form, "setup_intent_data.metadata"),
            "description": form.text("setup_intent_data.description") },
        "_saves_name": form.text("customer_update.name") == Some("auto"),
        "_saves_address": form.text("customer_update.address") == Some("auto"),
    }));
    checkout::price(world, &id);
    Ok(world.copy(&id))
}

/// The ways to pay that a call allows; older calls name them differently.
pub(crate) fn allowed_types(form: &Form) -> Vec<&str> {
    let allowed = form.texts("allowed_payment_method_types");
    if allowed.is_empty() { form.texts("payment_method_types") } else { allowed }
}

/// What Checkout asks for before it takes bank transfers.
fn takes_transfer(mode: &str, customer: &Value, options: &Value, currency: &str) -> Result<(), ApiError> {
    transfer::takes(currency)?;
    let refusal = if mode != "payment" {
        "The payment method `customer_balance` can only be used in `payment` mode."
    } else if customer.is_null() {
        "The payment method `customer_balance` requires an existing customer: pass `customer`."
    } else if options["funding_type"] != "bank_transfer" {
        "The payment method `customer_balance` requires `payment_method_options[customer_balance][funding_type]` to be \
         `bank_transfer`."
    } else {
        return Ok(());
    };
    Err(ApiError::invalid(refusal).with_param("allowed_payment_method_types"))
}

fn trial_end(world: &World, form: &Form) -> Result<Option<i64>, ApiError> {
    let days = form.int("subscription_data.trial_period_days")?;
    Ok(form.int("subscription_data.trial_end")?.or(days.map(|days| world.now + days * 86_400)))
}

/// The line items as `{price, quantity}` with whole price objects.
fn lines(world: &mut World, form: &Form, mode: &str) -> Result<Vec<Value>, ApiError> {
    let mut lines = Vec::new();
    for entry in form.list("line_items") {
        let price = match entry.text("price") {
            Some(price) => world.referenced("price", price, "line_items[0][price]")?,
            None if entry.has("price_data") => super::prices::inline(world, entry.tree("price_data"))?,
            None => return Err(ApiError::missing("line_items[0][price]")),
        };
        if mode == "payment" && !price["recurring"].is_null() {
            return Err(ApiError::invalid(
                "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or \
                 use only one-time prices.",
            )
            .with_param("line_items"));
        }
        let quantity = entry.int("quantity")?.ok_or_else(|| ApiError::missing("line_items[0][quantity]"))?;
        if quantity < 1 {
            return Err(ApiError::invalid("Quantity must be at least 1.").with_param("line_items[0][quantity]"));
        }
        let id = world.new_id("li");
        let metadata = metadata(entry, "metadata");
        lines.push(json!({ "id": id, "price": price, "quantity": quantity, "metadata": metadata }));
    }
    if lines.is_empty() && mode != "setup" {
        return Err(ApiError::missing("line_items"));
    }
    if mode == "subscription" && lines.iter().all(|line| line["price"]["recurring"].is_null()) {
        return Err(ApiError::invalid(
            "You must provide at least one recurring price in `subscription` mode when using prices.",
        ));
    }
    Ok(lines)
}

fn list(world: &mut World, call: &Call) -> Answer {
    let same =
        |session: &Value, member: &str| call.form.text(member).is_none_or(|wanted| text(session, member) == wanted);
    let found = world
        .all("checkout.session")
        .filter(|s| ["customer", "subscription", "payment_intent", "status"].iter().all(|member| same(s, member)));
    page("/v1/checkout/sessions", &call.form, found)
}

fn update(world: &mut World, call: &Call) -> Answer {
    world.get("checkout.session", call.id())?;
    world.change(call.id(), |session| object::merge_metadata(session, &call.form, "metadata"));
    Ok(world.copy(call.id()))
}

fn line_items(world: &mut World, call: &Call) -> Answer {
    let session = world.get("checkout.session", call.id())?;
    let url = format!("/v1/checkout/sessions/{}/line_items", call.id());
    page(&url, &call.form, elements(&session, "_line_items").iter())
}

fn expire(world: &mut World, call: &Call) -> Answer {
    let session = world.get("checkout.session", call.id())?;
    if text(&session, "status") != "open" {
        return Err(ApiError::invalid(format!(
            "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `{}`.",
            text(&session, "status")
        )));
    }
    expire_now(world, call.id());
    Ok(world.copy(call.id()))
}

/// Expires an open session.
pub(crate) fn expire_now(world: &mut World, id: &str) {
    world.change(id, |session| {
        session["status"] = json!("expired");
        session["url"] = Value::Null;
    });
    world.emit("checkout.session.expired", id);
}
