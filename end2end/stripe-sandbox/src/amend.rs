//! Answers that are not true: a chaos switch for those who must notice when Stripe behaves otherwise than they think.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is told instead of what is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Amendment {
    /// The kind of object: its `object`.
    object: String,
    /// The member, below others where slashes say so: `status_transitions/paid_at`.
    member: String,
    /// What is told of it.
    value: Value,
}

/// Tells what `amendments` say wherever an object of theirs stands in an answer. The objects themselves stay.
pub(crate) fn amend(answer: &mut Value, amendments: &[Amendment]) {
    for amendment in amendments {
        walk(answer, amendment);
    }
}

fn walk(value: &mut Value, amendment: &Amendment) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| walk(element, amendment)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| walk(member, amendment));
            if members.get("object").and_then(Value::as_str) == Some(amendment.object.as_str()) {
                set(value, &amendment.member, &amendment.value);
            }
        }
        _ => {}
    }
}

fn set(object: &mut Value, path: &str, to: &Value) {
    let Some(members) = object.as_object_mut() else { return };
    match path.split_once('/') {
        Some((first, rest)) => {
            if let Some(below) = members.get_mut(first) {
                set(below, rest, to);
            }
        }
        None => {
            members.insert(path.to_owned(), to.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Amendment, amend};

    #[test]
    fn every_object_of_the_kind_is_told_otherwise_and_no_other() {
        let list = json!({ "object": "list", "data": [
            { "object": "invoice", "total": 100, "status_transitions": { "paid_at": 7 } },
            { "object": "charge", "total": 100 },
        ] });
        let mut told = list.clone();
        let amendment = |member: &str, value| Amendment { object: "invoice".into(), member: member.into(), value };
        amend(&mut told, &[amendment("total", json!(101)), amendment("status_transitions/paid_at", json!(null))]);
        assert_eq!(
            told["data"][0],
            json!({ "object": "invoice", "total": 101, "status_transitions": { "paid_at": null } })
        );
        assert_eq!(told["data"][1], list["data"][1]);
    }
}
