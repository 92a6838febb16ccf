//! `cargo xtask build`: everything that is needed to run, and one folder to carry to a machine.

use crate::process::run;
use crate::product::{DEFAULT_CONFIGURATION, SERVER};
use crate::workspace::{PRODUCT_CRATES, Workspace};
use crate::{npm, site};
use anyhow::{Context, Result};
use std::path::PathBuf;

/// Builds the site and all programs of the product (debug).
///
/// # Errors
/// When something does not build.
pub(crate) fn everything(workspace: &Workspace) -> Result<()> {
    npm::install(workspace)?;
    site::build(workspace)?;
    programs(workspace)
}

/// Builds the programs and examples, in the same selection as the tests do.
///
/// # Errors
/// When something does not compile.
pub(crate) fn programs(workspace: &Workspace) -> Result<()> {
    println!("Building the server, the sandbox and the demo product…");
    let mut cargo = workspace.cargo_linting();
    run("cargo build", cargo.arg("build").args(PRODUCT_CRATES).args(["--bins", "--examples"]))
}

/// Fills `target/leasehold/`: the server with `hash.txt` beside it, the site, the default configuration.
///
/// # Errors
/// When something does not build or cannot be copied.
pub(crate) fn deployable(workspace: &Workspace, release: bool) -> Result<PathBuf> {
    npm::install(workspace)?;
    site::build(workspace)?;
    println!("Building the server{}…", if release { " (optimized; this takes some minutes)" } else { "" });
    // Clippy's compiler leaves out a part of the optimization.
    let mut cargo = if release { workspace.cargo() } else { workspace.cargo_linting() };
    // The selection that was tested, not `--package server`, which would unify features differently.
    cargo.arg("build").args(PRODUCT_CRATES).args(["--bin", SERVER]);
    if release {
        cargo.arg("--release");
    }
    run("cargo build", &mut cargo)?;

    let folder = workspace.target().join("leasehold");
    site::remove_folder(&folder)?;
    site::copy_folder(&workspace.site(), &folder.join("site"))?;
    let binary = workspace.binary(SERVER, release);
    let copies = [
        (binary.clone(), folder.join(binary.file_name().context("a program without a name")?)),
        (workspace.site().join("hash.txt"), folder.join("hash.txt")),
        (workspace.root().join(DEFAULT_CONFIGURATION), folder.join("leasehold.toml")),
    ];
    for (from, to) in copies {
        std::fs::copy(&from, &to).with_context(|| format!("{} cannot be copied", from.display()))?;
    }
    Ok(folder)
}
