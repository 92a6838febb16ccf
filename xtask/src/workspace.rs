//! Where things are: the repository, the target directory, the programs built in it, and a `cargo` to call.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates of the product, without `xtask` itself.
///
/// Every call of cargo that builds names the same selection (`--workspace --exclude xtask`), so that features are
/// unified in the same way each time and no dependency is built twice. `xtask` is left out because `cargo xtask`
/// builds it by itself: selecting it together with the others would build its dependencies a second time.
pub(crate) const PRODUCT_CRATES: [&str; 3] = ["--workspace", "--exclude", "xtask"];

/// How the variables begin that `cargo run` sets for `xtask` and that mean something else to the cargo called from here. Some
/// build scripts are run again when they change, as when cargo is called by hand in between, and half of the workspace after them.
const FROM_OUTER_CARGO: [&str; 3] = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_PACKAGE"];

/// The repository on disk and cargo's target directory, which `CARGO_TARGET_DIR` may have moved elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    metadata: Value,
    clippy: Option<PathBuf>,
}

impl Workspace {
    /// Asks `cargo metadata`.
    ///
    /// # Errors
    /// When cargo cannot be started or the workspace is broken.
    pub(crate) fn find() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let output = cargo_command()
            .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
            .arg(manifest)
            .output()
            .context("cargo could not be started")?;
        if !output.status.success() {
            bail!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")?;
        let directory = |key: &str| -> Result<PathBuf> {
            Ok(PathBuf::from(metadata[key].as_str().with_context(|| format!("cargo metadata has no {key}"))?))
        };
        Ok(Self {
            root: directory("workspace_root")?,
            target: directory("target_directory")?,
            metadata,
            clippy: find_clippy(),
        })
    }

    /// The repository.
    #[must_use]
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's target directory.
    #[must_use]
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The packages of the workspace as `cargo metadata` prints them.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &Value> {
        self.metadata["packages"].as_array().into_iter().flatten()
    }

    /// The built site (`/pkg/*` and the files of `public/`).
    #[must_use]
    pub(crate) fn site(&self) -> PathBuf {
        self.target.join("site")
    }

    /// Where cargo puts programs of the profile.
    #[must_use]
    pub(crate) fn profile_directory(&self, release: bool) -> PathBuf {
        self.target.join(if release { "release" } else { "debug" })
    }

    /// A built program, e.g. `server`.
    #[must_use]
    pub(crate) fn binary(&self, name: &str, release: bool) -> PathBuf {
        self.profile_directory(release).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// The folder of the browser tests, where npm packages live.
    #[must_use]
    pub(crate) fn end2end(&self) -> PathBuf {
        self.root.join("end2end")
    }

    /// `cargo` at the root of the repository.
    #[must_use]
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo_command();
        command.current_dir(&self.root);
        command
    }

    /// `cargo` for everything that is compiled without optimization, with clippy in the compiler's place where it is
    /// installed: it compiles as the compiler does and lints on the way, so nothing is compiled again for its sake.
    /// Whoever compiles such things uses it, so that each finds what the other has compiled.
    #[must_use]
    pub(crate) fn cargo_linting(&self) -> Command {
        let mut command = self.cargo();
        if let Some(clippy) = &self.clippy {
            command.env("RUSTC_WORKSPACE_WRAPPER", clippy);
        }
        command
    }

    /// Whether [`Workspace::cargo_linting`] lints.
    #[must_use]
    pub(crate) fn has_clippy(&self) -> bool {
        self.clippy.is_some()
    }

    /// A program that an npm package brought, e.g. `wasm-opt`; `None` before `npm ci` or without Node.
    #[must_use]
    pub(crate) fn npm_program(&self, name: &str) -> Option<PathBuf> {
        let program = self.end2end().join("node_modules/.bin").join(name);
        (program.exists() && find_on_path("node").is_some()).then_some(program)
    }
}

/// The cargo that runs us, or the one on the path.
fn cargo_command() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if FROM_OUTER_CARGO.iter().any(|start| name.to_str().is_some_and(|name| name.starts_with(start))) {
            command.env_remove(name);
        }
    }
    command
}

/// The compiler that lints, beside the one that does not.
fn find_clippy() -> Option<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "sysroot"]).output().ok()?;
    let sysroot = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
    let clippy = sysroot.join("bin").join(format!("clippy-driver{}", std::env::consts::EXE_SUFFIX));
    clippy.is_file().then_some(clippy)
}

/// A program on `PATH`.
#[must_use]
pub(crate) fn find_on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Whether this is an unattended run, in which nothing may be left out silently (`CI=true`).
#[must_use]
pub(crate) fn unattended() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}
