//! `/v1/invoiceitems`

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, delete, get, page, post},
    billing::{lines::Line, subscription},
    error::{Answer, ApiError},
    object::{int, metadata, text},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "invoiceitems",
        "customer amount currency description invoice quantity price_data.* pricing.price subscription metadata.* \
         period.start period.end discountable unit_amount_decimal tax_behavior",
        create,
    ),
    get("invoiceitems", "limit starting_after ending_before customer invoice pending created.*", list),
    get("invoiceitems/{}", "", |world, call| world.get("invoiceitem", call.id())),
    delete("invoiceitems/{}", "", remove),
];

/// The object behind a line that waits for an invoice.
pub(crate) fn object(world: &World, id: &str, line: &Line, subscription: &Value, customer: &Value) -> Value {
    let currency = line.price["currency"].as_str().or(subscription["currency"].as_str()).unwrap_or("usd");
    let parent = subscription["id"].is_string().then(|| {
        json!({
            "type": "subscription_details",
            "subscription_details": { "subscription": subscription["id"], "subscription_item": line.item },
        })
    });
    json!({
        "id": id, "object": "invoiceitem", "amount": line.amount, "currency": currency, "customer": customer,
        "customer_account": null, "date": world.now, "description": line.description, "discountable": true,
        "discounts": [], "invoice": null, "livemode": false, "metadata": line.metadata, "net_amount": line.amount,
        "parent": parent, "period": { "start": line.period.0, "end": line.period.1 },
        "pricing": line.price.is_object().then(|| json!({
            "type": "price_details", "unit_amount_decimal": line.price["unit_amount_decimal"],
            "price_details": { "price": line.price["id"], "product": line.price["product"] },
        })),
        "proration": line.proration, "quantity": line.quantity,
        "quantity_decimal": line.quantity.to_string(), "tax_rates": [],
        "test_clock": world.copy(customer.as_str().unwrap_or_default())["test_clock"], "_price": line.price,
    })
}

fn line_of(item: &Value) -> Line {
    Line {
        amount: int(item, "amount"),
        quantity: int(item, "quantity"),
        price: item["_price"].clone(),
        unit: item["_price"]["unit_amount_decimal"].clone(),
        description: text(item, "description").to_owned(),
        period: (int(&item["period"], "start"), int(&item["period"], "end")),
        proration: item["proration"] == true,
        item: item["parent"]["subscription_details"]["subscription_item"].as_str().map(str::to_owned),
        invoice_item: Some(text(item, "id").to_owned()),
        metadata: item["metadata"].clone(),
    }
}

/// Lines of the items that no invoice has yet, oldest first.
pub(crate) fn waiting(world: &World, wanted: impl Fn(&Value) -> bool) -> Vec<Line> {
    let mut lines: Vec<Line> =
        world.all("invoiceitem").filter(|item| item["invoice"].is_null() && wanted(item)).map(line_of).collect();
    lines.reverse();
    lines
}

/// Lines of the items on a draft.
pub(crate) fn of_invoice(world: &World, invoice: &str) -> Vec<Line> {
    let mut lines: Vec<Line> =
        world.all("invoiceitem").filter(|item| text(item, "invoice") == invoice).map(line_of).collect();
    lines.reverse();
    lines
}

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let customer = world.referenced("customer", form.required("customer")?, "customer")?;
    let price = match form.text("pricing.price") {
        Some(price) => world.referenced("price", price, "pricing[price]")?,
        None if form.has("price_data") => super::prices::inline(world, form.tree("price_data"))?,
        None => Value::Null,
    };
    let now = world.now;
    let name = subscription::product_name(world, &price);
    let mut line = Line::one_off(&price, &name, form.int("quantity")?.unwrap_or(1), now);
    if price.is_null() {
        line.amount = form.int("amount")?.ok_or_else(|| ApiError::missing("amount"))?;
    }
    if let Some(description) = form.text("description") {
        line.description = description.to_owned();
    }
    line.period = (form.int("period.start")?.unwrap_or(now), form.int("period.end")?.unwrap_or(now));
    line.metadata = metadata(form, "metadata");
    let subscription = match form.text("subscription") {
        Some(id) => world.referenced("subscription", id, "subscription")?,
        None => Value::Null,
    };
    let id = world.new_id("ii");
    let mut object = object(world, &id, &line, &subscription, &customer["id"]);
    if let Some(currency) = form.text("currency").filter(|_| price.is_null()) {
        object["currency"] = json!(currency);
    }
    if let Some(invoice) = form.text("invoice") {
        let draft = world.referenced("invoice", invoice, "invoice")?;
        if text(&draft, "status") != "draft" {
            return Err(ApiError::invalid("The invoice is no longer editable.")
                .with_code("invoice_not_editable")
                .with_param("invoice"));
        }
        object["invoice"] = json!(invoice);
    }
    world.insert(object);
    world.emit("invoiceitem.created", &id);
    if let Some(invoice) = form.text("invoice") {
        line.invoice_item = Some(id.clone());
        super::invoices::add_line(world, invoice, line);
    }
    Ok(world.copy(&id))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let pending = form.flag("pending")?;
    let found = world.all("invoiceitem").filter(|item| {
        ["customer", "invoice"].iter().all(|m| form.text(m).is_none_or(|wanted| text(item, m) == wanted))
            && pending.is_none_or(|pending| item["invoice"].is_null() == pending)
    });
    page("/v1/invoiceitems", form, found)
}

fn remove(world: &mut World, call: &Call) -> Answer {
    let item = world.get("invoiceitem", call.id())?;
    if !item["invoice"].is_null() {
        return Err(ApiError::invalid("This invoice item belongs to an invoice."));
    }
    world.emit("invoiceitem.deleted", call.id());
    world.remove(call.id());
    Ok(json!({ "id": call.id(), "object": "invoiceitem", "deleted": true }))
}
