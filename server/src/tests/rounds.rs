//! A vendor that is made beside a service that runs is looked after from then on, without another start.

use std::path::Path;

use backend::db::{Db, Options, Synchronous};
use clap::Parser as _;
use sqlx::{Connection as _, SqliteConnection};

use crate::commands::admin;
use crate::config::Config;
use crate::{Cli, Command};

/// What turns for a vendor that sells.
const ROUNDS: [&str; 8] = [
    "billing.remind",
    "deletion.sweep",
    "feedback.ask",
    "leases.close_lapsed",
    "licenses.sweep",
    "orders.watch_transfers",
    "stripe.reconcile",
    "tokens.warn",
];

/// What two vendors have at Stripe: an account of its own each.
const ACCOUNTS: [(&str, &str); 4] = [
    ("LEASEHOLD__STRIPE__VENDORS__ACME__SECRET_KEY", "sk_test_acme"),
    ("LEASEHOLD__STRIPE__VENDORS__ACME__WEBHOOK_SECRET", "whsec_acme"),
    ("LEASEHOLD__STRIPE__VENDORS__NORDWIND__SECRET_KEY", "sk_test_nordwind"),
    ("LEASEHOLD__STRIPE__VENDORS__NORDWIND__WEBHOOK_SECRET", "whsec_nordwind"),
];

/// A command of the operator, with keys of Stripe or without, on the database of a folder.
async fn operator(folder: &Path, stripe: Option<&str>, arguments: &[&str]) -> anyhow::Result<()> {
    let url = format!("sqlite:{}", folder.join("test.db").display());
    let mut settings = vec![("LEASEHOLD__DATABASE__URL", url), ("LEASEHOLD__KEYS__MASTER_KEY", "2a".repeat(32))];
    if let Some(stripe) = stripe {
        settings.push(("LEASEHOLD__STRIPE__API_BASE", stripe.to_owned()));
        for (name, value) in ACCOUNTS {
            settings.push((name, value.to_owned()));
        }
    }
    let config = Config::load(None, settings.into_iter().map(|(name, value)| (name.to_owned(), value)))?;
    let cli = Cli::try_parse_from(["server", "admin"].iter().chain(arguments).copied())?;
    let Command::Admin(command) = cli.command else { anyhow::bail!("it is a command of the operator") };
    admin::run(command, &config).await
}

/// The jobs that wait for the vendor of this code.
async fn waiting(folder: &Path, vendor: &str) -> anyhow::Result<Vec<String>> {
    let mut db = SqliteConnection::connect(&format!("sqlite:{}", folder.join("test.db").display())).await?;
    let of_vendor = "SELECT j.kind FROM jobs j JOIN vendors v ON v.id = j.vendor_id
                     WHERE v.code = $1 AND j.status = 'waiting' ORDER BY j.kind";
    let kinds = sqlx::query_scalar(of_vendor).bind(vendor).fetch_all(&mut db).await?;
    db.close().await?;
    Ok(kinds)
}

#[tokio::test]
async fn a_vendors_rounds_begin_with_it_and_begin_once() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let url = format!("sqlite:{}", folder.join("test.db").display());
    let db = Db::open(&url, Options { max_connections: 2, synchronous: Synchronous::Off }).await?;
    db.migrate().await?;
    db.close().await;
    let sandbox = stripe_sandbox::start(stripe_sandbox::Config::default()).await?;
    let stripe = Some(sandbox.url.as_str());

    let acme =
        ["create-vendor", "--code", "acme", "--name", "Acme", "--host", "acme.test", "--origin", "https://acme.test"];
    operator(folder, stripe, &acme).await?;
    assert_eq!(waiting(folder, "acme").await?, ROUNDS);

    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
    let apply = ["apply-catalog", "--yes", demo.to_str().expect("a path")];
    for _ in 0..2 {
        operator(folder, stripe, &apply).await?;
        assert_eq!(waiting(folder, "nordwind").await?, ROUNDS);
    }
    Ok(())
}

#[tokio::test]
async fn who_sells_nothing_asks_stripe_nothing() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let db = Db::open(&url, Options { max_connections: 2, synchronous: Synchronous::Off }).await?;
    db.migrate().await?;
    db.close().await;
    let acme =
        ["create-vendor", "--code", "acme", "--name", "Acme", "--host", "acme.test", "--origin", "https://acme.test"];
    operator(folder.path(), None, &acme).await?;
    let expected =
        ROUNDS.iter().filter(|kind| kind.split('.').all(|part| !["billing", "orders", "stripe"].contains(&part)));
    assert_eq!(waiting(folder.path(), "acme").await?, expected.copied().collect::<Vec<_>>());
    Ok(())
}
