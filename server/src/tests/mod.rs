//! The real router in process, on a real database.

mod acting;
mod authority;
mod claims;
mod contact;
mod doctor;
mod enumeration;
mod events;
mod fixation;
mod instances;
mod key_care;
mod licensing_api;
mod mail_headers;
mod management;
mod master_key;
mod openapi;
mod orders_of_programs;
mod passkeys;
mod portal;
mod rounds;
mod second_factor;
mod sign_in_link;
mod stripe_check;
mod two_vendors;
mod well_known;

use std::net::SocketAddr;
use std::path::Path;

use app::api::limits::{Limits, Rates};
use app::proxies::TrustedProxies;
use app::state::{AppState, Parts};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use backend::accounts::{
    AccountCreation, AccountDetails, Address, Password, Passwords, SignUp, SignUpOutcome, create_account, sign_up,
};
use backend::catalog::{
    CatalogApplication, Plan, apply_catalog, find_plan_by_code, find_product_by_code, load_catalog,
};
use backend::clock::{Clock, DAY_MS, UnixMs};
use backend::cx::Entropy;
use backend::db::{ClockWatch, Db, DbError, Options, Synchronous};
use backend::ids::{AccountId, LicenseId, UserId, VendorId};
use backend::keys::MasterKey;
use backend::leases::live::{LiveTable, Settings};
use backend::licenses::{LicenseStatus, NewLicense, create_license};
use backend::stripe::StripeAccounts;
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use leptos::config::LeptosOptions;
use serde_json::Value;
use tokio::sync::OnceCell;
use tower::ServiceExt as _;

use crate::router::router;

/// The moment at which tests begin: 2026-11-21T10:00:00Z.
const NOW: UnixMs = UnixMs(1_795_255_200_000);
/// The demo vendor's origin in tests.
const ORIGIN: &str = "https://portal.test";

/// The product without a socket.
struct TestApp {
    router: Router,
    state: AppState,
    vendor: Vendor,
    clock: Clock,
    _folder: tempfile::TempDir,
}

/// An answer, read whole.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The session's cookie, as the browser sends it back; `None` where the answer sets none.
    fn session_cookie(&self) -> Option<String> {
        self.cookie("leasehold")
    }

    /// The cookie of this name, as the browser sends it back.
    fn cookie(&self, name: &str) -> Option<String> {
        let lines = self.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.filter_map(|line| line.split(';').next());
        pairs.find(|pair| pair.split_once('=').is_some_and(|(known, _)| known == name)).map(str::to_owned)
    }
}

impl TestApp {
    async fn new() -> anyhow::Result<Self> {
        Self::limited(Rates::OFF).await
    }

    /// The product with these limits of the licensing API.
    async fn limited(rates: Rates) -> anyhow::Result<Self> {
        Self::watched(rates, ClockWatch::alone()).await
    }

    /// The same on a node whose clock is watched.
    async fn watched(rates: Rates, watch: ClockWatch) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (clock, entropy, stripe) = (Clock::fixed(NOW), Entropy::seeded(7), StripeAccounts::default());
        let limits = Limits::new(rates);
        let state = watched_state(folder.path(), "test.db", clock, entropy, stripe, limits, watch).await?;
        let vendor = apply_demo(&state).await?;
        Ok(Self { router: router(&state), clock: state.clock.clone(), state, vendor, _folder: folder })
    }

    fn cx(&self) -> Cx {
        Cx::new(self.vendor.id.clone(), Actor::Operator, self.clock.now(), self.state.entropy.clone())
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        self.send_to("portal.test", method, path, headers, body).await
    }

    /// The same for the vendor that this host name belongs to.
    async fn send_to(
        &self,
        host: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(path).header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body.into()).expect("a request");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4_000))));
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        let body = String::from_utf8_lossy(&body).into_owned();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        openapi::assert_described(method.as_str(), path, &answer);
        answer
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    async fn call(&self, endpoint: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.send(Method::POST, &format!("/api/v1/{endpoint}"), &headers, body.to_string()).await
    }

    /// A new person with a company.
    async fn buyer(&self, name: &str) -> anyhow::Result<(UserId, AccountId)> {
        let request = SignUp {
            email: format!("{name}@example.com"),
            password: Password::new("correct horse battery".to_owned()),
            name: String::new(),
            address: [127, 0, 0, 1].into(),
        };
        let (db, cx, master) = (&self.state.db, self.cx(), self.state.master.clone());
        let SignUpOutcome::SignedUp(user) = sign_up(db, &self.state.passwords, &master, &cx, &request).await? else {
            anyhow::bail!("the sign-up was refused")
        };
        let details = AccountDetails {
            company: "Example GmbH".to_owned(),
            country: "DE".to_owned(),
            address: Address {
                line1: "Hauptstraße 1".to_owned(),
                postal_code: "20095".to_owned(),
                city: "Hamburg".to_owned(),
                ..Address::default()
            },
            ..AccountDetails::default()
        };
        let user_id = user.id.clone();
        let created =
            db.write(move |tx| Box::pin(async move { create_account(tx, &cx, &user_id, &details).await })).await?;
        match created {
            AccountCreation::Created(account) => Ok((user.id, account.id)),
            other => anyhow::bail!("{other:?}"),
        }
    }

    async fn plan(&self, code: &'static str) -> anyhow::Result<Plan> {
        let vendor_id = self.vendor.id.clone();
        let found = self.state.db.read(move |tx| {
            Box::pin(async move {
                let product = find_product_by_code(tx, &vendor_id, "iot-platform").await?.expect("the product");
                find_plan_by_code(tx, &vendor_id, &product.id, code).await
            })
        });
        found.await?.ok_or_else(|| anyhow::anyhow!("no plan {code}"))
    }

    /// A license of a fresh account, with its key.
    async fn license(&self, plan: &'static str, seats: i64) -> anyhow::Result<(LicenseId, String)> {
        let (_, account_id) = self.buyer(plan).await?;
        let (plan, cx, master) = (self.plan(plan).await?, self.cx(), self.state.master.clone());
        let created = self.state.db.write(move |tx| {
            Box::pin(async move {
                let new = NewLicense {
                    account_id: &account_id,
                    plan: &plan,
                    seats,
                    status: LicenseStatus::Active,
                    starts_at: cx.now,
                    ends_at: Some(cx.now.plus(33 * DAY_MS)),
                    updates_until: None,
                    name: "",
                };
                let (license, key) = create_license(tx, &cx, &master, &new).await?;
                Ok::<_, anyhow::Error>((license.id, key.expose().to_owned()))
            })
        });
        created.await
    }
}

/// What the product stands on, with a migrated database in this file of the folder.
async fn state(
    folder: &Path,
    database: &str,
    clock: Clock,
    entropy: Entropy,
    stripe: StripeAccounts,
    limits: Limits,
) -> anyhow::Result<AppState> {
    watched_state(folder, database, clock, entropy, stripe, limits, ClockWatch::alone()).await
}

/// The same on a node whose clock is watched.
async fn watched_state(
    folder: &Path,
    database: &str,
    clock: Clock,
    entropy: Entropy,
    stripe: StripeAccounts,
    limits: Limits,
    clock_watch: ClockWatch,
) -> anyhow::Result<AppState> {
    let file = folder.join(database);
    if !file.exists() {
        std::fs::write(&file, migrated_file().await?)?;
    }
    let db = open(&file).await?;
    let live = LiveTable::start(&db, clock.clone(), entropy.clone(), Settings::default()).map(|(table, _)| table);
    let site_root: std::sync::Arc<str> = folder.display().to_string().into();
    Ok(AppState::new(Parts {
        db,
        master: MasterKey::new([42; 32]),
        clock,
        clock_watch,
        entropy,
        passwords: Passwords::default(),
        stripe,
        leptos: LeptosOptions::builder().output_name("leasehold").site_root(site_root).site_pkg_dir("pkg").build(),
        checkout_origin: "http://stripe.test".to_owned(),
        limits,
        proxies: TrustedProxies::default(),
        tls: false,
        live,
    }))
}

async fn open(file: &Path) -> Result<Db, DbError> {
    let url = format!("sqlite:{}", file.display());
    Db::open(&url, Options { max_connections: 4, synchronous: Synchronous::Off }).await
}

/// A migrated, empty file: made once, and copied for every test.
async fn migrated_file() -> anyhow::Result<&'static [u8]> {
    static FILE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let made = FILE.get_or_try_init(|| async {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("template.db");
        let db = open(&file).await?;
        db.migrate().await?;
        db.close().await;
        anyhow::Ok(std::fs::read(file)?)
    });
    made.await.map(Vec::as_slice)
}

async fn apply_demo(state: &AppState) -> anyhow::Result<Vendor> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
    let catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let cx = Cx::new(VendorId::from_untrusted(""), Actor::Operator, state.clock.now(), state.entropy.clone());
    let sealing = state.master.clone();
    let applied = state
        .db
        .write(move |tx| Box::pin(async move { apply_catalog(tx, &cx, &sealing, &catalog, ORIGIN).await }))
        .await?;
    match applied {
        CatalogApplication::Applied { vendor, .. } => Ok(*vendor),
        CatalogApplication::Refused(refusals) => anyhow::bail!("{refusals:?}"),
    }
}
