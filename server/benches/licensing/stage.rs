//! The service under test: the product's own router on a socket, with a vendor, licenses and activated instances.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use app::api::limits::{Limits, Rates};
use app::proxies::TrustedProxies;
use app::state::{AppState, Parts};
use backend::accounts::{
    AccountCreation, AccountDetails, Address, Password, Passwords, SignUp, SignUpOutcome, create_account, sign_up,
};
use backend::catalog::{CatalogApplication, apply_catalog, find_plan_by_code, find_product_by_code, load_catalog};
use backend::clock::{Clock, DAY_MS};
use backend::cx::Entropy;
use backend::db::{ClockWatch, Db, Options, Synchronous};
use backend::ids::{AccountId, LicenseId, VendorId};
use backend::keys::MasterKey;
use backend::leases::live::{LiveTable, Settings};
use backend::leases::{Issuer, activate_instance, count_seats};
use backend::licenses::{LicenseStatus, NewLicense, create_license, find_license};
use backend::stripe::StripeAccounts;
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use leptos::config::LeptosOptions;
use sdk::lease::{Expect, LeaseClaims};
use sdk::trust::TrustBundle;
use sdk::wire::{ActivateRequest, Identity, LeaseResponse, Nonce, Secret};

/// Seats of each license that instances check under.
const SEATS: i64 = 10;
/// Licenses under which instances come and go.
const SPARE: usize = 256;
/// Use cases under way while the stage is set.
const AT_ONCE: usize = 64;

pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    pub(crate) trust: TrustBundle,
    pub(crate) product: String,
    /// Id and secret of each activated instance.
    pub(crate) instances: Vec<(String, String)>,
    /// Keys of licenses with free seats.
    pub(crate) spare_keys: Vec<String>,
    sample: (LeaseClaims, LeaseResponse),
    state: AppState,
    vendor: Arc<Vendor>,
    licenses: Vec<LicenseId>,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// On a new SQLite file.
    pub(crate) async fn sqlite(instances: usize, settings: Settings) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite:{}", folder.path().join("bench.db").display());
        Self::set(&url, folder, instances, settings).await
    }

    /// On an empty database of PostgreSQL, where there is no table in memory.
    pub(crate) async fn on(url: &str, instances: usize) -> Result<Self> {
        Self::set(url, tempfile::tempdir()?, instances, Settings::default()).await
    }

    async fn set(url: &str, folder: tempfile::TempDir, instances: usize, settings: Settings) -> Result<Self> {
        let db = Db::open(url, Options { max_connections: 16, synchronous: Synchronous::Full }).await?;
        db.migrate().await?;
        let (entropy, master, clock) = (Entropy::system(), MasterKey::new([42; 32]), Clock::system());
        let live = LiveTable::start(&db, clock.clone(), entropy.clone(), settings).map(|(table, _)| table);
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
        let catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let cx = |vendor_id: &VendorId| Cx::new(vendor_id.clone(), Actor::Operator, clock.now(), entropy.clone());
        let (operator, sealing) = (cx(&VendorId::from_untrusted("")), master.clone());
        let applied = db
            .write(move |tx| {
                Box::pin(async move { apply_catalog(tx, &operator, &sealing, &catalog, "https://bench.test").await })
            })
            .await?;
        let CatalogApplication::Applied { vendor, .. } = applied else { bail!("the demo catalog is refused") };
        let vendor = Arc::new(*vendor);
        let site_root: Arc<str> = folder.path().display().to_string().into();
        let state = AppState::new(Parts {
            db: db.clone(),
            master: master.clone(),
            clock: clock.clone(),
            // One node, on the machine of its database.
            clock_watch: ClockWatch::alone(),
            entropy: entropy.clone(),
            passwords: Passwords::default(),
            stripe: StripeAccounts::default(),
            leptos: LeptosOptions::builder().output_name("leasehold").site_root(site_root).site_pkg_dir("pkg").build(),
            checkout_origin: "http://stripe.test".to_owned(),
            limits: Limits::new(Rates::OFF),
            proxies: TrustedProxies::default(),
            tls: false,
            live,
        });
        let cx = cx(&vendor.id);
        let account = account(&state, &cx).await?;
        let seats = usize::try_from(SEATS)?;
        let mut licenses = Vec::new();
        for _ in 0..instances.div_ceil(seats) + SPARE {
            licenses.push(license(&state, &cx, &account).await?);
        }
        let spare_keys = licenses.drain(..SPARE).map(|(_, key)| key).collect();
        let issuer = Issuer { vendor: (*vendor).clone(), master };
        let answers = activate(&db, &cx, &issuer, &licenses, instances).await?;
        let keys = db.read(|tx| Box::pin(published(tx, vendor.id.clone()))).await?;
        let trust = TrustBundle::new(&vendor.origin, keys);
        let first = answers.first().context("no instance")?.clone();
        let expect = Expect::of("iot-platform", first.server_time.as_second());
        let claims = sdk::lease::verify(&first.lease, &trust, &expect)?.claims().clone();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let service = server::router::make_service(&state);
        tokio::spawn(async move { axum::serve(listener, service).await });
        Ok(Self {
            address,
            trust,
            product: "iot-platform".to_owned(),
            instances: answers.iter().map(|it| (it.instance_id.clone(), it.secret.expose().to_owned())).collect(),
            spare_keys,
            sample: (claims, first),
            state,
            vendor,
            licenses: licenses.into_iter().map(|(id, _)| id).collect(),
            _folder: folder,
        })
    }

    /// The claims of a lease, and what else is in the answer that it comes with.
    pub(crate) fn sample(&self) -> (LeaseClaims, String) {
        let (claims, answer) = self.sample.clone();
        let rest = LeaseResponse { lease: String::new(), ..answer };
        (claims, serde_json::to_string(&rest).unwrap_or_default())
    }

    /// No license has more seats held than it has.
    pub(crate) async fn audit(&self) -> Result<()> {
        let now = self.state.clock.now();
        for id in &self.licenses {
            let (vendor_id, id) = (self.vendor.id.clone(), id.clone());
            let held = self.state.db.read(|tx| {
                Box::pin(async move {
                    let license = find_license(tx, &vendor_id, &id).await?.context("the license is gone")?.license;
                    Ok::<_, anyhow::Error>(count_seats(tx, &license.id, license.license_type, now).await?)
                })
            });
            ensure!(held.await? <= SEATS, "seats were oversold");
        }
        Ok(())
    }
}

async fn published(tx: &mut backend::db::Tx, vendor_id: VendorId) -> Result<sdk::jwk::JwkSet, backend::db::DbError> {
    Ok(sdk::jwk::JwkSet { keys: backend::keys::published_keys(tx, &vendor_id).await? })
}

async fn account(state: &AppState, cx: &Cx) -> Result<AccountId> {
    let request = SignUp {
        email: "bench@example.com".to_owned(),
        password: Password::new("correct horse battery".to_owned()),
        name: String::new(),
        address: [127, 0, 0, 1].into(),
    };
    let SignUpOutcome::SignedUp(user) = sign_up(&state.db, &state.passwords, &state.master, cx, &request).await? else {
        bail!("the sign-up was refused")
    };
    let details = AccountDetails {
        company: "Bench GmbH".to_owned(),
        country: "DE".to_owned(),
        address: Address {
            line1: "Hauptstraße 1".to_owned(),
            postal_code: "20095".to_owned(),
            city: "Hamburg".to_owned(),
            ..Address::default()
        },
        ..AccountDetails::default()
    };
    let cx = cx.clone();
    let created =
        state.db.write(move |tx| Box::pin(async move { create_account(tx, &cx, &user.id, &details).await })).await?;
    match created {
        AccountCreation::Created(account) => Ok(account.id),
        other => bail!("{other:?}"),
    }
}

async fn license(state: &AppState, cx: &Cx, account: &AccountId) -> Result<(LicenseId, String)> {
    let (cx, master, account) = (cx.clone(), state.master.clone(), account.clone());
    let created = state.db.write(move |tx| {
        Box::pin(async move {
            let product = find_product_by_code(tx, &cx.vendor_id, "iot-platform").await?.context("no product")?;
            let plan = find_plan_by_code(tx, &cx.vendor_id, &product.id, "startup").await?.context("no plan")?;
            let new = NewLicense {
                account_id: &account,
                plan: &plan,
                seats: SEATS,
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

/// Activates so many instances, ten to a license.
async fn activate(
    db: &Db,
    cx: &Cx,
    issuer: &Issuer,
    licenses: &[(LicenseId, String)],
    instances: usize,
) -> Result<Vec<LeaseResponse>> {
    let seats = usize::try_from(SEATS)?;
    let mut answers = Vec::with_capacity(instances);
    let mut under_way = tokio::task::JoinSet::new();
    for at in 0..instances {
        let request = ActivateRequest {
            license_key: Secret::new(licenses[at / seats].1.clone()),
            product: "iot-platform".to_owned(),
            version: "4.2.1".to_owned(),
            released_on: None,
            identity: Identity::instance(format!("node-{at}")),
            nonce: Nonce::from_random(cx.entropy.bytes()),
            features: None,
            borrow_s: None,
            secret: None,
            known_seq: None,
        };
        let (db, cx, issuer) = (db.clone(), cx.clone(), issuer.clone());
        under_way.spawn(async move {
            let answer = db
                .write(move |tx| Box::pin(async move { activate_instance(tx, &cx, &issuer, &request).await }))
                .await?;
            answer.map(|granted| granted.response).map_err(|refusal| anyhow::anyhow!("{refusal:?}"))
        });
        if under_way.len() >= AT_ONCE
            && let Some(answer) = under_way.join_next().await
        {
            answers.push(answer??);
        }
    }
    while let Some(answer) = under_way.join_next().await {
        answers.push(answer??);
    }
    Ok(answers)
}
