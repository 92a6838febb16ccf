//! What people type never becomes a header, or another receiver, of a mail: hostile names, companies, subjects and addresses
//! through the forms, and the mails that follow from them read as strictly as RFC 5322 writes them.

use std::collections::BTreeSet;
use std::path::Path;

use axum::http::Method;
use backend::clock::HOUR_MS;
use backend::jobs::{Handlers, Runner};
use backend::mail::{Mailer, SendMail};
use sqlx::{Connection as _, SqliteConnection};

use super::{Answer, NOW, TestApp};

/// What would add a receiver, or end the head, if a line break in it came through, or if somebody's name could leave its
/// quotes.
const HOSTILE: [&str; 11] = [
    "Ada\r\nBcc: eve@evil.test",
    "Ada\nBcc: eve@evil.test",
    "Ada\rBcc: eve@evil.test",
    "Ada\r\n\r\n<p>Pay eve@evil.test</p>",
    "Ada\u{85}Bcc: eve@evil.test",
    "Ada\u{2028}Bcc: eve@evil.test",
    "Ada\0Bcc: eve@evil.test",
    "=?utf-8?q?Ada=0D=0ABcc:_eve=40evil.test?=",
    "\"Ada\" <eve@evil.test>, Bob",
    "eve@evil.test, Ada",
    "Ada \\\" <eve@evil.test> (",
];
/// The headers that a mail has, each once at most.
const HEADERS: [&str; 13] = [
    "auto-submitted",
    "content-transfer-encoding",
    "content-type",
    "date",
    "from",
    "in-reply-to",
    "message-id",
    "mime-version",
    "references",
    "reply-to",
    "subject",
    "to",
    "x-auto-response-suppress",
];

/// A mail's headers in their order, unfolded; or what is no header.
fn headers(mail: &str) -> Result<Vec<(String, String)>, String> {
    let (head, _) = mail.split_once("\r\n\r\n").ok_or("a mail without an end of its head")?;
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        if line.contains(|it: char| it.is_control() && it != '\t') || !line.is_ascii() {
            return Err(format!("a line of the head has what no head may have: {line:?}"));
        }
        if let (true, Some((_, value))) = (line.starts_with([' ', '\t']), headers.last_mut()) {
            value.push_str(line);
            continue;
        }
        let (name, value) = line.split_once(": ").ok_or_else(|| format!("no header: {line:?}"))?;
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    Ok(headers)
}

/// The addresses of a header, without the names before them: what is in quotes is a name, whatever it looks like.
fn addresses(value: &str) -> Vec<String> {
    let (mut bare, mut is_quoted, mut is_escaped) = (String::new(), false, false);
    for character in value.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            other => bare.push(other),
        }
    }
    let parts = bare.split(',').map(|part| part.split_once('<').map_or(part, |(_, rest)| rest));
    parts.map(|part| part.trim().trim_end_matches('>').to_owned()).collect()
}

/// What is wrong with a mail to one of these people.
fn fault(mail: &str, people: &BTreeSet<String>) -> Option<String> {
    let headers = match headers(mail) {
        Ok(headers) => headers,
        Err(wrong) => return Some(wrong),
    };
    let mut known = BTreeSet::new();
    for (name, value) in &headers {
        if !HEADERS.contains(&name.as_str()) || !known.insert(name) {
            return Some(format!("a header too many: {name}: {value}"));
        }
    }
    let of = |wanted: &str| -> Vec<String> {
        headers.iter().filter(|(name, _)| name == wanted).flat_map(|(_, value)| addresses(value)).collect()
    };
    let to = of("to");
    let is_known = to.len() == 1 && people.contains(&to[0]);
    let froms: Vec<String> =
        [of("from"), of("reply-to")].concat().into_iter().filter(|it| it.contains("evil")).collect();
    (!is_known || !froms.is_empty()).then(|| format!("it goes to {to:?}, from {froms:?}"))
}

/// A browser with its session's cookie.
struct Browser<'a> {
    app: &'a TestApp,
    cookie: String,
}

impl Browser<'_> {
    /// Sends a form and answers whether it went on to another page than the one it is on.
    async fn post(&mut self, act: &str, page: &str, fields: &[(&str, &str)]) -> bool {
        let form = serde_urlencoded::to_string(fields).unwrap_or_default();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html"),
            ("sec-fetch-site", "same-origin"),
            ("cookie", self.cookie.as_str()),
        ];
        let answer: Answer = self.app.send(Method::POST, &format!("/act/{act}"), &headers, form).await;
        assert!(answer.status.is_redirection(), "{act}: {} {}", answer.status, answer.body);
        if let Some(cookie) = answer.session_cookie() {
            self.cookie = cookie;
        }
        !answer.header("location").starts_with(page) && !answer.header("location").starts_with("/not-done")
    }
}

async fn raw(app: &TestApp) -> anyhow::Result<SqliteConnection> {
    let file = app._folder.path().join("test.db");
    Ok(SqliteConnection::connect(&format!("sqlite:{}", file.display())).await?)
}

/// Sends what is queued into a folder; answers the mails.
async fn send_mails(app: &TestApp, folder: &Path) -> anyhow::Result<Vec<String>> {
    let handlers = Handlers::new().with(SendMail::new(Mailer::folder("noreply@portal.test", folder.to_owned())?));
    let (db, clock, entropy) = (app.state.db.clone(), app.clock.clone(), app.state.entropy.clone());
    let runner = Runner::new(db, clock, entropy, app.state.master.clone(), handlers);
    let tally = runner.run_until_idle().await?;
    let mut mails = Vec::new();
    for file in std::fs::read_dir(folder)? {
        mails.push(String::from_utf8_lossy(&std::fs::read(file?.path())?).into_owned());
    }
    // None is given up because of what somebody typed.
    assert_eq!((tally.done, tally.total()), (mails.len() as u64, mails.len() as u64), "{tally:?}");
    Ok(mails)
}

/// Everything that somebody of a hostile name does of which somebody gets a mail. Where a form does not take what is typed it
/// gets something else, so that the next can be reached.
async fn be_hostile(app: &TestApp, at: usize, typed: &str) -> anyhow::Result<BTreeSet<String>> {
    let (email, invited) = (format!("ada{at}@people.test"), format!("ivy{at}@people.test"));
    let mut browser = Browser { app, cookie: String::new() };
    let signed_up = |name| [("email", email.as_str()), ("password", "correct horse battery"), ("name", name)];
    if !browser.post("sign-up", "/sign-up", &signed_up(typed)).await {
        assert!(browser.post("sign-up", "/sign-up", &signed_up("Ada")).await, "{typed:?}");
    }
    let company = |name, billing| {
        let address = [("country", "DE"), ("line1", "x"), ("postal_code", "20095"), ("city", "x")];
        [("company", name), ("billing_email", billing)].into_iter().chain(address).collect::<Vec<_>>()
    };
    browser.post("create-account", "/company", &company(typed, typed)).await;
    if !browser.post("create-account", "/company", &company(typed, &email)).await {
        assert!(browser.post("create-account", "/company", &company("Example GmbH", &email)).await, "{typed:?}");
    }
    let mut raw = raw(app).await?;
    let proven = "UPDATE users SET email_verified_at = 1 WHERE email_key = $1";
    sqlx::query(proven).bind(&email).execute(&mut raw).await?;
    let of_account = "SELECT account_id FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email_key = $1";
    let account: String = sqlx::query_scalar(of_account).bind(&email).fetch_one(&mut raw).await?;
    raw.close().await?;
    let invite = |email| [("account_id", account.as_str()), ("email", email), ("role", "viewer")];
    browser.post("invite-member", "/account/members", &invite(typed)).await;
    browser.post("invite-member", "/account/members", &invite(&invited)).await;
    browser.post("open-conversation", "/messages/new", &[("subject", typed), ("text", typed)]).await;
    let token = [("name", typed), ("days", "90"), ("licenses_read", "true")];
    browser.post("create-token", "/account/tokens", &token).await;
    let mut changed = company(typed, &email);
    changed.push(("account_id", &account));
    browser.post("update-account", "/account", &changed).await;
    for act in ["request-email-change", "request-password-reset", "request-sign-in-link", "recover-keys"] {
        browser.post(act, "/", &[("email", typed)]).await;
    }
    browser.post("request-email-change", "/", &[("email", &format!("new{at}@people.test"))]).await;
    Ok(BTreeSet::from([email, invited, format!("new{at}@people.test")]))
}

#[tokio::test]
async fn nothing_that_is_typed_adds_a_header_or_a_receiver() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let mut profile = raw(&app).await?;
    let support = "UPDATE vendors SET profile = json_set(profile, '$.support_email', 'help@vendor.test')";
    sqlx::query(support).execute(&mut profile).await?;
    profile.close().await?;
    let (mut people, mut count) = (BTreeSet::from(["help@vendor.test".to_owned()]), 0);
    for (at, typed) in HOSTILE.iter().enumerate() {
        // Sign-ups from one network address are limited.
        app.clock.set(NOW.plus(2 * HOUR_MS * at as i64));
        people.extend(be_hostile(&app, at, typed).await?);
        let folder = tempfile::tempdir()?;
        let mails = send_mails(&app, folder.path()).await?;
        for mail in &mails {
            assert_eq!(fault(mail, &people), None, "{typed:?}:\n{mail}");
        }
        // Of the sign-up, the invitation and the change of address at least.
        assert!(mails.len() >= 3, "{typed:?}: {} mails", mails.len());
        count += mails.len();
    }
    // Some of it is nothing but an odd name, and then more comes of it.
    assert!(count > 3 * HOSTILE.len(), "{count} mails");
    Ok(())
}

#[test]
fn a_header_that_was_added_is_seen() {
    let people = BTreeSet::from(["ada@people.test".to_owned()]);
    let mail = |head: &str| format!("From: Acme <noreply@portal.test>\r\n{head}\r\nSubject: Hello\r\n\r\nHello\r\n");
    for good in [
        "To: ada@people.test",
        "To: \"eve@evil.test, \\\"Bob\" <ada@people.test>",
        "To: =?utf-8?b?QWRh?=\r\n =?utf-8?b?QWRh?= <ada@people.test>",
    ] {
        assert_eq!(fault(&mail(good), &people), None, "{good}");
    }
    for bad in [
        "To: eve@evil.test",
        "To: ada@people.test, eve@evil.test",
        "To: ada@people.test\r\nBcc: eve@evil.test",
        "To: ada@people.test\r\nTo: ada@people.test",
        "To: ada@people.test\nBcc: eve@evil.test",
        "To: ada@people.test\r\nReply-To: eve@evil.test",
        "To: ada@people.test\r\nan odd line",
        "To: \"Ada\" <eve@evil.test>, \"Bob\" <ada@people.test>",
    ] {
        assert!(fault(&mail(bad), &people).is_some(), "{bad}");
    }
}
