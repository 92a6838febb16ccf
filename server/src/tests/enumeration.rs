//! Nobody learns from an answer, or from how long it takes, which addresses are registered.
//!
//! How long is told by what is counted: runs of Argon2id, and rows that are written. Sign-up is the exception that the
//! documentation of `backend::accounts` gives the reasons for: it differs in where it leads to, and in nothing else.

use axum::http::Method;
use backend::accounts::{FactorGift, TotpSecret, give_second_factor};
use sqlx::{Connection as _, SqliteConnection};

use super::{Answer, TestApp};

/// Somebody who has signed up, somebody with a second factor, and nobody: addresses of the same length.
const ADDRESSES: [&str; 3] = ["known@example.com", "coded@example.com", "nobod@example.com"];
/// Nobody either; it is asked about first, so that what belongs to a network address is there for all others.
const FIRST: &str = "first@example.com";

/// Status, headers and body of an answer.
type SeenAnswer = (u16, Vec<(String, String)>, String);

/// What somebody sees who sends a form and looks at the page that it leads to, without what differs every time.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// Of the form, and of the page.
    answers: Vec<SeenAnswer>,
    /// How often Argon2id has run.
    hashes: u64,
    /// How many rows were written to each of [`TABLES`].
    rows: Vec<i64>,
}

const TABLES: [&str; 6] = ["jobs", "audit", "rate_limits", "sessions", "user_tokens", "email_changes"];

async fn counted(app: &TestApp) -> anyhow::Result<Vec<i64>> {
    let file = app._folder.path().join("test.db");
    let mut raw = SqliteConnection::connect(&format!("sqlite:{}?mode=ro", file.display())).await?;
    let mut counts = Vec::new();
    for table in TABLES {
        let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        counts.push(sqlx::query_scalar(sql).fetch_one(&mut raw).await?);
    }
    raw.close().await?;
    Ok(counts)
}

/// Sends a form of this person, from a browser with these cookies.
async fn post(app: &TestApp, act: &str, fields: &[(&str, &str)], cookies: &str) -> Answer {
    let form = serde_urlencoded::to_string(fields).unwrap_or_default();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "text/html"),
        ("sec-fetch-site", "same-origin"),
        ("cookie", cookies),
    ];
    app.send(Method::POST, &format!("/act/{act}"), &headers, form).await
}

/// An answer without nonces, ids, cookies' values and the address itself.
fn plain(answer: &Answer, email: &str) -> (u16, Vec<(String, String)>, String) {
    let policy = answer.header("content-security-policy");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
    let encoded = email.replace('@', "%40");
    let clean = |text: &str| {
        let text = text.replace(email, "ADDRESS").replace(&encoded, "ADDRESS");
        if nonce.is_empty() { text } else { text.replace(nonce, "NONCE") }
    };
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            let value = if name == "set-cookie" { value.split('=').next().unwrap_or_default() } else { &value };
            (name.to_string(), clean(value))
        })
        .collect();
    headers.sort();
    (answer.status.as_u16(), headers, clean(&answer.body))
}

/// What this form shows for this address.
async fn seen(app: &TestApp, act: &str, email: &str, more: &[(&str, &str)], cookies: &str) -> anyhow::Result<Seen> {
    let (hashes, before) = (app.state.passwords.runs(), counted(app).await?);
    let fields: Vec<_> = [("email", email)].into_iter().chain(more.iter().copied()).collect();
    let sent = post(app, act, &fields, cookies).await;
    let page = sent.header("location").to_owned();
    assert!(page.starts_with('/'), "{act} leads to {page:?}: {}", sent.body);
    let session = sent.session_cookie().unwrap_or_else(|| cookies.to_owned());
    let shown = app.send(Method::GET, &page, &[("cookie", &session)], "").await;
    let after = counted(app).await?;
    let rows = before.iter().zip(&after).map(|(before, after)| after - before).collect();
    let answers = vec![plain(&sent, email), plain(&shown, email)];
    Ok(Seen { answers, hashes: app.state.passwords.runs() - hashes, rows })
}

async fn with_people() -> anyhow::Result<TestApp> {
    let app = TestApp::new().await?;
    app.buyer("known").await?;
    let (coded, _) = app.buyer("coded").await?;
    let (cx, master, secret) = (app.cx(), app.state.master.clone(), TotpSecret::generate(&app.state.entropy));
    let given = app
        .state
        .db
        .write(move |tx| Box::pin(async move { give_second_factor(tx, &cx, &master, &coded, &secret).await }))
        .await?;
    assert_eq!(given, FactorGift::Given);
    Ok(app)
}

#[tokio::test]
async fn log_in_reset_and_mailed_links_answer_for_every_address_alike() -> anyhow::Result<()> {
    let app = with_people().await?;
    for (act, more, hashes) in [
        ("log-in", &[("password", "not the password"), ("next", "/licenses")][..], 1),
        ("request-password-reset", &[][..], 0),
        ("request-sign-in-link", &[("next", "/licenses")][..], 0),
        ("recover-keys", &[][..], 0),
    ] {
        seen(&app, act, FIRST, more, "").await?;
        let [known, coded, nobody] = ADDRESSES;
        let expected = seen(&app, act, nobody, more, "").await?;
        assert_eq!(expected.hashes, hashes, "{act}");
        assert!(expected.rows.iter().any(|rows| *rows > 0), "{act} counts something");
        for email in [known, coded] {
            assert_eq!(seen(&app, act, email, more, "").await?, expected, "{act} with {email}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn too_many_tries_are_answered_for_every_address_alike() -> anyhow::Result<()> {
    let app = with_people().await?;
    for (act, more, tries) in
        [("log-in", &[("password", "not the password")][..], 10), ("request-password-reset", &[][..], 4)]
    {
        let mut last = Vec::new();
        for email in [ADDRESSES[0], ADDRESSES[2]] {
            for _ in 0..tries {
                post(&app, act, &[&[("email", email)][..], more].concat(), "").await;
            }
            let limited = seen(&app, act, email, more, "").await?;
            assert_eq!(limited.answers[1].0, 429, "{act}");
            last.push(limited);
        }
        assert_eq!(last[0], last[1], "{act}");
    }
    Ok(())
}

#[tokio::test]
async fn sign_up_does_the_same_work_for_every_address() -> anyhow::Result<()> {
    let app = with_people().await?;
    // What is refused is refused before anybody is looked for.
    let weak = [("password", "password123")];
    seen(&app, "sign-up", FIRST, &weak, "").await?;
    let expected = seen(&app, "sign-up", ADDRESSES[2], &weak, "").await?;
    for email in ADDRESSES {
        assert_eq!(seen(&app, "sign-up", email, &weak, "").await?, expected, "{email}");
    }
    for email in ADDRESSES {
        let before = app.state.passwords.runs();
        let answer = post(&app, "sign-up", &[("email", email), ("password", "one more good phrase")], "").await;
        assert!(answer.status.is_redirection(), "{email}: {}", answer.status);
        assert_eq!(app.state.passwords.runs() - before, 1, "{email}");
    }
    Ok(())
}

#[tokio::test]
async fn asking_for_another_address_does_not_tell_whether_it_is_registered() -> anyhow::Result<()> {
    let app = with_people().await?;
    app.buyer("mover").await?;
    let password = [("email", "mover@example.com"), ("password", "correct horse battery")];
    let session = post(&app, "log-in", &password, "").await.session_cookie().expect("a session");
    seen(&app, "request-email-change", FIRST, &[], &session).await?;
    let expected = seen(&app, "request-email-change", ADDRESSES[2], &[], &session).await?;
    assert_eq!(expected.answers[1].0, 200, "{expected:?}");
    assert!(expected.answers[1].2.contains("We have mailed a link to ADDRESS"), "{}", expected.answers[1].2);
    for email in [ADDRESSES[0], ADDRESSES[1]] {
        assert_eq!(seen(&app, "request-email-change", email, &[], &session).await?, expected, "{email}");
    }
    Ok(())
}
