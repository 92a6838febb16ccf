//! `/v1/disputes`: opened by the card 4000 0000 0000 0259, won or lost by the evidence that is submitted.
//! <https://docs.stripe.com/testing#disputes>

use serde_json::{Value, json};

use crate::{
    api::{Call, Route, get, page, post},
    error::{Answer, ApiError},
    object::{int, merge_metadata, text},
    world::World,
};

pub(crate) const ROUTES: &[Route] = &[
    get("disputes", "limit starting_after ending_before charge payment_intent created.*", list),
    get("disputes/{}", "", |world, call| world.get("dispute", call.id())),
    post("disputes/{}", "evidence.uncategorized_text metadata.* submit", update),
    post("disputes/{}/close", "", |world, call| {
        undecided(world, call.id())?;
        decide(world, call.id(), "lost");
        Ok(world.copy(call.id()))
    }),
];

/// Opens a dispute about the latest charge of an intent and returns its id.
pub(crate) fn open(world: &mut World, intent: &str) -> String {
    let intent = world.copy(intent);
    let charge = text(&intent, "latest_charge").to_owned();
    let evidence = [
        "access_activity_log",
        "billing_address",
        "cancellation_policy",
        "cancellation_policy_disclosure",
        "cancellation_rebuttal",
        "customer_communication",
        "customer_email_address",
        "customer_name",
        "customer_purchase_ip",
        "customer_signature",
        "duplicate_charge_documentation",
        "duplicate_charge_explanation",
        "duplicate_charge_id",
        "product_description",
        "receipt",
        "refund_policy",
        "refund_policy_disclosure",
        "refund_refusal_explanation",
        "service_date",
        "service_documentation",
        "shipping_address",
        "shipping_carrier",
        "shipping_date",
        "shipping_documentation",
        "shipping_tracking_number",
        "uncategorized_file",
        "uncategorized_text",
    ];
    let mut nothing: Value = evidence.iter().map(|member| ((*member).to_owned(), Value::Null)).collect();
    nothing["enhanced_evidence"] = json!({});
    world.change(&charge, |charge| charge["disputed"] = json!(true));
    let id = world.new_id("du");
    world.insert(json!({
        "id": id, "object": "dispute", "amount": intent["amount"], "balance_transactions": [], "charge": charge,
        "created": world.now, "currency": intent["currency"], "enhanced_eligibility_types": [], "evidence": nothing,
        "evidence_details": {
            "due_by": world.now + 7 * 86_400, "enhanced_eligibility": {}, "has_evidence": false, "past_due": false,
            "submission_count": 0,
        },
        "is_charge_refundable": false, "livemode": false, "metadata": {}, "payment_intent": intent["id"],
        "reason": "fraudulent", "status": "needs_response",
    }));
    world.emit("charge.dispute.created", &id);
    world.emit("charge.dispute.funds_withdrawn", &id);
    id
}

pub(crate) fn undecided(world: &World, id: &str) -> Result<Value, ApiError> {
    let dispute = world.get("dispute", id)?;
    if matches!(text(&dispute, "status"), "won" | "lost") {
        return Err(ApiError::invalid("This dispute is already closed."));
    }
    Ok(dispute)
}

/// The texts `winning_evidence` and `losing_evidence` decide at once, as in Stripe's test mode.
fn update(world: &mut World, call: &Call) -> Answer {
    undecided(world, call.id())?;
    let evidence = call.form.text("evidence.uncategorized_text");
    let submitted = call.form.flag("submit")?.unwrap_or(true) && evidence.is_some();
    world.update(call.id(), "charge.dispute.updated", |dispute| {
        merge_metadata(dispute, &call.form, "metadata");
        if let Some(evidence) = evidence {
            dispute["evidence"]["uncategorized_text"] = json!(evidence);
            dispute["evidence_details"]["has_evidence"] = json!(true);
        }
        if submitted {
            dispute["status"] = json!("under_review");
            let details = &mut dispute["evidence_details"];
            details["submission_count"] = json!(int(details, "submission_count") + 1);
        }
    });
    match evidence.filter(|_| submitted) {
        Some("winning_evidence") => decide(world, call.id(), "won"),
        Some("losing_evidence") => decide(world, call.id(), "lost"),
        _ => {}
    }
    Ok(world.copy(call.id()))
}

/// Closes a dispute as `won` or `lost`. What is won comes back to the account.
pub(crate) fn decide(world: &mut World, id: &str, status: &str) {
    world.change(id, |dispute| dispute["status"] = json!(status));
    world.emit("charge.dispute.closed", id);
    if status == "won" {
        world.emit("charge.dispute.funds_reinstated", id);
    }
}

fn list(world: &mut World, call: &Call) -> Answer {
    let form = &call.form;
    let found = world.all("dispute").filter(|dispute| {
        ["charge", "payment_intent"].iter().all(|m| form.text(m).is_none_or(|wanted| text(dispute, m) == wanted))
    });
    page("/v1/disputes", form, found)
}
