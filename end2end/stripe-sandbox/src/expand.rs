//! `expand[]`: ids become objects, includable members appear. <https://docs.stripe.com/api/expanding_objects>

use serde_json::{Value, json};

use crate::{
    error::ApiError,
    object::{self, public, text},
    world::World,
};

/// Stripe's limit on the depth of a path.
const MAX_DEPTH: usize = 4;

/// The object as the outside sees it, with every path of `expand` followed.
///
/// # Errors
/// A path deeper than four levels, or one that names a member which cannot be expanded.
pub(crate) fn render(world: &World, object: &Value, paths: &[&str]) -> Result<Value, ApiError> {
    let mut seen = object.clone();
    for path in paths {
        let parts: Vec<&str> = path.split('.').collect();
        if parts.len() > MAX_DEPTH + usize::from(parts.first() == Some(&"data")) {
            return Err(ApiError::invalid(format!("You cannot expand more than {MAX_DEPTH} levels of a property."))
                .with_param("expand"));
        }
        follow(world, &mut seen, &parts, path)?;
    }
    Ok(public(&seen))
}

fn follow(world: &World, node: &mut Value, parts: &[&str], path: &str) -> Result<(), ApiError> {
    if let Value::Array(elements) = node {
        return elements.iter_mut().try_for_each(|element| follow(world, element, parts, path));
    }
    let Some((part, rest)) = parts.split_first() else { return Ok(()) };
    if node.is_null() {
        return Ok(());
    }
    if node.get(*part).is_none()
        && let Some(included) = includable(world, node, part)
    {
        node[*part] = included;
    }
    let Some(member) = node.get_mut(*part) else {
        return Err(ApiError::invalid(format!(
            "This property cannot be expanded ({path}). You may want to try expanding another property."
        ))
        .with_param("expand"));
    };
    resolve(world, member);
    follow(world, member, rest, path)
}

fn resolve(world: &World, member: &mut Value) {
    match member {
        Value::String(id) => {
            if let Some(object) = world.find(id) {
                *member = object.clone();
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| resolve(world, element)),
        _ => {}
    }
}

/// Members that exist only when asked for.
fn includable(world: &World, node: &Value, part: &str) -> Option<Value> {
    let id = text(node, "id");
    let of = |kind: &'static str, member: &'static str| {
        world.all(kind).filter(move |candidate| text(candidate, member) == id).cloned().collect::<Vec<_>>()
    };
    match (text(node, "object"), part) {
        ("checkout.session", "line_items") => {
            let url = format!("/v1/checkout/sessions/{id}/line_items");
            Some(object::list(&url, object::elements(node, "_line_items").to_vec()))
        }
        ("invoice", "payments") => Some(object::list("/v1/invoice_payments", of("invoice_payment", "invoice"))),
        ("invoice", "confirmation_secret") => Some(confirmation_secret(world, id)),
        ("customer", "tax_ids") => Some(object::list(&format!("/v1/customers/{id}/tax_ids"), world.tax_ids_of(id))),
        ("customer", "subscriptions") => Some(object::list("/v1/subscriptions", of("subscription", "customer"))),
        ("customer", "cash_balance" | "tax" | "sources" | "invoice_credit_balance") => {
            Some(node.get(format!("_{part}")).cloned().unwrap_or(Value::Null))
        }
        ("charge", "refunds") => Some(object::list(&format!("/v1/charges/{id}/refunds"), of("refund", "charge"))),
        ("price", "currency_options" | "tiers") | ("coupon", "applies_to") => {
            Some(node.get(format!("_{part}")).cloned().unwrap_or(Value::Null))
        }
        _ => None,
    }
}

/// The client secret of the payment intent behind an open invoice.
fn confirmation_secret(world: &World, invoice: &str) -> Value {
    world
        .all("invoice_payment")
        .find(|payment| text(payment, "invoice") == invoice)
        .and_then(|payment| world.find(text(&payment["payment"], "payment_intent")))
        .map_or(Value::Null, |intent| json!({ "type": "payment_intent", "client_secret": intent["client_secret"] }))
}
