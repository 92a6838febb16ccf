//! The description of the API and the API say the same.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use app::api::description::{ENDPOINTS, Method, document};
use app::api::management;
use axum::http::StatusCode;
use leptos::server_fn::axum::server_fn_paths;
use serde_json::{Value, json};

use super::{Answer, ORIGIN, TestApp};

fn described() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| document(ORIGIN))
}

/// The same of the management API.
pub(super) fn management_described() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| management::document(ORIGIN))
}

/// The document that describes an address, and its path there.
fn description_of(path: &str) -> (&'static Value, String) {
    let path = path.split('?').next().unwrap_or_default();
    if !path.starts_with("/api/manage/v1/") {
        return (described(), path.to_owned());
    }
    let document = management_described();
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &&String| {
        let template: Vec<&str> = template.split('/').collect();
        template.len() == parts.len()
            && template.iter().zip(&parts).all(|(there, here)| there.starts_with('{') || there == here)
    };
    let mut templates = document["paths"].as_object().into_iter().flatten().map(|(template, _)| template);
    (document, templates.find(fits).cloned().unwrap_or_default())
}

/// What a value breaks of a schema of a document, one line each.
fn breaches(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    // References are relative to the document, so the schema is put into one that holds the same components.
    let whole = json!({ "components": document["components"], "allOf": [schema] });
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&whole);
    match validator {
        Ok(validator) => {
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
        }
        Err(error) => vec![format!("the schema itself is wrong: {error}")],
    }
}

/// Fails when an answer is not one that the document describes for its operation.
pub(super) fn assert_described(method: &str, path: &str, answer: &Answer) {
    let (document, path) = description_of(path);
    let operation = &document["paths"][&path][method.to_lowercase()];
    if operation.is_null() {
        return;
    }
    let status = answer.status.as_u16().to_string();
    let response = &operation["responses"][&status];
    assert!(!response.is_null(), "{method} {path} does not describe {status}: {}", answer.body);
    let content = &response["content"];
    if content.is_null() {
        assert_eq!(answer.body, "", "{method} {path} describes no body of {status}");
    } else {
        let media_type = answer.header("content-type");
        assert!(content[media_type].is_object(), "{method} {path} {status} describes {content}, not {media_type}");
        let schema = content[media_type].get("schema").unwrap_or(&Value::Bool(true));
        let body = if media_type.ends_with("json") { answer.json() } else { Value::String(answer.body.clone()) };
        assert_eq!(breaches(document, schema, &body), [""; 0], "{method} {path} {status}: {body}");
    }
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let is_there = !answer.header(&name.to_lowercase()).is_empty();
        assert!(is_there || header["required"] != true, "{method} {path} {status} lacks {name}");
    }
    let says_when = !answer.header("retry-after").is_empty();
    assert!(
        !says_when || response["headers"]["Retry-After"].is_object(),
        "{method} {path} {status} says when to return"
    );
}

#[tokio::test]
async fn the_document_is_served_and_every_reference_in_it_leads_somewhere() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    for address in ["/api/openapi.json", "/api/manage/openapi.json"] {
        let answer = app.get(address).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
        let document = answer.json();
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["servers"][0]["url"], ORIGIN);
        let mut references = Vec::new();
        collect_references(&document, &mut references);
        assert!(references.len() > 20, "{references:?}");
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap_or_default();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
    Ok(())
}

fn collect_references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| collect_references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_route_of_the_api_is_described_and_every_described_one_is_there() -> anyhow::Result<()> {
    let described: BTreeSet<&str> =
        ENDPOINTS.iter().filter(|endpoint| endpoint.method == Method::Post).map(|endpoint| endpoint.path).collect();
    let served: BTreeSet<&str> =
        server_fn_paths().map(|(path, _)| path).filter(|path| path.starts_with("/api/")).collect();
    assert_eq!(described, served);
    let app = TestApp::new().await?;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.method == Method::Get) {
        let answer = app.get(endpoint.path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", endpoint.path);
    }
    Ok(())
}

#[test]
fn every_example_is_an_example_of_its_schema() {
    let seen = [described(), management_described()].map(check_examples);
    assert!(seen.iter().all(|seen| *seen > 60), "{seen:?} examples");
}

fn check_examples(document: &Value) -> usize {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations =
        paths.flat_map(|(path, methods)| methods.as_object().into_iter().flatten().map(move |it| (path, it.1)));
    let mut seen = 0;
    for (path, operation) in operations {
        let bodies = [&operation["requestBody"]];
        let responses = operation["responses"].as_object().into_iter().flatten().map(|(_, response)| response);
        for body in bodies.into_iter().chain(responses) {
            for (media_type, content) in body["content"].as_object().into_iter().flatten() {
                let named = content["examples"].as_object().into_iter().flatten().map(|(_, example)| &example["value"]);
                for example in content.get("example").into_iter().chain(named) {
                    let found = breaches(document, &content["schema"], example);
                    assert_eq!(found, [""; 0], "{path} {media_type}: {example}");
                    seen += 1;
                }
            }
        }
    }
    seen
}

#[test]
fn what_is_enforced_is_described() {
    let whole = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let activate = described()["paths"]["/api/v1/licenses/activate"]["post"]["requestBody"]["content"]["application/json"]
        ["example"]
        .clone();
    let with = |path: &str, value: Value| {
        let mut body = activate.clone();
        if let Some(member) = body.pointer_mut(path) {
            *member = value;
        }
        body
    };
    for (body, good) in [
        (activate.clone(), true),
        (with("/nonce", json!("short")), false),
        (with("/nonce", json!("x".repeat(65))), false),
        (with("/nonce", json!("not base64url at all!")), false),
        (with("/version", json!("")), false),
        (with("/version", json!("a\u{85}b")), false),
        (with("/version", json!(null)), false),
        (with("/identity/id", json!("x".repeat(256))), false),
        (with("/identity/kind", json!("robot")), false),
        (with("/identity", json!({ "kind": "user", "id": "ada" })), false),
        (with("/identity", json!({ "kind": "user", "id": "ada", "device": "laptop" })), true),
        (with("/identity", json!({ "kind": "machine", "id": "m", "device": "d" })), false),
        (with("/identity", json!({ "kind": "machine", "id": "m", "device": null, "later": 1 })), true),
    ] {
        let found = breaches(described(), &whole("ActivateRequest"), &body);
        assert_eq!(found.is_empty(), good, "{body}: {found:?}");
        // The server's own word on the same body.
        let parsed = serde_json::from_value::<sdk::wire::ActivateRequest>(body.clone());
        let taken = parsed.is_ok_and(|request| request.validate().is_ok());
        assert_eq!(taken, good, "{body}");
    }
}
