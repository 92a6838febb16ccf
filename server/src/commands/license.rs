//! `server admin license …`: what the operator does about one license.

use anyhow::{Context as _, Result, bail};
use backend::clock::{DAY_MS, UnixMs};
use backend::cx::Entropy;
use backend::db::{Db, DbError};
use backend::ids::LicenseId;
use backend::licenses::rules::by_hand::Fault;
use backend::licenses::{
    self, EndOfLeases, LicenseOverride, LicenseView, Overrides, VendorDecision, end_of_leases, find_license,
};
use backend::text::en::{admin as text, by_hand, licenses as words};
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use clap::{Args, Subcommand};

use super::admin::choose_vendor;
use crate::config::Config;
use crate::parts;

/// Look at a license, suspend, reinstate, revoke it, or give it other limits and features than its plan has.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print where it stands and until when its leases last.
    Show(Which),
    /// Grant nothing from now on, whatever is paid, until it is reinstated.
    Suspend(Decision),
    /// Take a suspension back.
    Reinstate(Which),
    /// Grant nothing ever again.
    Revoke(Decision),
    /// Change its limits and features. What is not named stays; changes of plan keep it.
    Override(Override),
}

/// A license.
#[derive(Args)]
pub(crate) struct Which {
    /// Its id, as its page shows it.
    #[arg(long, value_name = "lic_…")]
    license: String,
    /// Vendor, by code; needed only when there are several.
    #[arg(long, value_name = "CODE")]
    vendor: Option<String>,
}

/// A license, and why.
#[derive(Args)]
pub(crate) struct Decision {
    #[command(flatten)]
    which: Which,
    /// Why, in a few words; recorded, and shown to staff.
    #[arg(long, default_value = "")]
    reason: String,
}

/// A license, and what differs from its plan.
#[derive(Args)]
pub(crate) struct Override {
    #[command(flatten)]
    which: Which,
    /// A limit of its own; -1 is unlimited, `plan` gives the plan's back.
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = pair)]
    limits: Vec<(String, String)>,
    /// A feature of its own, for ever, or to the end of a UTC day; `plan` gives the plan's back.
    #[arg(long = "feature", value_name = "NAME[=YYYY-MM-DD]", value_parser = name_and_rest)]
    features: Vec<(String, Option<String>)>,
    /// A feature of the plan that it shall not have.
    #[arg(long = "remove-feature", value_name = "NAME")]
    remove_features: Vec<String>,
    /// Drop everything that differs, before what else is said here.
    #[arg(long)]
    clear: bool,
    /// Why, in a few words; recorded, and shown to staff.
    #[arg(long)]
    reason: String,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=NUMBER")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn name_and_rest(text: &str) -> Result<(String, Option<String>), String> {
    Ok(match text.split_once('=') {
        Some((name, rest)) => (name.to_owned(), Some(rest.to_owned())),
        None => (text.to_owned(), None),
    })
}

pub(crate) async fn run(command: Command, config: &Config) -> Result<()> {
    let db = parts::open_migrated_database(config).await?;
    let outcome = match command {
        Command::Show(which) => show(&db, which).await,
        Command::Suspend(it) => decide(&db, config, it.which, Act::Suspend(it.reason)).await,
        Command::Reinstate(which) => decide(&db, config, which, Act::Reinstate).await,
        Command::Revoke(it) => decide(&db, config, it.which, Act::Revoke(it.reason)).await,
        Command::Override(it) => override_terms(&db, config, it).await,
    };
    db.close().await;
    outcome
}

async fn find(db: &Db, which: Which) -> Result<(Vendor, Cx, LicenseView, EndOfLeases)> {
    let vendor = choose_vendor(db, which.vendor).await?;
    let cx = Cx::new(vendor.id.clone(), Actor::Operator, parts::clock().now(), Entropy::system());
    let (vendor_id, id, now) = (vendor.id.clone(), LicenseId::from_untrusted(&which.license), cx.now);
    let found: Result<_, DbError> = db
        .read(move |tx| {
            Box::pin(async move {
                let Some(view) = find_license(tx, &vendor_id, &id).await? else { return Ok(None) };
                let end = end_of_leases(tx, &view.license, now).await?;
                Ok(Some((view, end)))
            })
        })
        .await;
    let Some((view, end)) = found? else { bail!("{} has no license {}.", vendor.code, which.license) };
    Ok((vendor, cx, view, end))
}

async fn show(db: &Db, which: Which) -> Result<()> {
    let (_, cx, view, end) = find(db, which).await?;
    println!("{}", words::lead(&view, None, cx.now));
    println!("Status: {}", words::status(&view.license, None, cx.now));
    for line in text::license_facts(&view, &end, cx.now) {
        println!("{line}");
    }
    Ok(())
}

enum Act {
    Suspend(String),
    Reinstate,
    Revoke(String),
}

async fn decide(db: &Db, config: &Config, which: Which, act: Act) -> Result<()> {
    let master = parts::open_master(&parts::master_key(config, &Entropy::system())?, db).await?;
    let (_, cx, view, _) = find(db, which).await?;
    let (id, now) = (view.license.id.clone(), cx.now);
    let grants_again = matches!(act, Act::Reinstate);
    let decided = db
        .write(move |tx| {
            Box::pin(async move {
                match act {
                    Act::Suspend(reason) => licenses::suspend_license(tx, &cx, &master, &id, &reason).await,
                    Act::Reinstate => licenses::reinstate_license(tx, &cx, &master, &id).await,
                    Act::Revoke(reason) => licenses::revoke_license(tx, &cx, &master, &id, &reason).await,
                }
            })
        })
        .await?;
    match decided {
        VendorDecision::Done(_) if grants_again => println!("{} is reinstated.", view.license.id),
        VendorDecision::Done(end) => println!("{}", text::grants_nothing(&view.license.id, &end, now)),
        VendorDecision::Unchanged => println!("Nothing was changed: it was so already."),
        VendorDecision::Revoked => bail!("{} is revoked, and that cannot be taken back.", view.license.id),
        VendorDecision::NotFound => bail!("There is no license {}.", view.license.id),
        VendorDecision::NotAllowed => bail!("The operator may not do this."),
    }
    Ok(())
}

async fn override_terms(db: &Db, config: &Config, wanted: Override) -> Result<()> {
    let master = parts::open_master(&parts::master_key(config, &Entropy::system())?, db).await?;
    let Override { which, limits, features, remove_features, clear, reason } = wanted;
    let (_, cx, view, _) = find(db, which).await?;
    let before = if clear { Overrides::default() } else { view.license.overrides.clone() };
    let overrides = merge(before, limits, features, remove_features)?;
    let (id, now) = (view.license.id.clone(), cx.now);
    let set = overrides.clone();
    let outcome = db
        .write(move |tx| {
            Box::pin(async move { licenses::override_license(tx, &cx, &master, &id, &set, &reason).await })
        })
        .await?;
    match outcome {
        LicenseOverride::Set => println!("{}", text::overrides(&overrides, now)),
        LicenseOverride::Refused(fault) => bail!("{}", text::override_fault(&fault)),
        LicenseOverride::NoReason => bail!("{}", by_hand::fault(Fault::NoReason)),
        LicenseOverride::NotFound => bail!("There is no license {}.", view.license.id),
        LicenseOverride::NotAllowed => bail!("The operator may not do this."),
    }
    Ok(())
}

/// Gives the plan's back.
const PLAN: &str = "plan";

fn merge(
    mut overrides: Overrides,
    limits: Vec<(String, String)>,
    features: Vec<(String, Option<String>)>,
    remove_features: Vec<String>,
) -> Result<Overrides> {
    for (name, value) in limits {
        if value == PLAN {
            overrides.limits.remove(&name);
        } else {
            let limit = value.parse().with_context(|| format!("{value} is no limit for {name}"))?;
            overrides.limits.insert(name, limit);
        }
    }
    for (name, end) in features {
        overrides.remove_features.remove(&name);
        match end.as_deref() {
            Some(PLAN) => {
                overrides.features.remove(&name);
            }
            None => {
                overrides.features.insert(name, None);
            }
            Some(day) => {
                let begin = UnixMs::start_of(day.parse().with_context(|| format!("{day} is no day for {name}"))?);
                // The last second, as a catalog's features have it.
                overrides.features.insert(name, Some(begin.plus(DAY_MS).seconds() - 1));
            }
        }
    }
    for name in remove_features {
        overrides.features.remove(&name);
        overrides.remove_features.insert(name);
    }
    Ok(overrides)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_is_not_named_stays_and_plan_gives_the_plans_back() {
        let before = Overrides {
            limits: BTreeMap::from([("devices".to_owned(), 5), ("assets".to_owned(), 6)]),
            features: BTreeMap::from([("beta".to_owned(), None)]),
            remove_features: ["branding".to_owned()].into(),
        };
        let limits = vec![("devices".to_owned(), "plan".to_owned()), ("users".to_owned(), "-1".to_owned())];
        let features = vec![("branding".to_owned(), Some("2027-12-31".to_owned()))];
        let after = merge(before, limits, features, vec!["beta".to_owned()]).unwrap();
        assert_eq!(after.limits, BTreeMap::from([("assets".to_owned(), 6), ("users".to_owned(), -1)]));
        assert_eq!(after.features, BTreeMap::from([("branding".to_owned(), Some(1_830_297_599))]));
        assert_eq!(after.remove_features, ["beta".to_owned()].into());
        assert!(merge(Overrides::default(), vec![("a".to_owned(), "many".to_owned())], vec![], vec![]).is_err());
        assert!(merge(Overrides::default(), vec![], vec![("a".to_owned(), Some("soon".to_owned()))], vec![]).is_err());
    }
}
