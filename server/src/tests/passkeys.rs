//! Passkeys over HTTP: a challenge waits in the session that asked for it. What an answer has to say is tried in `backend`.

use axum::http::{Method, StatusCode};
use backend::text::en::passkeys as text;

use super::{Answer, TestApp};

/// A browser with its session.
#[derive(Default)]
struct Browser {
    session: String,
}

impl Browser {
    async fn send(&mut self, app: &TestApp, method: Method, path: &str, accept: &str, form: &str) -> Answer {
        let session = self.session.clone();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", accept),
            ("sec-fetch-site", "same-origin"),
            ("cookie", session.as_str()),
        ];
        let answer = app.send(method, path, &headers, form.to_owned()).await;
        self.session = answer.session_cookie().unwrap_or(session);
        answer
    }

    /// What the script asks for.
    async fn begin(&mut self, app: &TestApp, act: &str) -> Answer {
        self.send(app, Method::POST, &format!("/act/{act}"), "*/*", "").await
    }

    /// The form with an answer that no device gives, and the page that follows.
    async fn answer(&mut self, app: &TestApp) -> Answer {
        let posted = self.send(app, Method::POST, "/act/log-in-with-passkey", "text/html", "answer=nonsense").await;
        assert_eq!((posted.status, posted.header("location")), (StatusCode::FOUND, "/log-in"));
        self.send(app, Method::GET, "/log-in", "text/html", "").await
    }
}

#[tokio::test]
async fn a_challenge_waits_in_the_session_that_asked_for_it_and_once() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (mut ada, mut eve) = (Browser::default(), Browser::default());
    let begun = ada.begin(&app, "begin-passkey-log-in").await;
    assert_eq!((begun.status, begun.header("location")), (StatusCode::OK, ""));
    let asked = begun.json();
    assert_eq!((&asked["rpId"], &asked["allowCredentials"]), (&"portal.test".into(), &serde_json::json!([])));
    assert!(asked["challenge"].as_str().is_some_and(|challenge| challenge.len() == 43), "{asked}");
    assert!(eve.answer(&app).await.body.contains(text::LATE), "nothing waits in another browser");
    assert!(ada.answer(&app).await.body.contains(text::REFUSED), "it is judged");
    assert!(ada.answer(&app).await.body.contains(text::LATE), "it was used up");
    Ok(())
}

#[tokio::test]
async fn only_who_is_signed_in_is_asked_for_more_than_a_log_in() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    for act in ["begin-passkey", "begin-passkey-confirmation"] {
        let begun = Browser::default().begin(&app, act).await;
        assert!(begun.status == StatusCode::FORBIDDEN && !begun.body.contains("challenge"), "{act}: {}", begun.status);
    }
    Ok(())
}
