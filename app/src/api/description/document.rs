//! The OpenAPI 3.1 document (<https://spec.openapis.org/oas/v3.1.1.html>).

use std::collections::BTreeMap;

use backend::text::en::api_docs as text;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use sdk::error::{Code, PROBLEM_JSON, Problem};
use serde_json::{Map, Value, json};

use super::endpoints::{Answer, ENDPOINTS, Endpoint};

/// The document of a vendor whose origin this is.
#[must_use]
pub fn document(origin: &str) -> Value {
    let mut requests = generator(SchemaSettings::for_deserialize);
    let mut answers = generator(SchemaSettings::for_serialize);
    let problem = answers.subschema_for::<Problem>().to_value();
    let mut paths = Map::new();
    for endpoint in ENDPOINTS {
        let operation = operation(endpoint, origin, &mut requests, &mut answers, &problem);
        paths.insert(endpoint.path.to_owned(), json!({ endpoint.method.as_str().to_lowercase(): operation }));
    }
    // A type that is both sent and answered is described as it is answered: those members are the ones always there.
    let mut schemas = requests.take_definitions(true);
    schemas.extend(answers.take_definitions(true));
    for schema in schemas.values_mut() {
        open(schema);
        say_plainly(schema);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": text::TITLE, "version": env!("CARGO_PKG_VERSION"), "description": text::LEAD },
        "externalDocs": { "url": format!("{origin}/docs/api") },
        "servers": [{ "url": origin }],
        "tags": text::TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

pub(in crate::api) fn generator(contract: fn(SchemaSettings) -> SchemaSettings) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    contract(settings).into_generator()
}

/// Says that members may be added: what is unknown is ignored by both sides.
pub(in crate::api) fn open(schema: &mut Value) {
    if let Some(members) = schema.as_object_mut()
        && members.contains_key("properties")
    {
        members.entry("additionalProperties").or_insert(Value::Bool(true));
    }
}

/// Makes what is said about types and members readable for those who have no Rust before them.
pub(in crate::api) fn say_plainly(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(said) if name == "description" => *said = without_links(said),
                    member => say_plainly(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(say_plainly),
        _ => {}
    }
}

/// Of a link to a Rust item, as in ``[`a::B`]``, the last word stays.
fn without_links(text: &str) -> String {
    let mut parts = text.split("[`");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (path, rest) = part.split_once("`]").unwrap_or((part, ""));
        let word = path.rsplit("::").next().unwrap_or(path);
        plain.push_str(&format!("`{word}`{rest}"));
    }
    plain
}

fn operation(
    endpoint: &Endpoint,
    origin: &str,
    requests: &mut SchemaGenerator,
    answers: &mut SchemaGenerator,
    problem: &Value,
) -> Value {
    let words = text::endpoint(endpoint.id);
    let mut responses = Map::new();
    responses.insert("200".to_owned(), success(endpoint, answers));
    if endpoint.id == "readyz" {
        let content = json!({ "text/plain; charset=utf-8": { "schema": { "type": "string" } } });
        responses.insert("503".to_owned(), json!({ "description": text::NOT_READY, "content": content }));
    }
    if endpoint.is_tagged {
        let headers = tagged_headers();
        responses.insert("304".to_owned(), json!({ "description": text::NOT_MODIFIED, "headers": headers }));
    }
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in endpoint.codes() {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in by_status {
        responses.insert(status.to_string(), refusals(status, &codes, origin, problem));
    }
    let mut operation = json!({
        "operationId": endpoint.id,
        "summary": words.title,
        "description": words.sentence,
        "tags": [words.tag],
        "externalDocs": { "url": format!("{origin}/docs/api#{}", endpoint.id) },
        "responses": responses,
    });
    if let Some((schema, example)) = endpoint.request {
        let schema = schema(requests).to_value();
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema, "example": example() } } });
    }
    operation
}

fn success(endpoint: &Endpoint, answers: &mut SchemaGenerator) -> Value {
    let (media_type, schema, example) = match &endpoint.answer {
        Answer::Json { media_type, schema, example } => (*media_type, schema(answers).to_value(), example()),
        Answer::Text { media_type, example } => (*media_type, json!({ "type": "string" }), json!(example)),
    };
    json!({
        "description": text::SUCCESS,
        "headers": if endpoint.is_tagged { tagged_headers() } else { json!({ "X-Request-Id": request_id() }) },
        "content": { media_type: { "schema": schema, "example": example } },
    })
}

/// What an answer bears that may be kept, and is then asked about by its name.
fn tagged_headers() -> Value {
    let header = |description| json!({ "description": description, "required": true, "schema": { "type": "string" } });
    json!({
        "X-Request-Id": request_id(),
        "ETag": header(text::ETAG),
        "Cache-Control": header(text::CACHE_CONTROL),
        "Access-Control-Allow-Origin": header(text::ANY_ORIGIN),
    })
}

/// All problems of one status: the schema names their codes, and each has an example.
pub(in crate::api) fn refusals(status: u16, codes: &[Code], origin: &str, problem: &Value) -> Value {
    let titles: Vec<String> = codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), code.row().title)).collect();
    let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let examples: Map<String, Value> = codes
        .iter()
        .map(|code| {
            let example = Problem::of(*code).at_origin(origin).with_request_id("5c2r8k1m0q7v4x9t");
            (code.as_str().to_owned(), json!({ "summary": code.title(), "value": example }))
        })
        .collect();
    let own = json!({ "properties": { "code": { "enum": words }, "status": { "const": status } } });
    let mut headers = json!({ "X-Request-Id": request_id() });
    if codes.iter().any(|code| says_when(*code).is_some()) {
        let always = codes.iter().all(|code| says_when(*code) == Some(true));
        headers["Retry-After"] = json!({ "description": text::RETRY_AFTER, "required": always, "schema": { "type": "integer", "minimum": 1 } });
    }
    json!({
        "description": titles.join(" "),
        "headers": headers,
        "content": { PROBLEM_JSON: { "schema": { "allOf": [problem, own] }, "examples": examples } },
    })
}

/// Whether a problem of this code says when to ask again: always, sometimes, or never (`None`).
fn says_when(code: Code) -> Option<bool> {
    match code {
        Code::AuthorizationPending | Code::SlowDown | Code::RateLimited | Code::NotReady => Some(true),
        // Not after the ten minutes in which it may not come back.
        Code::InstanceDeactivated => Some(false),
        _ => None,
    }
}

pub(in crate::api) fn request_id() -> Value {
    json!({ "description": text::REQUEST_ID, "required": true, "schema": { "type": "string" } })
}
