//! `cargo xtask test`: everything that must hold, from format to journeys, and one line at the end that says so.

use crate::report::{Counts, Report};
use crate::rust_tests::Selection;
use crate::workspace::Workspace;
use crate::{budget, e2e, lint, npm, rust_tests, site};
use anyhow::Result;

const NO_NODE: &str = "no node and npm on this machine";

/// Runs all parts, also after one has failed; true when nothing failed.
///
/// # Errors
/// Only when the run was interrupted.
pub(crate) fn test(workspace: &Workspace, quick: bool) -> Result<bool> {
    let mut report = Report::default();
    let npm = if npm::available() {
        let counts = report.part("npm packages and types", || {
            npm::install(workspace)?;
            npm::typecheck(workspace)
        })?;
        counts.failed == 0
    } else {
        report.left_out("npm packages and types", NO_NODE);
        false
    };
    lint::rules(workspace, &mut report)?;
    let is_made_small = npm::available();
    let site = report.part(if is_made_small { "site and budgets" } else { "site" }, || {
        site::build(workspace)?;
        if is_made_small { budget::check(&workspace.site()) } else { Ok(Counts::PASSED) }
    })?;
    if !is_made_small {
        report.left_out("budgets", NO_NODE);
    }
    let programs = report.part("build and clippy", || lint::compile_product(workspace))?;
    report.part("clippy on xtask", || lint::compile_xtask(workspace))?;
    lint::islands(workspace, &mut report)?;
    let selection = if quick { Selection::Quick } else { Selection::All };
    rust_tests::parts(workspace, &mut report, selection)?;
    if !quick {
        let broken = |counts: Counts| counts.passed == 0;
        if !npm {
            report.left_out("journeys", NO_NODE);
        } else if let Some(missing) = e2e::missing() {
            report.left_out("journeys", missing);
        } else if broken(site) || broken(programs) {
            report.left_out("journeys", "the site or the programs did not build");
        } else {
            report.part("journeys", || e2e::journeys(workspace, &[]))?;
        }
    }
    Ok(report.finish())
}
