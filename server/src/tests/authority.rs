//! Who may send which form: every form that acts is sent by a visitor, and by somebody of another account. A form that is
//! in neither list here fails, so that nobody forgets to say who may send a new one.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use leptos::server_fn::axum::server_fn_paths;

use super::licensing_api::activate_body;
use super::{Answer, TestApp};

/// Forms that anyone may send.
const FOR_ANYONE: &[&str] = &[
    "enter-claim",
    "log-in",
    "recover-keys",
    "request-password-reset",
    "reset-password",
    "sign-out",
    "sign-up",
    "verify-email",
];

/// Forms that anybody with a login may send: they are about oneself, or one's own account.
const ABOUT_ONESELF: &[&str] = &[
    "approve-claim",
    "change-password",
    "confirm-password",
    "create-account",
    "decline-claim",
    "end-other-sessions",
    "end-session",
    "place-order",
    "send-verification",
    "update-account",
];

/// Every value that some form needs, with what exists here; what a form does not know it passes over.
fn form(license_id: &str, instance_id: &str) -> String {
    let values = [
        ("license_id", license_id),
        ("instance_id", instance_id),
        ("invoice_id", "inv_none"),
        ("order_id", "ord_none"),
        ("event_id", "evt_none"),
        ("job_id", "job_none"),
        ("plan_id", "pln_none"),
        ("session_id", "none"),
        ("kid", "none"),
        ("code", "BCDF-GHJK"),
        ("plan", "startup"),
        ("interval", "month"),
        ("seats", "1"),
        ("more", "1"),
        ("years", "1"),
        ("currency", "usd"),
        ("agreed_minor", "1"),
        ("rest_minor", "1"),
        ("reckoned_at", "1"),
        ("amount", "1"),
        ("settlement", "refund"),
        ("credited_before", "0"),
        ("decision", "keep_running"),
        ("reason", "because"),
        ("memo", "because"),
        ("name", "x"),
        ("password", "x"),
        ("old_password", "x"),
        ("current_password", "x"),
        ("new_password", "x"),
        ("company", "x"),
        ("country", "DE"),
        ("line1", "x"),
        ("city", "x"),
        ("postal_code", "x"),
        ("billing_email", "x@example.com"),
        ("limits", ""),
        ("features", ""),
    ];
    serde_urlencoded::to_string(values.as_slice()).expect("a form")
}

impl TestApp {
    async fn act(&self, path: &str, cookie: Option<&str>, form: &str) -> Answer {
        let mut headers =
            vec![("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        headers.extend(cookie.map(|cookie| ("cookie", cookie)));
        self.send(Method::POST, path, &headers, form.to_owned()).await
    }

    /// Logs in; answers the cookie.
    async fn log_in(&self, email: &str) -> String {
        let form = serde_urlencoded::to_string([("email", email), ("password", "correct horse battery")]);
        let answer = self.act("/act/log-in", None, &form.expect("a form")).await;
        let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        assert!(cookie.contains('='), "{}: {}", answer.status, answer.body);
        cookie
    }
}

fn forms() -> BTreeSet<String> {
    server_fn_paths().filter_map(|(path, _)| path.strip_prefix("/act/").map(str::to_owned)).collect()
}

#[tokio::test]
async fn nobody_acts_on_what_is_not_theirs() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    app.buyer("stranger").await?;
    let (license, key) = app.license("startup", 2).await?;
    let held = app.call("licenses/activate", &activate_body(&key, "node-a")).await.json();
    let instance = held["instance_id"].as_str().expect("an instance");
    let (stranger, form) = (app.log_in("stranger@example.com").await, form(license.as_str(), instance));
    let mut let_in = Vec::new();
    for name in forms().iter().filter(|name| !FOR_ANYONE.contains(&name.as_str())) {
        let path = format!("/act/{name}");
        let about_oneself = ABOUT_ONESELF.contains(&name.as_str());
        for cookie in [None, Some(stranger.as_str())] {
            if about_oneself && cookie.is_some() {
                continue;
            }
            let answer = app.act(&path, cookie, &form).await;
            if answer.status != StatusCode::FORBIDDEN {
                let who = if cookie.is_some() { "a stranger" } else { "a visitor" };
                let_in.push(format!("{name} by {who}: {} {}", answer.status, answer.body));
            }
        }
    }
    assert_eq!(let_in, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn every_form_that_is_excepted_exists() {
    let forms = forms();
    for name in FOR_ANYONE.iter().chain(ABOUT_ONESELF) {
        assert!(forms.contains(*name), "{name}");
    }
}
