//! The Python that some tests ask: leases are also verified by a library that we did not write, the API is called with
//! whatever its description allows, and e-invoices are judged by the schemas and rules of others.

use crate::process::run;
use crate::workspace::find_on_path;
use anyhow::{Context, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Tests read here which Python has the packages.
pub(crate) const PYTHON_VARIABLE: &str = "LEASEHOLD_TEST_PYTHON";
/// What it has.
const PACKAGES: [&str; 5] =
    ["PyJWT[crypto]==2.15.1", "schemathesis==4.32.5", "factur-x==7.8", "lxml==6.1.3", "saxonche==13.1.1"];

/// The Python that the environment names, else one of our own in the user's cache, which is made when it is missing.
/// `None` when this machine has no `python3` that can make one.
///
/// # Errors
/// When it cannot be made, as without a network.
pub(crate) fn find() -> Result<Option<PathBuf>> {
    if let Some(given) = std::env::var_os(PYTHON_VARIABLE) {
        return Ok(Some(given.into()));
    }
    let (Some(cache), Some(python3)) = (cache(), find_on_path("python3")) else { return Ok(None) };
    let venv = cache.join("venv");
    std::fs::create_dir_all(&cache).with_context(|| format!("{} cannot be made", cache.display()))?;
    // Two runs at once would make the same folder.
    let lock = File::create(cache.join("venv.lock")).context("the lock of the Python packages cannot be made")?;
    lock.lock().context("the lock of the Python packages cannot be had")?;
    if !is_made(&venv) {
        if !can_make(&python3) {
            return Ok(None);
        }
        println!("Installing the Python packages of the tests…");
        run("python3 -m venv", Command::new(&python3).args(["-m", "venv", "--clear"]).arg(&venv))?;
        let mut pip = Command::new(program(&venv));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES);
        run("pip install", &mut pip)?;
        std::fs::write(stamp(&venv), PACKAGES.join(" "))
            .context("the stamp of the Python packages cannot be written")?;
    }
    Ok(Some(program(&venv)))
}

/// Where the user keeps what can be made again.
fn cache() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folder = named.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    Some(folder.join("leasehold"))
}

fn program(venv: &Path) -> PathBuf {
    venv.join("bin/python")
}

/// What is installed there; written last, so that whatever was begun and not ended is made anew.
fn stamp(venv: &Path) -> PathBuf {
    venv.join("installed")
}

fn is_made(venv: &Path) -> bool {
    let installed = std::fs::read_to_string(stamp(venv)).unwrap_or_default();
    program(venv).is_file() && installed.trim_end() == PACKAGES.join(" ")
}

/// Debian keeps these two in a package of their own.
fn can_make(python3: &Path) -> bool {
    let mut command = Command::new(python3);
    command.args(["-c", "import ensurepip, venv"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn packages_are_installed_once_and_again_when_the_list_has_changed() {
        let venv = tempfile::tempdir().unwrap();
        let venv = venv.path();
        std::fs::create_dir(venv.join("bin")).unwrap();
        std::fs::write(program(venv), "").unwrap();
        assert!(!is_made(venv), "it was not made to its end");
        std::fs::write(stamp(venv), PACKAGES.join(" ") + "\n").unwrap();
        assert!(is_made(venv));
        std::fs::write(stamp(venv), PACKAGES[1..].join(" ")).unwrap();
        assert!(!is_made(venv));
    }
}
