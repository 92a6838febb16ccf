//! Two vendors in one deployment, told apart by nothing but the host name that is asked: each has its own price list, people,
//! keys and licenses, and nothing of the other's.

use std::collections::BTreeSet;
use std::path::Path;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use backend::Cx;
use backend::accounts::{NewStaff, Password, StaffCreation, StaffRole, TotpSecret, create_staff, give_second_factor};
use backend::catalog::{CatalogApplication, apply_catalog, load_catalog};
use backend::vendors::{HostChange, Vendor, set_host};
use sdk::error::Code;

use super::licensing_api::activate_body;
use super::{Answer, NOW, TestApp};

const PASSWORD: &str = "correct horse battery";
const STAFF: &str = "staff@example.com";
const NORDWIND: &str = "portal.test";
const FALTER: &str = "falter.test";

/// The product with both vendors, as the commands make them; answers the second.
async fn two_vendors() -> anyhow::Result<(TestApp, Vendor)> {
    let app = TestApp::new().await?;
    let cx = app.cx();
    let named = app.state.db.write(move |tx| Box::pin(async move { set_host(tx, &cx, Some(NORDWIND)).await })).await?;
    assert_eq!(named, HostChange::Set(Some(NORDWIND.to_owned())));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/desk-tools.toml");
    let mut catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    catalog.vendor.host = Some(FALTER.to_owned());
    let (cx, master) = (app.cx(), app.state.master.clone());
    let applied = app.state.db.write(move |tx| {
        Box::pin(async move { apply_catalog(tx, &cx, &master, &catalog, "https://falter.test").await })
    });
    match applied.await? {
        CatalogApplication::Applied { vendor, .. } => Ok((app, *vendor)),
        CatalogApplication::Refused(refusals) => anyhow::bail!("{refusals:?}"),
    }
}

/// A browser that looks at one vendor's portal.
struct Browser<'a> {
    app: &'a TestApp,
    host: &'static str,
    cookie: String,
}

impl<'a> Browser<'a> {
    fn at(app: &'a TestApp, host: &'static str) -> Self {
        Self { app, host, cookie: String::new() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.app.send_to(self.host, Method::GET, path, &[("cookie", self.cookie.as_str())], Body::empty()).await
    }

    async fn post(&mut self, act: &str, fields: &[(&str, &str)]) -> Answer {
        let form = serde_urlencoded::to_string(fields).unwrap_or_default();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html"),
            ("sec-fetch-site", "same-origin"),
            ("cookie", self.cookie.as_str()),
        ];
        let answer = self.app.send_to(self.host, Method::POST, &format!("/act/{act}"), &headers, form).await;
        if let Some(cookie) = answer.session_cookie() {
            self.cookie = cookie;
        }
        answer
    }
}

/// An administrator of this vendor, logged in with both factors; the address is the same for every vendor.
async fn staff<'a>(app: &'a TestApp, vendor: &Vendor, host: &'static str) -> anyhow::Result<Browser<'a>> {
    let cx = Cx { vendor_id: vendor.id.clone(), ..app.cx() };
    let new = NewStaff {
        email: STAFF.to_owned(),
        name: String::new(),
        role: StaffRole::Admin,
        password: Password::new(PASSWORD.to_owned()),
    };
    let StaffCreation::Created(user) = create_staff(&app.state.db, &app.state.passwords, &cx, &new).await? else {
        anyhow::bail!("nobody was created")
    };
    let secret = TotpSecret::generate(&app.state.entropy);
    let (master, given) = (app.state.master.clone(), secret.clone());
    app.state
        .db
        .write(move |tx| Box::pin(async move { give_second_factor(tx, &cx, &master, &user.id, &given).await }))
        .await?;
    let mut browser = Browser::at(app, host);
    browser.post("log-in", &[("email", STAFF), ("password", PASSWORD)]).await;
    let code = secret.code_at(NOW);
    let entered = browser.post("enter-code", &[("code", &code), ("next", "/staff")]).await;
    assert_eq!(entered.header("location"), "/staff", "{host}");
    Ok(browser)
}

/// The ids of the keys of a published set.
fn key_ids(answer: &Answer) -> BTreeSet<String> {
    let set = answer.json();
    set["keys"].as_array().into_iter().flatten().map(|key| key["kid"].to_string()).collect()
}

#[tokio::test]
async fn a_host_name_chooses_price_list_and_keys_whatever_its_case_and_port() -> anyhow::Result<()> {
    let (app, _) = two_vendors().await?;
    let (nordwind, falter) = ("Run it anywhere.", "Drawings that stay in order.");
    for (host, own, other) in [
        (NORDWIND, nordwind, falter),
        ("Portal.Test", nordwind, falter),
        (FALTER, falter, nordwind),
        ("FALTER.test:8443", falter, nordwind),
    ] {
        let list = app.send_to(host, Method::GET, "/", &[], Body::empty()).await;
        assert_eq!(list.status, StatusCode::OK, "{host}");
        assert!(list.body.contains(own) && !list.body.contains(other), "{host}");
    }
    let strange = app.send_to("elsewhere.test", Method::GET, "/", &[], Body::empty()).await;
    assert_eq!(strange.status, StatusCode::MISDIRECTED_REQUEST, "{}", strange.body);

    let (one, two) = (Browser::at(&app, NORDWIND), Browser::at(&app, FALTER));
    let keys = "/.well-known/jwks.json";
    let (own, theirs) = (key_ids(&one.get(keys).await), key_ids(&two.get(keys).await));
    assert!(!own.is_empty() && !theirs.is_empty() && own.is_disjoint(&theirs), "{own:?} {theirs:?}");
    let chain = "/.well-known/keys.json";
    assert_eq!(one.get(chain).await.json()["iss"], "https://portal.test");
    assert_eq!(two.get(chain).await.json()["iss"], "https://falter.test");
    Ok(())
}

#[tokio::test]
async fn a_license_is_activated_at_its_own_vendor_only() -> anyhow::Result<()> {
    let (app, _) = two_vendors().await?;
    let (_, key) = app.license("startup", 2).await?;
    let body = activate_body(&key, "node-a").to_string();
    let headers = [("content-type", "application/json")];
    let path = "/api/v1/licenses/activate";
    let abroad = app.send_to(FALTER, Method::POST, path, &headers, body.clone()).await;
    assert_eq!(abroad.status.as_u16(), Code::LicenseNotFound.status(), "{}", abroad.body);
    assert_eq!(abroad.json()["code"], Code::LicenseNotFound.as_str());
    let at_home = app.send_to(NORDWIND, Method::POST, path, &headers, body).await;
    assert_eq!(at_home.status, StatusCode::OK, "{}", at_home.body);
    Ok(())
}

#[tokio::test]
async fn a_login_and_its_session_are_one_vendor_s() -> anyhow::Result<()> {
    let (app, _) = two_vendors().await?;
    app.buyer("ada").await?;
    let known = [("email", "ada@example.com"), ("password", PASSWORD)];
    let (mut own, mut other) = (Browser::at(&app, NORDWIND), Browser::at(&app, FALTER));
    other.post("log-in", &known).await;
    assert!(other.get("/account").await.header("location").starts_with("/log-in"), "nobody of that name is there");
    own.post("log-in", &known).await;
    assert_eq!(own.get("/account").await.status, StatusCode::OK);
    let carried = Browser { app: &app, host: FALTER, cookie: own.cookie.clone() };
    assert!(carried.get("/account").await.header("location").starts_with("/log-in"), "a session of the other vendor");
    Ok(())
}

#[tokio::test]
async fn staff_see_their_own_vendor_and_nothing_of_the_other() -> anyhow::Result<()> {
    let (app, second) = two_vendors().await?;
    let (license, _) = app.license("startup", 2).await?;
    let nordwind = staff(&app, &app.vendor, NORDWIND).await?;
    let falter = staff(&app, &second, FALTER).await?;
    let own = nordwind.get("/staff/licenses").await;
    assert!(own.status == StatusCode::OK && own.body.contains(license.as_str()), "{}", own.status);
    let page = format!("/staff/licenses/{license}");
    assert_eq!(nordwind.get(&page).await.status, StatusCode::OK);
    for list in ["/staff/licenses", "/staff/customers", "/staff/audit"] {
        let answer = falter.get(list).await;
        assert_eq!(answer.status, StatusCode::OK, "{list}");
        assert!(!answer.body.contains(license.as_str()) && !answer.body.contains("startup@example.com"), "{list}");
    }
    assert_eq!(falter.get(&page).await.status, StatusCode::NOT_FOUND);
    let settings = falter.get("/staff/settings").await;
    assert!(settings.body.contains("falter.test") && !settings.body.contains("nordwind"), "{}", settings.status);
    let carried = Browser { app: &app, host: NORDWIND, cookie: falter.cookie.clone() };
    assert!(carried.get("/staff").await.header("location").starts_with("/log-in"));
    Ok(())
}
