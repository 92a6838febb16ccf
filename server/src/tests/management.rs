//! What programs with an API token get, over HTTP.

use std::collections::BTreeSet;

use app::api::limits::{Rate, Rates};
use app::api::management::endpoints::ENDPOINTS;
use axum::http::{Method, StatusCode};
use backend::clock::{DAY_MS, MINUTE_MS};
use backend::licenses::find_license;
use backend::tokens::rules::{ACCOUNT_SCOPES, VENDOR_SCOPES};
use backend::tokens::{ApiToken, Holder, NewToken, TokenCreation, create_token, find_token};
use sdk::error::Code;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

use super::licensing_api::{activate_body, assert_problem};
use super::openapi::management_described;
use super::{Answer, ORIGIN, TestApp};
use crate::http::manage::for_programs;

pub(super) const V1: &str = "/api/manage/v1";

/// A program with a token of all scopes that its holder's tokens can have.
pub(super) struct Program<'a> {
    app: &'a TestApp,
    token: ApiToken,
    pub(super) bearer: String,
}

impl<'a> Program<'a> {
    pub(super) async fn of(app: &'a TestApp, holder: Holder) -> anyhow::Result<Self> {
        let scopes = if holder == Holder::Vendor { VENDOR_SCOPES } else { ACCOUNT_SCOPES };
        let new = NewToken { holder, name: "Inventory".to_owned(), scopes: scopes.iter().copied().collect(), days: 90 };
        let (cx, master) = (app.cx(), app.state.master.clone());
        let made =
            app.state.db.write(move |tx| Box::pin(async move { create_token(tx, &cx, &master, &new).await })).await?;
        match made {
            TokenCreation::Created { token, text } => {
                Ok(Self { app, token: *token, bearer: format!("Bearer {}", text.expose()) })
            }
            other => anyhow::bail!("{other:?}"),
        }
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: &str) -> Answer {
        let headers = [("authorization", self.bearer.as_str()), ("content-type", "application/json")];
        self.app.send(method, &format!("{V1}{path}"), &headers, body.to_owned()).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    /// The token as it is now.
    async fn now(&self) -> anyhow::Result<ApiToken> {
        let (vendor_id, id) = (self.app.vendor.id.clone(), self.token.id.clone());
        let found = self.app.state.db.read(|tx| Box::pin(async move { find_token(tx, &vendor_id, &id).await })).await?;
        found.ok_or_else(|| anyhow::anyhow!("the token is gone"))
    }
}

/// A license with two running instances, and a program of its account's.
async fn scene(app: &TestApp) -> anyhow::Result<(Program<'_>, String, String, String)> {
    let (license_id, key) = app.license("startup", 3).await?;
    let mut instances = Vec::new();
    for node in ["node-a", "node-b"] {
        let held = app.call("licenses/activate", &activate_body(&key, node)).await.json();
        instances.push(held["instance_id"].as_str().unwrap_or_default().to_owned());
    }
    let (vendor_id, id) = (app.vendor.id.clone(), license_id.clone());
    let view = app.state.db.read(|tx| Box::pin(async move { find_license(tx, &vendor_id, &id).await })).await?;
    let account_id = view.ok_or_else(|| anyhow::anyhow!("no license"))?.license.account_id;
    let program = Program::of(app, Holder::Account(account_id)).await?;
    Ok((program, license_id.to_string(), instances.remove(0), key))
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().into_iter().flatten().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect()
}

#[test]
fn every_endpoint_is_served_and_described_once() {
    let served: BTreeSet<_> = for_programs().map(|(method, path, _)| format!("{method} {path}")).into();
    let listed: BTreeSet<_> = ENDPOINTS.map(|endpoint| format!("{} {}", endpoint.verb.as_str(), endpoint.path)).into();
    assert_eq!(served, listed);
    let paths = management_described()["paths"].as_object().into_iter().flatten();
    let described: BTreeSet<_> = paths
        .flat_map(|(path, methods)| {
            methods
                .as_object()
                .into_iter()
                .flatten()
                .map(move |(method, _)| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    assert_eq!(described, listed);
    for endpoint in ENDPOINTS {
        let words = backend::text::en::management_docs::endpoint(endpoint.id);
        assert!(!words.title.is_empty() && words.sentence.ends_with('.'), "{}", endpoint.id);
        let names = endpoint.query.iter().map(|parameter| parameter.name).chain(endpoint.path_parameters());
        for name in names {
            assert!(!backend::text::en::management_docs::parameter(name).is_empty(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_program_sees_what_its_account_has_and_never_a_key() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (program, license, instance, key) = scene(&app).await?;
    let listed = program.get("/licenses").await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.body);
    assert_eq!(listed.header("cache-control"), "no-store");
    assert!(listed.header("access-control-allow-origin").is_empty() && listed.header("set-cookie").is_empty());
    let shown = program.get(&format!("/licenses/{license}")).await.json();
    assert_eq!(listed.json()["items"][0], shown, "a list says the same as the license");
    assert_eq!((&shown["status"], &shown["seats_held"]), (&json!("active"), &json!(2)));
    assert_eq!(shown["last_contact_at"], "2026-11-21T10:00:00Z");
    let usage = program.get(&format!("/licenses/{license}/usage")).await.json();
    assert_eq!((&usage["seats"], &usage["seats_held"]), (&json!(3), &json!(2)));
    assert_eq!(
        usage["limits"].as_array().into_iter().flatten().find(|it| it["name"] == "devices").map(|it| &it["limit"]),
        Some(&json!(500))
    );
    let found = program.get(&format!("/licenses/{license}/instances?find=node-a")).await.json();
    assert_eq!(ids(&found), std::slice::from_ref(&instance));
    let one = program.get(&format!("/licenses/{license}/instances/{instance}")).await.json();
    assert_eq!((&one["state"], &one["identity"]["id"]), (&json!("holding"), &json!("node-a")));
    assert_eq!(program.get("/invoices").await.json(), json!({ "items": [], "next_cursor": null }));
    assert_eq!(program.get(&format!("/licenses?find={key}")).await.json()["items"][0]["id"], json!(license));
    for path in ["/licenses", "/instances", &format!("/licenses/{license}"), &format!("/licenses/{license}/instances")]
    {
        assert!(!program.get(path).await.body.contains(&key), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn lists_go_on_by_cursor_and_miss_nothing() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (_, license, ..) = scene(&app).await?;
    let (second, _) = app.license("business", 5).await?;
    let program = Program::of(&app, Holder::Vendor).await?;
    for (path, expected) in [
        ("/licenses?", 2),
        ("/instances?", 2),
        (&format!("/licenses/{license}/instances?"), 2),
        ("/events?type=instance.&", 2),
        ("/events?type=instance.&first=oldest&", 2),
    ] {
        let all = ids(&program.get(path).await.json());
        assert_eq!(all.len(), expected, "{path}");
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = program.get(&format!("{path}limit=1{cursor}")).await.json();
            found.extend(ids(&page));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, all, "{path}");
    }
    let narrow = program.get("/licenses?product=iot-platform&status=active&version=9").await.json();
    assert_eq!(ids(&narrow), [""; 0]);
    let never = program.get("/licenses?contact=never").await.json();
    assert_eq!(ids(&never), [second.to_string()]);
    Ok(())
}

#[tokio::test]
async fn what_happened_is_told_in_cloudevents() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (program, license, instance, key) = scene(&app).await?;
    let (elsewhere, _) = app.license("business", 5).await?;
    app.clock.set(app.clock.now().plus(MINUTE_MS));
    program.send(Method::POST, &format!("/licenses/{license}/instances/{instance}/free"), "").await;
    let newest = program.get("/events?type=instance.deactivated").await.json()["items"][0].clone();
    assert!(newest["id"].as_str().is_some_and(|id| id.starts_with("evt_")), "{newest}");
    let account_id = program.token.account_id.as_ref().map(ToString::to_string);
    let expected = json!({
        "specversion": "1.0",
        "id": newest["id"],
        "source": ORIGIN,
        "type": "instance.deactivated",
        "subject": instance,
        "time": "2026-11-21T10:01:00Z",
        "datacontenttype": "application/json",
        "data": newest["data"],
        "accountid": account_id,
        "licenseid": license,
        "instanceid": instance,
        "occurrences": 1,
        "lasttime": "2026-11-21T10:01:00Z",
    });
    assert_eq!(newest, expected);
    assert_eq!(newest["data"]["identity"]["id"], "node-a");

    let types = async |program: &Program<'_>, query: &str| -> Vec<String> {
        let answer = program.get(&format!("/events?{query}")).await;
        assert!(!answer.body.contains(&key), "a key is told");
        let page = answer.json();
        let items = page["items"].as_array().into_iter().flatten();
        items.filter_map(|item| item["type"].as_str().map(str::to_owned)).collect()
    };
    let mut all = types(&program, "first=oldest").await;
    assert_eq!(types(&program, "").await, all.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(types(&program, "since=2026-11-21T10:00:30Z").await, ["instance.deactivated"]);
    assert_eq!(types(&program, "since=2026-11-21T11:02:00%2B01:00").await, [""; 0]);
    assert_eq!(all.pop().as_deref(), Some("instance.deactivated"));
    // What happened at the same moment has no order.
    all.sort();
    assert_eq!(all, ["instance.activated", "instance.activated", "license.created"]);
    assert_eq!(types(&program, "type=license").await, ["license.created"]);
    assert_eq!(types(&program, &format!("license={elsewhere}")).await, [""; 0]);
    let vendor = Program::of(&app, Holder::Vendor).await?;
    assert_eq!(types(&vendor, &format!("license={elsewhere}")).await, ["license.created"]);
    assert_eq!(types(&vendor, "type=license.created").await.len(), 2);
    Ok(())
}

#[tokio::test]
async fn acts_are_those_of_the_portal_and_the_log_names_the_token() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (program, license, instance, _) = scene(&app).await?;
    let renamed = program.send(Method::PATCH, &format!("/licenses/{license}"), r#"{"name":" Plant 7 "}"#).await;
    assert_eq!(renamed.json()["name"], "Plant 7", "{}", renamed.body);
    let at = format!("/licenses/{license}/instances/{instance}");
    for (act, changed, state) in [
        ("free", true, "deactivated"),
        ("free", false, "deactivated"),
        ("block", true, "blocked"),
        ("block", false, "blocked"),
        ("unblock", true, "lapsed"),
        ("unblock", false, "lapsed"),
    ] {
        let answer = program.send(Method::POST, &format!("{at}/{act}"), "").await;
        let answer = answer.json();
        assert_eq!(
            (&answer["changed"], &answer["instance"]["state"]),
            (&json!(changed), &json!(state)),
            "{act}: {answer}"
        );
    }
    let file = app._folder.path().join("test.db");
    let mut raw = SqliteConnection::connect(&format!("sqlite:{}?mode=ro", file.display())).await?;
    let acts: Vec<String> =
        sqlx::query_scalar("SELECT act FROM audit WHERE actor_kind = 'token' AND actor_id = $1 ORDER BY act")
            .bind(program.token.id.as_str())
            .fetch_all(&mut raw)
            .await?;
    assert_eq!(acts, ["instance.block", "instance.deactivate", "instance.unblock", "license.rename"]);
    Ok(())
}

#[tokio::test]
async fn a_pipeline_publishes_a_release_once_however_often_it_tries() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let program = Program::of(&app, Holder::Vendor).await?;
    let path = "/products/iot-platform/releases";
    let known = program.get(path).await.json()["items"].as_array().map_or(0, Vec::len);
    let body = json!({ "version": "4.9.0", "released_on": "2026-11-20" }).to_string();
    let first = program.send(Method::POST, path, &body).await;
    assert_eq!(first.json()["created"], true, "{}", first.body);
    assert_eq!(
        first.json()["release"],
        json!({ "version": "4.9.0", "released_on": "2026-11-20", "channel": "stable" })
    );
    for again in [body.as_str(), r#"{"version":"4.9.0"}"#] {
        let answer = program.send(Method::POST, path, again).await;
        assert_eq!((answer.status, &answer.json()["created"]), (StatusCode::OK, &json!(false)), "{}", answer.body);
    }
    let other = program.send(Method::POST, path, r#"{"version":"4.9.0","channel":"beta"}"#).await;
    assert_problem(&other, Code::ReleaseConflict, "another channel");
    let today = program.send(Method::POST, path, r#"{"version":"4.9.1","channel":"beta"}"#).await.json();
    assert_eq!(today["release"], json!({ "version": "4.9.1", "released_on": "2026-11-21", "channel": "beta" }));
    assert_eq!(program.get(path).await.json()["items"].as_array().map_or(0, Vec::len), known + 2);
    for (body, member) in [
        (r#"{"version":""}"#, "version"),
        (r#"{"version":5}"#, "version"),
        (r#"{"version":"5","channel":"Very Stable"}"#, "channel"),
        (r#"{"version":"5","released_on":"soon"}"#, "released_on"),
        ("{}", "version"),
        ("[]", "body"),
    ] {
        let answer = program.send(Method::POST, path, body).await;
        assert_problem(&answer, Code::InvalidRequest, body);
        assert_eq!(answer.json()["member"], member, "{body}");
    }
    assert_problem(&program.send(Method::POST, "/products/none/releases", &body).await, Code::NotFound, "no product");
    Ok(())
}

#[tokio::test]
async fn whatever_is_malformed_is_a_problem() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (program, license, ..) = scene(&app).await?;
    for (path, member) in [
        ("/licenses?limit=0", "limit"),
        ("/licenses?limit=101", "limit"),
        ("/licenses?status=fine", "status"),
        ("/licenses?contact=soon", "contact"),
        ("/licenses?order=price", "order"),
        ("/licenses?cursor=x", "cursor"),
        ("/licenses?find=%00", "find"),
        ("/licenses?find=a&find=b", "find"),
        ("/invoices?cursor=1", "cursor"),
        ("/instances?limit=many", "limit"),
        ("/events?since=yesterday", "since"),
        ("/events?since=2026-11-21", "since"),
        ("/events?first=middle", "first"),
        ("/events?type=Instance", "type"),
        ("/events?cursor=x", "cursor"),
    ] {
        let answer = program.get(path).await;
        assert_problem(&answer, Code::InvalidRequest, path);
        assert_eq!(answer.json()["member"], member, "{path}");
    }
    for path in ["/licenses/%00", "/licenses/%FF", "/licenses/lic_none", "/nothing", "/licenses/a/b/c/d/e"] {
        assert_problem(&program.get(path).await, Code::NotFound, path);
    }
    let long = json!({ "name": "x".repeat(101) }).to_string();
    let patched = program.send(Method::PATCH, &format!("/licenses/{license}"), &long).await;
    assert_problem(&patched, Code::InvalidRequest, "a long name");
    let deleted = program.send(Method::DELETE, &format!("/licenses/{license}"), "").await;
    assert_problem(&deleted, Code::MethodNotAllowed, "another method");
    assert!(deleted.header("allow").contains("PATCH"), "{}", deleted.header("allow"));
    let path = format!("{V1}/licenses/{license}");
    let bearer = ("authorization", program.bearer.as_str());
    let form = app.send(Method::PATCH, &path, &[bearer, ("content-type", "text/plain")], "{}").await;
    assert_problem(&form, Code::UnsupportedMediaType, "no JSON");
    let large = program.send(Method::PATCH, &format!("/licenses/{license}"), &"x".repeat(65 * 1_024)).await;
    assert_problem(&large, Code::PayloadTooLarge, "too large");
    Ok(())
}

#[tokio::test]
async fn without_a_live_token_there_is_nothing() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (program, license, ..) = scene(&app).await?;
    let path = format!("{V1}/licenses/{license}");
    let good = program.bearer.as_str();
    let broken = format!("{good}0");
    let basic = good.replacen("Bearer", "Basic", 1);
    for (case, headers) in [
        ("none", vec![]),
        ("mistyped", vec![("authorization", broken.as_str())]),
        ("another scheme", vec![("authorization", basic.as_str())]),
        ("two", vec![("authorization", good), ("authorization", good)]),
    ] {
        let answer = app.send(Method::GET, &path, &headers, "").await;
        assert_problem(&answer, Code::InvalidToken, case);
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{case}");
    }
    // Who it is comes before what is asked.
    assert_problem(&app.get(&format!("{V1}/licenses?limit=0")).await, Code::InvalidToken, "a stranger's nonsense");
    app.clock.set(app.clock.now().plus(90 * DAY_MS - 1));
    assert_eq!(program.get("/licenses").await.status, StatusCode::OK);
    app.clock.set(app.clock.now().plus(1));
    assert_problem(&program.get("/licenses").await, Code::InvalidToken, "over");
    Ok(())
}

#[tokio::test]
async fn the_last_use_is_noted_once_a_minute() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (program, ..) = scene(&app).await?;
    assert_eq!(program.now().await?.last_used_at, None);
    let began = app.clock.now();
    for (after_ms, noted_ms) in [(0, 0), (MINUTE_MS - 1, 0), (MINUTE_MS, MINUTE_MS), (3 * MINUTE_MS + 5, 3 * MINUTE_MS)]
    {
        app.clock.set(began.plus(after_ms));
        program.get("/licenses").await;
        let token = program.now().await?;
        assert_eq!(token.last_used_at, Some(began.plus(noted_ms)), "{after_ms}");
        assert_eq!(token.last_used_address.as_deref(), Some("127.0.0.1"));
    }
    Ok(())
}

#[tokio::test]
async fn a_token_that_calls_too_often_waits_alone() -> anyhow::Result<()> {
    let app = TestApp::limited(Rates { token: Rate { per_s: 1, burst: 2 }, ..Rates::OFF }).await?;
    let (hasty, ..) = scene(&app).await?;
    let other = Program::of(&app, Holder::Vendor).await?;
    for _ in 0..2 {
        assert_eq!(hasty.get("/licenses").await.status, StatusCode::OK);
    }
    let limited = hasty.get("/licenses").await;
    assert_problem(&limited, Code::RateLimited, "too often");
    assert!(limited.header("retry-after").parse::<i64>()? > 0);
    assert_eq!(other.get("/licenses").await.status, StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn guessing_tokens_is_limited_by_address_and_hinders_no_genuine_one() -> anyhow::Result<()> {
    let app = TestApp::limited(Rates { failures: Rate { per_s: 1, burst: 3 }, ..Rates::OFF }).await?;
    let (program, ..) = scene(&app).await?;
    for _ in 0..3 {
        assert_problem(&app.get(&format!("{V1}/licenses")).await, Code::InvalidToken, "a guess");
    }
    assert_problem(&app.get(&format!("{V1}/licenses")).await, Code::RateLimited, "one guess too many");
    assert_eq!(program.get("/licenses").await.status, StatusCode::OK);
    Ok(())
}
