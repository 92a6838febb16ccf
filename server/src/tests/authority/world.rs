//! Two vendors with people of every kind, and something of everything that an address can name.

mod objects;
mod planted;

use std::path::PathBuf;

use app::api::limits::{Limits, Rates};
use axum::http::Method;
use backend::accounts::{DbSessionStore, FactorGift, TotpSecret, User, begin_session, find_user, give_second_factor};
use backend::acting::{ActingStart, begin_acting_session, start_acting};
use backend::catalog::{CatalogApplication, apply_catalog, list_plans, list_products, load_catalog};
use backend::clock::Clock;
use backend::cx::Entropy;
use backend::db::{DbError, Tx};
use backend::ids::{AccountId, LicenseId, UserId, VendorId};
use backend::licenses::find_license;
use backend::stripe::StripeAccounts;
use backend::{Actor, Cx};
use sqlx::{Connection as _, SqliteConnection};
use tower_sessions::Session;

use self::objects::claim;
use self::planted::populate;
use super::super::licensing_api::activate_body;
use super::super::{Answer, NOW, TestApp, state};
use super::addresses::{Address, Kind};
use super::matrix::{ACTING, COLUMNS};
use crate::router::router;

/// Tables in which every act leaves something.
const TRACES: [&str; 16] = [
    "audit",
    "events",
    "jobs",
    "orders",
    "licenses",
    "instances",
    "memberships",
    "users",
    "accounts",
    "invitations",
    "api_tokens",
    "releases",
    "conversations",
    "messages",
    "feedback",
    "vouchers",
];

/// Ids that addresses and forms can name.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects {
    license: String,
    instance: String,
    invoice: String,
    order: String,
    event: String,
    job: String,
    claim: String,
    kid: String,
    account: String,
    member: String,
    colleague: String,
    invitation: String,
    handover: String,
    campaign: String,
    product: String,
    plan: String,
    promotion_code: String,
    token: String,
    vendor_token: String,
    conversation: String,
    relation: String,
    passkey: String,
    acting: String,
    batch: String,
    voucher: String,
}

/// The product on a copy of one prepared database.
pub(super) struct World {
    app: TestApp,
    folder: tempfile::TempDir,
    copies: usize,
    cookies: Vec<Option<String>>,
    own: Objects,
    abroad: Objects,
}

impl World {
    pub(super) async fn new() -> anyhow::Result<Self> {
        let mut app = TestApp::new().await?;
        let (license, key) = app.license("startup", 3).await?;
        let held = app.call("licenses/activate", &activate_body(&key, "node-a")).await.json();
        let instance = held["instance_id"].as_str().expect("an instance").to_owned();
        let asked = app.call("claims/start", &claim()).await.json();
        let code = asked["user_code"].as_str().expect("a code").to_owned();
        app.buyer("other").await?;
        let abroad = second_vendor(&mut app).await?;
        let file = app._folder.path().join("test.db");
        let account = account_of(&app, &license).await?;
        let (product, plan) = something_sold(&app, &app.vendor.id).await?;
        app.state.db.close().await;

        let mut raw = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await?;
        let own = Objects {
            handover: "hnd_own".to_owned(),
            license: license.to_string(),
            instance,
            claim: code,
            invoice: "inv_own".to_owned(),
            order: "ord_own".to_owned(),
            event: "evt_own".to_owned(),
            job: "job_own".to_owned(),
            kid: "kid_own".to_owned(),
            account,
            member: "usr_viewer".to_owned(),
            colleague: "usr_read_only".to_owned(),
            invitation: "ivt_own".to_owned(),
            campaign: "cmp_own".to_owned(),
            product,
            plan,
            promotion_code: "pco_own".to_owned(),
            token: "tok_own".to_owned(),
            vendor_token: "tok_vendor".to_owned(),
            conversation: "con_own".to_owned(),
            relation: "rln_own".to_owned(),
            passkey: "psk_own".to_owned(),
            acting: "act_own".to_owned(),
            batch: "ord_vouchers".to_owned(),
            voucher: "vch_own".to_owned(),
        };
        populate(&mut raw, &own, app.vendor.id.as_str()).await?;
        raw.close().await?;
        let folder = tempfile::tempdir()?;
        std::fs::copy(&file, folder.path().join("root.db"))?;

        let mut world = Self { app, folder, copies: 0, cookies: Vec::new(), own, abroad };
        world.begin_anew().await?;
        for column in COLUMNS {
            let cookie = world.log_in(column).await?;
            world.cookies.push(cookie);
        }
        // The sessions.
        world.keep().await?;
        Ok(world)
    }

    /// What belongs to the account of `owner`, or is its vendor's.
    pub(super) fn own(&self) -> &Objects {
        &self.own
    }

    /// The same of the other vendor.
    pub(super) fn abroad(&self) -> &Objects {
        &self.abroad
    }

    /// The product, to make more of what it has before [`World::keep`].
    pub(super) fn app(&self) -> &TestApp {
        &self.app
    }

    /// From here on every copy is as the database is now.
    pub(super) async fn keep(&mut self) -> anyhow::Result<()> {
        self.app.state.db.close().await;
        std::fs::copy(self.database(), self.folder.path().join("root.db"))?;
        self.begin_anew().await
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join(format!("{}.db", self.copies))
    }

    /// Forgets what was done.
    pub(super) async fn begin_anew(&mut self) -> anyhow::Result<()> {
        self.app.state.db.close().await;
        if self.copies > 0 {
            std::fs::remove_file(self.database())?;
        }
        self.copies += 1;
        std::fs::copy(self.folder.path().join("root.db"), self.database())?;
        let (folder, file) = (self.folder.path(), format!("{}.db", self.copies));
        // Other ids than those that are in the database.
        let entropy = Entropy::seeded(1_000 + self.copies as u64);
        let limits = Limits::new(Rates::OFF);
        let state = state(folder, &file, Clock::fixed(NOW), entropy, StripeAccounts::default(), limits).await?;
        self.app.router = router(&state);
        self.app.state = state;
        Ok(())
    }

    /// A session of this column's person; `None` for the visitor.
    async fn log_in(&self, column: &str) -> anyhow::Result<Option<String>> {
        if column == "visitor" {
            return Ok(None);
        }
        let state = &self.app.state;
        let vendor_id =
            if column == "foreign_admin" { second_id(&self.app).await? } else { self.app.vendor.id.clone() };
        let (vendor, id) = (vendor_id.clone(), UserId::from_untrusted(&format!("usr_{column}")));
        let user = state.db.read(move |tx| Box::pin(async move { find_user(tx, &vendor, &id).await })).await?;
        let user = user.ok_or_else(|| anyhow::anyhow!("nobody is {column}"))?;
        if user.staff_role.is_some() || column == "partner" {
            self.give_factor(&user).await?;
        }
        let store = DbSessionStore::new(state.db.clone(), state.clock.clone(), state.entropy.clone());
        let session = Session::new(None, std::sync::Arc::new(store), None);
        // Long ago, so that what asks for the password again does so.
        begin_session(&session, &user, "a browser", [192, 0, 2, 1].into(), NOW.plus(-backend::clock::HOUR_MS)).await?;
        if column == ACTING {
            self.act_for_customer(&session, &user).await?;
        }
        let id = session.id().ok_or_else(|| anyhow::anyhow!("no session"))?;
        Ok(Some(format!("leasehold={id}")))
    }

    /// Lets one of the staff act for the account of `owner`.
    async fn act_for_customer(&self, session: &Session, user: &User) -> anyhow::Result<()> {
        let (state, account) = (&self.app.state, AccountId::from_untrusted(&self.own.account));
        let cx = Cx { vendor_id: user.vendor_id.clone(), actor: Actor::Staff(user.id.clone()), ..self.app.cx() };
        let master = state.master.clone();
        let started = state.db.write(move |tx| {
            Box::pin(async move { start_acting(tx, &cx, &master, &account, "a question about a seat").await })
        });
        let ActingStart::Started(acting) = started.await? else { anyhow::bail!("nobody acts for the customer") };
        anyhow::ensure!(begin_acting_session(session, &acting.id).await?, "the session was ended");
        Ok(())
    }

    /// Without a second factor staff get no further than setting one up; `tests/second_factor.rs` is about that.
    async fn give_factor(&self, user: &User) -> anyhow::Result<()> {
        let state = &self.app.state;
        let (cx, master) = (Cx { vendor_id: user.vendor_id.clone(), ..self.app.cx() }, state.master.clone());
        let (id, secret) = (user.id.clone(), TotpSecret::generate(&state.entropy));
        let given = state
            .db
            .write(move |tx| Box::pin(async move { give_second_factor(tx, &cx, &master, &id, &secret).await }))
            .await?;
        anyhow::ensure!(given == FactorGift::Given, "{given:?}");
        Ok(())
    }

    /// Rows of what every act leaves behind. It is asked twice about each form for each column, so it is one statement on a
    /// connection that is open.
    pub(super) async fn counted(&self) -> anyhow::Result<Vec<i64>> {
        let count = |table: &&str| format!("SELECT COUNT(*) FROM {table}");
        let sql = TRACES.iter().map(count).collect::<Vec<_>>().join(" UNION ALL ");
        let counted: anyhow::Result<Vec<i64>> = self
            .app
            .state
            .db
            .read(|tx| {
                Box::pin(async move {
                    let sql = sqlx::AssertSqlSafe(sql);
                    Ok(match tx {
                        Tx::Sqlite(tx) => sqlx::query_scalar(sql).fetch_all(&mut **tx).await?,
                        Tx::Postgres(tx) => sqlx::query_scalar(sql).fetch_all(&mut **tx).await?,
                    })
                })
            })
            .await;
        counted
    }

    /// Runs these statements with this value as `$1`, past all triggers that keep rows as they are.
    pub(super) async fn rewrite(&self, statements: &[&'static str], value: &str) -> anyhow::Result<()> {
        let mut raw = SqliteConnection::connect(&format!("sqlite:{}", self.database().display())).await?;
        let triggers: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetch_all(&mut raw).await?;
        for trigger in triggers {
            sqlx::query(sqlx::AssertSqlSafe(format!("DROP TRIGGER \"{trigger}\""))).execute(&mut raw).await?;
        }
        for statement in statements {
            let done = sqlx::query(*statement).bind(value).execute(&mut raw).await?;
            anyhow::ensure!(done.rows_affected() > 0, "{statement}");
        }
        Ok(raw.close().await?)
    }

    /// Asks for an address as somebody.
    pub(super) async fn ask(&self, address: &Address, objects: &Objects, column: &str) -> Answer {
        let objects = objects.clone().named_by(column, &address.path);
        let (path, method) = (objects.fill(&address.path), address.method.clone());
        let same_origin = ("sec-fetch-site", "same-origin");
        match address.kind {
            Kind::Form => self.send(method, &path, column, &[same_origin], &objects.form_for(&path)).await,
            Kind::Page => self.send(method, &path, column, &[same_origin], "").await,
            Kind::Machine => {
                let headers = [same_origin, ("content-type", "application/json")];
                self.send(method, &path, column, &headers, "{}").await
            }
        }
    }

    /// Sends a request with somebody's cookie.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        column: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let at = COLUMNS.iter().position(|known| *known == column).expect("a column");
        let mut headers = headers.to_vec();
        headers.extend(self.cookies[at].as_deref().map(|cookie| ("cookie", cookie)));
        if method == Method::POST && headers.iter().all(|(name, _)| *name != "content-type") {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        self.app.send(method, path, &headers, body.to_owned()).await
    }
}

/// A vendor beside the first, with a customer who has a license with an instance.
async fn second_vendor(app: &mut TestApp) -> anyhow::Result<Objects> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/desk-tools.toml");
    let catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let (cx, master) = (Cx { vendor_id: VendorId::from_untrusted(""), ..app.cx() }, app.state.master.clone());
    let applied = app.state.db.write(move |tx| {
        Box::pin(async move { apply_catalog(tx, &cx, &master, &catalog, "https://second.test").await })
    });
    let CatalogApplication::Applied { .. } = applied.await? else { anyhow::bail!("the second catalog was refused") };
    let (product, plan) = something_sold(app, &second_id(app).await?).await?;
    Ok(Objects {
        license: "lic_abroad".to_owned(),
        instance: "ins_abroad".to_owned(),
        invoice: "inv_abroad".to_owned(),
        order: "ord_abroad".to_owned(),
        event: "evt_abroad".to_owned(),
        job: "job_abroad".to_owned(),
        kid: "kid_abroad".to_owned(),
        account: "acc_abroad".to_owned(),
        member: "usr_foreign_admin".to_owned(),
        colleague: "usr_foreign_admin".to_owned(),
        invitation: "ivt_abroad".to_owned(),
        handover: "hnd_abroad".to_owned(),
        campaign: "cmp_abroad".to_owned(),
        product,
        plan,
        promotion_code: "pco_abroad".to_owned(),
        token: "tok_abroad".to_owned(),
        vendor_token: "tok_abroad".to_owned(),
        conversation: "con_abroad".to_owned(),
        relation: "rln_abroad".to_owned(),
        passkey: "psk_abroad".to_owned(),
        acting: "act_abroad".to_owned(),
        batch: "ord_vouchers_abroad".to_owned(),
        voucher: "vch_abroad".to_owned(),
        claim: "ZZZZ-ZZZZ".to_owned(),
    })
}

/// A product of a vendor, and a plan of it, by their ids.
async fn something_sold(app: &TestApp, vendor_id: &VendorId) -> anyhow::Result<(String, String)> {
    let vendor_id = vendor_id.clone();
    let found = app.state.db.read(move |tx| {
        Box::pin(async move {
            let Some(product) = list_products(tx, &vendor_id).await?.into_iter().next() else { return Ok(None) };
            let plan = list_plans(tx, &vendor_id, &product.id).await?.into_iter().next();
            Ok::<_, DbError>(plan.map(|plan| (product.id.to_string(), plan.id.to_string())))
        })
    });
    found.await?.ok_or_else(|| anyhow::anyhow!("nothing is sold"))
}

async fn account_of(app: &TestApp, license: &LicenseId) -> anyhow::Result<String> {
    let (vendor_id, id) = (app.vendor.id.clone(), license.clone());
    let found = app.state.db.read(move |tx| Box::pin(async move { find_license(tx, &vendor_id, &id).await })).await?;
    let account = found.map(|view| view.license.account_id.to_string());
    account.ok_or_else(|| anyhow::anyhow!("no such license"))
}

pub(super) async fn second_id(app: &TestApp) -> anyhow::Result<VendorId> {
    let vendors = app.state.db.read(|tx| Box::pin(async move { backend::vendors::list_vendors(tx).await })).await?;
    let second = vendors.into_iter().find(|vendor| vendor.id != app.vendor.id);
    Ok(second.ok_or_else(|| anyhow::anyhow!("no second vendor"))?.id)
}
