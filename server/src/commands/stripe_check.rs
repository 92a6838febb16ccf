//! `server stripe-check`: tries out, in test mode at Stripe itself, what the product takes for granted.

use std::time::Duration;

use anyhow::{Result, bail};
use backend::cx::Entropy;
use backend::money::Currency;
use backend::stripe::Stripe;
use backend::stripe::rehearsal::{Assumption, Progress, Rehearsal, rehearse};
use backend::text::en::stripe_check as text;
use clap::Args;
use tokio::sync::mpsc::unbounded_channel;

use crate::config::Config;
use crate::parts;

/// How long somebody may take on Checkout.
const BUYER_PATIENCE: Duration = Duration::from_secs(15 * 60);
/// Between two looks at what takes Stripe a while.
const PAUSE: Duration = Duration::from_secs(2);

/// Buy, upgrade, fail, recover, refund and transfer in a Stripe test account, and say whether Stripe behaves as assumed.
///
/// Needs a test key and makes a product, prices and customers of its own, which it takes away in the end. It reads and
/// writes no database.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Vendor, by code; needed only where each vendor has an account of its own.
    #[arg(long, value_name = "CODE", default_value = "")]
    vendor: String,
    /// What is sold in: eur, gbp, usd, jpy or mxn; the account must take bank transfers in it.
    #[arg(long, default_value = "eur", value_parser = currency)]
    currency: Currency,
    /// Ask somebody to pay on Checkout as well, which no program can do.
    #[arg(long)]
    checkout: bool,
}

fn currency(code: &str) -> Result<Currency, String> {
    Currency::parse(code).ok_or_else(|| "a currency is three letters, such as eur".to_owned())
}

pub(crate) async fn run(arguments: Arguments, config: &Config) -> Result<()> {
    let (clock, entropy) = (parts::clock(), Entropy::system());
    let Some(stripe) = parts::stripe_of(config, &[], &arguments.vendor, &clock, &entropy)? else { bail!(text::NO_KEY) };
    let rehearsal = Rehearsal {
        tag: data_encoding::BASE32_DNSSEC.encode(&entropy.bytes::<8>()),
        now: clock.now(),
        currency: arguments.currency,
        buyer_patience: arguments.checkout.then_some(BUYER_PATIENCE),
        pause: PAUSE,
    };
    play(&stripe, &rehearsal, |progress| println!("{}", text::progress(progress))).await
}

/// Plays it, telling of each step.
///
/// # Errors
/// When an assumption does not hold, or with a live key.
pub(crate) async fn play(stripe: &Stripe, rehearsal: &Rehearsal, mut tell: impl FnMut(&Progress)) -> Result<()> {
    let (told, mut heard) = unbounded_channel();
    let played = rehearse(stripe, rehearsal, told);
    let listened = async {
        while let Some(progress) = heard.recv().await {
            tell(&progress);
        }
    };
    let (played, ()) = tokio::join!(played, listened);
    let Ok(bad) = played else { bail!(text::LIVE_KEY) };
    let tried = Assumption::ALL.iter().filter(|it| rehearsal.buyer_patience.is_some() || !it.takes_a_buyer()).count();
    let outcome = text::outcome(tried, bad);
    if bad > 0 {
        bail!(outcome);
    }
    println!("{outcome}");
    Ok(())
}
