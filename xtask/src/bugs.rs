//! `cargo xtask bugs`: plants known bugs one by one and shows that a test catches each.
//!
//! A test that cannot fail is worse than none. `xtask/bugs/*.patch` are unified diffs with two lines before them:
//!
//! ```text
//! What: a secret that is too old is accepted.
//! Caught by: --package backend --test all model::
//! ```
//!
//! The working tree is copied to a temporary folder, where each patch is applied, the program is built, and the named
//! test has to fail. A patch that does not apply or does not compile says nothing, and is reported as such.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::postgres::{Database, URL_VARIABLE};
use crate::process::{check_interrupted, run_quietly, run_reading};
use crate::report::{Counts, Report};
use crate::workspace::Workspace;

const WHAT: &str = "What: ";
const CAUGHT_BY: &str = "Caught by: ";
/// Calls of the model test: enough to meet each of the bugs.
const MODEL_CALLS: (&str, &str) = ("LEASEHOLD_MODEL_OPERATIONS", "6000");

/// A bug that can be planted.
#[derive(Debug, PartialEq, Eq)]
struct Bug {
    name: String,
    what: String,
    /// What `cargo test` is told in order to catch it.
    test: Vec<String>,
    patch: PathBuf,
}

/// Plants every bug whose name contains one of `only`, or all when that is empty; true when each was caught.
///
/// # Errors
/// When a patch is not readable or the working tree cannot be copied, and when the run was interrupted.
pub(crate) fn bugs(workspace: &Workspace, only: &[String]) -> Result<bool> {
    let mut bugs = read_bugs(&workspace.root().join("xtask/bugs"))?;
    bugs.retain(|bug| only.is_empty() || only.iter().any(|name| bug.name.contains(name.as_str())));
    if bugs.is_empty() {
        bail!("xtask/bugs has no patch of that name");
    }
    let database = Database::find()?;
    let copy = Copy::of(workspace)?;
    let run = |test: &[String]| copy.test(workspace, database.url(), test);
    let mut report = Report::default();
    // A test that fails anyway catches nothing.
    for test in bugs.iter().map(|bug| &bug.test).collect::<BTreeSet<_>>() {
        report.part(&format!("without a bug: {}", test.join(" ")), || match run(test)? {
            Tested::Passed => Ok(Counts::PASSED),
            Tested::Failed => bail!("it fails without any bug"),
            Tested::NotBuilt => bail!("it does not compile"),
        })?;
    }
    for bug in &bugs {
        report.part(&bug.name, || {
            println!("{}", bug.what);
            copy.apply(&bug.patch, false)?;
            let tested = run(&bug.test);
            copy.apply(&bug.patch, true)?;
            match tested? {
                Tested::Failed => Ok(Counts::PASSED),
                Tested::Passed => bail!("NOT CAUGHT"),
                Tested::NotBuilt => bail!("with the bug it does not compile"),
            }
        })?;
    }
    Ok(report.finish())
}

fn read_bugs(folder: &Path) -> Result<Vec<Bug>> {
    let mut patches: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    patches.retain(|path| path.extension().is_some_and(|extension| extension == "patch"));
    patches.sort();
    patches.into_iter().map(read_bug).collect()
}

fn read_bug(patch: PathBuf) -> Result<Bug> {
    let text = fs::read_to_string(&patch).with_context(|| format!("{} cannot be read", patch.display()))?;
    let line = |start: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(start));
        found.with_context(|| format!("{} has no line \"{start}…\"", patch.display()))
    };
    let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let what = line(WHAT)?.to_owned();
    let test = line(CAUGHT_BY)?.split_whitespace().map(str::to_owned).collect();
    Ok(Bug { name, what, test, patch })
}

/// What a test run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tested {
    Passed,
    Failed,
    NotBuilt,
}

/// A copy of the working tree, removed when dropped.
struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    /// Copies what git knows and what it would take in, as it is on disk.
    fn of(workspace: &Workspace) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("leasehold-bugs-").tempdir().context("no temporary folder")?;
        let mut git = Command::new("git");
        git.current_dir(workspace.root()).args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
        let listed = git.output().context("git could not be started")?;
        if !listed.status.success() {
            bail!("git ls-files failed: {}", String::from_utf8_lossy(&listed.stderr));
        }
        for name in listed.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            let name = std::str::from_utf8(name).context("a file name that is no text")?;
            let (from, to) = (workspace.root().join(name), folder.path().join(name));
            // A file that was deleted is still listed until that is committed.
            if !from.is_file() {
                continue;
            }
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(&from, &to).with_context(|| format!("{name} cannot be copied"))?;
        }
        Ok(Self { folder })
    }

    fn apply(&self, patch: &Path, back: bool) -> Result<()> {
        let mut git = Command::new("git");
        // Outside of a repository `git apply` is a `patch` that is there wherever git is.
        git.current_dir(self.folder.path()).env("GIT_CEILING_DIRECTORIES", self.folder.path());
        git.arg("apply").args(back.then_some("--reverse")).arg(patch);
        run_quietly("git apply", git, "")
    }

    fn test(&self, workspace: &Workspace, database: Option<&str>, test: &[String]) -> Result<Tested> {
        let cargo = |arguments: &[&str]| {
            let mut command = workspace.cargo();
            // A target directory of its own, kept for the next time: cargo tells packages apart by their place within
            // a workspace, so in the usual one it would take what was built here, with a bug, for the real thing.
            command.current_dir(self.folder.path()).env("CARGO_TARGET_DIR", workspace.target().join("bugs"));
            command.arg("test").args(test).args(arguments).env(MODEL_CALLS.0, MODEL_CALLS.1);
            command.env("RUST_BACKTRACE", "0");
            if let Some(url) = database {
                command.env(URL_VARIABLE, url);
            }
            command
        };
        check_interrupted()?;
        if !run_reading("cargo test --no-run", cargo(&["--no-run", "--quiet"]), |line| println!("{line}"))?.success() {
            return Ok(Tested::NotBuilt);
        }
        let mut last = Vec::new();
        let status = run_reading("cargo test", cargo(&["--quiet"]), |line| last.push(line.to_owned()))?;
        for line in last.iter().filter(|line| line.contains("✗") || line.starts_with("test result: FAILED")) {
            println!("{line}");
        }
        Ok(if status.success() { Tested::Passed } else { Tested::Failed })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_patch_says_what_it_plants_and_which_test_catches_it() {
        let bugs = read_bugs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("bugs")).unwrap();
        assert!(bugs.len() >= 9, "{bugs:#?}");
        for bug in bugs {
            assert!(bug.what.ends_with('.') && bug.test.first().unwrap() == "--package", "{bug:?}");
        }
    }

    #[test]
    fn every_patch_applies_to_the_working_tree() {
        let workspace = Workspace::find().unwrap();
        let copy = Copy::of(&workspace).unwrap();
        for bug in read_bugs(&workspace.root().join("xtask/bugs")).unwrap() {
            copy.apply(&bug.patch, false).unwrap_or_else(|error| panic!("{}: {error:#}", bug.name));
            copy.apply(&bug.patch, true).unwrap();
        }
    }
}
