//! `cargo xtask soak`: the slow proofs over and over, because races show up by repetition, and a million random calls
//! against the model.

use crate::report::Report;
use crate::rust_tests::{self, Dice, Selection};
use crate::workspace::Workspace;
use anyhow::Result;

/// The model test runs this often: on SQLite, on SQLite with checks answered from memory, and on PostgreSQL.
const MODEL_RUNS: u64 = 3;
/// Seeds that one round uses at most; the next one takes others. Odd, because the engines change sides with every other
/// number in what is divided between them.
const SEEDS: u64 = 1_000_001;
/// Calls against killed servers in a round, on each database: more than a million in the usual twenty rounds.
const RACE_CALLS: u64 = 26_000;
/// Random histories of customers in all rounds.
const HISTORIES: u64 = 100_000;
/// Orders of Stripe's events through the webhook in a round.
const EVENT_ORDERS: u64 = 500;

/// Runs the slow proofs the given number of times, with so many calls against the model in all; stops after the
/// first round that fails.
///
/// # Errors
/// Only when the run was interrupted.
pub(crate) fn soak(workspace: &Workspace, rounds: u32, model_calls: u64) -> Result<bool> {
    for round in 1..=rounds {
        let seed = u64::from(round) * SEEDS;
        println!("\nRound {round} of {rounds}, with dice from {seed} on");
        let model_calls = (model_calls / u64::from(rounds) / MODEL_RUNS).max(1);
        let mut report = Report::default();
        let histories = (HISTORIES / u64::from(rounds)).max(1);
        let dice = Dice {
            model_calls,
            race_calls: RACE_CALLS,
            histories,
            event_orders: EVENT_ORDERS,
            whole_graph: true,
            seed,
        };
        rust_tests::parts(workspace, &mut report, Selection::SlowProofs(dice))?;
        if !report.finish() {
            return Ok(false);
        }
    }
    Ok(true)
}
