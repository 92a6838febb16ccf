//! `server doctor`: tries out everything the service depends on, and says what to do about what fails.

pub(crate) mod report;
pub(crate) mod stripe;

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use backend::catalog::{list_plans, list_products};
use backend::clock::MAX_CLOCK_SKEW_MS;
use backend::cx::Entropy;
use backend::db::{Db, DbError, migrations_pending};
use backend::keys::{MasterKey, MasterStanding, active_signing_key, examine_seals, master_standing};
use backend::text::en::master_key as text;
use backend::vendors::{Vendor, is_reached, list_vendors};

use crate::config::{Config, MailTransport};
use crate::parts;
use report::Report;

/// Longest wait for another machine.
const REACHABLE_WITHIN: Duration = Duration::from_secs(10);

/// Runs every check, however many fail before.
///
/// # Errors
/// When any fails.
pub(crate) async fn run(config: &Config) -> Result<()> {
    let mut report = Report::default();
    let clock = parts::clock();
    let entropy = Entropy::system();
    let master = report.note("Master key", parts::master_key(config, &entropy).map(|key| (key, "opened".to_owned())));
    let db = report.note("Database", database(config, clock.now()).await);
    let mut migrated = false;
    if let Some(db) = &db {
        migrated = report.note("Migrations", migrations(db).await.map(|done| ((), done))).is_some();
        if let (true, Some(master)) = (migrated, &master) {
            report.note("Sealed values", seals(db, master).await.map(|said| ((), said)));
            for (vendor, outcome) in vendors(db, master).await {
                report.note(&vendor, outcome.map(|said| ((), said)));
            }
        }
    }
    report.note("Site", site(config).map(|said| ((), said)));
    report.note("Mail", mail(config).await.map(|said| ((), said)));
    let found = match (&db, migrated) {
        (Some(db), true) => db.read(|tx| Box::pin(list_vendors(tx))).await.unwrap_or_default(),
        _ => Vec::new(),
    };
    stripe::check(config, &found, &clock, &entropy, &mut report).await;
    if let Some(db) = &db {
        stripe::check_price_lists(config, db, &found, &clock, &entropy, &mut report).await;
    }
    if let Some(db) = db {
        db.close().await;
    }
    report.end()
}

async fn database(config: &Config, now: backend::clock::UnixMs) -> Result<(Db, String)> {
    let db = parts::open_database(config).await?;
    let skew = db.clock_skew_ms(now).await?;
    // A test clock is meant to be elsewhere.
    if skew.abs() > MAX_CLOCK_SKEW_MS && !parts::clock().is_test() {
        bail!("its clock is {} s away from this machine's; at most 5 s are allowed", skew / 1_000);
    }
    let engine = db.engine_name();
    Ok((db, format!("{engine} answers")))
}

async fn migrations(db: &Db) -> Result<String> {
    match migrations_pending(db).await?.len() {
        0 => Ok("complete".to_owned()),
        count => bail!("{count} missing; run `server migrate`"),
    }
}

async fn seals(db: &Db, master: &MasterKey) -> Result<String> {
    let asked = master.clone();
    let standing: Result<MasterStanding, DbError> =
        db.read(move |tx| Box::pin(async move { master_standing(tx, &asked).await })).await;
    // What was found, key by key, says more than what is noted.
    let found = text::report(&examine_seals(db, master).await?).map_err(|wrong| anyhow!(wrong))?;
    text::trouble(&standing?).map_or(Ok(found), |trouble| Err(anyhow!(trouble)))
}

async fn vendors(db: &Db, master: &MasterKey) -> Vec<(String, Result<String>)> {
    let master = master.clone();
    let looked: Result<Vec<(Vendor, bool, usize, usize)>, DbError> = db
        .read(move |tx| {
            Box::pin(async move {
                let mut found = Vec::new();
                for vendor in list_vendors(tx).await? {
                    let signs = active_signing_key(tx, &master, &vendor.id).await?.is_some();
                    let (mut prices, mut unpushed) = (0, 0);
                    for product in list_products(tx, &vendor.id).await? {
                        for plan in list_plans(tx, &vendor.id, &product.id).await? {
                            prices += plan.prices.len();
                            unpushed += plan.prices.iter().filter(|price| price.stripe_price_id.is_none()).count();
                        }
                    }
                    found.push((vendor, signs, prices, unpushed));
                }
                Ok(found)
            })
        })
        .await;
    match looked {
        Err(error) => vec![("Vendors".to_owned(), Err(error.into()))],
        Ok(found) if found.is_empty() => {
            vec![("Vendors".to_owned(), Err(anyhow!("there is none yet; run `server admin apply-catalog FILE`")))]
        }
        Ok(found) => (found.iter().enumerate())
            .map(|(at, (vendor, signs, prices, unpushed))| {
                let older: Vec<Vendor> = found[..at].iter().map(|(vendor, ..)| vendor.clone()).collect();
                let outcome = match (*signs, *unpushed) {
                    _ if !is_reached(vendor, &older) => Err(anyhow!(
                        "no request reaches it; run `server admin set-vendor-host --vendor {} --host NAME`",
                        vendor.code
                    )),
                    (false, _) => Err(anyhow!("its signing key does not open with this master key")),
                    (true, 0) => Ok(format!("signing key opens, {prices} prices")),
                    (true, _) => {
                        Err(anyhow!("{unpushed} of {prices} prices are not at Stripe; apply the catalog again"))
                    }
                };
                (format!("Vendor {}", vendor.code), outcome)
            })
            .collect(),
    }
}

fn site(config: &Config) -> Result<String> {
    let pkg = config.server.site_root.join("pkg");
    if !pkg.join("leasehold.css").is_file() {
        bail!("{} has no leasehold.css; build the site and set server.site_root", pkg.display());
    }
    Ok(format!("{} is built", pkg.display()))
}

async fn mail(config: &Config) -> Result<String> {
    drop(parts::mailer(config, &[])?);
    let mail = &config.mail;
    if mail.transport == MailTransport::File {
        return Ok(format!("mails become files in {}", mail.directory.display()));
    }
    connect(&mail.host, mail.port).await?;
    Ok(format!("{}:{} answers", mail.host, mail.port))
}

async fn connect(host: &str, port: u16) -> Result<()> {
    let connecting = tokio::net::TcpStream::connect((host, port));
    match tokio::time::timeout(REACHABLE_WITHIN, connecting).await {
        Ok(connected) => connected.map(drop).with_context(|| format!("{host}:{port} cannot be reached")),
        Err(_) => bail!("{host}:{port} does not answer"),
    }
}
