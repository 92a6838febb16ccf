//! `server admin keys …`: the keys with which a vendor signs.

use anyhow::{Result, bail};
use backend::cx::Entropy;
use backend::keys::{KeyRevocation, KeyRotation, list_signing_keys, revoke_signing_key, rotate_signing_key};
use backend::text::en::admin as text;
use clap::{Args, Subcommand};

use super::admin::choose_vendor;
use crate::config::Config;
use crate::parts;

/// List, rotate or revoke a vendor's signing keys.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print the keys with where they stand, newest first.
    List(Whose),
    /// Let the next key sign from now on. No check fails: everybody knows that key already.
    Rotate(Whose),
    /// Let nobody trust a key any more that somebody else may have. Leases that it signed are refused at once.
    Revoke {
        /// The key's `kid`, as `list` prints it.
        #[arg(long)]
        kid: String,
        #[command(flatten)]
        whose: Whose,
    },
}

/// Whose keys.
#[derive(Args)]
pub(crate) struct Whose {
    /// Vendor, by code; needed only when there are several.
    #[arg(long, value_name = "CODE")]
    vendor: Option<String>,
}

pub(crate) async fn run(command: Command, config: &Config) -> Result<()> {
    let db = parts::open_migrated_database(config).await?;
    let (whose, act) = match command {
        Command::List(whose) => (whose, Act::List),
        Command::Rotate(whose) => (whose, Act::Rotate),
        Command::Revoke { kid, whose } => (whose, Act::Revoke(kid)),
    };
    let vendor = choose_vendor(&db, whose.vendor).await?;
    let cx = parts::operator_cx(vendor.id.clone(), &parts::clock());
    match act {
        Act::List => {
            let id = vendor.id.clone();
            for key in db.read(move |tx| Box::pin(async move { list_signing_keys(tx, &id).await })).await? {
                println!("{}", text::signing_key(&key));
            }
        }
        Act::Rotate => {
            let master = parts::open_master(&parts::master_key(config, &Entropy::system())?, &db).await?;
            let rotated =
                db.write(move |tx| Box::pin(async move { rotate_signing_key(tx, &cx, &master).await })).await?;
            match rotated {
                KeyRotation::Rotated { active, next, seq } => {
                    println!("{active} signs from now on, {next} is next. Key set {seq} says so.");
                }
                KeyRotation::NotReady => bail!("{} has no two keys that this master key opens.", vendor.code),
                KeyRotation::NotAllowed => bail!("The operator may not do this."),
            }
        }
        Act::Revoke(kid) => {
            let master = parts::open_master(&parts::master_key(config, &Entropy::system())?, &db).await?;
            let wanted = kid.clone();
            let revoked = db
                .write(move |tx| Box::pin(async move { revoke_signing_key(tx, &cx, &master, &wanted).await }))
                .await?;
            match revoked {
                KeyRevocation::Revoked { active, seq } => {
                    println!("{kid} is revoked. {active} signs. Key set {seq} says so.");
                }
                KeyRevocation::AlreadyRevoked => println!("{kid} was revoked before."),
                KeyRevocation::NotFound => bail!("{} has no key {kid}.", vendor.code),
                KeyRevocation::NotReady => bail!("{} has no other key that this master key opens.", vendor.code),
                KeyRevocation::NotAllowed => bail!("The operator may not do this."),
            }
        }
    }
    db.close().await;
    Ok(())
}

enum Act {
    List,
    Rotate,
    Revoke(String),
}
