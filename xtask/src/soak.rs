//! `cargo xtask soak`: the slow proofs over and over, because races show up by repetition.

use crate::report::Report;
use crate::rust_tests::{self, Selection};
use crate::workspace::Workspace;
use anyhow::Result;

/// Runs the slow proofs the given number of times; stops after the first round that fails.
///
/// # Errors
/// Only when the run was interrupted.
pub(crate) fn soak(workspace: &Workspace, rounds: u32) -> Result<bool> {
    for round in 1..=rounds {
        println!("\nRound {round} of {rounds}");
        let mut report = Report::default();
        rust_tests::parts(workspace, &mut report, Selection::SlowProofs)?;
        if !report.finish() {
            return Ok(false);
        }
    }
    Ok(true)
}
