//! `server admin create-campaign`.

use anyhow::{Result, bail};
use backend::campaigns::rules::{Fault, MILLIONTHS_IN_A_BP, read_percent};
use backend::campaigns::{CampaignCreation, Duration, NewCampaign, create_campaign};
use backend::ids::AccountId;
use backend::money::Currency;
use backend::stripe::AmountOff;
use backend::text::en::console_campaigns as text;
use clap::Args;

use super::admin::choose_vendor;
use crate::config::Config;
use crate::parts;

/// A new campaign. For plans, a minimum or days there is the console.
#[derive(Args)]
pub(crate) struct Arguments {
    /// What it is called; customers see it on the payment page.
    #[arg(long)]
    name: String,
    /// Its first code.
    #[arg(long)]
    code: String,
    /// What it takes off, in percent: 20 or 12.5.
    #[arg(long, value_parser = percent, conflicts_with = "amount_minor", required_unless_present = "amount_minor")]
    percent: Option<i64>,
    /// What it takes off, in minor units of the currency: 5000 is 50.00.
    #[arg(long, requires = "currency")]
    amount_minor: Option<i64>,
    /// The currency of the amount, by its three letters.
    #[arg(long, value_parser = currency)]
    currency: Option<Currency>,
    /// Every payment within so many months; without it the first payment only.
    #[arg(long)]
    months: Option<i64>,
    /// Only for customers who have never paid anything.
    #[arg(long)]
    first_purchase: bool,
    /// Redemptions in all.
    #[arg(long)]
    max_redemptions: Option<i64>,
    /// Redemptions per customer.
    #[arg(long)]
    max_per_account: Option<i64>,
    /// The partner whose campaign it is, by the id of its account; without it the vendor's own.
    #[arg(long, value_name = "ACCOUNT")]
    partner: Option<String>,
    /// Vendor, by code; needed only when there are several.
    #[arg(long, value_name = "CODE")]
    vendor: Option<String>,
    /// Leave a code of this name as it is.
    #[arg(long)]
    if_absent: bool,
}

fn percent(word: &str) -> Result<i64, String> {
    read_percent(word).ok_or_else(|| text::fault(Fault::Percent))
}

fn currency(word: &str) -> Result<Currency, String> {
    Currency::parse(word).ok_or_else(|| "a currency has three letters".to_owned())
}

pub(crate) async fn run(arguments: Arguments, config: &Config) -> Result<()> {
    let clock = parts::clock();
    let db = parts::open_migrated_database(config).await?;
    let vendor = choose_vendor(&db, arguments.vendor).await?;
    let amount_off = match (arguments.percent, arguments.amount_minor, arguments.currency) {
        (None, Some(amount_minor), Some(currency)) => AmountOff::Sum { amount_minor, currency },
        (bp, ..) => AmountOff::Share(bp.unwrap_or(0) * MILLIONTHS_IN_A_BP),
    };
    let cx = parts::operator_cx(vendor.id, &clock);
    let new = NewCampaign {
        owner_id: arguments.partner.as_deref().map(AccountId::from_untrusted),
        name: arguments.name,
        code: arguments.code.clone(),
        amount_off,
        duration: if arguments.months.is_some() { Duration::Repeating } else { Duration::Once },
        duration_months: arguments.months,
        plan_ids: Vec::new(),
        minimum: None,
        first_purchase_only: arguments.first_purchase,
        max_redemptions: arguments.max_redemptions,
        max_per_account: arguments.max_per_account,
        starts_at: cx.now,
        ends_at: None,
    };
    let created = db.write(move |tx| Box::pin(async move { create_campaign(tx, &cx, &new).await })).await;
    db.close().await;
    match created? {
        CampaignCreation::Created(campaign) => {
            println!("{} is there, with the code {}: {}.", campaign.name, arguments.code, text::takes_off(&campaign));
        }
        CampaignCreation::Refused(faults) if arguments.if_absent && faults == [Fault::CodeTaken] => {
            println!("There is a code {} already.", arguments.code);
        }
        CampaignCreation::Refused(faults) => {
            for fault in faults {
                eprintln!("{}", text::fault(fault));
            }
            bail!("No campaign was made.");
        }
        CampaignCreation::NotAllowed => bail!("The operator may not do this."),
    }
    Ok(())
}
