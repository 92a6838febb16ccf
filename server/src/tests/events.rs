//! Stripe's events through the webhook, in any order: a whole life of a subscription is over before the first of them
//! arrives, and then they come shuffled, some twice, one perhaps never.
//!
//! `LEASEHOLD_EVENT_ORDERS` says how many orders are tried, `LEASEHOLD_EVENT_SEED` which.

use std::path::Path;

use app::api::limits::{Limits, Rates};
use axum::http::{Method, StatusCode};
use backend::billing::{handlers, reconcile};
use backend::catalog::{BillingInterval, Composition, push_prices};
use backend::clock::{Clock, HOUR_MS, UnixMs};
use backend::cx::{Actor, Cx, Entropy};
use backend::jobs::{Handlers, Runner};
use backend::mail::{Mailer, SendMail};
use backend::money::Currency;
use backend::orders::{CheckoutUrls, OrderPlacement, Payment, PlaceOrder, Purchase, place_order};
use backend::stripe::{EventEnvelope, Stripe, StripeAccounts, StripeConfig};
use backend::vendors::{NewVendor, Vendor, create_vendor};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sqlx::{Connection as _, SqliteConnection};

use super::{NOW, TestApp, apply_demo, router, state};

const SECRET: &str = "whsec_of_the_events";
/// A subscription is bought, its renewal fails, it is paid after all, it is ended.
const LIFE: [&str; 8] = [
    "checkout.session.completed",
    "customer.subscription.created",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_failed",
    "customer.subscription.updated",
    "invoice.paid",
    "customer.subscription.deleted",
];

struct Till {
    folder: tempfile::TempDir,
    clock: Clock,
    sandbox: stripe_sandbox::Running,
    stripe: Stripe,
    vendor: Vendor,
}

impl Till {
    /// A shop whose database, in `root.db`, has one order that waits for its payment; and where to pay it.
    async fn open() -> anyhow::Result<(Self, String)> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("clock");
        std::fs::write(&file, NOW.timestamp().to_string())?;
        let clock = Clock::from_file(file.clone());
        let config = stripe_sandbox::Config { clock: Some(file), ..stripe_sandbox::Config::default() };
        let sandbox = stripe_sandbox::start(config).await?;
        let config = StripeConfig {
            api_base: sandbox.url.clone(),
            secret_key: "sk_test_events".to_owned().into(),
            webhook_secrets: vec![SECRET.to_owned().into()],
        };
        let stripe = Stripe::new(config, Entropy::seeded(1))?;
        let accounts = StripeAccounts::single(stripe.clone());
        let entropy = Entropy::seeded(7);
        let state = state(folder.path(), "root.db", clock.clone(), entropy, accounts, Limits::new(Rates::OFF)).await?;
        let vendor = apply_demo(&state).await?;
        let app = TestApp {
            router: router(&state),
            clock: clock.clone(),
            state,
            vendor: vendor.clone(),
            _folder: tempfile::tempdir()?,
        };
        push_prices(&app.state.db, &stripe, &app.cx()).await?;
        let (user_id, account_id) = app.buyer("ada").await?;
        let usd = Currency::parse("usd").expect("a currency");
        let purchase = Purchase::Plan(Composition::new(app.plan("maker").await?.id, BillingInterval::Month, 1, usd));
        let place = PlaceOrder {
            account_id,
            user_id: user_id.clone(),
            session_hash: None,
            purchase,
            payment: Payment::Card,
            promotion: None,
            for_client: None,
            urls: CheckoutUrls {
                success: "https://portal.test/ok".to_owned(),
                cancel: "https://portal.test".to_owned(),
            },
        };
        let cx = Cx { actor: Actor::User(user_id), ..app.cx() };
        let placed = place_order(&app.state.commerce(), &cx, &place).await?;
        let OrderPlacement::Placed { checkout_url, .. } = placed else { anyhow::bail!("{placed:?}") };
        app.state.db.close().await;
        Ok((Self { folder, clock, sandbox, stripe, vendor }, checkout_url))
    }

    /// The product on a copy of the database, as if nothing had been heard of Stripe since the order.
    async fn start(&self, copy: &str, seed: u64) -> anyhow::Result<TestApp> {
        let folder = self.folder.path();
        std::fs::copy(folder.join("root.db"), folder.join(copy))?;
        let accounts = StripeAccounts::single(self.stripe.clone());
        // Other ids than those that are in the database.
        let entropy = Entropy::seeded(u64::MAX - seed);
        let state = state(folder, copy, self.clock.clone(), entropy, accounts, Limits::new(Rates::OFF)).await?;
        Ok(TestApp {
            router: router(&state),
            clock: self.clock.clone(),
            state,
            vendor: self.vendor.clone(),
            _folder: tempfile::tempdir()?,
        })
    }

    /// Lives the whole life at Stripe, and answers its eight events.
    async fn live(&self, checkout_url: &str) -> anyhow::Result<Vec<EventEnvelope>> {
        self.sandbox.press(checkout_url, "4242").await?;
        let bought = self.stripe.list_events(UnixMs(0)).await?;
        let created = bought.iter().find(|event| event.event_type == LIFE[1]).expect("a subscription");
        let id = &created.object_id;
        let subscription = self.sandbox.call(&format!("subscriptions/{id}"), "").await?;
        let customer = subscription["customer"].as_str().expect("a customer");
        let path = "payment_methods/pm_card_chargeCustomerFail/attach";
        let card = self.sandbox.call(path, &format!("customer={customer}")).await?;
        let card = card["id"].as_str().expect("a card");
        self.sandbox.call(&format!("subscriptions/{id}"), &format!("default_payment_method={card}")).await?;
        let already = self.stripe.list_events(UnixMs(0)).await?.len();

        let end = subscription["items"]["data"][0]["current_period_end"].as_i64().expect("an end");
        let after = UnixMs(end * 1_000 + 2 * HOUR_MS);
        std::fs::write(self.folder.path().join("clock"), after.timestamp().to_string())?;
        let subscription = self.sandbox.call(&format!("subscriptions/{id}"), "").await?;
        let invoice = subscription["latest_invoice"].as_str().expect("an invoice");
        self.sandbox.call(&format!("invoices/{invoice}/pay"), "payment_method=pm_card_visa").await?;
        self.stripe.cancel_subscription_now(id).await?;

        let all = self.stripe.list_events(UnixMs(0)).await?;
        let (first, second) = (&bought, &all[already..]);
        let find = |events: &[EventEnvelope], wanted: &str| {
            let found = events.iter().find(|event| event.event_type == wanted).cloned();
            found.ok_or_else(|| anyhow::anyhow!("the life has no {wanted}"))
        };
        let (beginning, rest) = LIFE.split_at(4);
        let beginning = beginning.iter().map(|wanted| find(first, wanted));
        beginning.chain(rest.iter().map(|wanted| find(second, wanted))).collect()
    }
}

impl TestApp {
    /// Posts an event as Stripe does.
    async fn deliver(&self, event: &EventEnvelope) -> StatusCode {
        self.post_signed(event, SECRET, self.clock.now().seconds()).await
    }

    /// Posts an event that was signed with this secret at this second.
    async fn post_signed(&self, event: &EventEnvelope, secret: &str, at: i64) -> StatusCode {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
        mac.update(format!("{at}.{}", event.raw).as_bytes());
        let signature = format!("t={at},v1={}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()));
        let path = format!("/stripe/webhook/{}", self.vendor.id);
        self.send(Method::POST, &path, &[("stripe-signature", &signature)], event.raw.clone()).await.status
    }

    /// Does all jobs that are due.
    async fn work(&self, mails: &Path) -> anyhow::Result<()> {
        let mailer = Mailer::folder("noreply@portal.test", mails.to_owned())?;
        let handlers = handlers::register(Handlers::new().with(SendMail::new(mailer)), &self.state.commerce());
        let (db, clock, entropy) = (self.state.db.clone(), self.clock.clone(), self.state.entropy.clone());
        Runner::new(db, clock, entropy, self.state.master.clone(), handlers).run_until_idle().await?;
        Ok(())
    }
}

/// What is left of the life in the database.
async fn outcome(file: &Path) -> anyhow::Result<String> {
    let mut db = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await?;
    let outcome: String = sqlx::query_scalar(
        "SELECT json_object(
            'orders', (SELECT json_group_array(status) FROM orders),
            'licenses', (SELECT json_group_array(json_array(status, status_reason, ends_at)) FROM licenses),
            'subscriptions', (SELECT json_group_array(json_array(stripe_status, ended_at)) FROM subscriptions),
            'invoices', (SELECT json_group_array(json_array(number, status, paid_minor, due_minor, license_id IS NULL))
                         FROM (SELECT * FROM invoices ORDER BY number)),
            'documents', (SELECT json_group_array(kind) FROM (SELECT kind FROM documents ORDER BY kind)),
            'told', (SELECT json_group_array(REPLACE(CAST(content AS TEXT), (SELECT id FROM licenses), 'the license'))
                     FROM (SELECT content FROM documents WHERE kind IN ('ubl', 'cii') ORDER BY number, kind)),
            'failing', (SELECT json_group_array(last_error) FROM jobs WHERE last_error IS NOT NULL))",
    )
    .fetch_one(&mut db)
    .await?;
    db.close().await?;
    Ok(outcome)
}

/// A number from the environment.
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[tokio::test]
async fn a_whole_life_in_any_order_through_the_webhook_ends_the_same() -> anyhow::Result<()> {
    let (till, url) = Till::open().await?;
    let events = till.live(&url).await?;
    let mut expected: Option<String> = None;
    let first = number("LEASEHOLD_EVENT_SEED", 1);
    // The fourth is the first that loses an event.
    for seed in first..first + number("LEASEHOLD_EVENT_ORDERS", 4) {
        let copy = format!("{seed}.db");
        let app = till.start(&copy, seed).await?;
        let dice = Entropy::seeded(seed);
        let roll = |sides: usize| usize::from(u16::from_le_bytes(dice.bytes())) % sides;
        // Fisher and Yates; then two of them come a second time, at any later place.
        let mut order: Vec<usize> = (0..events.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, roll(at + 1));
        }
        for _ in 0..2 {
            let again = order[roll(order.len())];
            order.insert(roll(order.len()), again);
        }
        // Every fourth life loses an event, which the reconciler finds.
        let lost = seed.is_multiple_of(4).then(|| roll(events.len()));
        for number in order.iter().filter(|number| lost != Some(**number)) {
            assert_eq!(app.deliver(&events[*number]).await, StatusCode::OK);
            // The worker is sometimes slower than Stripe.
            if roll(3) > 0 {
                app.work(till.folder.path()).await?;
            }
        }
        if lost.is_some() {
            reconcile(&app.state.commerce(), &app.cx()).await?;
        }
        app.work(till.folder.path()).await?;
        app.state.db.close().await;
        let file = till.folder.path().join(&copy);
        let outcome = outcome(&file).await?;
        std::fs::remove_file(&file)?;
        let expected = expected.get_or_insert_with(|| outcome.clone());
        assert_eq!(outcome, *expected, "seed {seed}, delivered as {order:?}, lost {lost:?}");
    }
    let expected = expected.expect("at least one order");
    assert!(expected.contains(r#""licenses":[["ended","cancelled""#), "{expected}");
    let documents = r#""documents":["cii","cii","invoice","invoice","receipt","receipt","ubl","ubl"]"#;
    assert!(expected.contains(documents), "{expected}");
    Ok(())
}

#[tokio::test]
async fn a_webhook_is_taken_under_any_host_name_and_pages_only_under_their_vendors() -> anyhow::Result<()> {
    let (till, url) = Till::open().await?;
    till.sandbox.press(&url, "4242").await?;
    let event = till.stripe.list_events(UnixMs(0)).await?.pop().expect("an event");
    // Requests come under the name of the deployment, and its vendors have others.
    let root = till.folder.path().join("root.db");
    let mut db = SqliteConnection::connect(&format!("sqlite:{}", root.display())).await?;
    sqlx::query("UPDATE vendors SET host = 'shop.test'").execute(&mut db).await?;
    db.close().await?;
    let app = till.start("hosts.db", 1).await?;
    assert_eq!(app.get("/").await.status, StatusCode::OK, "the only vendor answers any host");
    let new = NewVendor {
        code: "other".to_owned(),
        host: Some("other.test".to_owned()),
        origin: "https://other.test".to_owned(),
        name: "Other".to_owned(),
    };
    let (cx, master) = (app.cx(), app.state.master.clone());
    app.state.db.write(move |tx| Box::pin(async move { create_vendor(tx, &cx, &master, &new).await })).await?;
    assert_eq!(app.get("/").await.status, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(app.deliver(&event).await, StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn a_webhook_that_is_forged_or_stale_is_refused_and_not_kept() -> anyhow::Result<()> {
    let (till, url) = Till::open().await?;
    till.sandbox.press(&url, "4242").await?;
    let event = till.stripe.list_events(UnixMs(0)).await?.pop().expect("an event");
    let app = till.start("forged.db", 1).await?;
    let now = app.clock.now().seconds();
    assert_eq!(app.post_signed(&event, "whsec_of_somebody_else", now).await, StatusCode::BAD_REQUEST);
    assert_eq!(app.post_signed(&event, SECRET, now - 3_600).await, StatusCode::BAD_REQUEST);
    let path = format!("/stripe/webhook/{}", app.vendor.id);
    let unsigned = app.send(Method::POST, &path, &[], event.raw.clone()).await;
    assert_eq!(unsigned.status, StatusCode::BAD_REQUEST);
    let mut db =
        SqliteConnection::connect(&format!("sqlite:{}", till.folder.path().join("forged.db").display())).await?;
    let inbox = "SELECT COUNT(*) FROM stripe_events";
    let kept: i64 = sqlx::query_scalar(inbox).fetch_one(&mut db).await?;
    assert_eq!(kept, 0);
    assert_eq!(app.deliver(&event).await, StatusCode::OK);
    let kept: i64 = sqlx::query_scalar(inbox).fetch_one(&mut db).await?;
    assert_eq!(kept, 1);
    db.close().await?;
    Ok(())
}
