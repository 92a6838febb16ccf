//! `server admin check-catalog`: what differs at Stripe from what the catalog says.

use anyhow::{Result, bail};
use backend::catalog::check_prices;
use backend::cx::Entropy;
use backend::text::en::price_check as text;
use backend::vendors::list_vendors;
use clap::Args;

use super::admin::choose_vendor;
use crate::config::Config;
use crate::parts;

/// Compare the prices at Stripe with the catalog, and fail if anything differs.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Vendor, by code; needed only when there are several.
    #[arg(long, value_name = "CODE")]
    vendor: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, config: &Config) -> Result<()> {
    let db = parts::open_migrated_database(config).await?;
    let outcome = async {
        let vendor = choose_vendor(&db, arguments.vendor).await?;
        let (clock, entropy) = (parts::clock(), Entropy::system());
        let vendors = db.read(|tx| Box::pin(list_vendors(tx))).await?;
        let Some(stripe) = parts::stripe_of(config, &vendors, &vendor.code, &clock, &entropy)? else {
            bail!("{}", text::NO_STRIPE)
        };
        let check = check_prices(&db, &stripe, &parts::operator_cx(vendor.id, &clock)).await?;
        for difference in &check.differences {
            println!("! {}", text::difference(difference));
        }
        if !check.differences.is_empty() {
            bail!("{}", text::differs(check.differences.len(), check.checked));
        }
        println!("Stripe: {}.", text::agrees(check.checked));
        Ok(())
    }
    .await;
    db.close().await;
    outcome
}
