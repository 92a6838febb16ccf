//! `server admin set-vendor-host`.

use anyhow::{Result, bail};
use backend::db::DbError;
use backend::text::en::vendor_hosts as text;
use backend::vendors::{HostChange, set_host};
use clap::Args;

use super::admin::choose_vendor;
use crate::config::Config;
use crate::parts;

/// Which vendor answers which name.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Vendor, by code; needed only when there are several.
    #[arg(long, value_name = "CODE")]
    vendor: Option<String>,
    /// Host name that it answers from now on, such as licenses.example.com.
    #[arg(long, required_unless_present = "any", conflicts_with = "any")]
    host: Option<String>,
    /// Let it answer every name that no other vendor has.
    #[arg(long)]
    any: bool,
}

pub(crate) async fn run(arguments: Arguments, config: &Config) -> Result<()> {
    let db = parts::open_migrated_database(config).await?;
    let vendor = choose_vendor(&db, arguments.vendor).await?;
    let cx = parts::operator_cx(vendor.id.clone(), &parts::clock());
    let host = if arguments.any { None } else { arguments.host };
    let changed: Result<_, DbError> =
        db.write(move |tx| Box::pin(async move { set_host(tx, &cx, host.as_deref()).await })).await;
    db.close().await;
    let host = match changed {
        Ok(HostChange::Set(host)) => host,
        Ok(HostChange::Unchanged) => vendor.host,
        Ok(HostChange::Refused(problem)) => bail!("{}", text::problem(&problem)),
        Ok(HostChange::NotAllowed) => bail!("The operator may not do this."),
        Err(error) => return Err(error.into()),
    };
    println!("{}", text::answers(&vendor.code, host.as_deref()));
    if host.is_some_and(|host| host_of(&vendor.origin) != host) {
        println!("{}", text::origin_stays(&vendor.origin));
    }
    Ok(())
}

/// The host name of an origin.
fn host_of(origin: &str) -> &str {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    rest.split(':').next().unwrap_or(rest)
}
