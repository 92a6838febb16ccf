//! Mailed links over HTTP: opening one changes nothing, and pressing the button gives the browser a new session.

use axum::http::{Method, StatusCode};
use backend::accounts::{
    NewStaff, Password, SIGN_IN_PATH, StaffCreation, StaffRole, TotpSecret, create_staff, give_second_factor,
};
use backend::ids::UserId;
use sqlx::{Connection as _, SqliteConnection};

use super::{Answer, NOW, TestApp};

/// A secret, and its SHA-256 as it is stored.
const ADAS: (&str, &str) = ("the-secret-of-ada", "c86b40184f4a44e90a186d9eb34e7a13bfa1c242a0bea06bd68dcc573e584cdc");
const ADMINS: (&str, &str) =
    ("the-secret-of-admin", "ec064f45e6880329ba511efee324cb7111a2857411508466a8bd663e8600128e");

/// Writes a link into the database, as if it had been mailed.
async fn mail_link(app: &TestApp, user_id: &UserId, hash: &str) -> anyhow::Result<()> {
    let file = app._folder.path().join("test.db");
    let mut raw = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await?;
    let sql = format!(
        "INSERT INTO user_tokens (token_hash, vendor_id, user_id, purpose, email_key, created_at, expires_at)
         SELECT x'{hash}', vendor_id, id, 'sign_in', email_key, $2, $2 + 900000 FROM users WHERE id = $1"
    );
    let done = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(user_id).bind(NOW.0).execute(&mut raw).await?;
    assert_eq!(done.rows_affected(), 1);
    raw.close().await?;
    Ok(())
}

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

async fn get(app: &TestApp, path: &str, cookies: &str) -> Answer {
    app.send(Method::GET, path, &[("cookie", cookies)], "").await
}

#[tokio::test]
async fn a_link_is_opened_as_often_as_one_likes_and_its_button_works_once() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (ada, _) = app.buyer("ada").await?;
    mail_link(&app, &ada, ADAS.1).await?;
    let page = format!("{SIGN_IN_PATH}?token={}", ADAS.0);
    for _ in 0..2 {
        let opened = get(&app, &page, "").await;
        assert_eq!(opened.status, StatusCode::OK);
        assert!(opened.body.contains("ada@example.com"), "it says whom it logs in: {}", opened.body);
        assert_eq!(opened.session_cookie(), None);
    }
    let refused = post(&app, "log-in", &[("email", "eve@example.com"), ("password", "x")], "").await;
    let planted = refused.session_cookie().expect("a session in which the refusal waits");
    let entered = post(&app, "sign-in-by-link", &[("token", ADAS.0)], &planted).await;
    assert_eq!(entered.header("location"), "/overview");
    let session = entered.session_cookie().expect("a session");
    assert_ne!(session, planted, "a planted session is worth nothing");
    assert!(entered.cookie("leasehold-browser").is_some(), "the browser is known from now on");
    assert!(get(&app, "/account", &planted).await.header("location").starts_with("/log-in"));
    let account = get(&app, "/account", &session).await;
    assert_eq!(account.status, StatusCode::OK);
    // Nobody had shown the address to be theirs before.
    assert!(account.body.contains("The password from before is gone"), "{}", account.body);

    let again = post(&app, "sign-in-by-link", &[("token", ADAS.0)], "").await;
    assert_eq!((again.header("location"), again.session_cookie()), (page.as_str(), None));
    assert!(get(&app, &page, "").await.body.contains("This link does not work any more"));
    Ok(())
}

#[tokio::test]
async fn where_one_was_heading_is_remembered_by_the_browser_that_asked() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (ada, _) = app.buyer("ada").await?;
    mail_link(&app, &ada, ADAS.1).await?;
    let fields = [("email", "ada@example.com"), ("next", "/invoices?year=2026")];
    let asked = post(&app, "request-sign-in-link", &fields, "").await;
    assert_eq!(asked.header("location"), "/log-in/link?mail=sent");
    let session = asked.session_cookie().expect("a session");
    let entered = post(&app, "sign-in-by-link", &[("token", ADAS.0)], &session).await;
    assert_eq!(entered.header("location"), "/invoices?year=2026");
    Ok(())
}

#[tokio::test]
async fn a_link_takes_staff_to_the_second_step_and_no_further() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let new = NewStaff {
        email: "admin@example.com".to_owned(),
        name: String::new(),
        role: StaffRole::Admin,
        password: Password::new("correct horse battery".to_owned()),
    };
    let made = create_staff(&app.state.db, &app.state.passwords, &app.cx(), &new).await?;
    let StaffCreation::Created(admin) = made else { anyhow::bail!("{made:?}") };
    let secret = TotpSecret::generate(&app.state.entropy);
    let (cx, master, id, given) = (app.cx(), app.state.master.clone(), admin.id.clone(), secret.clone());
    app.state
        .db
        .write(move |tx| Box::pin(async move { give_second_factor(tx, &cx, &master, &id, &given).await }))
        .await?;
    mail_link(&app, &admin.id, ADMINS.1).await?;
    let entered = post(&app, "sign-in-by-link", &[("token", ADMINS.0)], "").await;
    assert_eq!(entered.header("location"), "/log-in/code?next=%2Fstaff");
    assert_eq!(entered.cookie("leasehold-browser"), None);
    let half = entered.session_cookie().expect("a session");
    for page in ["/staff", "/account", "/overview"] {
        assert!(get(&app, page, &half).await.header("location").starts_with("/log-in"), "{page}");
    }
    let finished = post(&app, "enter-code", &[("code", &secret.code_at(NOW)), ("next", "/staff")], &half).await;
    assert_eq!(finished.header("location"), "/staff");
    let session = finished.session_cookie().expect("a session");
    assert_eq!(get(&app, "/staff", &session).await.status, StatusCode::OK);
    Ok(())
}
