//! A session that somebody planted in another's browser is worth nothing: who logs in, shows the password again, logs out or
//! goes over to another account goes on under another id, and the one from before opens nothing.
//!
//! Mailed links, codes and staff who act for customers have tests of their own, which ask the same.

use axum::http::{Method, StatusCode};
use backend::clock::MINUTE_MS;

use super::{Answer, NOW, TestApp};

const PASSWORD: &str = "correct horse battery";
/// Looks like the value of our cookie, and was made by somebody else.
const MADE_UP: &str = "leasehold=AAAAAAAAAAAAAAAAAAAAAA";

async fn post(app: &TestApp, act: &str, fields: &[(&str, &str)], cookie: &str) -> Answer {
    let form = serde_urlencoded::to_string(fields).unwrap_or_default();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "text/html"),
        ("sec-fetch-site", "same-origin"),
        ("cookie", cookie),
    ];
    app.send(Method::POST, &format!("/act/{act}"), &headers, form).await
}

/// Whether this session is somebody's.
async fn is_let_in(app: &TestApp, cookie: &str) -> bool {
    app.send(Method::GET, "/account", &[("cookie", cookie)], "").await.status == StatusCode::OK
}

/// The session of a visitor, as whoever plants one gets it.
async fn planted(app: &TestApp) -> String {
    let refused = post(app, "log-in", &[("email", "eve@example.com"), ("password", "x")], "").await;
    refused.session_cookie().expect("a session in which the refusal waits")
}

#[tokio::test]
async fn who_comes_in_with_a_planted_session_leaves_it_behind() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    app.buyer("ada").await?;
    let known = [("email", "ada@example.com"), ("password", PASSWORD)];
    let new = [("email", "new@example.com"), ("password", PASSWORD)];
    for (act, fields) in [("log-in", &known), ("sign-up", &known), ("sign-up", &new)] {
        for before in [planted(&app).await, MADE_UP.to_owned()] {
            let entered = post(&app, act, fields, &before).await;
            let after = entered.session_cookie().expect("a session");
            assert_ne!(after, before, "{act}");
            assert!(is_let_in(&app, &after).await, "{act}: {}", entered.header("location"));
            assert!(!is_let_in(&app, &before).await, "{act}: the planted session is signed in");
        }
    }
    Ok(())
}

#[tokio::test]
async fn whoever_shows_the_password_changes_the_account_or_leaves_has_another_session() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (_, first) = app.buyer("ada").await?;
    let log_in = [("email", "ada@example.com"), ("password", PASSWORD)];
    let mut session = post(&app, "log-in", &log_in, "").await.session_cookie().expect("a session");
    app.clock.set(NOW.plus(10 * MINUTE_MS));
    let company = [
        ("company", "Another GmbH"),
        ("country", "DE"),
        ("line1", "x"),
        ("postal_code", "20095"),
        ("city", "x"),
        ("another", "1"),
    ];
    let back = [("account_id", first.as_str())];
    for (act, fields) in [
        ("confirm-password", &[("password", PASSWORD)][..]),
        ("create-account", &company),
        ("switch-account", &back),
        ("sign-out", &[]),
    ] {
        assert!(is_let_in(&app, &session).await, "before {act}");
        let done = post(&app, act, fields, &session).await;
        assert!(!done.header("location").starts_with("/not-done"), "{act}: {}", done.header("location"));
        let after = done.session_cookie().unwrap_or_else(|| panic!("{act} gives no other session"));
        assert_ne!(after, session, "{act}");
        assert!(!is_let_in(&app, &session).await, "{act}: the id from before still opens");
        assert_eq!(is_let_in(&app, &after).await, act != "sign-out", "{act}");
        session = after;
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_changes_no_session_and_ends_none() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    app.buyer("ada").await?;
    let log_in = [("email", "ada@example.com"), ("password", PASSWORD)];
    let session = post(&app, "log-in", &log_in, "").await.session_cookie().expect("a session");
    post(&app, "confirm-password", &[("password", "wrong")], &session).await;
    assert!(is_let_in(&app, &session).await);
    Ok(())
}
