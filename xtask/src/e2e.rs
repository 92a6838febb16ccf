//! `cargo xtask e2e`: the journeys in a real browser, each against a product of its own.

use crate::postgres::{Database, URL_VARIABLE};
use crate::process::{Child, Stop};
use crate::python::{self, PYTHON_VARIABLE};
use crate::report::Counts;
use crate::workspace::{Workspace, find_on_path};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where `end2end/playwright.config.ts` looks for the machine's browser.
const CHROMIUM: [&str; 2] = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];
/// Where Playwright keeps browsers that it has downloaded, from the home folder on: on Linux, on macOS, on Windows.
const DOWNLOADED: [&str; 3] = [".cache/ms-playwright", "Library/Caches/ms-playwright", "AppData/Local/ms-playwright"];

/// What this machine lacks for the journeys, besides Node, as a reason to leave them out.
pub(crate) fn missing() -> Option<&'static str> {
    if !has_chromium() {
        return Some("no Chromium on this machine (`.ci/run` installs it on Debian, LEASEHOLD_CHROMIUM names another)");
    }
    if find_on_path("pdftotext").is_none() {
        return Some("no pdftotext of poppler on this machine (`.ci/run` installs it on Debian)");
    }
    None
}

fn has_chromium() -> bool {
    if std::env::var_os("LEASEHOLD_CHROMIUM").is_some_and(|file| Path::new(&file).is_file()) {
        return true;
    }
    if CHROMIUM.iter().any(|file| Path::new(file).is_file()) {
        return true;
    }
    let named = std::env::var_os("PLAYWRIGHT_BROWSERS_PATH").map(PathBuf::from);
    let home = std::env::home_dir().unwrap_or_default();
    named.into_iter().chain(DOWNLOADED.map(|folder| home.join(folder))).any(|folder| has_downloaded_chromium(&folder))
}

fn has_downloaded_chromium(folder: &Path) -> bool {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|entry| entry.file_name().to_string_lossy().starts_with("chromium"))
}

/// Runs Playwright, with a PostgreSQL and a Python beside it where this machine has them; the site and the programs have to
/// be built.
/// `arguments` go to Playwright as they are.
///
/// # Errors
/// When Playwright does not run to its end.
pub(crate) fn journeys(workspace: &Workspace, arguments: &[String]) -> Result<Counts> {
    let playwright = workspace.npm_program("playwright").context("the npm packages are not installed")?;
    let results = workspace.target().join("playwright-results.json");
    if results.exists() {
        std::fs::remove_file(&results).context("the last results cannot be removed")?;
    }
    let mut command = Command::new(playwright);
    command.arg("test").args(arguments).current_dir(workspace.end2end());
    command.env("PLAYWRIGHT_JSON_OUTPUT_FILE", &results);
    command.env("LEASEHOLD_PROGRAMS", workspace.profile_directory(false)).env("LEASEHOLD_SITE", workspace.site());
    let database = Database::find()?;
    match database.url() {
        Some(url) => {
            command.env(URL_VARIABLE, url);
        }
        None => println!("No PostgreSQL here: the journey over two nodes is left out."),
    }
    match python::find()? {
        Some(python) => {
            command.env(PYTHON_VARIABLE, python);
        }
        None => println!("No python3 with ensurepip and venv here: what other people's libraries judge is left out."),
    }
    let status = Child::spawn("Playwright", &mut command, Stop::Terminate)?.wait()?;
    let text =
        std::fs::read(&results).with_context(|| format!("Playwright ended with {status} and left no results"))?;
    let counts = count(&serde_json::from_slice(&text).context("Playwright's results are not JSON")?)?;
    if !status.success() && counts.failed == 0 {
        bail!("Playwright ended with {status}");
    }
    Ok(counts)
}

/// The numbers in a report of Playwright. A test that passed only when repeated counts as failed.
fn count(results: &Value) -> Result<Counts> {
    let number = |key: &str| -> Result<u32> {
        let number =
            results["stats"][key].as_u64().with_context(|| format!("no stats.{key} in Playwright's results"))?;
        u32::try_from(number).context("too many tests")
    };
    Ok(Counts {
        passed: number("expected")?,
        failed: number("unexpected")? + number("flaky")?,
        skipped: number("skipped")?,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_browser_that_playwright_has_downloaded_is_found() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_downloaded_chromium(&folder.path().join("never-made")));
        std::fs::create_dir(folder.path().join("ffmpeg-1011")).unwrap();
        assert!(!has_downloaded_chromium(folder.path()));
        std::fs::create_dir(folder.path().join("chromium_headless_shell-1217")).unwrap();
        assert!(has_downloaded_chromium(folder.path()));
    }

    #[test]
    fn a_test_that_passed_only_when_repeated_counts_as_failed() {
        let results = json!({ "stats": { "expected": 7, "unexpected": 1, "flaky": 2, "skipped": 3 } });
        assert_eq!(count(&results).unwrap(), Counts { passed: 7, failed: 3, skipped: 3 });
        assert!(count(&json!({})).is_err());
    }
}
