//! Listing holders, freeing another's seat, and how often one may call.

use app::api::limits::{Rate, Rates};
use axum::http::{Method, StatusCode};
use sdk::error::Code;
use sdk::wire::MAX_BODY_BYTES;
use serde_json::{Value, json};

use super::licensing_api::{activate_body, assert_problem};
use super::{Answer, TestApp};

async fn activate(app: &TestApp, key: &str, node: &str) -> Answer {
    app.call("licenses/activate", &activate_body(key, node)).await
}

fn check_body(last: &Value) -> Value {
    json!({ "instance_id": last["instance_id"], "secret": last["secret"], "version": "4.2.1",
            "nonce": "another_nonce_of_24_char" })
}

#[tokio::test]
async fn holders_are_listed_and_freed_by_key_or_by_secret() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (_, key) = app.license("startup", 3).await?;
    let a = activate(&app, &key, "node-a").await.json();
    let b = activate(&app, &key, "node-b").await.json();
    let listed = app.call("licenses/instances", &json!({ "license_key": key })).await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.body);
    let ids: Vec<Value> =
        listed.json()["holders"].as_array().into_iter().flatten().map(|it| it["id"].clone()).collect();
    assert!(ids.contains(&a["instance_id"]) && ids.contains(&b["instance_id"]), "{}", listed.body);

    let body =
        json!({ "instance_id": a["instance_id"], "secret": a["secret"], "target_instance_id": b["instance_id"] });
    let freed = app.call("licenses/deactivate", &body).await;
    assert_eq!(freed.json(), json!({ "deactivated": true, "free_at": "2026-11-21T10:00:00Z" }));
    let refused = app.call("licenses/check", &check_body(&b)).await;
    assert_problem(&refused, Code::InstanceDeactivated, "the one that was freed");
    assert_eq!(refused.header("retry-after"), "600");

    for (body, code) in [
        (json!({}), Code::InvalidRequest),
        (json!({ "license_key": key, "instance_id": "x" }), Code::InvalidRequest),
        (json!({ "instance_id": a["instance_id"] }), Code::InvalidRequest),
        (json!({ "license_key": "LH-X" }), Code::LicenseNotFound),
        (json!({ "instance_id": a["instance_id"], "secret": "AAAA" }), Code::InvalidSecret),
        (json!({ "instance_id": "ins_unknown", "secret": "AAAA" }), Code::InstanceNotFound),
    ] {
        assert_problem(&app.call("licenses/instances", &body).await, code, &body.to_string());
        let mut body = body;
        body["target_instance_id"] = a["instance_id"].clone();
        assert_problem(&app.call("licenses/deactivate", &body).await, code, &body.to_string());
    }
    Ok(())
}

#[tokio::test]
async fn the_fourth_seat_that_the_bare_key_frees_within_an_hour_waits() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (_, key) = app.license("startup", 4).await?;
    for n in 0..4 {
        let node = activate(&app, &key, &format!("node-{n}")).await.json();
        let body = json!({ "license_key": key, "target_instance_id": node["instance_id"] });
        let answer = app.call("licenses/deactivate", &body).await;
        if n < 3 {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        } else {
            assert_problem(&answer, Code::RateLimited, "the fourth");
            assert_eq!(answer.header("retry-after"), "3601");
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_instance_that_calls_too_often_waits_and_others_do_not() -> anyhow::Result<()> {
    let app = TestApp::limited(Rates { instance: Rate { per_s: 1, burst: 3 }, ..Rates::OFF }).await?;
    let (_, key) = app.license("startup", 3).await?;
    let a = activate(&app, &key, "node-a").await.json();
    let b = activate(&app, &key, "node-b").await.json();
    // Whoever only names the instance uses up nothing.
    for _ in 0..10 {
        let forged = json!({ "instance_id": a["instance_id"], "secret": "AAAA", "version": "1",
                             "nonce": "another_nonce_of_24_char" });
        assert_problem(&app.call("licenses/check", &forged).await, Code::InvalidSecret, "a stranger");
    }
    let mut limited = None;
    for _ in 0..10 {
        let answer = app.call("licenses/check", &check_body(&a)).await;
        if answer.status != StatusCode::OK {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.unwrap_or_else(|| panic!("ten calls at once were all answered"));
    assert_problem(&limited, Code::RateLimited, "the fourth call");
    assert!(limited.header("retry-after").parse::<i64>().is_ok_and(|seconds| seconds >= 1));
    assert_eq!(app.call("licenses/check", &check_body(&b)).await.status, StatusCode::OK);
    Ok(())
}

/// Fails unless the first of these is answered so, and one of them is told to wait.
fn assert_limited(answers: &[Answer], first: Option<Code>, case: &str) {
    match first {
        Some(code) => assert_problem(&answers[0], code, case),
        None => assert_eq!(answers[0].status, StatusCode::OK, "{case}: {}", answers[0].body),
    }
    let limited = answers.iter().find(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS);
    let limited = limited.unwrap_or_else(|| panic!("{case}: ten calls at once were all answered"));
    assert_problem(limited, Code::RateLimited, case);
    assert!(limited.header("retry-after").parse::<i64>().is_ok_and(|seconds| seconds >= 1), "{case}");
}

#[tokio::test]
async fn whoever_is_genuine_is_limited_by_key_and_by_license_whatever_is_asked_and_answered() -> anyhow::Result<()> {
    let few = Rate { per_s: 1, burst: 3 };
    for rates in [Rates { key: few, ..Rates::OFF }, Rates { license: few, ..Rates::OFF }] {
        let app = TestApp::limited(rates).await?;
        let (_, full) = app.license("maker", 1).await?;
        let (_, listed) = app.license("startup", 1).await?;
        let (mut activations, mut listings) = (Vec::new(), Vec::new());
        for n in 0..10 {
            activations.push(activate(&app, &full, &format!("node-{n}")).await);
            listings.push(app.call("licenses/instances", &json!({ "license_key": listed })).await);
        }
        assert_limited(&activations, None, "a key that goes on making up instances");
        assert_problem(&activations[1], Code::SeatsExhausted, "the second instance");
        assert_limited(&listings, None, "a key that never activates");
    }
    // An instance whose answers do not name its license.
    let app = TestApp::limited(Rates { license: few, ..Rates::OFF }).await?;
    let (_, key) = app.license("startup", 1).await?;
    let node = activate(&app, &key, "node-a").await.json();
    let mut releases = Vec::new();
    for _ in 0..10 {
        let body = json!({ "instance_id": node["instance_id"], "secret": node["secret"] });
        releases.push(app.call("licenses/release", &body).await);
    }
    assert_limited(&releases, None, "an instance that only releases");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_counts_as_failing_and_is_told_why_first() -> anyhow::Result<()> {
    let (json, text) = ("application/json", "text/plain");
    let large = "x".repeat(MAX_BODY_BYTES + 1);
    for (method, path, media_type, body, code) in [
        (Method::POST, "/api/v1/licenses/check", json, "{", Code::InvalidRequest),
        (Method::POST, "/api/v1/licenses/activate", json, r#"{"license_key":5}"#, Code::InvalidRequest),
        (Method::POST, "/api/v1/claims/start", json, "{}", Code::InvalidRequest),
        (Method::POST, "/api/v1/nothing", json, "{}", Code::NotFound),
        (Method::PUT, "/api/v1/licenses/check", json, "{}", Code::MethodNotAllowed),
        (Method::POST, "/api/v1/licenses/check", text, "{}", Code::UnsupportedMediaType),
        (Method::POST, "/api/v1/licenses/check", json, large.as_str(), Code::PayloadTooLarge),
    ] {
        let app = TestApp::limited(Rates { failures: Rate { per_s: 1, burst: 3 }, ..Rates::OFF }).await?;
        let mut answers = Vec::new();
        for _ in 0..10 {
            let headers = [("content-type", media_type)];
            answers.push(app.send(method.clone(), path, &headers, body.to_owned()).await);
        }
        assert_limited(&answers, Some(code), &format!("{method} {path} {code:?}"));
    }
    Ok(())
}

#[tokio::test]
async fn an_address_that_guesses_is_told_nothing_more_and_genuine_calls_from_it_pass() -> anyhow::Result<()> {
    let app = TestApp::limited(Rates { failures: Rate { per_s: 1, burst: 5 }, ..Rates::OFF }).await?;
    let (_, key) = app.license("startup", 3).await?;
    let mut codes = Vec::new();
    for n in 0..10 {
        let guess = activate_body(&format!("LH-GUESS-{n}"), "node-a");
        codes.push(app.call("licenses/activate", &guess).await.json()["code"].clone());
    }
    assert_eq!(codes[..5], ["license_not_found"; 5], "{codes:?}");
    assert!(codes[6..].iter().all(|code| code == "rate_limited"), "{codes:?}");
    let genuine = activate(&app, &key, "node-a").await;
    assert_eq!(genuine.status, StatusCode::OK, "{}", genuine.body);
    assert_eq!(app.call("licenses/check", &check_body(&genuine.json())).await.status, StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn whoever_shows_a_genuine_key_or_secret_is_no_failure_of_the_address_whatever_is_refused() -> anyhow::Result<()>
{
    let app = TestApp::limited(Rates { failures: Rate { per_s: 1, burst: 1 }, ..Rates::OFF }).await?;
    let (_, key) = app.license("startup", 3).await?;
    let node = activate(&app, &key, "node-a").await.json();
    let with = |mut body: Value, member: &str, value: Value| {
        body[member] = value;
        body
    };
    let activation = activate_body(&key, "node-b");
    let unknown = json!({ "license_key": key, "target_instance_id": "ins_unknown" });
    let unknown_to_instance = json!({ "instance_id": node["instance_id"], "secret": node["secret"],
                                      "target_instance_id": "ins_unknown" });
    let genuine = [
        ("licenses/activate", with(activation.clone(), "borrow_s", json!(0)), Code::InvalidRequest),
        ("licenses/activate", with(activation, "product", json!("another")), Code::LicenseNotFound),
        ("licenses/check", with(check_body(&node), "levels", json!({ "devices": -1 })), Code::InvalidRequest),
        ("licenses/deactivate", unknown, Code::InstanceNotFound),
        ("licenses/deactivate", unknown_to_instance, Code::InstanceNotFound),
    ];
    for (endpoint, body, code) in &genuine {
        for _ in 0..3 {
            assert_problem(&app.call(endpoint, body).await, *code, &format!("{endpoint} {body}"));
        }
    }
    // With nothing genuine in it, the same counts.
    let strangers = [
        ("licenses/activate", with(activate_body("LH-GUESS", "node-b"), "borrow_s", json!(0))),
        (
            "licenses/check",
            json!({ "instance_id": node["instance_id"], "secret": "AAAA", "version": "1",
                                   "nonce": "another_nonce_of_24_char", "levels": { "devices": -1 } }),
        ),
    ];
    for (endpoint, body) in &strangers {
        let mut codes = Vec::new();
        for _ in 0..3 {
            codes.push(app.call(endpoint, body).await.json()["code"].clone());
        }
        assert!(codes.contains(&json!("rate_limited")), "{endpoint}: {codes:?}");
    }
    Ok(())
}
