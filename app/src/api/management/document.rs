//! The OpenAPI 3.1 document of the management API (<https://spec.openapis.org/oas/v3.1.1.html>), made like that of the
//! licensing API.

use std::collections::BTreeMap;

use backend::text::en::api_docs::SUCCESS;
use backend::text::en::management_docs as text;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use sdk::error::{Code, Problem};
use serde_json::{Map, Value, json};

use super::endpoints::{Answer, ENDPOINTS, Endpoint, IDEMPOTENCY_KEY};
use crate::api::description::{generator, open, refusals, request_id, say_plainly};

/// How the document calls what a token is sent as.
const SECURITY: &str = "token";

/// The document of a vendor whose origin this is.
#[must_use]
pub fn document(origin: &str) -> Value {
    let mut requests = generator(SchemaSettings::for_deserialize);
    let mut answers = generator(SchemaSettings::for_serialize);
    let problem = answers.subschema_for::<Problem>().to_value();
    let mut paths = Map::new();
    for endpoint in ENDPOINTS {
        let operation = operation(endpoint, origin, &mut requests, &mut answers, &problem);
        paths.entry(endpoint.path).or_insert_with(|| json!({}))[endpoint.verb.as_str().to_lowercase()] = operation;
    }
    let mut schemas = requests.take_definitions(true);
    schemas.extend(answers.take_definitions(true));
    for schema in schemas.values_mut() {
        open(schema);
        say_plainly(schema);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": text::TITLE, "version": env!("CARGO_PKG_VERSION"), "description": text::LEAD },
        "externalDocs": { "url": format!("{origin}/docs/api#management") },
        "servers": [{ "url": origin }],
        "security": [{ SECURITY: [] }],
        "tags": text::TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { SECURITY: { "type": "http", "scheme": "bearer", "description": text::TOKEN } },
        },
    })
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
    responses.insert("200".to_owned(), success(endpoint.answer, answers));
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in endpoint.codes() {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in by_status {
        responses.insert(status.to_string(), refusals(status, &codes, origin, problem));
    }
    let in_path = endpoint.path_parameters().map(|name| {
        json!({ "name": name, "in": "path", "required": true, "description": text::parameter(name),
                "schema": { "type": "string", "minLength": 1 } })
    });
    let in_query = endpoint.query.iter().map(|parameter| {
        json!({ "name": parameter.name, "in": "query", "description": text::parameter(parameter.name),
                "schema": (parameter.schema)() })
    });
    let in_header = endpoint.needs_key().then(|| {
        json!({ "name": IDEMPOTENCY_KEY, "in": "header", "required": true,
                "description": text::parameter(IDEMPOTENCY_KEY),
                "schema": { "type": "string", "pattern": "^[!-~]{1,200}$" },
                "example": "renewal-2026-0042" })
    });
    let parameters: Vec<Value> = in_path.chain(in_query).chain(in_header).collect();
    let mut operation = json!({
        "operationId": endpoint.id,
        "summary": words.title,
        "description": text::with_scope(words.sentence, endpoint.scope),
        "tags": [words.tag],
        "parameters": parameters,
        // OpenAPI 3.1 lets scopes of any scheme be named here, as the roles that a call needs.
        "security": [{ SECURITY: [endpoint.scope.as_str()] }],
        "responses": responses,
    });
    if let Some((schema, example)) = endpoint.request {
        let schema = schema(requests).to_value();
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema, "example": example() } } });
    }
    operation
}

fn success(answer: Answer, answers: &mut SchemaGenerator) -> Value {
    let content = match answer {
        Answer::Json(schema, example) => {
            json!({ "application/json": { "schema": schema(answers).to_value(), "example": example() } })
        }
        Answer::Pdf => json!({ "application/pdf": {} }),
    };
    json!({ "description": SUCCESS, "headers": { "X-Request-Id": request_id() }, "content": content })
}
