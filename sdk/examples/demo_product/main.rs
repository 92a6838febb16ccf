//! A small IoT platform that is sold under a license: what embedding the SDK looks like in a product.
//!
//! ```text
//! cargo run -p sdk --example demo_product -- --server http://127.0.0.1:3000 --key LH-…
//! ```
//!
//! It creates simulated devices up to the license's limit, reports how many there are, and acts on the enforcement
//! stage. Type `help` while it runs; `--control 127.0.0.1:PORT` offers the same over HTTP on the loopback.

mod args;
mod clock;
mod control;
mod product;
mod trust;

use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use sdk::{client::Client, license_key::LicenseKey, wire::Identity};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use self::{args::Args, product::Product};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // What the SDK logs, with RUST_LOG=sdk=debug; the product's own lines go to the terminal.
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let args = Args::parse();
    let key: LicenseKey = args.key.parse().context("the license key")?;
    let folder = args.data_folder();
    std::fs::create_dir_all(&folder).with_context(|| format!("the data folder {}", folder.display()))?;
    let bundle = trust::load(&args, &folder).await?;

    let mut builder = Client::builder()
        .server(&args.server)
        .product(&args.product)
        .version(&args.version)
        .identity(Identity::instance(&args.instance_id).named(format!("Demo product {}", args.instance_id)))
        .data_file(folder.join("license.json"))
        .trust(bundle);
    if let Some(day) = args.released_on {
        builder = builder.released_on(day);
    }
    if let Some(clock) = clock::TestClock::from_environment() {
        println!("clock: running on the test clock {}", clock.path().display());
        builder = builder.clock(clock);
    }
    let product = Arc::new(Product::new(builder.build()?, &args));
    println!("{} {} as {}, server {}", args.product, args.version, args.instance_id, args.server);

    tokio::spawn(product::announce_changes(Arc::clone(&product)));
    if let Some(address) = args.control {
        control::listen(address, Arc::clone(&product)).await?;
    }
    // A product goes on without a license and lets the stage decide: here that means that nothing works but this.
    println!("{}", product.activate(&key).await);
    if args.devices > 0 {
        println!("{}", product.add(args.devices).unwrap_or_else(|refused| refused));
    }
    read_commands(&product, &key).await
}

/// Reads commands until `quit`. Without a terminal (started by a service manager) it just keeps running.
async fn read_commands(product: &Arc<Product>, key: &LicenseKey) -> anyhow::Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    loop {
        let line = tokio::select! {
            line = lines.next_line() => line?,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        };
        let Some(line) = line else {
            tokio::signal::ctrl_c().await?;
            return Ok(());
        };
        let mut words = line.split_whitespace();
        let (command, amount) = (words.next().unwrap_or_default(), words.next().unwrap_or("1").parse::<u32>());
        let answer = match (command, amount) {
            ("", _) => continue,
            ("add", Ok(count)) => product.add(count).unwrap_or_else(|refused| refused),
            ("remove", Ok(count)) => product.remove(count).unwrap_or_else(|refused| refused),
            ("add" | "remove", Err(_)) => "say how many, as in: add 5".into(),
            ("status", _) => product.describe(),
            ("check", _) => product.check().await.unwrap_or_else(|refused| refused),
            ("activate", _) => product.activate(key).await,
            ("release", _) => product.release().await.unwrap_or_else(|refused| refused),
            ("quit" | "exit", _) => return Ok(()),
            _ => "commands: add N, remove N, status, check, activate, release, quit".into(),
        };
        println!("{answer}");
    }
}
