//! The device flow over HTTP: a product asks, a person in a browser answers, the product goes on by itself.

use std::path::Path;

use app::api::limits::{Limits, Rates};
use axum::http::{Method, StatusCode};
use backend::catalog::push_prices;
use backend::clock::Clock;
use backend::cx::Entropy;
use backend::stripe::{Stripe, StripeAccounts, StripeConfig};
use sdk::error::Code;
use serde_json::{Value, json};

use super::licensing_api::activate_body;
use super::{Answer, NOW, TestApp, apply_demo, router, state};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");
const BROWSER: (&str, &str) = ("accept", "text/html");

/// Somebody with a browser who is logged in.
struct Person<'a> {
    app: &'a TestApp,
    cookie: String,
}

impl<'a> Person<'a> {
    /// The owner of the account that [`TestApp::license`] made with this plan.
    async fn log_in(app: &'a TestApp, plan: &str) -> Self {
        let form = format!("email={plan}%40example.com&password=correct+horse+battery");
        let answer = app.send(Method::POST, "/act/log-in", &[FORM, SAME_ORIGIN, BROWSER], form).await;
        assert!(answer.status.is_redirection(), "{}: {}", answer.status, answer.body);
        let cookie = answer.session_cookie().unwrap_or_default();
        assert!(!cookie.is_empty());
        Self { app, cookie }
    }

    async fn get(&self, path: &str) -> Answer {
        self.app.send(Method::GET, path, &[("cookie", &self.cookie)], "").await
    }

    async fn post(&self, act: &str, form: String) -> Answer {
        let headers = [FORM, SAME_ORIGIN, BROWSER, ("cookie", self.cookie.as_str())];
        self.app.send(Method::POST, &format!("/act/{act}"), &headers, form).await
    }
}

async fn start(app: &TestApp) -> Value {
    let body = json!({ "product": "iot-platform", "version": "4.2.1",
                       "identity": { "kind": "instance", "id": "node-a", "name": "Line 3" } });
    let started = app.call("claims/start", &body).await;
    assert_eq!(started.status, StatusCode::OK, "{}", started.body);
    started.json()
}

async fn poll(app: &TestApp, started: &Value) -> Answer {
    app.call("claims/poll", &json!({ "device_code": started["device_code"] })).await
}

/// The account that the form of a page names.
fn account_of(page: &Answer) -> String {
    let id: String =
        page.body.split("acc_").nth(1).unwrap_or_default().chars().take_while(char::is_ascii_alphanumeric).collect();
    format!("acc_{id}")
}

fn path_of(started: &Value) -> String {
    let complete = started["verification_uri_complete"].as_str().unwrap_or_default();
    complete.trim_start_matches(super::ORIGIN).to_owned()
}

#[tokio::test]
async fn a_product_gets_its_key_from_a_person_with_a_browser() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (license_id, key) = app.license("startup", 2).await?;
    let started = start(&app).await;
    assert_eq!(poll(&app, &started).await.json()["code"], Code::AuthorizationPending.as_str());

    let page = path_of(&started);
    let stranger = app.get(&page).await;
    assert_eq!(stranger.header("location"), format!("/log-in?next={}", page.replace('/', "%2F")));
    let person = Person::log_in(&app, "startup").await;
    let asked = person.get(&page).await;
    assert_eq!(asked.status, StatusCode::OK);
    for part in ["Approve only what you started yourself", "Line 3", "4.2.1", "127.0.0.1", license_id.as_str()] {
        assert!(asked.body.contains(part), "{part}: {}", asked.body);
    }
    let code = started["user_code"].as_str().unwrap_or_default();
    let account_id = account_of(&asked);
    let approved =
        person.post("approve-claim", format!("account_id={account_id}&code={code}&license_id={license_id}")).await;
    assert!(approved.status.is_redirection(), "{}", approved.body);
    assert_eq!(approved.header("location"), page);
    assert!(person.get(&page).await.body.contains("Go back to your product"));

    let given = poll(&app, &started).await;
    assert_eq!((given.status, given.json()), (StatusCode::OK, json!({ "license_key": key })));
    Ok(())
}

#[tokio::test]
async fn codes_are_typed_as_people_type_and_wrong_ones_lead_back_to_the_form() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    app.license("startup", 2).await?;
    let person = Person::log_in(&app, "startup").await;
    let started = start(&app).await;
    let typed = started["user_code"].as_str().unwrap_or_default().to_lowercase().replace('-', "+");
    let entered = person.post("enter-claim", format!("code={typed}")).await;
    assert_eq!(entered.header("location"), path_of(&started));

    // What no key types is dropped from every form.
    let malformed = person.post("enter-claim", "code=non%00sense".to_owned()).await;
    assert_eq!(malformed.header("location"), "/claim");
    let form = person.get("/claim").await;
    assert!(form.body.contains("no vowels") && form.body.contains("nonsense"), "{}", form.body);
    for _ in 0..20 {
        assert_eq!(person.get("/claim/BBBB-BBBB").await.status, StatusCode::NOT_FOUND);
    }
    let limited = person.get("/claim/BBBB-BBBB").await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!limited.header("retry-after").is_empty());
    Ok(())
}

#[tokio::test]
async fn what_one_account_decided_is_not_shown_to_another() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (license_id, _) = app.license("startup", 2).await?;
    app.license("maker", 1).await?;
    let started = start(&app).await;
    let code = started["user_code"].as_str().unwrap_or_default();
    let owner = Person::log_in(&app, "startup").await;
    let other = Person::log_in(&app, "maker").await;
    let account_id = account_of(&other.get(&path_of(&started)).await);
    let stolen =
        other.post("approve-claim", format!("account_id={account_id}&code={code}&license_id={license_id}")).await;
    assert_eq!(stolen.header("location"), path_of(&started));
    assert!(other.get(&path_of(&started)).await.body.contains("cannot be used for this product"));
    let account_id = account_of(&owner.get(&path_of(&started)).await);
    let approved =
        owner.post("approve-claim", format!("account_id={account_id}&code={code}&license_id={license_id}")).await;
    assert_eq!(approved.header("location"), path_of(&started));
    let seen = other.get(&path_of(&started)).await;
    assert!(!seen.body.contains(license_id.as_str()), "{}", seen.body);
    Ok(())
}

/// The product beside a Stripe sandbox, where its plans are for sale.
async fn selling(folder: &Path) -> anyhow::Result<(TestApp, stripe_sandbox::Running)> {
    let file = folder.join("clock");
    std::fs::write(&file, NOW.timestamp().to_string())?;
    let clock = Clock::from_file(file.clone());
    let config = stripe_sandbox::Config { clock: Some(file), ..stripe_sandbox::Config::default() };
    let sandbox = stripe_sandbox::start(config).await?;
    let config = StripeConfig {
        api_base: sandbox.url.clone(),
        secret_key: "sk_test_claims".to_owned().into(),
        webhook_secrets: vec!["whsec_of_the_claims".to_owned().into()],
    };
    let stripe = Stripe::new(config, Entropy::seeded(1))?;
    let accounts = StripeAccounts::single(stripe.clone());
    let state =
        state(folder, "claims.db", clock.clone(), Entropy::seeded(7), accounts, Limits::new(Rates::OFF)).await?;
    let vendor = apply_demo(&state).await?;
    let app = TestApp { router: router(&state), clock, state, vendor, _folder: tempfile::tempdir()? };
    push_prices(&app.state.db, &stripe, &app.cx()).await?;
    Ok((app, sandbox))
}

#[tokio::test]
async fn whoever_has_no_free_seat_buys_another_license_and_comes_back_to_the_code() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (app, _sandbox) = selling(folder.path()).await?;
    let (full, full_key) = app.license("maker", 1).await?;
    let taken = app.call("licenses/activate", &activate_body(&full_key, "node-x")).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.body);
    let (started, person) = (start(&app).await, Person::log_in(&app, "maker").await);
    let page = path_of(&started);
    let asked = person.get(&page).await;
    for part in ["none free at the moment", "Buy another"] {
        assert!(asked.body.contains(part), "{part}: {}", asked.body);
    }
    let account_id = account_of(&asked);
    let choice = "product=iot-platform&plan=community&interval=month&seats=1&currency=usd&agreed_minor=0&payment=none";
    let placed = person.post("place-order", format!("account_id={account_id}&{choice}")).await;
    let order = placed.header("location");
    assert!(order.starts_with("/orders/"), "{order}: {}", placed.body);
    let ready = person.get(order).await;
    assert!(ready.body.contains(&format!("href=\"{page}\"")), "the way back: {}", ready.body);

    // The license with a free seat comes first.
    let again = person.get(&page).await;
    let named = again.body.split("lic_").skip(1).map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric));
    let mut ids = named.map(|id| format!("lic_{}", id.collect::<String>()));
    let bought = ids.find(|id| id != full.as_str()).expect("the license that was bought");
    let code = started["user_code"].as_str().unwrap_or_default();
    let form = format!("account_id={account_id}&code={code}&license_id={bought}");
    assert_eq!(person.post("approve-claim", form).await.header("location"), page);
    let given = poll(&app, &started).await.json();
    let key = given["license_key"].as_str().unwrap_or_default();
    assert_ne!(key, full_key);
    let activated = app.call("licenses/activate", &activate_body(key, "node-a")).await;
    assert_eq!(activated.status, StatusCode::OK, "{}", activated.body);
    let later = person.get(order).await;
    assert!(!later.body.contains(&page), "nothing waits any more: {}", later.body);
    Ok(())
}
