//! Two vendors with people of every kind, and something of everything that an address can name.

use std::path::PathBuf;

use app::api::limits::{Limits, Rates};
use axum::http::Method;
use backend::accounts::{DbSessionStore, FactorGift, TotpSecret, User, begin_session, find_user, give_second_factor};
use backend::acting::{ActingStart, begin_acting_session, start_acting};
use backend::catalog::{CatalogApplication, apply_catalog, load_catalog};
use backend::clock::Clock;
use backend::cx::Entropy;
use backend::ids::{AccountId, LicenseId, UserId, VendorId};
use backend::invoices::Parties;
use backend::licenses::find_license;
use backend::stripe::StripeAccounts;
use backend::{Actor, Cx};
use sqlx::{Connection as _, SqliteConnection};
use tower_sessions::Session;

use super::super::licensing_api::activate_body;
use super::super::{Answer, NOW, TestApp, state};
use super::addresses::{Address, Kind};
use super::matrix::{ACTING, COLUMNS};
use crate::router::router;

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
    promotion_code: String,
    token: String,
    vendor_token: String,
    conversation: String,
    relation: String,
    passkey: String,
    acting: String,
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
            promotion_code: "pco_own".to_owned(),
            token: "tok_own".to_owned(),
            vendor_token: "tok_vendor".to_owned(),
            conversation: "con_own".to_owned(),
            relation: "rln_own".to_owned(),
            passkey: "psk_own".to_owned(),
            acting: "act_own".to_owned(),
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
        Ok(begin_acting_session(session, &acting.id).await?)
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

    /// Rows of what every act leaves behind.
    pub(super) async fn counted(&self) -> anyhow::Result<Vec<i64>> {
        let mut raw = SqliteConnection::connect(&format!("sqlite:{}?mode=ro", self.database().display())).await?;
        let mut counts = Vec::new();
        for table in [
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
        ] {
            let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            counts.push(sqlx::query_scalar(sql).fetch_one(&mut raw).await?);
        }
        raw.close().await?;
        Ok(counts)
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

impl Objects {
    /// The path with its parameters filled in.
    pub(super) fn fill(&self, path: &str) -> String {
        let id = match path.split('/').nth(if path.starts_with("/staff/") { 2 } else { 1 }) {
            Some("account") => &self.member,
            Some("people") => &self.colleague,
            Some("licenses") => &self.license,
            Some("orders") => &self.order,
            Some("events") => &self.event,
            Some("customers") => &self.account,
            Some("handovers") => &self.handover,
            Some("campaigns") => &self.campaign,
            Some("mails") => &self.job,
            Some("messages") => &self.conversation,
            Some("partner" | "relations") => &self.relation,
            _ => &self.invoice,
        };
        path.replace("{instance}", &self.instance)
            .replace("{code}", &self.claim)
            .replace("{order_id}", &self.order)
            .replace("{invoice_id}", &self.invoice)
            .replace("{subject_id}", &self.invoice)
            .replace("{document}", "invoice.pdf")
            .replace("{file}", "nothing.css")
            .replace("{vendor}", "nordwind")
            .replace("{license_id}", &self.license)
            .replace("{instance_id}", &self.instance)
            .replace("{product}", "iot-platform")
            .replace("{id}", id)
            + if path.contains("/year.") { "?year=2026" } else { "" }
    }

    /// What is named apart from the rest: a former partner's relation that was, and the own account of whoever invites a
    /// client. What is another vendor's stays so.
    fn named_by(mut self, column: &str, path: &str) -> Self {
        let is_own = self.relation == "rln_own";
        if is_own && path == "/act/invite-client" && ["partner", "client", "former_partner"].contains(&column) {
            self.account = format!("acc_{column}");
        }
        if is_own && column == "former_partner" {
            self.relation = "rln_former_partner".to_owned();
        }
        self
    }

    /// What is sent to this form: for an order, a claim's code would be a promotion code that nobody knows; the vendor
    /// revokes a token of its own.
    fn form_for(&self, path: &str) -> String {
        let form = self.form();
        match path {
            "/act/place-order" => form.replace(&format!("code={}&", self.claim), ""),
            "/act/revoke-vendor-token" => form.replace(&self.token, &self.vendor_token),
            _ => form,
        }
    }

    /// Every value that some form needs; what a form does not know it passes over.
    pub(super) fn form(&self) -> String {
        self.form_with(&[])
    }

    /// The same with these in addition.
    pub(super) fn form_with(&self, more: &[(&str, &str)]) -> String {
        let mut values = vec![
            ("license_id", self.license.as_str()),
            ("instance_id", &self.instance),
            ("invoice_id", &self.invoice),
            ("order_id", &self.order),
            ("event_id", &self.event),
            ("job_id", &self.job),
            ("mail_id", &self.job),
            ("campaign_id", &self.campaign),
            ("code_id", &self.promotion_code),
            ("code", &self.claim),
            ("plan_id", "pln_none"),
            ("session_id", "none"),
            ("kid", &self.kid),
            ("account_id", &self.account),
            ("user_id", &self.member),
            ("role", "viewer"),
            ("becomes", "billing"),
            ("colleague_id", &self.colleague),
            ("staff_role", "support"),
            ("invitation_id", &self.invitation),
            ("handover_id", &self.handover),
            ("token_id", &self.token),
            ("days", "90"),
            ("licenses_read", "true"),
            ("plan", "startup"),
            ("interval", "month"),
            ("seats", "1"),
            ("more", "1"),
            ("years", "1"),
            ("currency", "usd"),
            ("agreed_minor", "1"),
            ("rest_minor", "1"),
            ("reckoned_at", "1"),
            ("amount", "1"),
            ("settlement", "refund"),
            ("credited_before", "0"),
            ("decision", "keep_running"),
            ("reason", "because"),
            ("memo", "because"),
            ("name", "x"),
            ("email", "x@example.com"),
            ("token", "none"),
            ("password", "x"),
            ("old_password", "x"),
            ("current_password", "x"),
            ("new_password", "x"),
            ("company", "x"),
            ("country", "DE"),
            ("line1", "x"),
            ("city", "x"),
            ("postal_code", "x"),
            ("billing_email", "x@example.com"),
            ("limits", ""),
            ("kind", "percent"),
            ("percent", "10"),
            ("duration", "once"),
            ("count", "1"),
            ("features", ""),
            ("conversation_id", &self.conversation),
            ("relation_id", &self.relation),
            ("commission", "20"),
            ("discount", "10"),
            ("days_until_due", "30"),
            ("passkey_id", &self.passkey),
            ("acting_id", &self.acting),
            ("about", &self.license),
            ("subject", "x"),
            ("text", "x"),
            ("seen", "1"),
            ("to", "me"),
            ("score", "9"),
        ];
        values.extend(more);
        serde_urlencoded::to_string(values).expect("a form")
    }
}

fn claim() -> serde_json::Value {
    serde_json::json!({ "product": "iot-platform", "version": "4.2.1", "identity": { "kind": "instance", "id": "node-c" },
                        "nonce": "another_nonce_of_24_char" })
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
        promotion_code: "pco_abroad".to_owned(),
        token: "tok_abroad".to_owned(),
        vendor_token: "tok_abroad".to_owned(),
        conversation: "con_abroad".to_owned(),
        relation: "rln_abroad".to_owned(),
        passkey: "psk_abroad".to_owned(),
        acting: "act_abroad".to_owned(),
        claim: "ZZZZ-ZZZZ".to_owned(),
    })
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

/// People of every kind, and rows of what cannot be made without Stripe.
async fn populate(raw: &mut SqliteConnection, own: &Objects, vendor: &str) -> anyhow::Result<()> {
    let people = [
        ("owner", Some("owner"), None),
        ("billing", Some("billing"), None),
        ("technical", Some("technical"), None),
        ("viewer", Some("viewer"), None),
        ("other_owner", None, None),
        ("newcomer", None, None),
        ("admin", None, Some("admin")),
        ("support", None, Some("support")),
        ("finance", None, Some("finance")),
        ("read_only", None, Some("read_only")),
        ("acting", None, Some("support")),
    ];
    for (name, role, staff) in people {
        sqlx::query(
            "INSERT INTO users (id, vendor_id, email, email_key, password_hash, staff_role, password_set_at, created_at)
             SELECT 'usr_' || $1, vendor_id, $1 || '@people.test', $1 || '@people.test', password_hash, $2, 1, 1
             FROM users WHERE email_key = 'other@example.com'",
        )
        .bind(name)
        .bind(staff)
        .execute(&mut *raw)
        .await?;
        if let Some(role) = role {
            sqlx::query(
                "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at)
                 SELECT vendor_id, account_id, 'usr_' || $1, $2, 1 FROM licenses WHERE id = $3",
            )
            .bind(name)
            .bind(role)
            .bind(&own.license)
            .execute(&mut *raw)
            .await?;
        }
    }
    let others = "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at)
                  SELECT m.vendor_id, m.account_id, 'usr_other_owner', 'owner', 1 FROM memberships m
                  JOIN users u ON u.id = m.user_id WHERE u.email_key = 'other@example.com'";
    sqlx::query(others).execute(&mut *raw).await?;
    partners(raw, own).await?;
    // The same id in another vendor's realm: its people, customer, license and instance are copies of ours.
    for sql in [
        "INSERT INTO users (id, vendor_id, email, email_key, password_hash, staff_role, password_set_at, created_at)
         SELECT 'usr_foreign_admin', (SELECT id FROM vendors WHERE id <> $1), email, email_key, password_hash, 'admin', 1, 1
         FROM users WHERE id = 'usr_admin'",
        "INSERT INTO invoices (id, vendor_id, account_id, license_id, stripe_invoice_id, number, status, currency,
             subtotal_minor, discount_minor, tax_minor, total_minor, paid_minor, due_minor, taxes, billing_reason, parties,
             issued_at, created_at)
         SELECT 'inv_own', vendor_id, account_id, id, 'in_own', 'A-1', 'open', 'usd', 100, 0, 0, 100, 0, 100, '[]', 'manual',
             '{}', 1, 1 FROM licenses WHERE vendor_id = $1 AND id LIKE 'lic_%' LIMIT 1",
        "INSERT INTO orders (id, vendor_id, account_id, user_id, kind, plan_id, license_id, billing_interval, seats, currency,
             amount_minor, status, payment, items, created_at)
         SELECT 'ord_own', vendor_id, account_id, 'usr_owner', 'subscription', plan_id, id, 'month', 1, 'usd', 100, 'open',
             'card', '[]', 1 FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO handovers (id, vendor_id, license_id, from_account_id, to_email, to_email_key, by_staff, status, asked_by,
             created_at, expires_at)
         SELECT 'hnd_own', vendor_id, id, account_id, 'other_owner@people.test', 'other_owner@people.test', TRUE, 'asked',
             'usr_support', 1, 4102444800000 FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO conversations (id, vendor_id, account_id, opened_by, subject, about_kind, about_id, status,
             message_count, created_at, last_at)
         SELECT 'con_own', vendor_id, account_id, 'usr_owner', 'x', 'license', id, 'open', 1, 1, 1
         FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO messages (id, vendor_id, conversation_id, place, author_id, is_staff, text, created_at)
         VALUES ('msg_own', $1, 'con_own', 1, 'usr_owner', FALSE, 'x', 1)",
        "INSERT INTO actings (id, vendor_id, staff_id, account_id, reason, started_at, ends_at)
         SELECT 'act_own', vendor_id, 'usr_support', account_id, 'a question', 1, 4102444800000
         FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO stripe_events (vendor_id, id, event_type, raw, status, received_at)
         VALUES ($1, 'evt_own', 'invoice.paid', '{}', 'failed', 1)",
        "INSERT INTO jobs (id, vendor_id, kind, queue_key, payload, status, run_at, created_at, finished_at)
         VALUES ('job_own', $1, 'mail.send', 'job_own', x'00', 'dead', 1, 1, 1)",
        "INSERT INTO subscriptions (id, vendor_id, account_id, license_id, stripe_subscription_id, stripe_status, plan_id,
             billing_interval, seats, currency, addons, packs, recurring_minor, period_start, period_end,
             cancel_at_period_end, updated_at)
         SELECT 'sub_own', vendor_id, account_id, id, 'sub_own', 'active', plan_id, 'month', seats, 'usd', '[]', '{}', 100,
             1767225600000, 1798761600000, FALSE, 1 FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO campaigns (id, vendor_id, name, percent_bp, duration, plan_ids, product_ids, first_purchase_only,
             starts_at, created_at)
         SELECT 'cmp_' || CASE id WHEN $1 THEN 'own' ELSE 'abroad' END, id, 'x', 1000, 'once', '[]', '[]', FALSE, 1, 1
         FROM vendors",
        "INSERT INTO promotion_codes (id, vendor_id, campaign_id, code, code_key, created_at)
         SELECT 'pco_' || substr(id, 5), vendor_id, id, 'OWN-CODE', 'OWN-CODE', 1 FROM campaigns WHERE $1 <> ''",
        "UPDATE signing_keys SET kid = 'kid_' || CASE vendor_id WHEN $1 THEN 'own' ELSE 'abroad' END WHERE status = 'next'",
        "INSERT INTO documents (id, vendor_id, account_id, subject_id, number, kind, content, sha256, issued_at, created_at)
         SELECT 'doc_own', vendor_id, account_id, 'inv_own', 'A-1', 'invoice', x'25504446', x'315d429b7714cedb6ad04ac31240145257692630457f3c88253c5beceac76027', 1767225600000, 1
         FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO invitations (id, vendor_id, account_id, role, email, email_key, token_hash, created_at, sent_at, expires_at)
         SELECT 'ivt_own', vendor_id, account_id, 'viewer', 'ivy@people.test', 'ivy@people.test', x'01', 1, 1, 1798761600000
         FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO invitations (id, vendor_id, role, email, email_key, token_hash, created_at, sent_at, expires_at)
         SELECT 'ivt_abroad', id, 'support', 'ivy@people.test', 'ivy@people.test', x'02', 1, 1, 1798761600000
         FROM vendors WHERE id <> $1",
        "INSERT INTO api_tokens (id, vendor_id, account_id, name, token_hash, hint, scopes, created_by, created_at, expires_at)
         SELECT 'tok_own', vendor_id, account_id, 'x', x'01', 'lh_x', '[\"licenses:read\"]', 'usr_owner', 1, 4102444800000
         FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO api_tokens (id, vendor_id, name, token_hash, hint, scopes, created_at, expires_at)
         VALUES ('tok_vendor', $1, 'x', x'02', 'lh_x', '[\"licenses:read\"]', 1, 4102444800000)",
        "INSERT INTO api_tokens (id, vendor_id, name, token_hash, hint, scopes, created_at, expires_at)
         SELECT 'tok_abroad', id, 'x', x'03', 'lh_x', '[\"licenses:read\"]', 1, 4102444800000 FROM vendors WHERE id <> $1",
        "INSERT INTO stripe_events (vendor_id, id, event_type, raw, status, received_at)
         SELECT id, 'evt_abroad', 'invoice.paid', '{}', 'failed', 1 FROM vendors WHERE id <> $1",
        "INSERT INTO jobs (id, vendor_id, kind, queue_key, payload, status, run_at, created_at, finished_at)
         SELECT 'job_abroad', id, 'mail.send', 'job_abroad', x'00', 'dead', 1, 1, 1 FROM vendors WHERE id <> $1",
        "INSERT INTO mails (id, vendor_id, recipient, recipient_key, subject, created_at)
         SELECT id, vendor_id, 'x@people.test', 'x@people.test', 'x', 1 FROM jobs WHERE id IN ('job_own', 'job_abroad')
             AND $1 <> ''",
        "INSERT INTO passkeys (id, vendor_id, user_id, credential_id, public_key, sign_count, backed_up, name, created_at)
         SELECT 'psk_' || CASE vendor_id WHEN $1 THEN 'own' ELSE 'abroad' END, vendor_id, id, x'01', x'01', 0, FALSE, 'x', 1
         FROM users WHERE id IN ('usr_owner', 'usr_foreign_admin')",
    ] {
        sqlx::query(sql).bind(vendor).execute(&mut *raw).await?;
    }
    let parties = serde_json::to_string(&Parties::default())?;
    sqlx::query("UPDATE invoices SET parties = $1 WHERE parties = '{}'").bind(parties).execute(&mut *raw).await?;
    copy_abroad(raw, own, vendor).await
}

/// The partner of the account that has the license, another client of that partner, and a partner that it had before.
async fn partners(raw: &mut SqliteConnection, own: &Objects) -> anyhow::Result<()> {
    for (column, kind) in [("partner", "partner"), ("client", "customer"), ("former_partner", "customer")] {
        for sql in [
            "INSERT INTO users (id, vendor_id, email, email_key, password_hash, password_set_at, created_at)
             SELECT 'usr_' || $1, vendor_id, $1 || '@people.test', $1 || '@people.test', password_hash, 1, 1
             FROM users WHERE email_key = 'other@example.com' AND $2 <> ''",
            "INSERT INTO accounts (id, vendor_id, kind, company, country, address, billing_email, created_at)
             SELECT 'acc_' || $1, vendor_id, $2, $1, country, address, billing_email, 1
             FROM users JOIN accounts USING (vendor_id) WHERE email_key = 'other@example.com' LIMIT 1",
            "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at)
             SELECT vendor_id, id, 'usr_' || $1, 'owner', 1 FROM accounts WHERE id = 'acc_' || $1 AND $2 <> ''",
        ] {
            sqlx::query(sql).bind(column).bind(kind).execute(&mut *raw).await?;
        }
    }
    for sql in [
        "INSERT INTO partners (vendor_id, account_id, commission_bp, discount_bp, since, ended_at)
         SELECT vendor_id, id, 2000, 1000, 1, CASE kind WHEN 'partner' THEN NULL ELSE 2 END FROM accounts
         WHERE id IN ('acc_partner', 'acc_former_partner') AND $1 <> ''",
        "INSERT INTO client_relations (id, vendor_id, partner_id, client_id, company, email, email_key, status, created_at,
             expires_at, accepted_at)
         SELECT 'rln_own', vendor_id, 'acc_partner', id, 'x', 'owner@people.test', 'owner@people.test', 'active', 1, 2, 2
         FROM accounts WHERE id = $1",
        "INSERT INTO client_relations (id, vendor_id, partner_id, client_id, company, email, email_key, status, created_at,
             expires_at, accepted_at)
         SELECT 'rln_client', vendor_id, 'acc_partner', id, 'x', 'client@people.test', 'client@people.test', 'active', 1, 2, 2
         FROM accounts WHERE id = 'acc_client' AND $1 <> ''",
        "INSERT INTO client_relations (id, vendor_id, partner_id, client_id, company, email, email_key, status, created_at,
             expires_at, accepted_at, ended_at)
         SELECT 'rln_former_partner', vendor_id, 'acc_former_partner', id, 'x', 'owner@people.test', 'owner@people.test',
             'ended', 1, 2, 2, 3
         FROM accounts WHERE id = $1",
    ] {
        let done = sqlx::query(sql).bind(&own.account).execute(&mut *raw).await?;
        assert!(done.rows_affected() > 0, "{sql}");
    }
    Ok(())
}

/// Copies an account with what it has to the other vendor, under ids that end in `_abroad`.
async fn copy_abroad(raw: &mut SqliteConnection, own: &Objects, vendor: &str) -> anyhow::Result<()> {
    let abroad = "(SELECT id FROM vendors WHERE id <> $1)";
    let account = "(SELECT account_id FROM licenses WHERE id = $2)";
    for (table, row, changes) in [
        ("accounts", format!("id = {account}"), vec![("id", "'acc_abroad'"), ("stripe_customer_id", "NULL")]),
        (
            "licenses",
            "id = $2".to_owned(),
            vec![
                ("id", "'lic_abroad'"),
                ("account_id", "'acc_abroad'"),
                ("plan_id", "(SELECT id FROM plans WHERE vendor_id <> $1 LIMIT 1)"),
                ("product_id", "(SELECT product_id FROM plans WHERE vendor_id <> $1 LIMIT 1)"),
                ("key_hash", "x'00'"),
            ],
        ),
        ("instances", "license_id = $2".to_owned(), vec![("id", "'ins_abroad'"), ("license_id", "'lic_abroad'")]),
        (
            "invoices",
            "id = 'inv_own'".to_owned(),
            vec![
                ("id", "'inv_abroad'"),
                ("account_id", "'acc_abroad'"),
                ("license_id", "'lic_abroad'"),
                ("stripe_invoice_id", "'in_abroad'"),
            ],
        ),
        (
            "conversations",
            "id = 'con_own'".to_owned(),
            vec![
                ("id", "'con_abroad'"),
                ("account_id", "'acc_abroad'"),
                ("opened_by", "'usr_foreign_admin'"),
                ("about_id", "'lic_abroad'"),
            ],
        ),
        (
            "actings",
            "id = 'act_own'".to_owned(),
            vec![("id", "'act_abroad'"), ("account_id", "'acc_abroad'"), ("staff_id", "'usr_foreign_admin'")],
        ),
        (
            "orders",
            "id = 'ord_own'".to_owned(),
            vec![
                ("id", "'ord_abroad'"),
                ("account_id", "'acc_abroad'"),
                ("user_id", "'usr_foreign_admin'"),
                ("license_id", "'lic_abroad'"),
                ("plan_id", "(SELECT id FROM plans WHERE vendor_id <> $1 LIMIT 1)"),
            ],
        ),
        (
            "handovers",
            "id = 'hnd_own'".to_owned(),
            vec![
                ("id", "'hnd_abroad'"),
                ("license_id", "'lic_abroad'"),
                ("from_account_id", "'acc_abroad'"),
                ("asked_by", "'usr_foreign_admin'"),
            ],
        ),
    ] {
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(table).fetch_all(&mut *raw).await?;
        let value = |name: &String| match changes.iter().find(|(changed, _)| changed == name) {
            Some((_, value)) => (*value).to_owned(),
            None if name == "vendor_id" => abroad.to_owned(),
            None => name.clone(),
        };
        let values: Vec<_> = columns.iter().map(value).collect();
        // $1 and $2 are both named, whether or not the statement has a use for them.
        let sql = format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {table} WHERE {row} AND $1 <> '' AND $2 <> '' LIMIT 1",
            columns.join(", "),
            values.join(", ")
        );
        let done = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(vendor).bind(&own.license).execute(&mut *raw).await?;
        assert_eq!(done.rows_affected(), 1, "{table}");
    }
    for sql in [
        "INSERT INTO partners (vendor_id, account_id, commission_bp, discount_bp, since)
         SELECT vendor_id, id, 2000, 1000, 1 FROM accounts WHERE id = 'acc_abroad'",
        "INSERT INTO client_relations (id, vendor_id, partner_id, client_id, company, email, email_key, status, created_at,
             expires_at)
         SELECT 'rln_abroad', vendor_id, id, id, 'x', 'x@people.test', 'x@people.test', 'active', 1, 2
         FROM accounts WHERE id = 'acc_abroad'",
    ] {
        let done = sqlx::query(sql).execute(&mut *raw).await?;
        assert_eq!(done.rows_affected(), 1, "{sql}");
    }
    Ok(())
}
