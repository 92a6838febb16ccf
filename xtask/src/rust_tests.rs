//! The Rust tests of the workspace, with a PostgreSQL and a Python beside them where this machine has them.
//!
//! Tests that take long (proofs under load, many processes) are marked `#[ignore = "slow proof: …"]`. `test --quick`
//! leaves them out, `test` runs them, `soak` runs them again and again. Proofs by random histories take from the
//! environment how many calls they make and where their dice start.

use crate::postgres::{Database, URL_VARIABLE};
use crate::process::run_reading;
use crate::python::{self, PYTHON_VARIABLE};
use crate::report::{Counts, Report};
use crate::workspace::{PRODUCT_CRATES, Workspace};
use anyhow::{Result, bail};
use std::ffi::OsString;
use std::num::NonZero;

/// How many tests of a program run at once.
const TEST_THREADS: &str = "RUST_TEST_THREADS";

/// Which tests run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All but the slow proofs.
    Quick,
    /// All.
    All,
    /// The slow proofs and the random histories alone.
    SlowProofs(Dice),
}

/// What the random histories of one run are: calls on each database, and where the dice start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dice {
    /// Calls of the model test.
    pub(crate) model_calls: u64,
    /// Calls against servers that are killed.
    pub(crate) race_calls: u64,
    /// Histories of customers against the model of money.
    pub(crate) histories: u64,
    /// Orders in which Stripe's events come through the webhook.
    pub(crate) event_orders: u64,
    /// Every order of events at every stage of a subscription's life, or a few of them.
    pub(crate) whole_graph: bool,
    /// Other dice each time.
    pub(crate) seed: u64,
}

impl Dice {
    /// Those of `cargo xtask test`: always the same.
    const USUAL: Self =
        Self { model_calls: 6_000, race_calls: 5_000, histories: 500, event_orders: 20, whole_graph: false, seed: 1 };

    fn variables(self) -> [(&'static str, String); 10] {
        [
            ("LEASEHOLD_MODEL_OPERATIONS", self.model_calls.to_string()),
            ("LEASEHOLD_MODEL_SEED", self.seed.to_string()),
            ("LEASEHOLD_RACE_OPERATIONS", self.race_calls.to_string()),
            ("LEASEHOLD_RACE_SEED", self.seed.to_string()),
            ("LEASEHOLD_HISTORIES", self.histories.to_string()),
            ("LEASEHOLD_HISTORIES_SEED", self.seed.to_string()),
            ("LEASEHOLD_KILLED_SEED", self.seed.to_string()),
            ("LEASEHOLD_EVENT_ORDERS", self.event_orders.to_string()),
            ("LEASEHOLD_EVENT_SEED", self.seed.to_string()),
            ("LEASEHOLD_EVENT_GRAPH", if self.whole_graph { "whole" } else { "drawn" }.to_owned()),
        ]
    }
}

/// Runs the tests of the product's crates and, except for slow proofs, of `xtask`, as parts of the report.
///
/// # Errors
/// Only when the run was interrupted.
pub(crate) fn parts(workspace: &Workspace, report: &mut Report, selection: Selection) -> Result<()> {
    let postgres = Database::find();
    let mut tools: Vec<(&str, OsString)> = Vec::new();
    match &postgres {
        Ok(database) => match database.url() {
            Some(url) => tools.push((URL_VARIABLE, url.into())),
            None => report.left_out("tests on PostgreSQL", "no initdb and postgres on this machine"),
        },
        Err(error) => {
            let message = format!("{error:#}");
            report.part("PostgreSQL", || bail!(message))?;
        }
    }
    if !matches!(selection, Selection::SlowProofs(_)) {
        match python::find() {
            Ok(Some(python)) => tools.push((PYTHON_VARIABLE, python.into())),
            Ok(None) => report.left_out("tests in Python", "no python3 with ensurepip and venv on this machine"),
            Err(error) => {
                let message = format!("{error:#}");
                report.part("Python packages", || bail!(message))?;
            }
        }
    }
    let product = |arguments: &[&str], dice| cargo_test(workspace, &PRODUCT_CRATES, &tools, arguments, dice);
    match selection {
        Selection::Quick => report.part("tests of the product", || product(&[], None))?,
        Selection::All => {
            report.part("tests of the product", || product(&["--", "--include-ignored"], Some(Dice::USUAL)))?
        }
        Selection::SlowProofs(dice) => {
            let histories = ["--", "model::", "histories::", "any_order::", "events::"];
            report.part("random histories", || product(&histories, Some(dice)))?;
            report.part("slow proofs", || product(&["--", "--ignored"], Some(dice)))?
        }
    };
    if !matches!(selection, Selection::SlowProofs(_)) {
        report.part("tests of xtask", || cargo_test(workspace, &["--package", "xtask"], &[], &[], None))?;
    }
    Ok(())
}

fn cargo_test(
    workspace: &Workspace,
    crates: &[&str],
    tools: &[(&str, OsString)],
    arguments: &[&str],
    dice: Option<Dice>,
) -> Result<Counts> {
    let mut command = workspace.cargo_linting();
    command.arg("test").args(crates).arg("--no-fail-fast").args(arguments);
    for (name, value) in dice.into_iter().flat_map(Dice::variables) {
        // Whoever sets it outside means it.
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    command.envs(tools.iter().map(|(name, value)| (*name, value)));
    if std::env::var_os(TEST_THREADS).is_none() {
        // One more than there are processors: many tests wait for the database.
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        command.env(TEST_THREADS, (processors + 1).to_string());
    }
    let mut counts = Counts::default();
    let status = run_reading("cargo test", command, |line| {
        counts.add_cargo_line(line);
        println!("{line}");
    })?;
    if !status.success() && counts.failed == 0 {
        // It did not compile, or a test program died before it could count: no number of its own says so.
        eprintln!("cargo test ended with {status}");
        counts.failed += 1;
    }
    Ok(counts)
}
