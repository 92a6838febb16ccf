//! Reading Stripe objects, which the sandbox keeps as JSON. Members that begin with `_` are the sandbox's own
//! notes and never leave it.

use serde_json::{Map, Value, json};

use crate::form::Form;

/// Text member, empty when absent.
pub(crate) fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object[member].as_str().unwrap_or_default()
}

/// Integer member, 0 when absent.
pub(crate) fn int(object: &Value, member: &str) -> i64 {
    object[member].as_i64().unwrap_or_default()
}

/// Boolean member, false when absent.
pub(crate) fn flag(object: &Value, member: &str) -> bool {
    object[member].as_bool().unwrap_or_default()
}

/// `data` of a list member, such as a subscription's items.
pub(crate) fn data<'a>(object: &'a Value, member: &str) -> &'a [Value] {
    object[member]["data"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Elements of an array member.
pub(crate) fn elements<'a>(object: &'a Value, member: &str) -> &'a [Value] {
    object[member].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A complete Stripe list.
pub(crate) fn list(url: &str, data: Vec<Value>) -> Value {
    json!({ "object": "list", "url": url, "has_more": false, "data": data })
}

/// So many lines stand in an invoice at most; the others are asked for by its list of lines.
/// <https://docs.stripe.com/api/invoices/object#invoice_object-lines>
const LINES_IN_INVOICE: usize = 10;

/// What the ids of previews begin with.
pub(crate) const PREVIEW: &str = "upcoming_in";

/// Whether previews are cut short like invoices.
const CUTS_PREVIEWS: bool = true;

/// The object as the outside may see it: without the sandbox's own notes, and of an invoice the first lines.
pub(crate) fn public(object: &Value) -> Value {
    match object {
        Value::Object(members) => {
            let visible = members.iter().filter(|(name, _)| !name.starts_with('_'));
            let mut members: Map<String, Value> = visible.map(|(name, v)| (name.clone(), public(v))).collect();
            cut_lines(&mut members);
            Value::Object(members)
        }
        Value::Array(elements) => Value::Array(elements.iter().map(public).collect()),
        other => other.clone(),
    }
}

fn cut_lines(object: &mut Map<String, Value>) {
    let word = |member: &str| object.get(member).and_then(Value::as_str).unwrap_or_default();
    if word("object") != "invoice" || (!CUTS_PREVIEWS && word("id").starts_with(PREVIEW)) {
        return;
    }
    let Some(lines) = object.get_mut("lines") else { return };
    if let Some(data) = lines.get_mut("data").and_then(Value::as_array_mut)
        && data.len() > LINES_IN_INVOICE
    {
        data.truncate(LINES_IN_INVOICE);
        lines["has_more"] = json!(true);
    }
}

/// Applies `metadata[…]`: keys are merged, an empty value removes its key, an empty `metadata` removes all.
pub(crate) fn merge_metadata(object: &mut Value, form: &Form, path: &str) {
    if !form.has(path) {
        return;
    }
    if form.at(path) == Some(&Form::Text(String::new())) {
        object["metadata"] = json!({});
    }
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    if let Value::Object(known) = &mut object["metadata"] {
        for (name, value) in form.pairs(path) {
            if value.is_empty() {
                known.remove(name);
            } else {
                known.insert(name.to_owned(), json!(value));
            }
        }
    }
}

/// The metadata at a path as a new map.
pub(crate) fn metadata(form: &Form, path: &str) -> Value {
    let mut holder = Value::Object(Map::new());
    holder["metadata"] = json!({});
    merge_metadata(&mut holder, form, path);
    holder["metadata"].take()
}

/// Copies the texts that were sent into the object; an empty text unsets.
pub(crate) fn merge_texts(object: &mut Value, form: &Form, names: &[&str]) {
    for name in names {
        if form.has(name) {
            object[*name] = json!(form.text(name));
        }
    }
}

/// Applies a postal address: what is not sent stays as it is, and an empty text unsets.
pub(crate) fn merge_address(object: &mut Value, form: &Form, path: &str) {
    let mut merged = address(form, path);
    if let (Value::Object(members), Value::Object(known)) = (&mut merged, &object["address"]) {
        for (name, value) in members.iter_mut().filter(|(name, _)| !form.has(&format!("{path}.{name}"))) {
            *value = known.get(name).cloned().unwrap_or_default();
        }
    }
    object["address"] = merged;
}

/// A postal address, absent members null.
pub(crate) fn address(form: &Form, path: &str) -> Value {
    let form = form.tree(path);
    let member = |name: &str| json!(form.text(name));
    json!({
        "city": member("city"), "country": member("country"), "line1": member("line1"), "line2": member("line2"),
        "postal_code": member("postal_code"), "state": member("state"),
    })
}
