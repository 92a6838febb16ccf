//! Random histories of customers against a model: whatever is bought, with a promotion code or without, by card or by
//! transfer, changed, paid, late, declined, made perpetual, refunded, disputed and cancelled, in whatever order the portal
//! hears of it, what is charged is what was shown, licenses stand as payments do, our invoices are Stripe's to the cent, the
//! ledger agrees, and nothing is charged twice.
//!
//! `books.rs` is the model and the place to learn from what a history should come to; `tariff.rs` its arithmetic.
//! `steps.rs` rolls the dice, `play.rs` plays a history against product and sandbox and lets the model judge. Several
//! customers, one after the other, share a shop. A history that fails is shortened by leaving out steps, and told with
//! the seed that brings it back:
//!
//! ```text
//! LEASEHOLD_HISTORIES=1 LEASEHOLD_HISTORIES_SEED=17 cargo test -p backend --test all histories
//! ```

mod books;
mod play;
mod steps;
mod tariff;

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use backend::Cx;
use backend::campaigns::{Duration, NewCampaign};
use backend::db::Db;
use backend::orders::handlers::start_watching;
use backend::stripe::AmountOff;

use self::play::{Player, Tally};
use self::steps::{Step, history};
use self::tariff::{Code, MARKETS, begin};
use super::campaigns::quarter;
use super::reversals::finance;
use super::shop::Shop;
use crate::support::{STACK_BYTES, master, run_on_postgres, run_on_sqlite};

/// How many histories, and the seed of the first.
const HISTORIES: &str = "LEASEHOLD_HISTORIES";
const SEED: &str = "LEASEHOLD_HISTORIES_SEED";
/// Unless somebody wants more: those of one shop.
const USUALLY: u64 = CUSTOMERS;
/// PostgreSQL plays one of so many.
const ON_POSTGRES: u64 = 10;
/// Customers of one shop: the sandbox looks through everything that it remembers, so shops stay small.
const CUSTOMERS: u64 = 12;
/// Steps of one history: long enough for a renewal, its failure and what follows, short enough to be read.
const LENGTH: usize = 9;

/// What has to have happened in some hundred histories: what the dice never meet is not shown.
const MET: [&str; 47] = [
    "bought, usd",
    "bought, jpy",
    "bought, kwd",
    "bought, usd, with packs",
    "bought, usd, ONCE-A-QUARTER",
    "bought, usd, ALWAYS-AN-EIGHTH",
    "bought nothing",
    "bought for ever",
    "ordered for ever",
    "money in part",
    "money in full",
    "money in excess",
    "money kept",
    "given up",
    "changed",
    "more packs",
    "change paid from credit",
    "change upwards that owes the customer",
    "change awaits payment",
    "change refused",
    "change refused, cancelled",
    "planned",
    "fewer packs planned",
    "kept",
    "cancelled",
    "resumed",
    "ended",
    "paid for a change",
    "paid a renewal",
    "refunded",
    "refunded in part",
    "credited to the balance",
    "dispute won",
    "dispute lost",
    "subscribed by transfer",
    "subscription paid by transfer",
    "first transfer is late",
    "renewal paid by transfer",
    "transfer is late",
    "suspended by transfer",
    "change awaits its transfer",
    "change refused, another waits",
    "change paid by transfer",
    "change given up",
    "change withdrawn",
    "turned perpetual",
    "turning perpetual refused",
];

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What the vendor sets up for a code.
fn campaign(code: Code) -> NewCampaign {
    NewCampaign {
        name: code.name().to_owned(),
        amount_off: AmountOff::Share(code.share() * 100),
        duration: if code.is_for_ever() { Duration::Forever } else { Duration::Once },
        ..quarter(code.name())
    }
}

async fn play(
    shop: &mut Shop,
    staff: &Cx,
    seed: u64,
    steps: &[Step],
) -> anyhow::Result<Result<Tally, (usize, anyhow::Error)>> {
    let market = MARKETS[usize::try_from(seed / 5)? % MARKETS.len()];
    let at = begin(shop.now().seconds(), seed);
    Ok(Player::enter(shop, staff.clone(), market, at).await?.play(steps).await)
}

/// Plays the histories of these seeds, one customer after the other; the first that fails is shortened and told.
async fn serve(db: Db, seeds: Range<u64>) -> anyhow::Result<Tally> {
    let catalog = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/commerce/histories/catalog.toml");
    let mut shop = Shop::open_with(db, &catalog).await?;
    let staff = finance(&shop).await?;
    for code in Code::ALL {
        shop.campaign(campaign(code)).await?;
    }
    let (cx, key) = (shop.cx(), master());
    shop.db.write(move |tx| Box::pin(async move { start_watching(tx, &cx, &key).await })).await?;
    let mut tally = Tally::new();
    for seed in seeds {
        let steps = history(seed, LENGTH);
        match play(&mut shop, &staff, seed, &steps).await? {
            Ok(words) => words.into_iter().for_each(|(word, times)| *tally.entry(word).or_default() += times),
            Err((at, error)) => {
                let told = shorten(&mut shop, &staff, seed, steps, (at, error)).await?;
                anyhow::bail!("the history of seed {seed} is wrong. Its shortest form:\n{told}");
            }
        }
    }
    Ok(tally)
}

/// Leaves out whatever is not needed for a history to fail.
async fn shorten(
    shop: &mut Shop,
    staff: &Cx,
    seed: u64,
    mut steps: Vec<Step>,
    (at, mut error): (usize, anyhow::Error),
) -> anyhow::Result<String> {
    steps.truncate(at + 1);
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut from = 0;
        while from < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(from..(from + size).min(steps.len()));
            match play(shop, staff, seed, &fewer).await? {
                Ok(_) => from += size,
                Err((at, shorter)) => {
                    fewer.truncate(at + 1);
                    (steps, error) = (fewer, shorter);
                }
            }
        }
        size /= 2;
    }
    let lines: Vec<String> = steps.iter().map(|step| format!("  {:?}, heard of: {:?}", step.act, step.news)).collect();
    let market = MARKETS[usize::try_from(seed / 5)? % MARKETS.len()];
    Ok(format!("{market:?}\n{}\n{error:?}", lines.join("\n")))
}

/// Plays so many histories in shops that `run` opens, two shops at a time.
fn explore(count: u64, run: impl Fn(Range<u64>) -> Tally + Sync) {
    let first = setting(SEED, 1);
    let (next, all) = (AtomicU64::new(first), Mutex::new(Tally::new()));
    let work = || loop {
        let from = next.fetch_add(CUSTOMERS, Ordering::Relaxed);
        if from >= first + count {
            break;
        }
        let words = run(from..(from + CUSTOMERS).min(first + count));
        let mut all = all.lock().expect("no shop panics while it holds this");
        words.into_iter().for_each(|(word, times)| *all.entry(word).or_default() += times);
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let player = std::thread::Builder::new().stack_size(STACK_BYTES);
            player.spawn_scoped(scope, work).expect("a thread");
        }
    });
    let all = all.into_inner().expect("no shop panicked");
    println!("{count} histories from seed {first}: {all:?}");
    let missed: Vec<_> = MET.iter().filter(|word| count >= 400 && !all.contains_key(**word)).collect();
    assert!(missed.is_empty(), "no history met {missed:?}");
}

#[test]
fn whatever_customers_do_money_licenses_and_ledger_are_those_of_the_model_on_sqlite() {
    explore(setting(HISTORIES, USUALLY), |seeds| run_on_sqlite(|db| serve(db, seeds)));
}

#[test]
fn whatever_customers_do_money_licenses_and_ledger_are_those_of_the_model_on_postgres() {
    let count = (setting(HISTORIES, USUALLY) / ON_POSTGRES).max(1);
    // The first of those that SQLite plays: both engines agree.
    explore(count, |seeds| run_on_postgres(|db| serve(db, seeds)).unwrap_or_default());
}
