//! `server admin create-vendor`.

use anyhow::{Result, bail};
use backend::catalog::{is_code, is_origin};
use backend::cx::{Cx, Entropy};
use backend::ids::VendorId;
use backend::text::en::vendor_hosts as hosts;
use backend::vendors::{NewVendor, Vendor, create_vendor, list_vendors};
use clap::Args;

use crate::config::Config;
use crate::{parts, rounds};

/// A new vendor.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Short name, for the command line.
    #[arg(long)]
    code: String,
    /// Display name.
    #[arg(long)]
    name: String,
    /// Host name it answers; all that no other vendor has when left out.
    #[arg(long)]
    host: Option<String>,
    /// Public origin and issuer of its tokens, set once; `server.public_origin` when left out.
    #[arg(long)]
    origin: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, config: &Config) -> Result<()> {
    let origin = arguments.origin.clone().unwrap_or_else(|| config.server.public_origin.clone());
    if !is_origin(&origin) {
        bail!("{origin} is not an origin such as https://licenses.example.com.");
    }
    if !is_code(&arguments.code) {
        bail!("A code is up to 40 lower-case letters, digits, - and _, beginning with a letter.");
    }
    let (clock, entropy) = (parts::clock(), Entropy::system());
    let master = parts::master_key(config, &entropy)?;
    let db = parts::open_migrated_database(config).await?;
    let master = parts::open_master(&master, &db).await?;
    let vendors = db.read(|tx| Box::pin(list_vendors(tx))).await?;
    // A vendor can be made before Stripe is set up; what is wrong with that is said when the service starts.
    let stripe = parts::stripe_of(config, &vendors, &arguments.code, &clock, &entropy);
    let sells = stripe.is_ok_and(|stripe| stripe.is_some());
    let (config, Arguments { code, name, host, .. }) = (config.clone(), arguments);
    let cx = parts::operator_cx(VendorId::from_untrusted(""), &clock);
    let created: Result<Vendor> = db
        .write(move |tx| {
            Box::pin(async move {
                let host = parts::admit_vendor(tx, &config, &code, host.as_deref()).await?;
                let new = NewVendor { code, host, origin, name };
                let vendor = create_vendor(tx, &cx, &master, &new).await?;
                let cx = Cx { vendor_id: vendor.id.clone(), ..cx };
                rounds::start(tx, &cx, &master, sells).await?;
                Ok(vendor)
            })
        })
        .await;
    db.close().await;
    match created {
        Ok(vendor) => {
            println!("Vendor {} was created: {}, issuer {}.", vendor.code, vendor.id, vendor.origin);
            println!("{}", hosts::answers(&vendor.code, vendor.host.as_deref()));
        }
        Err(error) if parts::is_duplicate(&error) => bail!("Another vendor has this code, host or origin."),
        Err(error) => return Err(error),
    }
    Ok(())
}
