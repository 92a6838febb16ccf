//! `/v1/credit_notes`: one amount or whole lines, against a final invoice.

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, get, page, post},
    billing::{credit, invoicing, proration::share},
    error::{Answer, ApiError},
    object::{data, elements, int, list as stripe_list, metadata, text},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post(
        "credit_notes",
        "invoice amount reason memo metadata.* lines.#.type lines.#.invoice_line_item lines.#.quantity lines.#.amount \
         lines.#.description lines.#.unit_amount \
         refund_amount credit_amount out_of_band_amount",
        create,
    ),
    get("credit_notes", "limit starting_after ending_before invoice customer", list),
    get("credit_notes/{}", "", |world, call| world.get("credit_note", call.id())),
    get("credit_notes/{}/lines", "limit starting_after ending_before", |world, call| {
        let note = world.get("credit_note", call.id())?;
        page(&format!("/v1/credit_notes/{}/lines", call.id()), &call.form, data(&note, "lines").iter())
    }),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let invoice = world.referenced("invoice", form.required("invoice")?, "invoice")?;
    let status = text(&invoice, "status");
    if !matches!(status, "open" | "paid") {
        return Err(
            ApiError::invalid("You can only create credit notes for open or paid invoices.").with_param("invoice")
        );
    }
    let lines = credited(form, &invoice)?;
    let net: i64 = lines.iter().map(|line| int(line, "amount")).sum();
    let taxes: Vec<Value> = elements(&invoice, "total_taxes")
        .iter()
        .map(|tax| {
            let mut tax = tax.clone();
            tax["amount"] = json!(share(int(&tax, "amount"), net, int(&invoice, "total_excluding_tax")));
            tax["taxable_amount"] = json!(net);
            tax
        })
        .collect();
    let total = net + taxes.iter().map(|tax| int(tax, "amount")).sum::<i64>();
    let id = world.new_id("cn");
    let earlier = world.all("credit_note").filter(|note| note["invoice"] == invoice["id"]).count();
    let prepaid = status == "open";
    if prepaid && total > int(&invoice, "amount_remaining") {
        return Err(ApiError::invalid("The credit note exceeds what remains to be paid.").with_param("amount"));
    }
    let mut refunds = Vec::new();
    if let (false, Some(amount)) = (prepaid, form.int("refund_amount")?) {
        let intent = invoicing::payment_of(world, text(&invoice, "id"))
            .map(|(_, intent)| world.copy(&intent))
            .unwrap_or_default();
        let refund = super::refunds::make(
            world,
            text(&intent, "latest_charge"),
            Some(amount),
            None,
            &crate::form::Form::default(),
        )?;
        refunds.push(
            json!({ "amount_refunded": amount, "refund": refund, "type": "refund", "payment_record_refund": null }),
        );
    }
    let number = format!("{}-CN-{:02}", text(&invoice, "number"), earlier + 1);
    world.insert(json!({
        "id": id, "object": "credit_note", "amount": total, "amount_shipping": 0, "created": world.now,
        "currency": invoice["currency"], "customer": invoice["customer"], "customer_account": null,
        "customer_balance_transaction": null, "discount_amount": 0, "discount_amounts": [], "effective_at": world.now,
        "invoice": invoice["id"], "lines": stripe_list(&format!("/v1/credit_notes/{id}/lines"), lines),
        "livemode": false, "memo": form.text("memo"), "metadata": metadata(form, "metadata"), "number": number,
        "out_of_band_amount": form.int("out_of_band_amount")?, "pdf": format!("{}/i/{id}/pdf", world.public_url),
        "post_payment_amount": if prepaid { 0 } else { total }, "pre_payment_amount": if prepaid { total } else { 0 },
        "pretax_credit_amounts": [], "reason": form.text("reason"), "refunds": refunds, "shipping_cost": null,
        "status": "issued", "subtotal": net, "subtotal_excluding_tax": net, "total": total,
        "total_excluding_tax": net, "total_taxes": taxes, "type": if prepaid { "pre_payment" } else { "post_payment" },
        "voided_at": null,
    }));
    let member = if prepaid { "pre_payment_credit_notes_amount" } else { "post_payment_credit_notes_amount" };
    world.change(text(&invoice, "id"), |invoice| {
        invoice[member] = json!(int(invoice, member) + total);
        if prepaid {
            for member in ["amount_due", "amount_remaining"] {
                invoice[member] = json!(int(invoice, member) - total);
            }
        }
    });
    if prepaid {
        invoicing::lower_payment(world, text(&invoice, "id"));
    }
    if let (false, Some(credit)) = (prepaid, form.int("credit_amount")?) {
        let (customer, currency) = (text(&invoice, "customer"), text(&invoice, "currency"));
        let transaction = credit::book(world, customer, -credit, currency, "credit_note", json!({ "credit_note": id }));
        world.set(&id, "customer_balance_transaction", json!(transaction));
    }
    world.emit("credit_note.created", &id);
    if prepaid && int(&world.copy(text(&invoice, "id")), "amount_remaining") == 0 {
        invoicing::settle(world, text(&invoice, "id"), 0);
    }
    Ok(world.copy(&id))
}

/// The credited lines, net: named ones, or one free amount (gross, taken back to net by the invoice's ratio).
fn credited(form: &crate::form::Form, invoice: &Value) -> Result<Vec<Value>, ApiError> {
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
        lines.push(credit_line(0, net, text(&data(invoice, "lines")[0], "description"), None));
    }
    Ok(lines)
}

fn credit_line(number: usize, amount: i64, description: &str, line: Option<&str>) -> Value {
    json!({
        "id": format!("cnli_{number:024}"), "object": "credit_note_line_item", "amount": amount,
        "description": description, "discount_amount": 0, "discount_amounts": [], "invoice_line_item": line,
        "livemode": false, "pretax_credit_amounts": [], "quantity": 1, "tax_rates": [], "taxes": [],
        "type": if line.is_some() { "invoice_line_item" } else { "custom_line_item" }, "unit_amount": amount,
        "unit_amount_decimal": amount.to_string(),
    })
}

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let found = world.all("credit_note").filter(|note| {
        ["invoice", "customer"].iter().all(|m| form.text(m).is_none_or(|wanted| text(note, m) == wanted))
    });
    page("/v1/credit_notes", form, found)
}
