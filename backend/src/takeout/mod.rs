//! What people take with them: everything that is kept about an account, for its owner, and about a person, for that person
//! (GDPR, articles 15 and 20).
//!
//! A [`Takeout`] is a zip: a JSON file for each kind of thing, the account's audit log as its owner sees it, and every
//! document as it was issued; for a partner also its vouchers, what it has earned and what it was paid. It is made part by part while it is sent, so that its length costs no memory. It holds no
//! secret: no key, no hash, nothing sealed; and of the vendor's people neither names nor notes. That something was taken is
//! recorded, and how often is limited.

mod archive;
mod files;
mod store;
mod take_account;
mod take_own;

use serde::Serialize;
use serde_json::Value;

use crate::clock::UnixMs;
use crate::text::en::moments;

pub use archive::Takeout;
pub use take_account::{Taking, take_account};
pub use take_own::take_own;

/// A file of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TakenFile {
    /// Its name.
    name: &'static str,
    /// JSON, for people to read as well.
    text: String,
}

impl TakenFile {
    /// What is kept, with times as people and programs read them.
    fn of(name: &'static str, kept: &impl Serialize) -> Self {
        let mut value = serde_json::to_value(kept).unwrap_or_default();
        write_times(&mut value);
        Self { name, text: serde_json::to_string_pretty(&value).unwrap_or_default() }
    }
}

/// Ends of the names of moments.
const MOMENTS: [&str; 4] = ["_at", "_until", "_start", "_end"];

/// Turns Unix milliseconds into RFC 3339, by the names of the fields.
fn write_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let is_moment = MOMENTS.iter().any(|end| name.ends_with(end));
                match field.as_i64().filter(|_| is_moment) {
                    Some(at) => *field = Value::String(moments::rfc3339(UnixMs(at))),
                    None => write_times(field),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(write_times),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_written_as_times_and_numbers_as_numbers() {
        let kept = json!([{ "created_at": 0, "ends_at": null, "seats": 3, "more": { "period_end": 1_000 } }]);
        let file = TakenFile::of("x.json", &kept);
        let read: Value = serde_json::from_str(&file.text).unwrap_or_default();
        let expected = json!([{
            "created_at": "1970-01-01T00:00:00Z", "ends_at": null, "seats": 3,
            "more": { "period_end": "1970-01-01T00:00:01Z" },
        }]);
        assert_eq!(read, expected);
    }
}
