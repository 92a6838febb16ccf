//! `server admin reset-factor`.

use anyhow::{Result, bail};
use backend::accounts::{FactorReset, find_user_by_email, reset_second_factor};
use backend::cx::Entropy;
use backend::db::DbError;
use clap::Args;

use super::admin::choose_vendor;
use crate::config::Config;
use crate::parts;

/// Whose second factor.
#[derive(Args)]
pub(crate) struct Arguments {
    /// E-mail address that the person signs in with.
    #[arg(long)]
    email: String,
    /// Vendor, by code; needed only when there are several.
    #[arg(long, value_name = "CODE")]
    vendor: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, config: &Config) -> Result<()> {
    let master = parts::master_key(config, &Entropy::system())?;
    let db = parts::open_migrated_database(config).await?;
    let master = parts::open_master(&master, &db).await?;
    let vendor = choose_vendor(&db, arguments.vendor).await?;
    let (cx, email) = (parts::operator_cx(vendor.id, &parts::clock()), arguments.email.clone());
    let reset: Result<_, DbError> = db
        .write(move |tx| {
            Box::pin(async move {
                match find_user_by_email(tx, &cx.vendor_id, &email).await? {
                    Some(user) => reset_second_factor(tx, &cx, &master, &user.id).await,
                    None => Ok(FactorReset::NotFound),
                }
            })
        })
        .await;
    db.close().await;
    match reset? {
        FactorReset::Reset => {
            println!(
                "{} has neither second factor nor passkeys any more, is logged out everywhere, and is told by mail.",
                arguments.email
            );
        }
        FactorReset::NoFactor => println!("{} has no second factor and no passkey.", arguments.email),
        FactorReset::NotFound => bail!("Nobody signs in to {} with {}.", vendor.code, arguments.email),
        FactorReset::NotAllowed => bail!("The operator may not do this."),
    }
    Ok(())
}
