//! The npm packages of `end2end/`: the browser tests, and the tools that make the site small.

use crate::process::run;
use crate::report::Counts;
use crate::workspace::{Workspace, find_on_path};
use anyhow::{Context, Result};
use std::process::Command;

/// Whether Node and npm are on this machine.
#[must_use]
pub(crate) fn available() -> bool {
    find_on_path("node").is_some() && find_on_path("npm").is_some()
}

/// `npm ci`, unless the packages of exactly this lock file are installed. Without Node it does nothing.
///
/// # Errors
/// When npm fails.
pub(crate) fn install(workspace: &Workspace) -> Result<()> {
    let folder = workspace.end2end();
    let lock = std::fs::read(folder.join("package-lock.json")).context("end2end/package-lock.json cannot be read")?;
    let stamp = folder.join("node_modules/.installed-lock.json");
    if !available() || std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("Installing the npm packages of end2end…");
    run("npm ci", Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    std::fs::write(&stamp, lock).context("the stamp of npm ci cannot be written")
}

/// Type-checks the journeys: one check.
///
/// # Errors
/// When a journey has a type error.
pub(crate) fn typecheck(workspace: &Workspace) -> Result<Counts> {
    let mut command = Command::new(workspace.npm_program("tsc").context("the npm packages are not installed")?);
    run("tsc", command.arg("--noEmit").current_dir(workspace.end2end()))?;
    Ok(Counts::PASSED)
}
