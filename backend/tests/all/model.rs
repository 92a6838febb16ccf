//! Random histories against a model: whatever instances, owners and clocks do, the product answers as the protocol
//! says.
//!
//! `pool.rs` is the model and the place to learn the rules of seats from: one license, in plain Rust, without a
//! database; `calls.rs` has the words for it. `installation.rs` is one installation with its chain of secrets. `steps.rs` rolls the dice, `product.rs`
//! calls the product, `play.rs` lets the model judge each answer. A history that fails is shortened by leaving out
//! steps, and told with the seed that brings it back:
//!
//! ```text
//! LEASEHOLD_MODEL_SEED=17 LEASEHOLD_MODEL_OPERATIONS=1 cargo test -p backend --test all model
//! ```
//!
//! What the model shows (the invariants' names are those of the documentation): seats are never oversold, nothing is
//! granted after a revocation, a retry gets the same answer, no lease is longer than anything allows, and time that
//! moves back extends nothing.

mod calls;
mod installation;
mod play;
mod pool;
mod product;
mod steps;

use backend::db::Db;

use self::play::{Failure, Tally, play};
use self::product::Product;
use self::steps::{Step, history};
use crate::support::{on_both_engines, run_on_sqlite};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How many calls to make on each engine, and the seed of the first history.
const OPERATIONS: (&str, u64) = ("LEASEHOLD_MODEL_OPERATIONS", 1_500);
const SEED: (&str, u64) = ("LEASEHOLD_MODEL_SEED", 1);
/// Steps of one history: long enough for surges and conflicts, short enough to be read.
const LENGTH: usize = 90;

/// What has to be answered at least once.
const ANSWERS: [&str; 14] = [
    "lease",
    "borrowed",
    "seats_exhausted",
    "devices_exhausted",
    "instance_stale",
    "instance_conflict",
    "instance_released",
    "instance_deactivated",
    "instance_blocked",
    "instance_not_found",
    "license_suspended",
    "license_revoked",
    "license_expired",
    "version_not_covered",
];

fn setting((name, default): (&str, u64)) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Plays histories until enough calls were made.
async fn explore(product: &Product) -> anyhow::Result<()> {
    let wanted = setting(OPERATIONS) as usize;
    let mut tally = Tally::new();
    for seed in setting(SEED).. {
        let steps = history(seed, LENGTH);
        match play(product, seed, &steps).await? {
            Ok(answers) => answers.into_iter().for_each(|(answer, times)| *tally.entry(answer).or_default() += times),
            Err(failure) => {
                let Failure { told, .. } = shorten(product, seed, steps, failure).await?;
                let calls: usize = tally.values().sum();
                anyhow::bail!("After {calls} calls, the history of seed {seed} is wrong. Its shortest form:\n{told}");
            }
        }
        let calls: usize = tally.values().sum();
        if calls >= wanted {
            println!("{calls} calls up to seed {seed}: {tally:?}");
            // What the dice never meet, the model does not show.
            let missed: Vec<_> =
                ANSWERS.iter().filter(|answer| calls >= 1_000 && !tally.contains_key(*answer)).collect();
            anyhow::ensure!(missed.is_empty(), "no history was answered {missed:?}");
            return Ok(());
        }
    }
    Ok(())
}

/// Leaves out whatever is not needed for a history to fail.
async fn shorten(product: &Product, seed: u64, mut steps: Vec<Step>, mut failure: Failure) -> anyhow::Result<Failure> {
    steps.truncate(failure.step + 1);
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut from = 0;
        while from < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(from..(from + size).min(steps.len()));
            match play(product, seed, &fewer).await? {
                Ok(_) => from += size,
                Err(shorter) => {
                    fewer.truncate(shorter.step + 1);
                    (steps, failure) = (fewer, shorter);
                }
            }
        }
        size /= 2;
    }
    Ok(failure)
}

on_both_engines! {
    async fn whatever_happens_every_answer_is_one_that_the_protocol_allows(db: Db) {
        explore(&Product::new(db).await?).await
    }
}

/// The same on SQLite with checks answered from memory, as in a process of its own.
#[test]
fn whatever_happens_answers_from_memory_are_those_of_the_protocol() {
    run_on_sqlite(|db| async {
        let product = Product::with_memory(db).await?;
        explore(&product).await?;
        // Random histories change so much that few checks are simple enough, but some have to be.
        let from_memory = product.answered_from_memory();
        println!("{from_memory} answers from memory");
        assert!(from_memory > 30, "{from_memory}");
        Ok(())
    });
}
