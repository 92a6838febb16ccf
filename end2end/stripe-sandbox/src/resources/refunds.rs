//! `/v1/refunds`: of a charge, or out of the cash balance. <https://docs.stripe.com/refunds>

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, get, page, post},
    error::{Answer, ApiError},
    form::Form,
    object::{int, merge_metadata, metadata, text},
    payments::{self, Behaviour, cash},
    world::World,
};

/// How long a refund takes that is not done, or not refused, at once.
const SETTLES_SECONDS: i64 = 60;

pub(crate) const ROUTES: &[Route] = &[
    post(
        "refunds",
        "charge payment_intent amount reason metadata.* origin customer currency instructions_email",
        create,
    ),
    get("refunds", "limit starting_after ending_before charge payment_intent created.*", list),
    get("refunds/{}", "", |world, call| world.get("refund", call.id())),
    post("refunds/{}", "metadata.*", update),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    if form.text("origin") == Some("customer_balance") {
        return return_cash(world, form);
    }
    let charge = match (form.text("charge"), form.text("payment_intent")) {
        (Some(charge), _) => charge.to_owned(),
        (None, Some(intent)) => {
            let intent = world.referenced("payment_intent", intent, "payment_intent")?;
            text(&intent, "latest_charge").to_owned()
        }
        (None, None) => return Err(ApiError::missing("charge")),
    };
    let id = make(world, &charge, form.int("amount")?, form.text("reason"), form)?;
    Ok(world.copy(&id))
}

/// Refunds a charge, wholly without an amount.
///
/// # Errors
/// Unknown or failed charge, already refunded or charged back, or more than is left.
pub(crate) fn make(
    world: &mut World,
    charge: &str,
    amount: Option<i64>,
    reason: Option<&str>,
    form: &Form,
) -> Result<String, ApiError> {
    let object = world.referenced("charge", charge, "charge")?;
    if let Some(other) = reason.filter(|r| !matches!(*r, "duplicate" | "fraudulent" | "requested_by_customer")) {
        return Err(ApiError::invalid(format!(
            "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer: {other}"
        ))
        .with_param("reason"));
    }
    let charged_back = world.all("dispute").any(|dispute| {
        text(dispute, "charge") == charge && !matches!(text(dispute, "status"), "won" | "warning_closed")
    });
    if charged_back {
        return Err(ApiError::invalid(format!("Charge {charge} has been charged back; cannot issue a refund."))
            .with_code("charge_disputed"));
    }
    let left = int(&object, "amount_captured") - int(&object, "amount_refunded");
    if left <= 0 {
        return Err(ApiError::invalid(format!("Charge {charge} has already been refunded."))
            .with_code("charge_already_refunded"));
    }
    let amount = amount.unwrap_or(left);
    if !(1..=left).contains(&amount) {
        return Err(ApiError::invalid(format!(
            "Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        ))
        .with_param("amount"));
    }
    let by_transfer = text(&object["payment_method_details"], "type") == "customer_balance";
    let behaviour = payments::behaviour_of(world, text(&object, "payment_method"));
    let mut refund =
        object_of(world, amount, text(&object, "currency"), &object["customer"], metadata(form, "metadata"));
    refund["charge"] = json!(charge);
    refund["payment_intent"] = object["payment_intent"].clone();
    refund["payment_method"] = object["payment_method"].clone();
    refund["reason"] = json!(reason);
    if !by_transfer {
        refund["destination_details"] = json!({ "type": "card", "card": {
            "reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund",
        } });
    }
    match behaviour {
        Behaviour::RefundPends => {
            refund["status"] = json!("pending");
            refund["_settles"] = json!({ "at": world.now + SETTLES_SECONDS, "status": "succeeded" });
        }
        Behaviour::RefundFails => {
            refund["_settles"] = json!({ "at": world.now + SETTLES_SECONDS, "status": "failed" });
        }
        _ => {}
    }
    let id = world.insert(refund);
    world.emit("refund.created", &id);
    if by_transfer {
        cash::refunded(world, text(&object, "customer"), text(&object, "currency"), amount, &id);
    }
    let refunded = int(&object, "amount_refunded") + amount;
    world.update(charge, "charge.refunded", |charge| {
        charge["amount_refunded"] = json!(refunded);
        charge["refunded"] = json!(refunded == int(charge, "amount_captured"));
    });
    Ok(id)
}

fn object_of(world: &World, amount: i64, currency: &str, customer: &Value, metadata: Value) -> Value {
    json!({
        "id": world.new_id("re"), "object": "refund", "amount": amount, "balance_transaction": null, "charge": null,
        "created": world.now, "currency": currency, "customer": customer, "customer_account": null,
        "metadata": metadata, "payment_intent": null, "payment_method": null, "reason": null, "receipt_number": null,
        "source_transfer_reversal": null, "status": "succeeded", "transfer_reversal": null,
    })
}

/// Money of the cash balance goes back to the account that it came from.
fn return_cash(world: &mut World, form: &Form) -> Answer {
    let customer = form.required("customer")?;
    super::customers::living(world, customer)?;
    let currency = form.required("currency")?.to_lowercase();
    let amount = form.int("amount")?.ok_or_else(|| ApiError::missing("amount"))?;
    if !(1..=cash::available(world, customer, &currency)).contains(&amount) {
        return Err(ApiError::invalid("The refund amount exceeds the customer's available cash balance.")
            .with_code("customer_balance_insufficient_funds")
            .with_param("amount"));
    }
    let mut refund = object_of(world, amount, &currency, &json!(customer), metadata(form, "metadata"));
    refund["status"] = json!("pending");
    refund["instructions_email"] = json!(form.text("instructions_email"));
    refund["_settles"] = json!({ "at": world.now + SETTLES_SECONDS, "status": "succeeded" });
    let id = world.insert(refund);
    world.emit("refund.created", &id);
    cash::book(world, customer, &currency, -amount, "return_initiated", Value::Null);
    Ok(world.copy(&id))
}

/// When a refund that is under way ends.
pub(crate) fn due(refund: &Value) -> Option<i64> {
    refund["_settles"]["at"].as_i64()
}

/// A refund that was under way ends: it succeeds, or it fails and the charge counts as not refunded again.
pub(crate) fn settle(world: &mut World, id: &str, status: &str) {
    let before = world.copy(id);
    let status = status.to_owned();
    let failed = status == "failed";
    world.update(id, "refund.updated", |refund| {
        refund["status"] = json!(status);
        refund["_settles"] = Value::Null;
        if failed {
            refund["failure_reason"] = json!("expired_or_canceled_card");
        }
    });
    world.emit("charge.refund.updated", id);
    if !failed {
        return;
    }
    world.emit("refund.failed", id);
    let amount = int(&before, "amount");
    world.update(text(&before, "charge"), "charge.updated", |charge| {
        charge["amount_refunded"] = json!(int(charge, "amount_refunded") - amount);
        charge["refunded"] = json!(false);
    });
}

fn update(world: &mut World, call: &Call) -> Answer {
    world.get("refund", call.id())?;
    world.update(call.id(), "refund.updated", |refund| merge_metadata(refund, &call.form, "metadata"));
    world.emit("charge.refund.updated", call.id());
    Ok(world.copy(call.id()))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let found = world.all("refund").filter(|refund| {
        ["charge", "payment_intent"].iter().all(|m| form.text(m).is_none_or(|wanted| text(refund, m) == wanted))
    });
    page("/v1/refunds", form, found)
}
