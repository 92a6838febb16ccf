//! What a Checkout Session costs, and what it makes when its buyer agrees.

use serde_json::{Value, json};

use crate::{
    billing::{
        discount::{self, Applied, OrderFacts},
        invoicing::{self, Bill, totals},
        lines::{Line, asked},
        subscription::{self, FirstPayment, Order},
        tax::Treatment,
    },
    error::ApiError,
    form::Form,
    object::{elements, flag, int, text},
    payments::{self, Behaviour, transfer},
    resources::{customers, setup_intents, tax_ids},
    world::World,
};

/// `customer_details` as far as the customer is known.
pub(crate) fn details_of(world: &World, customer: &Value, email: Option<&str>) -> Value {
    let tax_ids: Vec<Value> = world
        .tax_ids_of(text(customer, "id"))
        .iter()
        .filter(|_| customer.is_object())
        .map(|tax_id| json!({ "type": tax_id["type"], "value": tax_id["value"] }))
        .collect();
    json!({
        "address": customer["address"], "business_name": null, "email": customer["email"].as_str().or(email),
        "individual_name": null, "name": customer["name"], "phone": customer["phone"],
        "tax_exempt": customer["tax_exempt"].as_str().unwrap_or("none"), "tax_ids": tax_ids,
    })
}

/// The session's lines as an invoice would have them.
pub(crate) fn lines(world: &World, session: &Value) -> Vec<Line> {
    let trial = session["_subscription_data"]["trial_end"].is_i64();
    elements(session, "_lines")
        .iter()
        .map(|entry| {
            let name = subscription::product_name(world, &entry["price"]);
            let mut line = Line::one_off(&entry["price"], &name, int(entry, "quantity"), world.now);
            if trial && !entry["price"]["recurring"].is_null() {
                line.amount = 0;
            }
            line
        })
        .collect()
}

fn coupons(world: &World, session: &Value) -> Vec<Applied> {
    let coupon =
        |pair: &Value| Applied { discount: String::new(), coupon: world.copy(pair[0].as_str().unwrap_or_default()) };
    elements(session, "_discounts").iter().map(coupon).collect()
}

fn treatment(world: &World, session: &Value) -> Option<Treatment> {
    flag(&session["automatic_tax"], "enabled").then(|| Treatment::of_details(world, &session["_details"]))
}

/// Computes the session's amounts anew.
pub(crate) fn price(world: &mut World, id: &str) {
    let session = world.copy(id);
    if text(&session, "mode") == "setup" {
        return;
    }
    let lines = lines(world, &session);
    let treatment = treatment(world, &session);
    let currency = text(&session, "currency").to_owned();
    let sums = totals(&lines, &coupons(world, &session), treatment.as_ref(), &currency);
    let items: Vec<Value> = lines
        .iter()
        .zip(elements(&session, "_lines"))
        .zip(&sums.by_line)
        .map(|((line, entry), (off, tax))| {
            json!({
                "id": entry["id"], "object": "item", "adjustable_quantity": null, "amount_discount": off,
                "amount_subtotal": line.amount, "amount_tax": tax, "amount_total": line.amount - off + tax,
                "currency": session["currency"], "description": line.description, "metadata": entry["metadata"],
                "price": entry["price"], "quantity": line.quantity,
            })
        })
        .collect();
    let discounts: Vec<Value> = elements(&session, "_discounts")
        .iter()
        .map(|pair| json!({ "coupon": if pair[1].is_null() { pair[0].clone() } else { Value::Null }, "promotion_code": pair[1] }))
        .collect();
    let located = treatment.as_ref().is_some_and(Treatment::located);
    world.change(id, |session| {
        session["amount_subtotal"] = json!(sums.subtotal);
        session["amount_total"] = json!(asked(sums.total, &currency));
        session["total_details"] =
            json!({ "amount_discount": sums.discount, "amount_shipping": 0, "amount_tax": sums.tax });
        session["discounts"] = json!(discounts);
        session["_line_items"] = json!(items);
        if treatment.is_some() {
            session["automatic_tax"]["status"] = json!(if located { "complete" } else { "requires_location_inputs" });
        }
    });
}

/// Applies a promotion code that the buyer typed; the empty text removes it.
///
/// # Errors
/// The code is unknown or cannot be used, or the session takes none.
pub(crate) fn apply_promotion(world: &mut World, id: &str, code: &str) -> Result<(), ApiError> {
    let session = world.copy(id);
    if !flag(&session, "allow_promotion_codes") {
        return Err(ApiError::invalid("This session takes no promotion codes."));
    }
    let discounts = if code.trim().is_empty() {
        json!([])
    } else {
        let promotion = discount::promotion_by_code(world, code, &facts(&session))?;
        json!([[promotion["promotion"]["coupon"], promotion["id"]]])
    };
    world.set(id, "_discounts", discounts);
    price(world, id);
    Ok(())
}

fn facts(session: &Value) -> OrderFacts<'_> {
    OrderFacts {
        customer: session["customer"].as_str(),
        subtotal: session["amount_subtotal"].as_i64(),
        currency: text(session, "currency"),
    }
}

/// How an attempt to complete a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completion {
    /// Complete; the browser goes to the success page.
    Done,
    /// The card asks for 3-D Secure first.
    NeedsAuthentication,
}

/// How the buyer pays.
#[derive(Debug, Clone)]
pub(crate) enum Means {
    /// A stored payment method; `true` after 3-D Secure.
    Card(String, bool),
    /// By bank transfer, later.
    Transfer,
    /// Nothing to pay now and no card wanted.
    Nothing,
}

/// Completes an open session.
///
/// # Errors
/// The card declines, or the session is not open any more. The session stays as it was.
pub(crate) fn complete(world: &mut World, id: &str, means: &Means) -> Result<Completion, ApiError> {
    world.in_time_of(&[id], |world| complete_now(world, id, means))
}

fn complete_now(world: &mut World, id: &str, means: &Means) -> Result<Completion, ApiError> {
    let session = world.get("checkout.session", id)?;
    if text(&session, "status") != "open" {
        return Err(ApiError::invalid("This Checkout Session is no longer open."));
    }
    discount::still_there(world, &discounts(&session), &facts(&session))?;
    let mode = text(&session, "mode").to_owned();
    if let Means::Card(method, authenticated) = means {
        let behaviour = payments::behaviour_of(world, method);
        let charges_now = mode != "setup" && int(&session, "amount_total") > 0;
        if (behaviour != Behaviour::FailsLater || charges_now)
            && let Some(decline) = payments::decline_of(behaviour)
        {
            return Err(decline);
        }
        if !authenticated && matches!(behaviour, Behaviour::AuthenticateOnce | Behaviour::AuthenticateAlways) {
            return Ok(Completion::NeedsAuthentication);
        }
        world.set(method, "_authenticated", json!(*authenticated));
    }
    let customer = ensure_customer(world, &session)?;
    let made = match mode.as_str() {
        "subscription" => make_subscription(world, &session, &customer, means)?,
        "payment" => make_payment(world, &session, &customer, means)?,
        _ => make_setup(world, &session, &customer, means)?,
    };
    let mut details = session["_details"].clone();
    if details["email"].is_null() {
        details["email"] = world.copy(&customer)["email"].clone();
    }
    world.change(id, |session| {
        if let (Value::Object(session), Value::Object(made)) = (&mut *session, made) {
            session.extend(made);
        }
        session["status"] = json!("complete");
        session["url"] = Value::Null;
        session["customer"] = if customer.is_empty() { Value::Null } else { json!(customer) };
        session["customer_details"] = details;
    });
    world.emit("checkout.session.completed", id);
    Ok(Completion::Done)
}

/// The session's customer, made from what the buyer entered where there is none; empty for a guest.
fn ensure_customer(world: &mut World, session: &Value) -> Result<String, ApiError> {
    let details = &session["_details"];
    let known = session["customer"].as_str().map(str::to_owned);
    let id = match known {
        Some(id) => {
            customers::save_details(world, &id, details, flag(session, "_saves_name"), flag(session, "_saves_address"));
            id
        }
        None if text(session, "customer_creation") == "if_required" => return Ok(String::new()),
        None => customers::create_guest(world, details, &Form::default())?,
    };
    let stored = world.tax_ids_of(&id);
    for tax_id in elements(details, "tax_ids") {
        if !stored.iter().any(|known| known["value"] == tax_id["value"]) {
            tax_ids::insert(world, &id, text(tax_id, "type"), text(tax_id, "value"))?;
        }
    }
    Ok(id)
}

fn make_subscription(world: &mut World, session: &Value, customer: &str, means: &Means) -> Result<Value, ApiError> {
    let method = match means {
        Means::Card(method, _) => {
            payments::attach(world, method, customer)?;
            json!(method)
        }
        _ => Value::Null,
    };
    let data = &session["_subscription_data"];
    let (recurring, one_off): (Vec<&Value>, Vec<&Value>) =
        elements(session, "_lines").iter().partition(|line| !line["price"]["recurring"].is_null());
    let item = |line: &&Value| (line["price"].clone(), int(line, "quantity"), line["metadata"].clone());
    let extra = |line: &&Value| {
        let name = subscription::product_name(world, &line["price"]);
        Line::one_off(&line["price"], &name, int(line, "quantity"), world.now)
    };
    let order = Order {
        customer: customer.to_owned(),
        items: recurring.iter().map(item).collect(),
        extra_lines: one_off.iter().map(extra).collect(),
        metadata: data["metadata"].clone(),
        description: data["description"].clone(),
        trial_end: data["trial_end"].as_i64(),
        trial_settings: data["trial_settings"].clone(),
        default_payment_method: method,
        collection_method: "charge_automatically".to_owned(),
        automatic_tax: flag(&session["automatic_tax"], "enabled"),
        discounts: discounts(session),
        ..Order::default()
    };
    let id = subscription::open(world, order, FirstPayment::Confirmed)?;
    let paid = int(session, "amount_total") > 0;
    Ok(json!({
        "subscription": id, "invoice": world.copy(&id)["latest_invoice"],
        "payment_status": if paid { "paid" } else { "no_payment_required" },
    }))
}

fn discounts(session: &Value) -> Vec<(String, Option<String>)> {
    let pair = |pair: &Value| (pair[0].as_str().unwrap_or_default().to_owned(), pair[1].as_str().map(str::to_owned));
    elements(session, "_discounts").iter().map(pair).collect()
}

fn make_payment(world: &mut World, session: &Value, customer: &str, means: &Means) -> Result<Value, ApiError> {
    let data = &session["_payment_intent_data"];
    let total = int(session, "amount_total");
    let saves = !data["setup_future_usage"].is_null() && !customer.is_empty();
    if let (Means::Card(method, _), true) = (means, saves) {
        payments::attach(world, method, customer)?;
    }
    let redeemed = discount::redeem(world, &discounts(session), customer, ("checkout_session", text(session, "id")));
    world.set(text(session, "id"), "_redeemed", json!(redeemed));
    if total == 0 {
        let invoice = invoice_for(world, &world.copy(text(session, "id")), customer, None);
        return Ok(json!({ "invoice": invoice, "payment_status": "no_payment_required" }));
    }
    let owner = if customer.is_empty() { Value::Null } else { json!(customer) };
    let mut intent = payments::new_intent(world, total, &session["currency"], &owner, data["metadata"].clone());
    intent["setup_future_usage"] = data["setup_future_usage"].clone();
    intent["description"] = data["description"].clone();
    intent["payment_method_types"] = session["payment_method_types"].clone();
    intent["payment_method_options"] = session["payment_method_options"].clone();
    intent["_reference"] = json!(transfer::reference(text(session, "id")));
    let intent = world.insert(intent);
    world.emit("payment_intent.created", &intent);
    match means {
        Means::Card(method, _) => {
            payments::confirm(world, &intent, method, true);
        }
        _ => transfer::await_money(world, &intent, None),
    }
    if text(&world.copy(&intent), "status") != "succeeded" {
        world.set(&intent, "_awaiting_session", session["id"].clone());
        return Ok(json!({ "payment_intent": intent, "payment_status": "unpaid" }));
    }
    let invoice = invoice_for(world, &world.copy(text(session, "id")), customer, Some(&intent));
    Ok(json!({ "invoice": invoice, "payment_intent": intent, "payment_status": "paid" }))
}

/// The invoice of a one-off purchase, where the session asks for one: made when the payment has succeeded, paid by it.
/// <https://docs.stripe.com/payments/checkout/receipts#paid-invoices>
fn invoice_for(world: &mut World, session: &Value, customer: &str, paid: Option<&str>) -> Value {
    if !flag(&session["invoice_creation"], "enabled") {
        return Value::Null;
    }
    let data = &session["invoice_creation"]["invoice_data"];
    let bill = Bill {
        coupons: discount::applied(world, elements(session, "_redeemed")),
        tax: treatment(world, session),
        metadata: data["metadata"].clone(),
        description: data["description"].clone(),
        uses_balance: false,
        ..Bill::of(world, world.copy(customer), lines(world, session))
    };
    let invoice = invoicing::draft(world, &bill);
    world.set(&invoice, "footer", data["footer"].clone());
    invoicing::finalize_for(world, &invoice, paid);
    json!(invoice)
}

/// The transfer that a completed session was waiting for has arrived in full.
pub(crate) fn transfer_arrived(world: &mut World, id: &str, intent: &str) {
    world.set(intent, "_awaiting_session", Value::Null);
    let session = world.copy(id);
    let invoice = invoice_for(world, &session, text(&session, "customer"), Some(intent));
    world.change(id, |session| {
        session["payment_status"] = json!("paid");
        session["invoice"] = invoice;
    });
    world.emit("checkout.session.async_payment_succeeded", id);
}

fn make_setup(world: &mut World, session: &Value, customer: &str, means: &Means) -> Result<Value, ApiError> {
    let Means::Card(method, _) = means else { return Err(ApiError::invalid("A card is needed.")) };
    payments::attach(world, method, customer)?;
    let data = &session["_setup_intent_data"];
    let intent = setup_intents::succeeded(world, customer, method, data["metadata"].clone());
    Ok(json!({ "setup_intent": intent }))
}

/// The success page's address with the session's id filled in.
pub(crate) fn success_url(session: &Value) -> String {
    text(session, "success_url").replace("{CHECKOUT_SESSION_ID}", text(session, "id"))
}
