//! The Rust tests of the workspace, with a PostgreSQL beside them where this machine has one.
//!
//! Tests that take long (proofs under load, many processes) are marked `#[ignore = "slow proof: …"]`. `test --quick`
//! leaves them out, `test` runs them, `soak` runs them again and again.

use crate::postgres::{Database, URL_VARIABLE};
use crate::process::run_reading;
use crate::report::{Counts, Report};
use crate::workspace::{PRODUCT_CRATES, Workspace};
use anyhow::{Result, bail};

/// Which tests run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All but the slow proofs.
    Quick,
    /// All.
    All,
    /// The slow proofs alone.
    SlowProofs,
}

/// Runs the tests of the product's crates and, except for slow proofs, of `xtask`, as parts of the report.
///
/// # Errors
/// Only when the run was interrupted.
pub(crate) fn parts(workspace: &Workspace, report: &mut Report, selection: Selection) -> Result<()> {
    let postgres = Database::find();
    let url = match &postgres {
        Ok(database) => database.url(),
        Err(_) => None,
    };
    match &postgres {
        Ok(Database::None) => report.left_out("tests on PostgreSQL", "no initdb and postgres on this machine"),
        Err(error) => {
            let message = format!("{error:#}");
            report.part("PostgreSQL", || bail!(message))?;
        }
        Ok(_) => {}
    }
    report.part("tests of the product", || cargo_test(workspace, &PRODUCT_CRATES, url, selection))?;
    if selection != Selection::SlowProofs {
        report.part("tests of xtask", || cargo_test(workspace, &["--package", "xtask"], None, selection))?;
    }
    Ok(())
}

fn cargo_test(workspace: &Workspace, crates: &[&str], url: Option<&str>, selection: Selection) -> Result<Counts> {
    let mut command = workspace.cargo();
    command.arg("test").args(crates).arg("--no-fail-fast");
    match selection {
        Selection::Quick => {}
        Selection::All => {
            command.args(["--", "--include-ignored"]);
        }
        Selection::SlowProofs => {
            command.args(["--", "--ignored"]);
        }
    }
    if let Some(url) = url {
        command.env(URL_VARIABLE, url);
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
