//! What a partner's program orders for a client, over HTTP.

use app::api::limits::{Limits, Rates};
use axum::http::{Method, StatusCode};
use backend::catalog::push_prices;
use backend::clock::Clock;
use backend::cx::Entropy;
use backend::db::{DbError, Tx};
use backend::ids::AccountId;
use backend::stripe::{Stripe, StripeAccounts, StripeConfig};
use backend::tokens::Holder;
use sdk::error::Code;
use serde_json::{Value, json};

use super::licensing_api::assert_problem;
use super::management::{Program, V1};
use super::{Answer, NOW, TestApp, apply_demo, router, state};

/// The product beside a Stripe sandbox, with a partner and its client.
struct Scene {
    app: TestApp,
    partner: AccountId,
    client: AccountId,
    _sandbox: stripe_sandbox::Running,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("clock");
        std::fs::write(&file, NOW.timestamp().to_string())?;
        let clock = Clock::from_file(file.clone());
        let config = stripe_sandbox::Config { clock: Some(file), ..stripe_sandbox::Config::default() };
        let sandbox = stripe_sandbox::start(config).await?;
        let config = StripeConfig {
            api_base: sandbox.url.clone(),
            secret_key: "sk_test_orders".to_owned().into(),
            webhook_secrets: vec!["whsec_of_the_orders".to_owned().into()],
        };
        let stripe = Stripe::new(config, Entropy::seeded(1))?;
        let accounts = StripeAccounts::single(stripe.clone());
        let entropy = Entropy::seeded(7);
        let state =
            state(folder.path(), "orders.db", clock.clone(), entropy, accounts, Limits::new(Rates::OFF)).await?;
        let vendor = apply_demo(&state).await?;
        let app = TestApp { router: router(&state), clock, state, vendor, _folder: tempfile::tempdir()? };
        push_prices(&app.state.db, &stripe, &app.cx()).await?;
        let ((_, partner), (_, client)) = (app.buyer("partner").await?, app.buyer("client").await?);
        let statements = [
            format!(
                "INSERT INTO partners (vendor_id, account_id, commission_bp, discount_bp, since)
                 VALUES ('{}', '{partner}', 2000, 1000, 1)",
                app.vendor.id
            ),
            format!(
                "INSERT INTO client_relations (id, vendor_id, partner_id, client_id, company, email, email_key, status,
                     created_at, expires_at, accepted_at)
                 VALUES ('rln_one', '{}', '{partner}', '{client}', 'x', 'x@people.test', 'x@people.test', 'active', 1, 2,
                     1)",
                app.vendor.id
            ),
        ];
        let scene = Self { app, partner, client, _sandbox: sandbox, _folder: folder };
        for statement in statements {
            scene.run(statement).await?;
        }
        Ok(scene)
    }

    async fn run(&self, statement: String) -> anyhow::Result<()> {
        let ran: Result<(), DbError> = self
            .app
            .state
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let Tx::Sqlite(tx) = tx else { return Ok(()) };
                    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut **tx).await?;
                    Ok(())
                })
            })
            .await;
        Ok(ran?)
    }
}

/// Orders, with the headers `Idempotency-Key` that are given.
async fn place(scene: &Scene, program: &Program<'_>, keys: &[&str], body: &Value) -> Answer {
    let mut headers = vec![("authorization", program.bearer.as_str()), ("content-type", "application/json")];
    headers.extend(keys.iter().map(|key| ("idempotency-key", *key)));
    scene.app.send(Method::POST, &format!("{V1}/orders"), &headers, body.to_string()).await
}

fn order() -> Value {
    json!({
        "client_id": "rln_one", "plan": "startup", "product": "iot-platform", "interval": "month", "seats": 3,
        "currency": "USD", "payer": "partner", "agreed_minor": 44_800,
    })
}

#[tokio::test]
async fn a_partners_program_finds_its_client_orders_once_and_gives_the_order_up() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let program = Program::of(&scene.app, Holder::Account(scene.partner.clone())).await?;
    let clients = program.get("/clients").await.json();
    assert_eq!(clients["items"][0]["id"], "rln_one", "{clients}");
    assert_eq!((&clients["items"][0]["status"], &clients["next_cursor"]), (&json!("active"), &Value::Null));

    let placed = place(&scene, &program, &["one"], &order()).await;
    assert_eq!(placed.status, StatusCode::OK, "{}", placed.body);
    let placed = placed.json();
    assert_eq!(placed["created"], true);
    let order_id = placed["order"]["id"].as_str().expect("an id").to_owned();
    for (member, expected) in [
        ("status", json!("open")),
        ("account_id", json!(scene.partner)),
        ("licensee_id", json!(scene.client)),
        ("client_id", json!("rln_one")),
        ("license_id", Value::Null),
        ("amount_minor", json!(44_800)),
        ("discount_bp", json!(1_000)),
        ("seats", json!(3)),
        ("currency", json!("usd")),
        ("payment", json!("card")),
    ] {
        assert_eq!(placed["order"][member], expected, "{member}");
    }
    assert!(placed["order"]["payment_url"].as_str().is_some_and(|url| url.starts_with("http")), "{placed}");
    let again = place(&scene, &program, &["one"], &order()).await.json();
    assert_eq!((&again["created"], &again["order"]), (&json!(false), &placed["order"]));
    assert_eq!(program.get(&format!("/orders/{order_id}")).await.json(), placed["order"]);
    assert_eq!(program.get("/orders?client_id=rln_one&status=open").await.json()["items"], json!([placed["order"]]));
    assert_eq!(program.get("/orders?status=paid").await.json()["items"], json!([]));

    let mut asked = order();
    asked["payer"] = json!("client");
    let asked = place(&scene, &program, &["two"], &asked).await.json();
    assert_eq!(asked["order"]["account_id"], json!(scene.client), "{asked}");
    assert_eq!(asked["order"]["payment_url"], Value::Null, "the client's alone");
    let first = program.get("/orders?limit=1").await.json();
    let rest =
        program.get(&format!("/orders?cursor={}", first["next_cursor"].as_str().expect("a cursor"))).await.json();
    let all: Vec<&Value> = [&first, &rest].into_iter().flat_map(|page| page["items"].as_array()).flatten().collect();
    assert_eq!(all.len(), 2, "{all:?}");

    let asked_id = asked["order"]["id"].as_str().expect("an id").to_owned();
    let kept = program.send(Method::POST, &format!("/orders/{asked_id}/cancel"), "").await;
    assert_problem(&kept, Code::NotFound, "what the client is to pay");
    for changed in [true, false] {
        let gone = program.send(Method::POST, &format!("/orders/{order_id}/cancel"), "").await.json();
        assert_eq!((&gone["changed"], &gone["order"]["status"]), (&json!(changed), &json!("cancelled")), "{gone}");
    }
    let theirs = Program::of(&scene.app, Holder::Account(scene.client.clone())).await?;
    let seen = theirs.get("/orders").await.json();
    assert_eq!((&seen["items"][0]["id"], &seen["items"][0]["client_id"]), (&json!(asked_id), &Value::Null), "{seen}");
    assert_eq!(seen["items"].as_array().map(Vec::len), Some(1));
    assert_problem(&theirs.get(&format!("/orders/{order_id}")).await, Code::NotFound, "the partner's own");
    assert_problem(&theirs.get("/clients").await, Code::NotFound, "no partner");
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_an_order_is_named() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let program = Program::of(&scene.app, Holder::Account(scene.partner.clone())).await?;
    for (member, value, named) in [
        ("plan", json!("none"), "plan"),
        ("plan", json!("a\u{0}"), "plan"),
        ("product", json!("x".repeat(201)), "product"),
        ("interval", json!("week"), "interval"),
        ("interval", json!("once"), "interval"),
        ("seats", json!(0), "seats"),
        ("seats", json!("3"), "seats"),
        ("currency", json!("dollars"), "currency"),
        ("addons", json!(["none"]), "addons"),
        ("packs", json!({ "none": 1 }), "packs"),
        ("payer", json!("me"), "payer"),
        ("payment", json!("cash"), "payment"),
        ("payment", json!("none"), "payment"),
        ("agreed_minor", json!(44_799), "agreed_minor"),
    ] {
        let mut body = order();
        body[member] = value;
        let answer = place(&scene, &program, &["one"], &body).await;
        assert_problem(&answer, Code::InvalidRequest, &body.to_string());
        assert_eq!(answer.json()["member"], named, "{body}: {}", answer.body);
    }
    let long = "x".repeat(201);
    let wrong: [&[&str]; 5] = [&[], &["one", "two"], &[""], &["two words"], &[long.as_str()]];
    for keys in wrong {
        let answer = place(&scene, &program, keys, &order()).await;
        assert_problem(&answer, Code::InvalidRequest, "a key");
        assert_eq!(answer.json()["member"], "Idempotency-Key", "{keys:?}");
    }
    assert_eq!(place(&scene, &program, &["one"], &order()).await.json()["created"], true);
    let mut other = order();
    other["seats"] = json!(4);
    let answer = place(&scene, &program, &["one"], &other).await;
    assert_eq!(answer.json()["member"], "Idempotency-Key", "{}", answer.body);
    for (path, member) in
        [("/orders?status=fine", "status"), ("/orders?client_id=", "client_id"), ("/clients?cursor=x", "cursor")]
    {
        let answer = program.get(path).await;
        assert_problem(&answer, Code::InvalidRequest, path);
        assert_eq!(answer.json()["member"], member, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_former_partner_orders_nothing_and_sees_what_it_pays_alone() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let program = Program::of(&scene.app, Holder::Account(scene.partner.clone())).await?;
    let placed = place(&scene, &program, &["one"], &order()).await.json();
    let mut asked = order();
    asked["payer"] = json!("client");
    let asked = place(&scene, &program, &["two"], &asked).await.json();
    assert_eq!((&placed["created"], &asked["created"]), (&json!(true), &json!(true)));
    scene.run("UPDATE partners SET ended_at = 2".to_owned()).await?;
    assert_problem(&program.get("/clients").await, Code::NotFound, "no partner any more");
    assert_problem(&place(&scene, &program, &["one"], &order()).await, Code::NotFound, "not even the same again");
    let seen = program.get("/orders").await.json();
    assert_eq!(seen["items"].as_array().map(Vec::len), Some(1), "{seen}");
    assert_eq!((&seen["items"][0]["id"], &seen["items"][0]["licensee_id"]), (&placed["order"]["id"], &Value::Null));
    Ok(())
}
