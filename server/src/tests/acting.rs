//! Staff who act for a customer, over HTTP: no page of theirs has a secret, and their session becomes another one.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use backend::accounts::{
    DbSessionStore, FactorGift, NewStaff, Password, StaffCreation, StaffRole, TotpSecret, User, begin_session,
    create_staff, give_second_factor,
};
use backend::clock::MINUTE_MS;
use backend::licenses::find_license;
use tower_sessions::Session;

use super::licensing_api::activate_body;
use super::{Answer, NOW, TestApp};

const REASON: &str = "Ticket 4711: a seat is stuck";

/// A browser with its session's cookie.
struct Browser<'a> {
    app: &'a TestApp,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Somebody who has just logged in.
    async fn of(app: &'a TestApp, user: &User) -> anyhow::Result<Self> {
        let state = &app.state;
        let store = DbSessionStore::new(state.db.clone(), state.clock.clone(), state.entropy.clone());
        let session = Session::new(None, Arc::new(store), None);
        begin_session(&session, user, "a browser", [192, 0, 2, 1].into(), state.clock.now()).await?;
        let id = session.id().ok_or_else(|| anyhow::anyhow!("no session"))?;
        Ok(Self { app, cookie: format!("leasehold={id}") })
    }

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

async fn support(app: &TestApp) -> anyhow::Result<User> {
    let new = NewStaff {
        email: "sue@vendor.test".to_owned(),
        name: "Sue".to_owned(),
        role: StaffRole::Support,
        password: Password::new("correct horse battery".to_owned()),
    };
    let StaffCreation::Created(user) = create_staff(&app.state.db, &app.state.passwords, &app.cx(), &new).await? else {
        anyhow::bail!("the staff was refused")
    };
    let (cx, master, id) = (app.cx(), app.state.master.clone(), user.id.clone());
    let secret = TotpSecret::generate(&app.state.entropy);
    let given = app
        .state
        .db
        .write(move |tx| Box::pin(async move { give_second_factor(tx, &cx, &master, &id, &secret).await }))
        .await?;
    anyhow::ensure!(given == FactorGift::Given, "{given:?}");
    Ok(user)
}

/// The customer with a license that runs, its key, and somebody of the support.
struct Scene {
    app: TestApp,
    account: String,
    license: String,
    instance: String,
    key: String,
    support: User,
}

impl Scene {
    async fn new() -> anyhow::Result<Self> {
        let app = TestApp::new().await?;
        let (license, key) = app.license("startup", 3).await?;
        let held = app.call("licenses/activate", &activate_body(&key, "node-a")).await.json();
        let instance = held["instance_id"].as_str().unwrap_or_default().to_owned();
        let (vendor_id, id) = (app.vendor.id.clone(), license.clone());
        let found =
            app.state.db.read(move |tx| Box::pin(async move { find_license(tx, &vendor_id, &id).await })).await?;
        let account = found.map(|view| view.license.account_id.to_string()).unwrap_or_default();
        let support = support(&app).await?;
        Ok(Self { app, account, license: license.to_string(), instance, key, support })
    }

    /// A browser in which the support acts for the customer.
    async fn acting(&self) -> anyhow::Result<Browser<'_>> {
        let mut browser = Browser::of(&self.app, &self.support).await?;
        let begun = browser.post("start-acting", &[("account_id", &self.account), ("reason", REASON)]).await;
        anyhow::ensure!(begun.header("location") == "/overview", "{}", begun.header("location"));
        Ok(browser)
    }
}

#[tokio::test]
async fn no_page_of_acting_staff_has_a_key_and_each_says_for_whom_they_act() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let mut browser = scene.acting().await?;
    let (license, key) = (format!("/licenses/{}", scene.license), scene.key.as_str());
    let instance = format!("{license}/instances/{}", scene.instance);
    let reveal = [("license_id", scene.license.as_str()), ("overlap_days", "0")];
    for act in ["reveal-key", "replace-key", "create-token", "hand-over-account", "ask-handover", "set-second-factor"] {
        let refused = browser.post(act, &reveal).await;
        assert!(refused.header("location").starts_with("/not-done?code=not_allowed"), "{act}");
    }
    for page in ["/", "/overview", "/licenses", "/invoices", "/account", "/account/members", "/account/audit"]
        .into_iter()
        .chain([license.as_str(), instance.as_str()])
    {
        let shown = browser.get(page).await;
        assert_eq!(shown.status, StatusCode::OK, "{page}");
        assert!(shown.body.contains("You act as Example GmbH.") && shown.body.contains("Ticket 4711"), "{page}");
        assert!(!shown.body.contains(key), "{page}");
        // Where the support itself logs in from is no customer's business either.
        assert!(!shown.body.contains("sue@vendor.test"), "{page}");
    }
    let masked = browser.get(&license).await.body;
    assert!(!masked.contains("Reveal the license key") && !masked.contains("replace-key"), "{masked}");
    assert!(!browser.get("/account/audit.csv").await.body.contains("sue@vendor.test"));

    let named = browser.post("rename-license", &[("license_id", &scene.license), ("name", "Werk 2")]).await;
    assert_eq!(named.header("location"), license);
    assert!(browser.get(&license).await.body.contains("Werk 2"));
    Ok(())
}

#[tokio::test]
async fn the_session_is_another_one_while_they_act_and_ends_with_the_button_and_by_time() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let mut browser = Browser::of(&scene.app, &scene.support).await?;
    let before = browser.cookie.clone();
    let asked = [("account_id", scene.account.as_str()), ("reason", REASON)];
    browser.post("start-acting", &asked).await;
    assert_ne!(browser.cookie, before);
    let old = Browser { app: &scene.app, cookie: before };
    assert!(old.get("/overview").await.header("location").starts_with("/log-in"), "the old id is worth nothing");
    assert_eq!(browser.get("/staff").await.header("location"), "/overview", "the console is closed");

    let acting = browser.cookie.clone();
    let stopped = browser.post("stop-acting", &[]).await;
    assert_eq!(stopped.header("location"), format!("/staff/customers/{}", scene.account));
    assert_ne!(browser.cookie, acting);
    assert_eq!(browser.get("/staff").await.status, StatusCode::OK);
    assert_eq!(browser.get("/overview").await.header("location"), "/staff");

    browser.post("start-acting", &asked).await;
    assert_eq!(browser.get("/overview").await.status, StatusCode::OK);
    scene.app.clock.set(NOW.plus(30 * MINUTE_MS));
    assert_eq!(browser.get("/overview").await.header("location"), "/staff");
    let late = [("license_id", scene.license.as_str()), ("name", "too late")];
    assert!(browser.post("rename-license", &late).await.header("location").starts_with("/not-done"));
    Ok(())
}

#[tokio::test]
async fn the_password_is_asked_for_first_and_what_was_typed_is_still_there() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let mut browser = Browser::of(&scene.app, &scene.support).await?;
    scene.app.clock.set(NOW.plus(10 * MINUTE_MS));
    let asked = browser.post("start-acting", &[("account_id", &scene.account), ("reason", REASON)]).await;
    assert!(asked.header("location").starts_with("/confirm?next="), "{}", asked.header("location"));
    let page = browser.get(&format!("/staff/customers/{}", scene.account)).await;
    assert!(page.body.contains(REASON) && !page.body.contains("You act as"), "{}", page.body);
    Ok(())
}
