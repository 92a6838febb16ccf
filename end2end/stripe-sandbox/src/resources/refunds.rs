//! `/v1/refunds`

use serde_json::json;

use crate::{
    api::{Call, Route, get, page, post},
    error::{Answer, ApiError},
    object::{int, metadata, text},
    payments::cash,
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    post("refunds", "charge payment_intent amount reason metadata.*", create),
    get("refunds", "limit starting_after ending_before charge payment_intent created.*", list),
    get("refunds/{}", "", |world, call| world.get("refund", call.id())),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
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
/// Unknown or failed charge, already refunded, or more than is left.
pub(crate) fn make(
    world: &mut World,
    charge: &str,
    amount: Option<i64>,
    reason: Option<&str>,
    form: &crate::form::Form,
) -> Result<String, ApiError> {
    let object = world.referenced("charge", charge, "charge")?;
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
    let id = world.new_id("re");
    world.insert(json!({
        "id": id, "object": "refund", "amount": amount, "balance_transaction": null, "charge": charge,
        "created": world.now, "currency": object["currency"],
        "destination_details": null, "metadata": metadata(form, "metadata"), "payment_intent": object["payment_intent"],
        "reason": reason, "receipt_number": null, "source_transfer_reversal": null, "status": "succeeded",
        "transfer_reversal": null,
    }));
    world.emit("refund.created", &id);
    if text(&object["payment_method_details"], "type") == "customer_balance" {
        cash::refunded(world, text(&object, "customer"), text(&object, "currency"), amount, &id);
    }
    let refunded = int(&object, "amount_refunded") + amount;
    world.update(charge, "charge.refunded", |charge| {
        charge["amount_refunded"] = json!(refunded);
        charge["refunded"] = json!(refunded == int(charge, "amount_captured"));
    });
    Ok(id)
}

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let found = world.all("refund").filter(|refund| {
        ["charge", "payment_intent"].iter().all(|m| form.text(m).is_none_or(|wanted| text(refund, m) == wanted))
    });
    page("/v1/refunds", form, found)
}
