//! What instances send and get, over HTTP: the shapes of the contract, and nothing but problems for whatever
//! is malformed.

use std::convert::Infallible;

use app::api::description::ENDPOINTS;
use app::api::limits::Rates;
use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode};
use backend::clock::Clock;
use backend::db::ClockWatch;
use backend::licenses::rules::{REASON_CANCELLED, REASON_PAST_DUE};
use backend::licenses::{LicenseStatus, set_standing};
use futures::stream;
use sdk::error::Code;
use sdk::lease::Expect;
use sdk::trust::TrustBundle;
use sdk::wire::MAX_BODY_BYTES;
use serde_json::{Value, json};

use super::{Answer, NOW, ORIGIN, TestApp};

pub(super) fn activate_body(key: &str, node: &str) -> Value {
    json!({ "license_key": key, "product": "iot-platform", "version": "4.2.1", "nonce": "0123456789abcdefABCD_-01",
            "identity": { "kind": "instance", "id": node } })
}

/// Every failure is a problem of the table: no HTML, no redirect, no 5xx.
pub(super) fn assert_problem(answer: &Answer, code: Code, case: &str) {
    assert_eq!(answer.status.as_u16(), code.status(), "{case}: {}", answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{case}");
    assert_eq!(answer.header("cache-control"), "no-store", "{case}");
    let problem = answer.json();
    assert_eq!(problem["code"], code.as_str(), "{case}: {problem}");
    assert_eq!(problem["type"], format!("{ORIGIN}/docs/api#{}", code.as_str()), "{case}");
    assert_eq!(problem["status"], code.status(), "{case}");
    assert_eq!(problem["request_id"], answer.header("x-request-id"), "{case}");
    assert!(problem["title"].is_string() && problem["remedy"].is_string(), "{case}: {problem}");
}

#[tokio::test]
async fn an_instance_activates_checks_and_releases() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (license_id, key) = app.license("startup", 2).await?;
    let activated = app.call("licenses/activate", &activate_body(&key, "node-a")).await;
    assert_eq!(activated.status, StatusCode::OK, "{}", activated.body);
    assert_eq!(activated.header("content-type"), "application/json");
    assert_eq!(activated.header("cache-control"), "no-store");
    let answer = activated.json();
    assert_eq!(answer["license_id"], license_id.as_str());
    assert_eq!(answer["server_time"], "2026-11-21T10:00:00Z");
    assert_eq!(answer["plan"]["limits"]["devices"], 500);

    let keys = app.get("/.well-known/jwks.json").await;
    let set: sdk::jwk::JwkSet = serde_json::from_str(&keys.body)?;
    let trust = TrustBundle::new(ORIGIN, set);
    let lease = answer["lease"].as_str().unwrap_or_default();
    let verified = sdk::lease::verify(lease, &trust, &Expect::of("iot-platform", NOW.seconds()))?;
    assert_eq!(verified.claims().sub, answer["instance_id"].as_str().unwrap_or_default());
    assert!(sdk::lease::verify(lease, &trust, &Expect::of("another-product", NOW.seconds())).is_err());
    assert!(sdk::lease::verify(lease, &trust, &Expect::of("iot-platform", NOW.seconds() + 1_000_000)).is_err());

    let body = json!({ "instance_id": answer["instance_id"], "secret": answer["secret"], "version": "4.2.1",
                       "nonce": "another_nonce_of_24_char", "levels": { "devices": 7 } });
    let checked = app.call("licenses/check", &body).await;
    assert_eq!(checked.status, StatusCode::OK, "{}", checked.body);
    let body = json!({ "instance_id": answer["instance_id"], "secret": checked.json()["secret"] });
    let released = app.call("licenses/release", &body).await;
    assert_eq!(released.json(), json!({ "released": true, "free_at": "2026-11-21T10:00:00Z" }));
    Ok(())
}

/// What memory answers looks like what the database answers, and goes on where that left off.
#[tokio::test]
async fn a_check_from_memory_has_the_same_shape_and_whatever_else_goes_past_it() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (_, key) = app.license("startup", 2).await?;
    let activated = app.call("licenses/activate", &activate_body(&key, "node-a")).await.json();
    let body = |secret: &Value, nonce: &str| json!({ "instance_id": activated["instance_id"], "secret": secret, "version": "4.2.1", "nonce": nonce });
    let by_database = app.call("licenses/check", &body(&activated["secret"], "nonce_of_24_characters_1")).await;
    let second = body(&by_database.json()["secret"], "nonce_of_24_characters_2");
    let by_memory = app.call("licenses/check", &second).await;
    for answer in [&by_database, &by_memory] {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        for header in [
            "cache-control",
            "content-security-policy",
            "content-type",
            "permissions-policy",
            "referrer-policy",
            "x-content-type-options",
        ] {
            assert!(!answer.header(header).is_empty(), "{header}");
            assert_eq!(answer.header(header), by_database.header(header), "{header}");
        }
        assert_eq!(answer.header("x-request-id").len(), 16);
    }
    // Leases do not shrink, so memory does not offer to compress them: by that it is known who answered.
    assert_eq!((by_database.header("vary"), by_memory.header("vary")), ("accept-encoding", ""));
    let names = |answer: &Answer| answer.json().as_object().map(|it| it.keys().cloned().collect::<Vec<_>>());
    assert_eq!(names(&by_memory), names(&by_database));
    assert_ne!(by_memory.header("x-request-id"), by_database.header("x-request-id"));

    // A member that stands twice, another method, another type, and a secret of nobody's.
    let twice = second.to_string().replacen('{', r#"{"version":"4.2.1","#, 1);
    let json = [("content-type", "application/json")];
    let refused = app.send(Method::POST, "/api/v1/licenses/check", &json, twice).await;
    assert_problem(&refused, Code::InvalidRequest, "twice");
    let refused = app.send(Method::PUT, "/api/v1/licenses/check", &json, second.to_string()).await;
    assert_problem(&refused, Code::MethodNotAllowed, "another method");
    let text = [("content-type", "text/plain")];
    let refused = app.send(Method::POST, "/api/v1/licenses/check", &text, second.to_string()).await;
    assert_problem(&refused, Code::UnsupportedMediaType, "another type");
    let refused = app.call("licenses/check", &body(&json!("bm9ib2R5"), "nonce_of_24_characters_3")).await;
    assert_problem(&refused, Code::InvalidSecret, "a secret of nobody's");
    Ok(())
}

/// A body that comes in pieces, so that its length is not known before its end.
fn in_pieces(text: &str) -> Body {
    let pieces: Vec<_> =
        text.as_bytes().chunks(40).map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece))).collect();
    Body::from_stream(stream::iter(pieces))
}

#[tokio::test]
async fn a_check_in_pieces_is_answered_and_one_that_is_too_long_is_refused_as_everywhere() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (_, key) = app.license("startup", 2).await?;
    let activated = app.call("licenses/activate", &activate_body(&key, "node-a")).await.json();
    let body = |secret: &Value, nonce: &str| json!({ "instance_id": activated["instance_id"], "secret": secret, "version": "4.2.1", "nonce": nonce });
    let first = app.call("licenses/check", &body(&activated["secret"], "nonce_of_24_characters_1")).await.json();
    let (path, json) = ("/api/v1/licenses/check", [("content-type", "application/json")]);
    let second = body(&first["secret"], "nonce_of_24_characters_2").to_string();
    let answer = app.send(Method::POST, path, &json, in_pieces(&second)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    // By which it is known who answered: memory reads no body of which it does not know the length.
    assert_eq!(answer.header("vary"), "accept-encoding");
    let third = body(&answer.json()["secret"], "nonce_of_24_characters_3").to_string();
    let long = format!("{third}{}", " ".repeat(MAX_BODY_BYTES));
    for (what, body) in [("a length that is said", Body::from(long.clone())), ("in pieces", in_pieces(&long))] {
        let refused = app.send(Method::POST, path, &json, body).await;
        assert_problem(&refused, Code::PayloadTooLarge, what);
    }
    // As long as a body may be.
    let full = format!("{third}{}", " ".repeat(MAX_BODY_BYTES - third.len()));
    let answer = app.send(Method::POST, path, &json, full).await;
    assert_eq!((answer.status, answer.header("vary")), (StatusCode::OK, ""), "memory answers: {}", answer.body);
    Ok(())
}

#[tokio::test]
async fn one_too_many_is_refused_with_the_list_of_holders() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (_, key) = app.license("maker", 1).await?;
    app.call("licenses/activate", &activate_body(&key, "node-a")).await;
    let refused = app.call("licenses/activate", &activate_body(&key, "node-b")).await;
    assert_problem(&refused, Code::SeatsExhausted, "the second node");
    let holders = refused.json()["holders"].clone();
    assert_eq!(holders[0]["identity"], json!({ "kind": "instance", "id": "node-a" }));
    assert_eq!(holders[0]["version"], "4.2.1");
    Ok(())
}

#[tokio::test]
async fn whatever_is_malformed_is_answered_with_a_problem_that_names_the_member() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let good = activate_body("LH-X", "node-a");
    let with = |path: &str, value: Value| {
        let mut body = good.clone();
        if let Some(member) = body.pointer_mut(path) {
            *member = value;
        }
        body
    };
    for (body, member) in [
        (json!(null), "body"),
        (json!([]), "body"),
        (json!("text"), "body"),
        (json!({}), "license_key"),
        (with("/license_key", json!(5)), "license_key"),
        (with("/license_key", json!("")), "license_key"),
        (with("/version", json!(null)), "version"),
        (with("/version", json!("a\u{0}b")), "version"),
        (with("/nonce", json!("short")), "nonce"),
        (with("/nonce", json!("not base64url at all!")), "nonce"),
        (with("/identity", json!("node-a")), "identity"),
        (with("/identity/kind", json!("robot")), "identity.kind"),
        (with("/identity/id", json!("")), "identity.id"),
        (with("/identity/id", json!("x".repeat(256))), "identity.id"),
        (with("/identity", json!({ "kind": "user", "id": "ada" })), "identity.device"),
        (with("/identity", json!({ "kind": "machine", "id": "m", "device": "d" })), "identity.device"),
    ] {
        let answer = app.call("licenses/activate", &body).await;
        assert_problem(&answer, Code::InvalidRequest, &body.to_string());
        assert_eq!(answer.json()["member"], member, "{body}: {}", answer.body);
    }
    Ok(())
}

/// Address and example of everything that takes JSON.
fn posts() -> impl Iterator<Item = (&'static str, Value)> {
    ENDPOINTS.iter().filter_map(|endpoint| endpoint.request.map(|(_, example)| (endpoint.path, example())))
}

#[tokio::test]
async fn no_endpoint_stumbles_over_what_is_malformed() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    assert_eq!(posts().count(), 7, "all endpoints of the table");
    let headers = [("content-type", "application/json")];
    for (path, example) in posts() {
        for body in ["", "{", "nul", "[1,2", "\u{0}", "{\"a\":1}{\"b\":2}", "{\"nonce\":1e999}"] {
            let answer = app.send(Method::POST, path, &headers, body).await;
            assert_problem(&answer, Code::InvalidRequest, &format!("{path} {body:?}"));
        }
        let deep = "[".repeat(40_000);
        let answer = app.send(Method::POST, path, &headers, deep).await;
        assert_problem(&answer, Code::InvalidRequest, "40,000 open brackets");
        for (member, value) in example.as_object().into_iter().flatten() {
            let with = |value: Value| {
                let mut body = example.clone();
                body[member] = value;
                body.to_string()
            };
            let answer = app.send(Method::POST, path, &headers, with(json!(true))).await;
            assert_problem(&answer, Code::InvalidRequest, &format!("{path} {member}"));
            assert_eq!(answer.json()["member"], member.as_str(), "{path}: {}", answer.body);
            if value.is_string() {
                let answer = app.send(Method::POST, path, &headers, with(json!("a\u{0}b"))).await;
                assert!(answer.status.is_client_error(), "{path} {member}: {} {}", answer.status, answer.body);
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn while_the_database_is_away_every_call_is_told_that_the_server_is_not_ready() -> anyhow::Result<()> {
    let (knows_its_vendor, fresh) = (TestApp::new().await?, TestApp::new().await?);
    knows_its_vendor.get("/.well-known/jwks.json").await;
    for app in [knows_its_vendor, fresh] {
        app.state.db.close().await;
        let read =
            ["/.well-known/jwks.json", "/.well-known/keys.json", "/.well-known/trust.json", "/api/v1/revocations"];
        let mut answers = Vec::new();
        for path in read {
            answers.push((path, app.get(path).await));
        }
        let headers = [("content-type", "application/json")];
        for (path, example) in posts() {
            answers.push((path, app.send(Method::POST, path, &headers, example.to_string()).await));
        }
        for (path, answer) in answers {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {}", answer.body);
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
            assert_eq!((answer.header("retry-after"), answer.header("cache-control")), ("5", "no-store"), "{path}");
            let problem = answer.json();
            assert_eq!((&problem["code"], &problem["retry_after_s"]), (&json!("not_ready"), &json!(5)), "{path}");
            assert_eq!(problem["request_id"], answer.header("x-request-id"), "{path}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_node_whose_clock_is_not_the_databases_is_not_ready() -> anyhow::Result<()> {
    let watch = ClockWatch::beside(Clock::fixed(NOW));
    let app = TestApp::watched(Rates::OFF, watch.clone()).await?;
    let (_, key) = app.license("startup", 2).await?;
    let activation = activate_body(&key, "node-a");
    assert_problem(&app.call("licenses/activate", &activation).await, Code::NotReady, "a difference that is not known");
    for ahead_ms in [180_000, -180_000] {
        watch.note(NOW.plus(-ahead_ms));
        for (path, example) in posts() {
            let headers = [("content-type", "application/json")];
            let answer = app.send(Method::POST, path, &headers, example.to_string()).await;
            assert_problem(&answer, Code::NotReady, &format!("{path}, {ahead_ms} ms ahead"));
            assert_eq!(answer.header("retry-after"), "5", "{path}");
        }
        // Whatever judges no seats goes on.
        assert_eq!(app.get("/.well-known/jwks.json").await.status, StatusCode::OK);
        assert_eq!(app.get("/").await.status, StatusCode::OK);
    }
    watch.note(NOW);
    assert_eq!(app.call("licenses/activate", &activation).await.status, StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn a_license_that_is_not_paid_or_was_cancelled_says_why_it_is_not_active() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (license_id, key) = app.license("startup", 2).await?;
    let node = app.call("licenses/activate", &activate_body(&key, "node-a")).await.json();
    let check = json!({ "instance_id": node["instance_id"], "secret": node["secret"], "version": "4.2.1",
                        "nonce": "another_nonce_of_24_char" });
    for (status, said, reason) in [
        (LicenseStatus::Suspended, REASON_PAST_DUE, "past_due"),
        (LicenseStatus::Ended, REASON_CANCELLED, "cancelled"),
        (LicenseStatus::Pending, "", "not_paid"),
    ] {
        let (cx, id) = (app.cx(), license_id.clone());
        let stands =
            app.state.db.write(move |tx| Box::pin(async move { set_standing(tx, &cx, &id, status, said).await }));
        stands.await?;
        for (endpoint, body) in [("licenses/check", &check), ("licenses/activate", &activate_body(&key, "node-b"))] {
            let answer = app.call(endpoint, body).await;
            assert_problem(&answer, Code::LicenseInactive, &format!("{endpoint} {reason}"));
            assert_eq!(answer.json()["reason"], reason, "{endpoint}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_license_for_machines_takes_no_users() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (_, key) = app.license("perpetual", 1).await?;
    let mut body = activate_body(&key, "node-a");
    body["identity"] = json!({ "kind": "user", "id": "ada", "device": "laptop" });
    let answer = app.call("licenses/activate", &body).await;
    assert_problem(&answer, Code::IdentityKindMismatch, "a user");
    Ok(())
}

#[tokio::test]
async fn http_itself_is_answered_in_the_same_shape() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let path = "/api/v1/licenses/activate";
    let json = ("content-type", "application/json");
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = app.send(method.clone(), path, &[json], "{}").await;
        assert_problem(&answer, Code::MethodNotAllowed, method.as_str());
        assert_eq!(answer.header("allow"), "POST");
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp", "text/json"] {
        let answer = app.send(Method::POST, path, &[("content-type", content_type)], "{}").await;
        assert_problem(&answer, Code::UnsupportedMediaType, content_type);
    }
    let answer = app.send(Method::POST, path, &[], "{}").await;
    assert_problem(&answer, Code::UnsupportedMediaType, "no content type");
    for coding in ["gzip", "br", "gzip, identity"] {
        let answer = app.send(Method::POST, path, &[json, ("content-encoding", coding)], "{}").await;
        assert_problem(&answer, Code::UnsupportedMediaType, coding);
    }
    let answer = app.send(Method::POST, path, &[json, ("content-encoding", "identity")], "{}").await;
    assert_problem(&answer, Code::InvalidRequest, "as it is");
    let answer = app.send(Method::POST, path, &[json], vec![b'{', 0xff, 0xfe, b'}']).await;
    assert_problem(&answer, Code::InvalidRequest, "a body that is not UTF-8");
    assert_eq!(answer.json()["member"], "body");
    let head = app.send(Method::HEAD, path, &[], "").await;
    assert_eq!((head.status, head.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    for content_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let answer = app.send(Method::POST, path, &[("content-type", content_type)], "{}").await;
        assert_problem(&answer, Code::InvalidRequest, content_type);
    }
    for unknown in ["/api/v1/licenses/nothing", "/api/v1/x", "/api/v1/licenses/activate/", "/api/v1/", "/api/v1"] {
        let answer = app.send(Method::POST, unknown, &[json], "{}").await;
        assert_problem(&answer, Code::NotFound, unknown);
    }
    // Outside of what the router knows of the APIs, where the portal would refuse a post that no page of its own sent.
    for unknown in ["/api/v2/x", "/api", "/.well-known/x"] {
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let answer = app.send(method.clone(), unknown, &[json], "{}").await;
            assert_problem(&answer, Code::NotFound, &format!("{method} {unknown}"));
        }
    }
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(64 * 1024));
    assert_problem(&app.send(Method::POST, path, &[json], large).await, Code::PayloadTooLarge, "64 KiB and more");
    // A browser's headers change nothing: no redirect, no HTML.
    let browser = [json, ("accept", "text/html"), ("referer", "https://portal.test/"), ("cookie", "leasehold=x")];
    assert_problem(&app.send(Method::POST, path, &browser, "{}").await, Code::InvalidRequest, "a browser's headers");
    Ok(())
}

#[tokio::test]
async fn unknown_keys_instances_and_secrets_are_told_apart_as_the_table_says() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (_, key) = app.license("startup", 2).await?;
    for typed in ["LH-X", "LH-00000-00000-00000-00000-00000-00000", "nonsense"] {
        let answer = app.call("licenses/activate", &activate_body(typed, "a")).await;
        assert_problem(&answer, Code::LicenseNotFound, typed);
    }
    let lower = app.call("licenses/activate", &activate_body(&key.to_lowercase(), "a")).await;
    assert_eq!(lower.status, StatusCode::OK, "a key is read tolerantly: {}", lower.body);
    let check = |id: &Value, secret: &str| json!({ "instance_id": id, "secret": secret, "version": "1", "nonce": "0123456789abcdef" });
    let unknown = app.call("licenses/check", &check(&json!("ins_unknown"), "x")).await;
    assert_problem(&unknown, Code::InstanceNotFound, "an unknown instance");
    let forged = app.call("licenses/check", &check(&lower.json()["instance_id"], "AAAA")).await;
    assert_problem(&forged, Code::InvalidSecret, "a forged secret");
    let mut other_kind = activate_body(&key, "b");
    other_kind["identity"] = json!({ "kind": "user", "id": "ada", "device": "laptop" });
    let answer = app.call("licenses/activate", &other_kind).await;
    assert_eq!(answer.status, StatusCode::OK, "a floating license seats any kind: {}", answer.body);
    Ok(())
}
