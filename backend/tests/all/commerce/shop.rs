//! A shop for tests: the demo vendor, a buyer, and a Stripe sandbox in this process, all on one clock.

mod opening;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use backend::accounts::{Account, User};
use backend::billing::{Commerce, Receipt, Subscription, find_subscription_of_license, handlers, receive_event};
use backend::catalog::{BillingInterval, Composition, Plan, find_plan_by_code, find_product_by_code};
use backend::clock::{Clock, UnixMs};
use backend::db::Db;
use backend::ids::{LicenseId, OrderId};
use backend::invoices::{Invoice, list_invoices};
use backend::jobs::{Handlers, Runner, Tally};
use backend::licenses::{KeyReveal, License, find_license, list_by_account, reveal_key};
use backend::money::Currency;
use backend::orders::{
    CheckoutUrls, Order, OrderPlacement, Payment, PlaceOrder, Purchase, ShownCode, find_order, place_order,
};
use backend::stripe::{EventEnvelope, Stripe, StripeAccounts, StripeConfig, verify_webhook};
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use hmac::{Hmac, KeyInit as _, Mac as _};

use crate::support::{NOW, Outbox, cx, entropy, master};

/// From which the buyer's browser asks.
pub(super) const ADDRESS: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

pub(super) const WEBHOOK_SECRET: &str = "whsec_of_the_shop";

pub(super) struct Shop {
    pub(super) db: Db,
    pub(super) vendor: Vendor,
    pub(super) commerce: Commerce,
    pub(super) user: User,
    pub(super) account: Account,
    pub(super) outbox: Outbox,
    /// In which orders are placed.
    pub(super) currency: Currency,
    clock_file: PathBuf,
    /// So many events have been delivered to this database by [`Shop::deliver_all`].
    delivered: AtomicUsize,
    pub(super) sandbox: stripe_sandbox::Running,
    _folder: tempfile::TempDir,
}

impl Shop {
    pub(super) async fn open(db: Db) -> anyhow::Result<Self> {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
        Self::open_with(db, &demo).await
    }

    /// A shop that sells what another catalog says.
    pub(super) async fn open_with(db: Db, catalog: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let clock_file = folder.path().join("clock");
        std::fs::write(&clock_file, NOW.timestamp().to_string())?;
        let config = stripe_sandbox::Config { clock: Some(clock_file.clone()), ..stripe_sandbox::Config::default() };
        let sandbox = stripe_sandbox::start(config).await?;
        let config = StripeConfig {
            api_base: sandbox.url.clone(),
            secret_key: "sk_test_shop".to_owned().into(),
            webhook_secrets: vec![WEBHOOK_SECRET.to_owned().into()],
        };
        let stripe = Stripe::new(config, entropy())?;
        let vendor = opening::put_on_sale(&db, &sandbox, &stripe, catalog).await?;
        let (user, account) = opening::sign_up_buyer(&db, &vendor).await?;
        let commerce = Commerce { db: db.clone(), master: master(), stripe: StripeAccounts::single(stripe) };
        let outbox = Outbox::default();
        let currency = Currency::parse("usd").expect("a currency");
        let delivered = AtomicUsize::new(0);
        Ok(Self {
            db,
            vendor,
            commerce,
            user,
            account,
            outbox,
            currency,
            clock_file,
            delivered,
            sandbox,
            _folder: folder,
        })
    }

    /// Goes on with another database that knows this shop.
    pub(super) fn turn_to(&mut self, db: Db) {
        self.commerce.db = db.clone();
        self.db = db;
        self.delivered = AtomicUsize::new(0);
    }

    pub(super) fn now(&self) -> UnixMs {
        Clock::from_file(self.clock_file.clone()).now()
    }

    pub(super) fn set_clock(&self, at: UnixMs) -> anyhow::Result<()> {
        // In one piece: whoever reads an empty file takes the system's time.
        let next = self.clock_file.with_extension("next");
        std::fs::write(&next, at.timestamp().to_string())?;
        Ok(std::fs::rename(&next, &self.clock_file)?)
    }

    /// The buyer acts.
    pub(super) fn cx(&self) -> Cx {
        Cx { actor: Actor::User(self.user.id.clone()), ..cx(&self.vendor.id, self.now()) }
    }

    pub(super) fn stripe(&self) -> &Stripe {
        self.commerce.stripe.of(&self.vendor.id).expect("the shop has an account")
    }

    pub(super) async fn plan(&self, code: &'static str) -> anyhow::Result<Plan> {
        let vendor_id = self.vendor.id.clone();
        let plan = self
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let product = find_product_by_code(tx, &vendor_id, "iot-platform").await?.expect("the product");
                    find_plan_by_code(tx, &vendor_id, &product.id, code).await
                })
            })
            .await?;
        plan.ok_or_else(|| anyhow::anyhow!("no plan {code}"))
    }

    pub(super) async fn order(
        &self,
        plan: &'static str,
        interval: BillingInterval,
        seats: i64,
    ) -> anyhow::Result<(Order, String)> {
        let purchase = Purchase::Plan(Composition::new(self.plan(plan).await?.id, interval, seats, self.currency));
        match self.place(purchase).await? {
            OrderPlacement::Placed { order, checkout_url } => Ok((*order, checkout_url)),
            other => anyhow::bail!("{other:?}"),
        }
    }

    pub(super) async fn place(&self, purchase: Purchase) -> anyhow::Result<OrderPlacement> {
        self.place_by(purchase, Payment::Card, None).await
    }

    pub(super) async fn place_by(
        &self,
        purchase: Purchase,
        payment: Payment,
        promotion: Option<(String, i64)>,
    ) -> anyhow::Result<OrderPlacement> {
        let place = PlaceOrder {
            account_id: self.account.id.clone(),
            user_id: self.user.id.clone(),
            session_hash: Some(b"this browser".to_vec()),
            purchase,
            payment,
            promotion: promotion.map(|(code, takes_off_minor)| ShownCode { code, takes_off_minor, address: ADDRESS }),
            for_client: None,
            urls: CheckoutUrls {
                success: "https://portal.test/orders/{ORDER_ID}".to_owned(),
                cancel: "https://portal.test/pricing".to_owned(),
            },
        };
        Ok(place_order(&self.commerce, &self.cx(), &place).await?)
    }

    /// Pays on the hosted page with one of its test cards; answers where it leads.
    pub(super) async fn pay(&self, checkout_url: &str, card: &str) -> anyhow::Result<String> {
        self.sandbox.press(checkout_url, card).await
    }

    /// All of Stripe's events up to now, oldest first.
    pub(super) async fn events(&self) -> anyhow::Result<Vec<EventEnvelope>> {
        Ok(self.stripe().list_events(UnixMs(0)).await?)
    }

    /// Stripe's events beyond the first `seen`, of types that begin with one of `types`; counts on.
    pub(super) fn news(&self, seen: &mut usize, types: &[&str]) -> Vec<EventEnvelope> {
        let all = self.sandbox.events_after(*seen);
        *seen += all.len();
        let wanted = |event: &serde_json::Value| {
            event["type"].as_str().is_some_and(|name| types.iter().any(|wanted| name.starts_with(wanted)))
        };
        let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let envelope = |event: &serde_json::Value| EventEnvelope {
            id: word(&event["id"]),
            event_type: word(&event["type"]),
            object_id: word(&event["data"]["object"]["id"]),
            customer_id: word(&event["data"]["object"]["customer"]),
            created: UnixMs::from_seconds(event["created"].as_i64().unwrap_or_default()),
            raw: event.to_string(),
        };
        all.iter().filter(|event| wanted(event)).map(envelope).collect()
    }

    /// The sandbox holds this call from now on, counted from 0; or none any more.
    pub(super) fn cut(&self, at: Option<(usize, stripe_sandbox::Cut)>) {
        self.sandbox.cut(at);
    }

    /// Lets the call that is held go on.
    pub(super) fn release(&self) {
        self.sandbox.release();
    }

    /// The call that is held.
    pub(super) fn was_cut(&self) -> Option<String> {
        self.sandbox.was_cut()
    }

    pub(super) fn clock_file(&self) -> &Path {
        &self.clock_file
    }

    /// How many invoices the account has.
    pub(super) async fn every_invoice(&self) -> anyhow::Result<usize> {
        let (vendor_id, account_id) = (self.vendor.id.clone(), self.account.id.clone());
        let all = self
            .db
            .read(move |tx| Box::pin(async move { list_invoices(tx, &vendor_id, &account_id, None, 10_000).await }))
            .await?;
        Ok(all.len())
    }

    /// A customer's objects at Stripe, oldest first.
    pub(super) fn objects_of(&self, kind: &str, customer: &str) -> Vec<serde_json::Value> {
        self.sandbox.objects_of(kind, customer)
    }

    /// Delivers an event as Stripe would: signed, verified, stored.
    pub(super) async fn deliver(&self, event: &EventEnvelope) -> anyhow::Result<Receipt> {
        let now = self.now();
        let header = sign(&event.raw, WEBHOOK_SECRET, now.seconds());
        let secrets = self.stripe().config().webhook_secrets.clone();
        let event = verify_webhook(event.raw.as_bytes(), &header, &secrets, now)?;
        let cx = cx(&self.vendor.id, now);
        let receipt =
            self.db.write(move |tx| Box::pin(async move { receive_event(tx, &cx, &master(), &event).await })).await?;
        Ok(receipt)
    }

    /// Delivers what has happened since it was last called.
    pub(super) async fn deliver_all(&self) -> anyhow::Result<()> {
        let mut delivered = self.delivered.load(Ordering::Relaxed);
        for event in self.news(&mut delivered, &[""]) {
            self.deliver(&event).await?;
        }
        self.delivered.store(delivered, Ordering::Relaxed);
        Ok(())
    }

    /// Does all jobs that are due.
    pub(super) async fn work(&self) -> anyhow::Result<Tally> {
        let handlers = handlers::register(Handlers::new().with(self.outbox.clone()), &self.commerce);
        let clock = Clock::from_file(self.clock_file.clone());
        Ok(Runner::new(self.db.clone(), clock, entropy(), master(), handlers).run_until_idle().await?)
    }

    /// Buys with the return page never opened: paid, delivered, worked.
    pub(super) async fn buy(
        &self,
        plan: &'static str,
        interval: BillingInterval,
        seats: i64,
    ) -> anyhow::Result<License> {
        let (order, url) = self.order(plan, interval, seats).await?;
        self.pay(&url, "4242").await?;
        self.deliver_all().await?;
        self.work().await?;
        let order = self.find_order(&order.id).await?;
        let license_id = order.license_id.clone().ok_or_else(|| anyhow::anyhow!("not fulfilled: {order:?}"))?;
        self.license(&license_id).await
    }

    pub(super) async fn find_account(&self) -> anyhow::Result<Account> {
        let (vendor_id, id) = (self.vendor.id.clone(), self.account.id.clone());
        let found =
            self.db.read(|tx| Box::pin(async move { backend::accounts::find_account(tx, &vendor_id, &id).await }));
        found.await?.ok_or_else(|| anyhow::anyhow!("no account"))
    }

    pub(super) async fn find_order(&self, id: &OrderId) -> anyhow::Result<Order> {
        let (vendor_id, id) = (self.vendor.id.clone(), id.clone());
        let order = self.db.read(move |tx| Box::pin(async move { find_order(tx, &vendor_id, &id).await })).await?;
        order.ok_or_else(|| anyhow::anyhow!("no order"))
    }

    pub(super) async fn license(&self, id: &LicenseId) -> anyhow::Result<License> {
        let (vendor_id, id) = (self.vendor.id.clone(), id.clone());
        let view = self.db.read(move |tx| Box::pin(async move { find_license(tx, &vendor_id, &id).await })).await?;
        view.map(|view| view.license).ok_or_else(|| anyhow::anyhow!("no license"))
    }

    pub(super) async fn licenses(&self) -> anyhow::Result<usize> {
        let (vendor_id, account_id) = (self.vendor.id.clone(), self.account.id.clone());
        let all = self
            .db
            .read(move |tx| Box::pin(async move { list_by_account(tx, &vendor_id, &account_id, None, 1_000).await }))
            .await?;
        Ok(all.len())
    }

    pub(super) async fn subscription(&self, license_id: &LicenseId) -> anyhow::Result<Subscription> {
        let (vendor_id, id) = (self.vendor.id.clone(), license_id.clone());
        let row = self
            .db
            .read(move |tx| Box::pin(async move { find_subscription_of_license(tx, &vendor_id, &id).await }))
            .await?;
        row.ok_or_else(|| anyhow::anyhow!("no subscription"))
    }

    /// Newest first.
    pub(super) async fn invoices(&self) -> anyhow::Result<Vec<Invoice>> {
        let (vendor_id, account_id) = (self.vendor.id.clone(), self.account.id.clone());
        let all = self
            .db
            .read(move |tx| Box::pin(async move { list_invoices(tx, &vendor_id, &account_id, None, 100).await }))
            .await?;
        Ok(all)
    }
}

/// The header that Stripe would send, written from its description.
pub(super) fn sign(body: &str, secret: &str, at: i64) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
    mac.update(format!("{at}.{body}").as_bytes());
    format!("t={at},v1={}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()))
}

impl Shop {
    /// A call of Stripe's API as somebody else would make it, at Stripe's own pages for example.
    pub(super) async fn call(&self, path: &str, body: &str) -> anyhow::Result<serde_json::Value> {
        self.sandbox.call(path, body).await
    }

    /// What Stripe's API answers to a question.
    pub(super) async fn look(&self, path: &str) -> anyhow::Result<serde_json::Value> {
        self.sandbox.look(path).await
    }

    /// Makes the customer's subscription charge another card from now on.
    pub(super) async fn use_card(&self, license_id: &LicenseId, card: &str) -> anyhow::Result<()> {
        let stripe_id = self.subscription(license_id).await?.stripe_subscription_id;
        let customer_id = self.stripe().fetch_subscription(&stripe_id).await?.customer_id;
        let method = self.call(&format!("payment_methods/{card}/attach"), &format!("customer={customer_id}")).await?;
        let method = method["id"].as_str().expect("an id");
        self.call(&format!("subscriptions/{stripe_id}"), &format!("default_payment_method={method}")).await?;
        Ok(())
    }

    /// An instance activates, with the license's key.
    pub(super) async fn activate(&self, license_id: &LicenseId, node: &str) -> anyhow::Result<()> {
        self.activate_node(license_id, node).await.map(drop)
    }

    async fn activate_node(&self, license_id: &LicenseId, node: &str) -> anyhow::Result<sdk::wire::LeaseResponse> {
        let issuer = backend::leases::Issuer { vendor: self.vendor.clone(), master: master() };
        let (cx, license, node) = (self.cx(), self.license(license_id).await?, node.to_owned());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let KeyReveal::Shown(key) = reveal_key(tx, &cx, &master(), &license).await? else {
                        anyhow::bail!("no key");
                    };
                    let request = sdk::wire::ActivateRequest {
                        license_key: sdk::wire::Secret::new(key.expose()),
                        product: "iot-platform".to_owned(),
                        version: "4.2.1".to_owned(),
                        released_on: None,
                        identity: sdk::wire::Identity::instance(&node),
                        nonce: sdk::wire::Nonce::from_random(cx.entropy.bytes()),
                        features: None,
                        borrow_s: None,
                        secret: None,
                        known_seq: None,
                    };
                    let answer = backend::leases::activate_instance(tx, &cx, &issuer, &request).await?;
                    answer.map(|granted| granted.response).map_err(|refusal| anyhow::anyhow!("{refusal:?}"))
                })
            })
            .await
    }

    /// Runs a node that reports so many devices.
    pub(super) async fn report_devices(&self, license_id: &LicenseId, node: &str, devices: i64) -> anyhow::Result<()> {
        let lease = self.activate_node(license_id, node).await?;
        let (cx, issuer) = (self.cx(), backend::leases::Issuer { vendor: self.vendor.clone(), master: master() });
        let request = sdk::wire::CheckRequest {
            instance_id: lease.instance_id,
            secret: lease.secret,
            nonce: sdk::wire::Nonce::from_random(cx.entropy.bytes()),
            version: "4.2.1".to_owned(),
            released_on: None,
            levels: Some([("devices".to_owned(), devices)].into()),
            counters: None,
            borrow_s: None,
            known_seq: None,
        };
        let checked = self.db.write(move |tx| {
            Box::pin(async move { backend::leases::check_instance(tx, &cx, &issuer, &request).await })
        });
        checked.await?.map(drop).map_err(|refusal| anyhow::anyhow!("{refusal:?}"))
    }

    /// A request to the sandbox's control API.
    pub(super) async fn control(&self, path: &str, body: &str) -> anyhow::Result<()> {
        self.sandbox.control(path, body).await
    }
}

/// Statements to be run one after the other, with `{order}`, `{license}` and the like filled in already.
pub(super) async fn run_sql(db: &Db, statements: Vec<String>) -> anyhow::Result<()> {
    let ran: Result<(), backend::db::DbError> = db
        .write(move |tx| {
            Box::pin(async move {
                for statement in statements {
                    let sql = sqlx::AssertSqlSafe(statement);
                    let _rows = match tx {
                        backend::db::Tx::Sqlite(tx) => sqlx::query(sql).execute(&mut **tx).await?.rows_affected(),
                        backend::db::Tx::Postgres(tx) => sqlx::query(sql).execute(&mut **tx).await?.rows_affected(),
                    };
                }
                Ok(())
            })
        })
        .await;
    Ok(ran?)
}

impl Shop {
    /// The database as a crash leaves it that comes after Stripe has made what an order is for, and before anything of it
    /// is committed here: the order row alone.
    pub(super) async fn forget_what_stripe_made(&self, order_id: &OrderId) -> anyhow::Result<()> {
        let order = self.find_order(order_id).await?;
        let license_id = order.license_id.map(|id| id.to_string()).unwrap_or_default();
        let of_license = |table: &str| format!("DELETE FROM {table} WHERE license_id = '{license_id}'");
        let invoices = format!("SELECT id FROM invoices WHERE license_id = '{license_id}'");
        // The ledger lets nothing be deleted; after a crash it would never have been written.
        let open_ledger = match self.db.engine_name() {
            "sqlite" => "DROP TRIGGER IF EXISTS ledger_entries_remain",
            _ => "DROP TRIGGER IF EXISTS ledger_entries_stay ON ledger_entries",
        };
        let statements = vec![
            open_ledger.to_owned(),
            format!("DELETE FROM documents WHERE subject_id IN ({invoices})"),
            format!("DELETE FROM ledger_entries WHERE invoice_id IN ({invoices})"),
            format!("DELETE FROM invoice_lines WHERE invoice_id IN ({invoices})"),
            of_license("invoices"),
            "DELETE FROM transfers".to_owned(),
            of_license("subscriptions"),
            format!(
                "UPDATE orders SET status = 'open', license_id = NULL, paid_at = NULL, stripe_subscription_id = NULL,
                        stripe_invoice_id = NULL WHERE id = '{order_id}'"
            ),
            of_license("leases"),
            of_license("instances"),
            format!("DELETE FROM licenses WHERE id = '{license_id}'"),
        ];
        run_sql(&self.db, statements).await
    }

    /// As if no event had ever arrived.
    pub(super) async fn forget_events(&self) -> anyhow::Result<()> {
        self.delivered.store(0, Ordering::Relaxed);
        let statements =
            ["DELETE FROM stripe_events", "DELETE FROM jobs", "UPDATE vendors SET stripe_listed_until = NULL"];
        run_sql(&self.db, statements.into_iter().map(str::to_owned).collect()).await
    }
}
