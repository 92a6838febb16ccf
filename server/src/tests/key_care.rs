//! License keys in the portal: shown only to whoever typed the password lately, replaced, and found again by mail.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use backend::clock::MINUTE_MS;

use super::{Answer, NOW, TestApp};

const PASSWORD: &str = "correct horse battery";

/// A browser with its session's cookie.
struct Browser<'a> {
    app: &'a TestApp,
    cookie: String,
}

impl Browser<'_> {
    async fn post(&mut self, act: &str, fields: &[(&str, &str)]) -> Answer {
        let form = serde_urlencoded::to_string(fields).unwrap_or_default();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html"),
            ("sec-fetch-site", "same-origin"),
            ("cookie", self.cookie.as_str()),
        ];
        let answer = self.app.send(Method::POST, &format!("/act/{act}"), &headers, form).await;
        if let Some(cookie) = answer.session_cookie() {
            self.cookie = cookie;
        }
        answer
    }

    async fn get(&self, path: &str) -> Answer {
        self.app.send(Method::GET, path, &[("cookie", self.cookie.as_str())], Body::empty()).await
    }
}

async fn logged_in<'a>(app: &'a TestApp, email: &str) -> Browser<'a> {
    let mut browser = Browser { app, cookie: String::new() };
    let answer = browser.post("log-in", &[("email", email), ("password", PASSWORD)]).await;
    assert!(answer.status.is_redirection() && !browser.cookie.is_empty(), "{}", answer.body);
    browser
}

#[tokio::test]
async fn a_key_is_shown_once_and_the_password_is_asked_for_after_ten_minutes() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (id, key) = app.license("startup", 2).await?;
    let page = format!("/licenses/{id}");
    let mut browser = logged_in(&app, "startup@example.com").await;
    let shown = browser.post("reveal-key", &[("license_id", id.as_str())]).await;
    assert_eq!(shown.header("location"), format!("{page}#key"));
    assert!(browser.get(&page).await.body.contains(&key), "just logged in");
    assert!(!browser.get(&page).await.body.contains(&key), "shown once");

    app.clock.set(NOW.plus(10 * MINUTE_MS));
    let asked = browser.post("reveal-key", &[("license_id", id.as_str())]).await;
    let confirm = asked.header("location").to_owned();
    assert_eq!(confirm, format!("/confirm?next=%2Flicenses%2F{id}%23key"));
    assert!(!browser.get(&page).await.body.contains(&key), "not before the password");
    let form = browser.get(&confirm).await;
    assert_eq!(form.status, StatusCode::OK);
    assert!(form.body.contains("name=\"password\""), "{}", form.body);
    let next = format!("{page}#key");
    let wrong = browser.post("confirm-password", &[("password", "wrong"), ("next", &next)]).await;
    assert_eq!(wrong.header("location"), confirm);
    assert!(browser.get(&confirm).await.body.contains("This is not your present password."));
    assert!(!browser.get(&page).await.body.contains(&key));

    let old = Browser { app: &app, cookie: browser.cookie.clone() };
    let right = browser.post("confirm-password", &[("password", PASSWORD), ("next", &next)]).await;
    assert_eq!(right.header("location"), next);
    assert_ne!(old.cookie, browser.cookie, "a session gets a new id with every authentication");
    assert!(browser.get(&page).await.body.contains(&key));
    assert!(old.get(&page).await.status.is_redirection(), "the old id is worth nothing");
    Ok(())
}

#[tokio::test]
async fn a_replaced_key_is_shown_to_whoever_replaced_it() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (id, key) = app.license("startup", 2).await?;
    let mut browser = logged_in(&app, "startup@example.com").await;
    let replaced = browser.post("replace-key", &[("license_id", id.as_str()), ("overlap_days", "7")]).await;
    assert_eq!(replaced.header("location"), format!("/licenses/{id}#key"));
    let page = browser.get(&format!("/licenses/{id}")).await;
    assert!(page.body.contains("The license has a new key.") && !page.body.contains(&key), "{}", page.body);
    assert!(page.body.contains("LH-"), "{}", page.body);
    let refused = browser.post("replace-key", &[("license_id", id.as_str()), ("overlap_days", "31")]).await;
    assert!(refused.header("location").starts_with("/not-done"), "{}", refused.header("location"));
    let stranger =
        Browser { app: &app, cookie: String::new() }.post("replace-key", &[("license_id", id.as_str())]).await;
    assert!(!stranger.header("location").starts_with("/licenses/"), "{}", stranger.header("location"));
    Ok(())
}

#[tokio::test]
async fn whoever_had_to_type_the_password_first_is_told_that_nothing_has_happened_yet() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (id, _) = app.license("startup", 2).await?;
    let page = format!("/licenses/{id}");
    let mut browser = logged_in(&app, "startup@example.com").await;
    app.clock.set(NOW.plus(10 * MINUTE_MS));
    let at_once = [("license_id", id.as_str()), ("overlap_days", "0")];
    let asked = browser.post("replace-key", &at_once).await;
    assert_eq!(asked.header("location"), format!("/confirm?next=%2Flicenses%2F{id}"));
    let confirmed = browser.post("confirm-password", &[("password", PASSWORD), ("next", &page)]).await;
    assert_eq!(confirmed.header("location"), page);
    let told = browser.get(&page).await.body;
    assert!(told.contains("Nothing has happened yet") && !told.contains("The license has a new key."), "{told}");
    assert!(!browser.get(&page).await.body.contains("Nothing has happened yet"), "said once");
    let replaced = browser.post("replace-key", &at_once).await;
    assert_eq!(replaced.header("location"), format!("{page}#key"));
    assert!(browser.get(&page).await.body.contains("The license has a new key."));
    Ok(())
}

#[tokio::test]
async fn whoever_lost_a_key_is_answered_the_same_whether_the_address_is_known() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    app.license("startup", 2).await?;
    let page = app.get("/licenses/recover").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Find your license keys"), "{}", page.body);
    let mut visitor = Browser { app: &app, cookie: String::new() };
    for email in ["startup@example.com", "nobody@example.com"] {
        let answer = visitor.post("recover-keys", &[("email", email)]).await;
        assert_eq!(answer.header("location"), "/licenses/recover?mail=sent", "{email}");
    }
    let answer = app.get("/licenses/recover?mail=sent").await;
    assert!(answer.body.contains("If this address may see license keys"), "{}", answer.body);
    let malformed = visitor.post("recover-keys", &[("email", "nobody")]).await;
    assert_eq!(malformed.header("location"), "/licenses/recover");
    assert!(visitor.get("/licenses/recover").await.body.contains("not an e-mail address"));
    Ok(())
}
