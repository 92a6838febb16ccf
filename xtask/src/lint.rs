//! `cargo xtask lint`: format, clippy, and the two rules of the architecture that a compiler does not see. `cargo xtask test`
//! has the same lints come with the build.

use crate::process::{run, run_reading};
use crate::report::{Counts, Report};
use crate::site::HYDRATE;
use crate::workspace::{PRODUCT_CRATES, Workspace};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;

/// Which of our crates each crate may depend on: `server → app → backend → sdk`, and two that stand alone.
const MAY_DEPEND_ON: [(&str, &[&str]); 6] = [
    ("sdk", &[]),
    ("backend", &["sdk"]),
    ("app", &["backend", "sdk"]),
    ("server", &["app", "backend", "sdk"]),
    ("stripe-sandbox", &[]),
    ("xtask", &[]),
];

/// What the tests of any crate may use besides.
const TESTS_MAY_USE: &str = "stripe-sandbox";

/// What must never be compiled for browsers, by the beginning of the crate's name.
const NOT_IN_BROWSERS: [&str; 6] = ["async-stripe", "backend", "lettre", "printpdf", "sqlx", "tokio"];

/// Runs all lints as parts of the report, compiling no further than they need.
///
/// # Errors
/// Only when the run was interrupted.
pub(crate) fn parts(workspace: &Workspace, report: &mut Report) -> Result<()> {
    rules(workspace, report)?;
    report.part("clippy", || {
        clippy(workspace, &[&PRODUCT_CRATES[..], &["--all-targets"]].concat())?;
        clippy(workspace, &["--package", "xtask", "--all-targets"])
    })?;
    islands(workspace, report)
}

/// Runs what lints without compiling.
///
/// # Errors
/// Only when the run was interrupted.
pub(crate) fn rules(workspace: &Workspace, report: &mut Report) -> Result<()> {
    report.part("format", || {
        // Names the files only: the differences of a whole crate help nobody.
        run("cargo fmt", workspace.cargo().args(["fmt", "--all", "--", "--check", "-l"]))?;
        Ok(Counts::PASSED)
    })?;
    report.part("dependency direction", || dependency_direction(workspace.packages()))?;
    report.part("browser tree", || browser_tree(workspace))?;
    Ok(())
}

/// Lints what ships to browsers.
///
/// # Errors
/// Only when the run was interrupted.
pub(crate) fn islands(workspace: &Workspace, report: &mut Report) -> Result<()> {
    report.part("clippy on the islands", || clippy(workspace, &[&HYDRATE[..], &["--lib"]].concat()))?;
    Ok(())
}

/// Compiles everything of the product, programs, examples, tests and benchmarks; each warning of the compiler and of clippy is
/// a failure.
///
/// # Errors
/// When it does not compile, or clippy is not installed.
pub(crate) fn compile_product(workspace: &Workspace) -> Result<Counts> {
    let failed = warnings(workspace, &[&["test", "--no-run", "--all-targets"], &PRODUCT_CRATES[..]].concat())?;
    Ok(Counts { failed, ..Counts::PASSED })
}

/// The same for `xtask`: its tests, and its program, in which nothing may be there for the tests alone.
///
/// # Errors
/// As [`compile_product`].
pub(crate) fn compile_xtask(workspace: &Workspace) -> Result<Counts> {
    let programs = warnings(workspace, &["build", "--package", "xtask"])?;
    let tests = warnings(workspace, &["test", "--no-run", "--package", "xtask"])?;
    Ok(Counts { failed: programs + tests, ..Counts::PASSED })
}

/// Compiles, prints what the compiler and clippy have to say, and counts it.
fn warnings(workspace: &Workspace, arguments: &[&str]) -> Result<u32> {
    if !workspace.has_clippy() {
        bail!("clippy is not installed (rustup component add clippy)");
    }
    let mut command = workspace.cargo_linting();
    command.args(arguments).arg("--message-format=json");
    let mut warnings = 0;
    let status = run_reading("cargo", command, |line| match serde_json::from_str::<Value>(line) {
        Ok(message) => {
            if let Some(rendered) = message["message"]["rendered"].as_str() {
                println!("{rendered}");
                warnings += 1;
            }
        }
        Err(_) => println!("{line}"),
    })?;
    if !status.success() {
        bail!("it does not compile");
    }
    Ok(warnings)
}

fn clippy(workspace: &Workspace, selection: &[&str]) -> Result<Counts> {
    let mut command = workspace.cargo();
    command.args(["clippy", "--quiet"]).args(selection).args(["--", "--deny", "warnings"]);
    run("cargo clippy", &mut command)?;
    Ok(Counts::PASSED)
}

/// Our crates depend on each other in one direction only, and `app` takes `backend` only for the server.
fn dependency_direction<'a>(packages: impl Iterator<Item = &'a Value>) -> Result<Counts> {
    let ours: BTreeSet<&str> = MAY_DEPEND_ON.iter().map(|(name, _)| *name).collect();
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("a package without a name")?;
        let Some((_, allowed)) = MAY_DEPEND_ON.iter().find(|(known, _)| *known == name) else {
            wrong.push(format!("{name} is not in xtask/src/lint.rs: say there what it may depend on"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let on = dependency["name"].as_str().unwrap_or_default();
            let is_for_tests = dependency["kind"] == "dev" && on == TESTS_MAY_USE;
            if ours.contains(on) && !allowed.contains(&on) && !is_for_tests {
                wrong.push(format!("{name} must not depend on {on}"));
            }
            if (name, on) == ("app", "backend") && dependency["optional"] != true {
                wrong.push("app must depend on backend only under its feature ssr".to_owned());
            }
        }
    }
    if wrong.is_empty() { Ok(Counts::PASSED) } else { bail!(wrong.join("\n")) }
}

/// What is compiled for browsers names neither the database, nor Stripe, mail, PDF or the async runtime.
fn browser_tree(workspace: &Workspace) -> Result<Counts> {
    let mut command = workspace.cargo();
    command.arg("tree").args(HYDRATE).args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let output = command.output().context("cargo tree could not be started")?;
    if !output.status.success() {
        bail!("cargo tree failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let tree = String::from_utf8_lossy(&output.stdout);
    let found = not_for_browsers(&tree);
    if !found.is_empty() {
        bail!("compiled for browsers, but must not be: {}", found.join(", "));
    }
    Ok(Counts::PASSED)
}

/// The forbidden crates in a tree of lines `name v1.2.3 …`.
fn not_for_browsers(tree: &str) -> Vec<&str> {
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let forbidden = |name: &str| {
        NOT_IN_BROWSERS
            .iter()
            .any(|start| name.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
    };
    names.into_iter().filter(|name| forbidden(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, on: &[(&str, bool)]) -> Value {
        let dependencies: Vec<Value> =
            on.iter().map(|(name, optional)| json!({ "name": name, "optional": optional })).collect();
        json!({ "name": name, "dependencies": dependencies })
    }

    #[test]
    fn a_dependency_against_the_direction_is_found() {
        let good = [package("sdk", &[("serde", false)]), package("app", &[("backend", true), ("sdk", false)])];
        assert!(dependency_direction(good.iter()).is_ok());
        let mut tested = package("backend", &[("stripe-sandbox", false)]);
        assert!(dependency_direction([&tested].into_iter()).is_err());
        tested["dependencies"][0]["kind"] = json!("dev");
        assert!(dependency_direction([&tested].into_iter()).is_ok());
        for bad in [
            package("sdk", &[("backend", false)]),
            package("stripe-sandbox", &[("sdk", false)]),
            package("app", &[("backend", false)]),
            package("newcomer", &[]),
        ] {
            assert!(dependency_direction(std::iter::once(&bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn server_crates_in_the_browser_s_tree_are_found() {
        let tree = "app v0.1.0 (/x/app)\nleptos v0.8.23\nsqlx-core v0.9.0\ntokio v1.50.0\ntokenizer v1.0.0\nasync-stripe-shared v1.0.0";
        assert_eq!(not_for_browsers(tree), ["async-stripe-shared", "sqlx-core", "tokio"]);
    }
}
