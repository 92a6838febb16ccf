//! What verifiers read: published keys, the chain of key sets, revocations.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use backend::keys::{KeyRotation, rotate_signing_key};
use backend::licenses::{VendorDecision, suspend_license};
use sdk::error::Code;
use sdk::jwk::JwkSet;
use sdk::key_set::KeyChain;
use sdk::lease::Expect;
use sdk::revocations::RevocationKind;
use sdk::trust::TrustBundle;
use serde_json::json;

use super::licensing_api::{activate_body, assert_problem};
use super::{Answer, NOW, ORIGIN, TestApp};

async fn keys(app: &TestApp) -> anyhow::Result<TrustBundle> {
    let set: JwkSet = serde_json::from_str(&app.get("/.well-known/jwks.json").await.body)?;
    Ok(TrustBundle::new(ORIGIN, set))
}

async fn asked_again(app: &TestApp, path: &str, first: &Answer) -> StatusCode {
    app.send(Method::GET, path, &[("if-none-match", first.header("etag"))], Body::empty()).await.status
}

#[tokio::test]
async fn a_rotation_is_seen_in_the_keys_and_followed_by_the_chain() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let mut trust = keys(&app).await?;
    let path = "/.well-known/keys.json";
    let before = app.get(path).await;
    assert_eq!((before.status, before.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(before.header("cache-control"), "public, max-age=60");
    assert_eq!(asked_again(&app, path, &before).await, StatusCode::NOT_MODIFIED);
    let (cx, master) = (app.cx(), app.state.master.clone());
    let rotated =
        app.state.db.write(move |tx| Box::pin(async move { rotate_signing_key(tx, &cx, &master).await })).await?;
    assert!(matches!(rotated, KeyRotation::Rotated { seq: 2, .. }), "{rotated:?}");
    assert_eq!(asked_again(&app, path, &before).await, StatusCode::OK);
    let chain: KeyChain = serde_json::from_str(&app.get(path).await.body)?;
    assert_eq!((chain.iss.as_str(), chain.keys.len()), (ORIGIN, 2));
    for link in &chain.keys {
        trust.accept(link)?;
    }
    let served = keys(&app).await?;
    assert_eq!(served.keys.len(), 3);
    assert_eq!(trust.keys, served.keys);
    Ok(())
}

#[tokio::test]
async fn the_trust_bundle_verifies_leases_and_goes_on_with_the_chain() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let path = "/.well-known/trust.json";
    let served = app.get(path).await;
    assert_eq!((served.status, served.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(served.header("cache-control"), "public, max-age=60");
    assert_eq!(asked_again(&app, path, &served).await, StatusCode::NOT_MODIFIED);
    let mut trust: TrustBundle = serde_json::from_str(&served.body)?;
    assert_eq!((trust.iss.as_str(), trust.keys.len(), trust.seq), (ORIGIN, 2, 1));
    let (cx, master) = (app.cx(), app.state.master.clone());
    app.state.db.write(move |tx| Box::pin(async move { rotate_signing_key(tx, &cx, &master).await })).await?;
    let (_, key) = app.license("startup", 2).await?;
    let answer = app.call("licenses/activate", &activate_body(&key, "node-a")).await.json();
    let lease = answer["lease"].as_str().unwrap_or_default();
    // The key that was the next one when the product was built signs now.
    let expect = Expect::of("iot-platform", NOW.seconds());
    sdk::lease::verify(lease, &trust, &expect)?;
    let chain: KeyChain = serde_json::from_str(&app.get("/.well-known/keys.json").await.body)?;
    let links: Vec<bool> = chain.keys.iter().map(|link| trust.accept(link).is_ok()).collect();
    assert_eq!(links, [false, true], "what is built in is not taken again");
    let today: TrustBundle = serde_json::from_str(&app.get(path).await.body)?;
    assert_eq!(trust, today);
    Ok(())
}

#[tokio::test]
async fn the_list_of_revocations_is_signed_cacheable_and_only_read() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let path = "/api/v1/revocations";
    let (license_id, key) = app.license("startup", 2).await?;
    let body = json!({ "license_key": key, "product": "iot-platform", "version": "4.2.1",
                       "identity": { "kind": "instance", "id": "node-a" }, "nonce": "0123456789abcdef" });
    assert_eq!(app.call("licenses/activate", &body).await.status, StatusCode::OK);
    let empty = app.get(path).await;
    assert_eq!((empty.status, empty.header("content-type")), (StatusCode::OK, "application/jose"));
    assert_eq!(empty.header("cache-control"), "public, max-age=60");
    assert_eq!(asked_again(&app, path, &empty).await, StatusCode::NOT_MODIFIED);
    let trust = keys(&app).await?;
    let before = sdk::revocations::verify(&empty.body, &trust, NOW.seconds())?;
    assert!(before.rev.is_empty());
    let (cx, master, id) = (app.cx(), app.state.master.clone(), license_id.clone());
    let decided =
        app.state.db.write(move |tx| Box::pin(async move { suspend_license(tx, &cx, &master, &id, "").await })).await?;
    assert!(matches!(decided, VendorDecision::Done(_)), "{decided:?}");
    assert_eq!(asked_again(&app, path, &empty).await, StatusCode::OK);
    let after = sdk::revocations::verify(&app.get(path).await.body, &trust, NOW.seconds())?;
    assert!(after.seq > before.seq);
    let named: Vec<_> = after.rev.iter().map(|it| (it.kind, it.id.as_str())).collect();
    assert_eq!(named, [(RevocationKind::License, license_id.as_str())]);
    for path in ["/.well-known/jwks.json", "/.well-known/keys.json", "/.well-known/trust.json", "/api/openapi.json"] {
        let answer = app.send(Method::POST, path, &[("content-type", "application/json")], "{}").await;
        assert_problem(&answer, Code::MethodNotAllowed, path);
        assert_eq!(answer.header("allow"), "GET,HEAD", "{path}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = app.send(method.clone(), path, &[("content-type", "application/json")], "{}").await;
        assert_problem(&answer, Code::MethodNotAllowed, method.as_str());
        assert_eq!(answer.header("allow"), "GET, HEAD");
    }
    Ok(())
}
