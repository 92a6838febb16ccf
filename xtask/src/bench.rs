//! `cargo xtask bench`: every benchmark of the product's crates, optimized as it ships.

use crate::process::run;
use crate::workspace::{PRODUCT_CRATES, Workspace};
use anyhow::{Result, bail};

/// Runs all bench targets (`cargo bench`), one after the other.
///
/// # Errors
/// When there is no benchmark, one does not compile, or one fails.
pub(crate) fn bench(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let targets = workspace.packages().flat_map(|package| package["targets"].as_array().into_iter().flatten());
    let benches = targets.filter(|target| target["kind"][0] == "bench").count();
    if benches == 0 {
        bail!("the workspace has no bench target");
    }
    let mut cargo = workspace.cargo();
    // By name: `--benches` would compile the tests of every crate as well, optimized.
    cargo.arg("bench").args(PRODUCT_CRATES).args(["--bench", "*"]).arg("--").args(arguments);
    run("cargo bench", &mut cargo)
}
