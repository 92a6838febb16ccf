//! `server admin ledger`: the trial balance, and whatever is not as it must be.

use anyhow::{Result, bail};
use backend::db::DbError;
use backend::ledger::{LedgerAccount, Period, trial_balance};
use backend::money::Money;
use backend::text::en::console_money as text;
use clap::Args;

use super::admin::choose_vendor;
use crate::config::Config;
use crate::parts;

/// Print what each account of the ledger holds, and fail if anything does not sum to zero or differs from the invoices.
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
        let balance = db
            .read(move |tx| Box::pin(async move { trial_balance(tx, &vendor.id, Period::ALL).await }))
            .await
            .map_err(|error: DbError| error)?;
        for currency in balance.currencies() {
            println!("{}", text::balance_in(currency));
            for account in LedgerAccount::ALL {
                let minor = balance.of(*account, currency);
                if minor != 0 {
                    println!("{}", text::balance_line(*account, Money::new(minor, currency)));
                }
            }
        }
        if balance.sums.is_empty() {
            println!("{}", text::NOTHING_BOOKED);
        }
        for disagreement in &balance.disagreements {
            println!("{}", text::disagreement(disagreement));
        }
        if !balance.disagreements.is_empty() {
            bail!("{}", text::DISAGREES);
        }
        println!("{}", text::AGREES);
        Ok(())
    }
    .await;
    db.close().await;
    outcome
}
