//! What the types alone do not say about themselves, as JSON Schema: the rules of `validate()` and of parsing.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::Nonce;

/// No control character: what [`char::is_control`] says, in the notation of ECMA 262.
const NO_CONTROLS: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";

/// [`super::validate_name`]. JSON Schema counts characters where the rule counts bytes, so `maxLength` is not the whole
/// of it.
pub(super) fn name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": NO_CONTROLS })
}

/// The same for a member that may be absent.
pub(super) fn optional_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "minLength": 1, "maxLength": 255, "pattern": NO_CONTROLS })
}

/// A list of such names, which may be absent.
pub(super) fn optional_names(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["array", "null"], "items": name(generator) })
}

/// Amounts by name, which may be absent: none is negative, and there are not too many.
pub(super) fn optional_amounts(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["object", "null"],
        "maxProperties": super::MAX_REPORTED_NAMES,
        "propertyNames": name(generator),
        "additionalProperties": { "type": "integer", "format": "int64", "minimum": 0 },
    })
}

/// [`super::Identity::validate`]: users name their device, others do not.
pub(super) fn device_for_users_only(schema: &mut Schema) {
    let user = json_schema!({ "properties": { "kind": { "const": "user" } } });
    schema.insert("if".to_owned(), user.to_value());
    let named = json_schema!({ "required": ["device"], "properties": { "device": { "type": "string" } } });
    schema.insert("then".to_owned(), named.to_value());
    schema.insert("else".to_owned(), json_schema!({ "properties": { "device": { "type": "null" } } }).to_value());
}

/// Either the bare key, or an instance with its secret.
pub(super) fn key_or_instance(schema: &mut Schema) {
    let key = json_schema!({
        "required": ["license_key"],
        "properties": {
            "license_key": { "type": "string" }, "instance_id": { "type": "null" }, "secret": { "type": "null" },
        },
    });
    let instance = json_schema!({
        "required": ["instance_id", "secret"],
        "properties": {
            "license_key": { "type": "null" }, "instance_id": { "type": "string" }, "secret": { "type": "string" },
        },
    });
    schema.insert("oneOf".to_owned(), vec![key.to_value(), instance.to_value()].into());
}

impl JsonSchema for Nonce {
    fn schema_name() -> Cow<'static, str> {
        "Nonce".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "16 to 64 characters of the base64url alphabet, drawn by the client.",
            "minLength": 16,
            "maxLength": 64,
            "pattern": "^[A-Za-z0-9_-]+$",
        })
    }
}
