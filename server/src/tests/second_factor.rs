//! The second step of logging in over HTTP, and staff who have no second factor yet.

use axum::http::{Method, StatusCode};
use backend::accounts::{
    NewStaff, Password, StaffCreation, StaffRole, TotpSecret, User, create_staff, give_second_factor,
};
use backend::clock::MINUTE_MS;
use sqlx::{Connection as _, SqliteConnection};

use super::{Answer, NOW, TestApp};

const PASSWORD: &str = "correct horse battery";
const EMAIL: &str = "admin@example.com";

/// A browser with its cookies.
struct Browser<'a> {
    app: &'a TestApp,
    session: String,
    known: String,
}

impl<'a> Browser<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self { app, session: String::new(), known: String::new() }
    }

    fn cookies(&self) -> String {
        [self.session.as_str(), self.known.as_str()].join("; ")
    }

    async fn post(&mut self, act: &str, fields: &[(&str, &str)]) -> Answer {
        let form = serde_urlencoded::to_string(fields).unwrap_or_default();
        let cookies = self.cookies();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html"),
            ("sec-fetch-site", "same-origin"),
            ("cookie", cookies.as_str()),
        ];
        let answer = self.app.send(Method::POST, &format!("/act/{act}"), &headers, form).await;
        self.session = answer.session_cookie().unwrap_or_else(|| self.session.clone());
        self.known = answer.cookie("leasehold-browser").unwrap_or_else(|| self.known.clone());
        answer
    }

    async fn get(&self, path: &str) -> Answer {
        self.app.send(Method::GET, path, &[("cookie", &self.cookies())], "").await
    }

    async fn log_in(&mut self) -> Answer {
        self.post("log-in", &[("email", EMAIL), ("password", PASSWORD)]).await
    }
}

async fn admin(app: &TestApp) -> anyhow::Result<User> {
    let new = NewStaff {
        email: EMAIL.to_owned(),
        name: String::new(),
        role: StaffRole::Admin,
        password: Password::new(PASSWORD.to_owned()),
    };
    match create_staff(&app.state.db, &app.state.passwords, &app.cx(), &new).await? {
        StaffCreation::Created(user) => Ok(user),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn with_factor(app: &TestApp) -> anyhow::Result<TotpSecret> {
    let (user, secret) = (admin(app).await?, TotpSecret::generate(&app.state.entropy));
    let (cx, master, given) = (app.cx(), app.state.master.clone(), secret.clone());
    app.state
        .db
        .write(move |tx| Box::pin(async move { give_second_factor(tx, &cx, &master, &user.id, &given).await }))
        .await?;
    Ok(secret)
}

/// The secret that the page shows, which stands there in groups of four.
fn secret_on(page: &Answer) -> Option<TotpSecret> {
    let rest = page.body.split_once("secret=")?.1;
    TotpSecret::parse(rest.split(['&', '"']).next()?)
}

#[tokio::test]
async fn the_password_opens_no_page_before_the_code() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let secret = with_factor(&app).await?;
    let mut browser = Browser::new(&app);
    assert_eq!(browser.log_in().await.header("location"), "/log-in/code?next=%2Fstaff");
    let half = browser.session.clone();
    for page in ["/staff", "/overview", "/account", "/confirm", "/account/second-factor"] {
        assert!(browser.get(page).await.header("location").starts_with("/log-in"), "{page}");
    }
    for act in ["set-second-factor", "remove-second-factor", "renew-recovery-codes", "end-other-sessions"] {
        assert_eq!(
            browser.post(act, &[]).await.header("location").split('&').next(),
            Some("/not-done?code=not_allowed")
        );
    }
    assert!(browser.known.is_empty(), "a browser is known only after the second step");
    let page = browser.get("/log-in/code").await;
    assert!(page.status == StatusCode::OK && page.body.contains(EMAIL), "{}", page.status);
    assert_eq!(
        browser.post("enter-code", &[("code", "000000"), ("next", "/staff")]).await.header("location"),
        "/log-in/code?next=%2Fstaff"
    );
    assert!(browser.get("/staff").await.header("location").starts_with("/log-in"));

    let code = secret.code_at(NOW);
    let entered = browser.post("enter-code", &[("code", &code), ("next", "/staff")]).await;
    assert_eq!(entered.header("location"), "/staff");
    assert_ne!(browser.session, half, "the session has a new id");
    assert!(!browser.known.is_empty());
    assert_eq!(browser.get("/staff").await.status, StatusCode::OK);

    // The same code opens nothing in another browser.
    let mut thief = Browser::new(&app);
    thief.log_in().await;
    thief.post("enter-code", &[("code", &code)]).await;
    assert!(thief.get("/staff").await.header("location").starts_with("/log-in"));
    // And the one that is half-way is too late after ten minutes.
    app.clock.set(NOW.plus(10 * MINUTE_MS));
    let late = thief.post("enter-code", &[("code", &secret.code_at(app.clock.now()))]).await;
    assert_eq!(late.header("location"), "/log-in");
    assert!(thief.get("/log-in").await.body.contains("Begin with your password again"));
    Ok(())
}

#[tokio::test]
async fn too_many_codes_are_answered_429() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    with_factor(&app).await?;
    let mut browser = Browser::new(&app);
    browser.log_in().await;
    for _ in 0..6 {
        browser.post("enter-code", &[("code", "000000")]).await;
        assert_eq!(browser.get("/log-in/code").await.status, StatusCode::OK);
    }
    browser.post("enter-code", &[("code", "000000")]).await;
    let page = browser.get("/log-in/code").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!page.header("retry-after").is_empty());
    Ok(())
}

#[tokio::test]
async fn staff_get_no_further_than_setting_a_second_factor_up() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (license, _) = app.license("startup", 2).await?;
    admin(&app).await?;
    let mut browser = Browser::new(&app);
    assert_eq!(browser.log_in().await.header("location"), "/staff");
    let set_up = "/account/second-factor?next=%2Fstaff";
    assert_eq!(browser.get("/staff").await.header("location"), set_up);
    assert!(browser.get("/staff/ledger/entries.csv").await.header("location").starts_with("/account/second-factor"));
    for act in ["suspend-license", "revoke-license", "place-order", "create-account"] {
        let refused = browser.post(act, &[("license_id", license.as_str()), ("reason", "because")]).await;
        assert_eq!(refused.header("location"), "/account/second-factor", "{act}");
    }
    let (vendor_id, id) = (app.vendor.id.clone(), license.clone());
    let found = app
        .state
        .db
        .read(move |tx| Box::pin(async move { backend::licenses::find_license(tx, &vendor_id, &id).await }))
        .await?
        .expect("the license");
    assert_eq!(found.license.vendor_standing, backend::licenses::VendorStanding::None);

    let page = browser.get(set_up).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.header("location"));
    assert!(page.body.contains("<svg") && page.body.contains("Your work needs a second factor"), "{}", page.body);
    let secret = secret_on(&page).expect("a secret");
    assert!(secret_on(&browser.get(set_up).await) == Some(secret.clone()), "loaded again, it is the same");
    let wrong = browser.post("set-second-factor", &[("code", "000000"), ("next", "/staff")]).await;
    assert_eq!(wrong.header("location"), set_up);
    assert!(browser.get(set_up).await.body.contains("not the code that goes with the picture"));
    let set = browser.post("set-second-factor", &[("code", &secret.code_at(NOW)), ("next", "/staff")]).await;
    assert_eq!(set.header("location"), set_up);
    let codes = browser.get(set_up).await;
    assert!(codes.body.contains("I have kept them") && codes.body.contains("recovery-codes.txt"), "{}", codes.body);
    let kept = browser.post("keep-recovery-codes", &[("next", "/staff")]).await;
    assert_eq!(kept.header("location"), "/staff");
    assert!(!browser.get(set_up).await.body.contains("I have kept them"));
    assert_eq!(browser.get("/staff").await.status, StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn a_passkey_that_is_the_only_second_factor_is_to_be_shown_after_the_password() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let user = admin(&app).await?;
    let mut raw = raw(&app).await?;
    let planted =
        "INSERT INTO passkeys (id, vendor_id, user_id, credential_id, public_key, sign_count, backed_up, name,
                                         created_at)
                   VALUES ('psk_1', $1, $2, x'01', x'01', 0, FALSE, 'x', 1)";
    sqlx::query(planted).bind(user.vendor_id.as_str()).bind(user.id.as_str()).execute(&mut raw).await?;
    let mut browser = Browser::new(&app);
    assert_eq!(browser.log_in().await.header("location"), "/staff");
    for page in ["/staff", "/staff/ledger/entries.csv", "/account", "/account/second-factor", "/account/passkeys/new"] {
        assert!(browser.get(page).await.header("location").starts_with("/confirm"), "{page}");
    }
    // Nothing puts another factor in its place.
    for act in
        ["set-second-factor", "begin-passkey", "add-passkey", "remove-passkey", "confirm-password", "create-account"]
    {
        assert_eq!(browser.post(act, &[("password", PASSWORD)]).await.header("location"), "/confirm", "{act}");
    }
    let page = browser.get("/confirm?next=%2Fstaff").await;
    assert!(page.status == StatusCode::OK && page.body.contains("Your passkey, please"), "{}", page.status);
    assert!(!page.body.contains("/act/confirm-password"), "the password is not asked for once more");
    let wrong = browser.post("confirm-with-passkey", &[("answer", "nonsense"), ("next", "/staff")]).await;
    assert_eq!(wrong.header("location"), "/confirm?next=%2Fstaff");
    assert!(browser.get("/staff").await.header("location").starts_with("/confirm"));

    // Once it was shown in this session everything is open, as long as there is one.
    let shown = "UPDATE sessions SET record = json_set(record, '$.identity.passkey_shown', json('true'))";
    assert!(sqlx::query(shown).execute(&mut raw).await?.rows_affected() > 0);
    assert_eq!(browser.get("/staff").await.status, StatusCode::OK);
    sqlx::query("DELETE FROM passkeys").execute(&mut raw).await?;
    assert_eq!(browser.get("/staff").await.header("location"), "/account/second-factor?next=%2Fstaff");
    Ok(())
}

/// The database past the program.
async fn raw(app: &TestApp) -> anyhow::Result<SqliteConnection> {
    let file = app._folder.path().join("test.db");
    Ok(SqliteConnection::connect(&format!("sqlite:{}", file.display())).await?)
}

#[tokio::test]
async fn nothing_of_a_second_factor_is_in_the_database_in_clear() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    admin(&app).await?;
    let mut browser = Browser::new(&app);
    browser.log_in().await;
    let secret = secret_on(&browser.get("/account/second-factor").await).expect("a secret");
    browser.post("set-second-factor", &[("code", &secret.code_at(NOW))]).await;
    let page = browser.get("/account/second-factor").await.body;
    let listed = page.split_once("<code>").and_then(|(_, rest)| rest.split_once("</code>")).expect("the codes").0;
    let codes: Vec<_> = listed.lines().map(str::to_owned).collect();
    assert_eq!(codes.len(), 10, "{listed}");
    let known = browser.known.split_once('=').expect("a cookie").1.to_owned();
    app.state.db.close().await;
    let mut stored = Vec::new();
    for file in ["test.db", "test.db-wal"] {
        stored.extend(std::fs::read(app._folder.path().join(file)).unwrap_or_default());
    }
    assert!(stored.windows(EMAIL.len()).any(|part| part == EMAIL.as_bytes()), "this is the database");
    for planted in codes.iter().chain([&secret.expose(), &known]) {
        let forms = [planted.clone(), planted.replace('-', "")];
        let found = forms.iter().any(|form| stored.windows(form.len()).any(|part| part == form.as_bytes()));
        assert!(!found, "{planted}");
    }
    Ok(())
}
