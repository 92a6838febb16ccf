//! `server admin apply-catalog FILE`: check, show, ask, apply, push.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use backend::catalog::{
    self, Catalog, CatalogApplication, CatalogFileError, Change, PushError, PushedPrices, Refusal, load_catalog,
    preview_catalog, push_prices,
};
use backend::cx::{Cx, Entropy};
use backend::db::{Db, DbError};
use backend::ids::VendorId;
use backend::text::en;
use backend::vendors::{check_host, find_vendor_by_code, list_vendors};
use clap::Args;

use crate::config::Config;
use crate::{parts, rounds};

/// What is applied, and how.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Catalog file; `demo/iot-platform.toml` explains the format.
    file: PathBuf,
    /// Apply without asking.
    #[arg(long)]
    yes: bool,
    /// Only show what would change.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

pub(crate) async fn run(arguments: Arguments, config: &Config) -> Result<()> {
    let catalog = read(&arguments.file)?;
    let (clock, entropy) = (parts::clock(), Entropy::system());
    let db = parts::open_migrated_database(config).await?;
    let vendors = db.read(|tx| Box::pin(list_vendors(tx))).await?;
    if vendors.iter().all(|vendor| vendor.code != catalog.vendor.code)
        && let Err(problem) = check_host(catalog.vendor.host.as_deref(), &vendors)
    {
        bail!("vendor.host: {}", en::vendor_hosts::problem(&problem));
    }
    let stripe = parts::stripe_of(config, &vendors, &catalog.vendor.code, &clock, &entropy)?;
    let origin = config.server.public_origin.clone();

    let changes = accept(preview(&db, &catalog, &origin).await?)?;
    show(&changes, &catalog.vendor.code);
    if arguments.dry_run {
        db.close().await;
        return Ok(());
    }
    if !changes.is_empty() && !arguments.yes && !confirmed()? {
        println!("Nothing was changed.");
        db.close().await;
        return Ok(());
    }

    let master = parts::open_master(&parts::master_key(config, &entropy)?, &db).await?;
    let cx = parts::operator_cx(VendorId::from_untrusted(""), &clock);
    let (sells, config) = (stripe.is_some(), config.clone());
    let written: Result<CatalogApplication> = db
        .write(move |tx| {
            Box::pin(async move {
                let wanted = &catalog.vendor;
                // Asked again: another vendor may have been made while this one was looked at.
                if find_vendor_by_code(tx, &wanted.code).await?.is_none() {
                    parts::admit_vendor(tx, &config, &wanted.code, wanted.host.as_deref()).await?;
                }
                let applied = catalog::apply_catalog(tx, &cx, &master, &catalog, &origin).await?;
                if let CatalogApplication::Applied { vendor, .. } = &applied {
                    let cx = Cx { vendor_id: vendor.id.clone(), ..cx };
                    rounds::start(tx, &cx, &master, sells).await?;
                }
                Ok(applied)
            })
        })
        .await;
    let applied = match written {
        Err(error) if parts::is_duplicate(&error) => {
            bail!("Another vendor has this host or origin: give [vendor] an `origin` and a `host` of its own.")
        }
        written => written?,
    };
    let vendor = match applied {
        CatalogApplication::Applied { vendor, changes } => {
            if !changes.is_empty() {
                println!("{} change(s) applied.", changes.len());
            }
            vendor
        }
        CatalogApplication::Refused(refusals) => return accept(Err(refusals)).map(drop),
    };
    if vendor.settings_no > 0 {
        println!("{}", en::catalog::CONSOLE_HAS_SETTINGS);
    }
    match stripe {
        None => println!("No Stripe key is set, so no prices were pushed."),
        Some(stripe) => match push_prices(&db, &stripe, &parts::operator_cx(vendor.id, &clock)).await {
            Ok(pushed) => tell(&pushed),
            Err(PushError::Prices { done, failed }) => {
                tell(&done);
                for price in &failed {
                    eprintln!("{}: {}", price.lookup_key, price.error);
                }
                bail!("{} price(s) were not pushed to Stripe. Run the command again.", failed.len());
            }
            Err(error) => return Err(error.into()),
        },
    }
    db.close().await;
    Ok(())
}

fn read(path: &Path) -> Result<Catalog> {
    match load_catalog(path) {
        Ok(catalog) => Ok(catalog),
        Err(CatalogFileError::Unreadable(error)) => bail!("{} cannot be read: {error}.", path.display()),
        Err(CatalogFileError::Malformed(message)) => bail!("{}: {message}", path.display()),
        Err(CatalogFileError::Problems(problems)) => {
            for problem in &problems {
                eprintln!("{}", en::catalog::problem(problem));
            }
            bail!("{} has {} problem(s). Nothing was changed.", path.display(), problems.len());
        }
    }
}

async fn preview(db: &Db, catalog: &Catalog, origin: &str) -> Result<Result<Vec<Change>, Vec<Refusal>>, DbError> {
    let (catalog, origin) = (catalog.clone(), origin.to_owned());
    db.read(move |tx| Box::pin(async move { preview_catalog(tx, &catalog, &origin).await })).await
}

fn accept(previewed: Result<Vec<Change>, Vec<Refusal>>) -> Result<Vec<Change>> {
    previewed.or_else(|refusals| {
        for refusal in &refusals {
            eprintln!("{}", en::catalog::refusal(refusal));
        }
        bail!("The catalog cannot be applied. Nothing was changed.")
    })
}

fn show(changes: &[Change], vendor: &str) {
    if changes.is_empty() {
        println!("The catalog of {vendor} is up to date: nothing to change.");
    }
    for change in changes {
        println!("{}", en::catalog::change(change));
    }
}

fn tell(pushed: &PushedPrices) {
    for drift in &pushed.drift {
        println!("{}", en::catalog::drift(drift));
    }
    println!("Stripe: {} price(s) pushed, {} as before.", pushed.pushed, pushed.unchanged);
}

fn confirmed() -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("Nobody can be asked here: add --yes to apply, or --dry-run to look.");
    }
    print!("Apply? [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
