//! `/v1/credit_notes`: one amount or whole lines, against a final invoice. Before payment it lowers what is due; after
//! payment the money goes back, stays as credit, or was settled elsewhere.

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, get, page, post},
    billing::{credit, invoicing, proration::share},
    error::{Answer, ApiError},
    form::Form,
    object::{data, elements, int, list as stripe_list, merge_metadata, merge_texts, metadata, text},
    world::World,
};

const CREATE: &str = "invoice amount reason memo metadata.* effective_at lines.#.type lines.#.invoice_line_item \
    lines.#.quantity lines.#.amount lines.#.description lines.#.unit_amount refund_amount credit_amount \
    out_of_band_amount refunds.#.refund refunds.#.amount_refunded";

pub(crate) const ROUTES: &[Route] = &[
    post("credit_notes", CREATE, create),
    get("credit_notes", "limit starting_after ending_before invoice customer created.*", list),
    get("credit_notes/preview", CREATE, |world, call| compose(world, &call.form).map(|(note, _)| note)),
    get("credit_notes/{}", "", |world, call| world.get("credit_note", call.id())),
    post("credit_notes/{}", "memo metadata.*", update),
    post("credit_notes/{}/void", "", void),
    get("credit_notes/{}/lines", "limit starting_after ending_before", |world, call| {
        let note = world.get("credit_note", call.id())?;
        page(&format!("/v1/credit_notes/{}/lines", call.id()), &call.form, data(&note, "lines").iter())
    }),
];

/// Where the credited money of a paid invoice goes.
struct Settlement {
    refund: i64,
    credit: i64,
    /// Refunds that were made before, with their amounts.
    refunds: Vec<(String, i64)>,
}

/// The credit note that a form describes, not stored.
fn compose(world: &World, form: &Form) -> Result<(Value, Settlement), ApiError> {
    let invoice = world.referenced("invoice", form.required("invoice")?, "invoice")?;
    let status = text(&invoice, "status");
    if !matches!(status, "open" | "paid") {
        return Err(
            ApiError::invalid("You can only create credit notes for open or paid invoices.").with_param("invoice")
        );
    }
    if let Some(other) = form.text("reason")
        && !matches!(other, "duplicate" | "fraudulent" | "order_change" | "product_unsatisfactory")
    {
        return Err(ApiError::invalid(format!("Invalid reason: {other}")).with_param("reason"));
    }
    let lines = credited(form, &invoice)?;
    let net: i64 = lines.iter().map(|line| int(line, "amount")).sum();
    let mut taxes: Vec<Value> = elements(&invoice, "total_taxes")
        .iter()
        .map(|tax| {
            let mut tax = tax.clone();
            tax["amount"] = json!(share(int(&tax, "amount"), net, int(&invoice, "total_excluding_tax")));
            tax["taxable_amount"] = json!(net);
            tax
        })
        .collect();
    // By amount, the total is that amount to the cent.
    if let (true, Some(gross)) = (form.list("lines").is_empty(), form.int("amount")?) {
        let taxed: i64 = taxes.iter().map(|tax| int(tax, "amount")).sum();
        if let Some(tax) = taxes.first_mut() {
            tax["amount"] = json!(int(tax, "amount") + gross - net - taxed);
        }
    }
    let total = net + taxes.iter().map(|tax| int(tax, "amount")).sum::<i64>();
    let prepaid = status == "open";
    let credited_before = int(&invoice, "post_payment_credit_notes_amount");
    let left = if prepaid { int(&invoice, "amount_remaining") } else { int(&invoice, "total") - credited_before };
    if total < 0 || total > left {
        return Err(ApiError::invalid(format!(
            "The credit note amount ({total}) is more than what is left to credit on the invoice ({left})."
        ))
        .with_param("amount"));
    }
    let settlement = settlement(world, form)?;
    let out_of_band = form.int("out_of_band_amount")?.unwrap_or(0);
    let earlier: i64 = settlement.refunds.iter().map(|(_, amount)| amount).sum();
    let settled = settlement.refund + settlement.credit + out_of_band + earlier;
    if settled != if prepaid { 0 } else { total } {
        return Err(ApiError::invalid(format!(
            "The sum of credit amount, refund amount and out of band amount ({settled}) must equal the post-payment \
             amount of the credit note ({}).",
            if prepaid { 0 } else { total }
        ))
        .with_param("refund_amount"));
    }
    let id = world.new_id("cn");
    let numbered = world.all("credit_note").filter(|note| note["invoice"] == invoice["id"]).count() + 1;
    let note = json!({
        "id": id, "object": "credit_note", "amount": total, "amount_shipping": 0, "created": world.now,
        "currency": invoice["currency"], "customer": invoice["customer"], "customer_account": null,
        "customer_balance_transaction": null, "discount_amount": 0, "discount_amounts": [],
        "effective_at": form.int("effective_at")?.unwrap_or(world.now), "invoice": invoice["id"],
        "lines": stripe_list(&format!("/v1/credit_notes/{id}/lines"), lines), "livemode": false,
        "memo": form.text("memo"), "metadata": metadata(form, "metadata"),
        "number": format!("{}-CN-{numbered:02}", text(&invoice, "number")),
        "out_of_band_amount": form.int("out_of_band_amount")?, "pdf": format!("{}/i/{id}/pdf", world.public_url),
        "post_payment_amount": if prepaid { 0 } else { total }, "pre_payment_amount": if prepaid { total } else { 0 },
        "pretax_credit_amounts": [], "reason": form.text("reason"), "refunds": [], "shipping_cost": null,
        "status": "issued", "subtotal": net, "subtotal_excluding_tax": net, "total": total,
        "total_excluding_tax": net, "total_taxes": taxes, "type": if prepaid { "pre_payment" } else { "post_payment" },
        "voided_at": null,
    });
    Ok((note, settlement))
}

fn settlement(world: &World, form: &Form) -> Result<Settlement, ApiError> {
    let mut refunds = Vec::new();
    for entry in form.list("refunds") {
        let refund = world.referenced("refund", entry.required("refund")?, "refunds[0][refund]")?;
        let amount = entry.int("amount_refunded")?.unwrap_or_else(|| int(&refund, "amount"));
        refunds.push((text(&refund, "id").to_owned(), amount));
    }
    let amount = |member: &str| form.int(member).map(|amount| amount.unwrap_or(0));
    Ok(Settlement { refund: amount("refund_amount")?, credit: amount("credit_amount")?, refunds })
}

fn create(world: &mut World, call: &Call) -> Answer {
    let (note, mut settlement) = compose(world, &call.form)?;
    let (invoice, currency) = (text(&note, "invoice").to_owned(), text(&note, "currency").to_owned());
    let customer = text(&note, "customer").to_owned();
    if settlement.refund > 0 {
        let intent = invoicing::payment_of(world, &invoice).map(|(_, intent)| world.copy(&intent)).unwrap_or_default();
        let charge = text(&intent, "latest_charge").to_owned();
        let refund = super::refunds::make(world, &charge, Some(settlement.refund), None, &Form::default())?;
        settlement.refunds.push((refund, settlement.refund));
    }
    let refunds: Vec<Value> = settlement
        .refunds
        .iter()
        .map(|(refund, amount)| {
            json!({ "amount_refunded": amount, "refund": refund, "type": "refund", "payment_record_refund": null })
        })
        .collect();
    let id = world.insert(note);
    world.set(&id, "refunds", json!(refunds));
    let note = world.copy(&id);
    if settlement.credit > 0 {
        let more = json!({ "credit_note": id });
        let transaction = credit::book(world, &customer, -settlement.credit, &currency, "credit_note", more);
        world.set(&id, "customer_balance_transaction", json!(transaction));
    }
    world.update(&invoice, "invoice.updated", |invoice| {
        for (member, part) in [
            ("pre_payment_credit_notes_amount", int(&note, "pre_payment_amount")),
            ("post_payment_credit_notes_amount", int(&note, "post_payment_amount")),
            ("amount_due", -int(&note, "pre_payment_amount")),
            ("amount_remaining", -int(&note, "pre_payment_amount")),
        ] {
            invoice[member] = json!(int(invoice, member) + part);
        }
    });
    world.emit("credit_note.created", &id);
    if int(&note, "pre_payment_amount") > 0 {
        invoicing::lower_payment(world, &invoice);
        let open = world.copy(&invoice);
        if text(&open, "status") == "open" && int(&open, "amount_remaining") == 0 {
            invoicing::settle(world, &invoice, int(&open, "amount_paid"));
        }
    }
    Ok(world.copy(&id))
}

fn update(world: &mut World, call: &Call) -> Answer {
    world.get("credit_note", call.id())?;
    world.update(call.id(), "credit_note.updated", |note| {
        merge_metadata(note, &call.form, "metadata");
        merge_texts(note, &call.form, &["memo"]);
    });
    Ok(world.copy(call.id()))
}

/// Only while the invoice is open: then nothing has been paid back yet.
fn void(world: &mut World, call: &Call) -> Answer {
    let note = world.get("credit_note", call.id())?;
    let invoice = world.copy(text(&note, "invoice"));
    if text(&note, "status") == "void" || text(&invoice, "status") != "open" {
        return Err(ApiError::invalid("You can only void a credit note that is issued for an open invoice."));
    }
    let amount = int(&note, "pre_payment_amount");
    world.update(text(&invoice, "id"), "invoice.updated", |invoice| {
        for (member, part) in
            [("pre_payment_credit_notes_amount", -amount), ("amount_due", amount), ("amount_remaining", amount)]
        {
            invoice[member] = json!(int(invoice, member) + part);
        }
    });
    invoicing::lower_payment(world, text(&invoice, "id"));
    let now = world.now;
    world.update(call.id(), "credit_note.voided", |note| {
        note["status"] = json!("void");
        note["voided_at"] = json!(now);
    });
    Ok(world.copy(call.id()))
}

/// The credited lines, net: named ones, or one free amount (gross, taken back to net by the invoice's ratio).
fn credited(form: &Form, invoice: &Value) -> Result<Vec<Value>, ApiError> {
    let mut lines = Vec::new();
    for (number, entry) in form.list("lines").into_iter().enumerate() {
        if entry.text("type") == Some("custom_line_item") {
            let unit = entry.int("unit_amount")?.ok_or_else(|| ApiError::missing("lines[0][unit_amount]"))?;
            let amount = unit * entry.int("quantity")?.unwrap_or(1);
            lines.push(credit_line(number, amount, entry.text("description").unwrap_or_default(), None));
            continue;
        }
        let id = entry.required("invoice_line_item")?;
        let line = data(invoice, "lines")
            .iter()
            .find(|line| text(line, "id") == id)
            .ok_or_else(|| ApiError::no_such("invoice line item", id, "lines[0][invoice_line_item]"))?;
        let amount = match (entry.int("amount")?, entry.int("quantity")?) {
            (Some(amount), _) => amount,
            (None, Some(quantity)) => share(int(line, "amount"), quantity, int(line, "quantity").max(1)),
            (None, None) => int(line, "amount"),
        };
        lines.push(credit_line(number, amount, text(line, "description"), Some(id)));
    }
    if lines.is_empty() {
        let gross = form.int("amount")?.ok_or_else(|| ApiError::missing("amount"))?;
        let net = share(gross, int(invoice, "total_excluding_tax"), int(invoice, "total"));
        let first = data(invoice, "lines").first().cloned().unwrap_or_default();
        lines.push(credit_line(0, net, text(&first, "description"), None));
    }
    Ok(lines)
}

fn credit_line(number: usize, amount: i64, description: &str, line: Option<&str>) -> Value {
    let mut credited = json!({
        "id": format!("cnli_{number:024}"), "object": "credit_note_line_item", "amount": amount,
        "description": description, "discount_amount": 0, "discount_amounts": [], "livemode": false, "metadata": {},
        "pretax_credit_amounts": [], "quantity": 1, "tax_rates": [], "taxes": [],
        "type": if line.is_some() { "invoice_line_item" } else { "custom_line_item" }, "unit_amount": amount,
        "unit_amount_decimal": amount.to_string(),
    });
    // Absent, not null, on lines of their own.
    if let Some(line) = line {
        credited["invoice_line_item"] = json!(line);
    }
    credited
}

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let found = world.all("credit_note").filter(|note| {
        ["invoice", "customer"].iter().all(|m| form.text(m).is_none_or(|wanted| text(note, m) == wanted))
    });
    page("/v1/credit_notes", form, found)
}
