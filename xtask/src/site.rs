//! The built site: what browsers load besides the pages themselves.
//!
//! `target/site/pkg/` gets the islands (`leasehold.js`, `leasehold_bg.wasm`, `snippets/`) and the style sheet
//! (`leasehold.css`), `target/site/` a copy of `public/`. Beside each compressible file lies a `.br` and a `.gz`.
//!
//! Each of the three files also exists under a name with a hash of its content (`leasehold.<hash>.js`, `.wasm`, `.css`).
//! Those may be cached for ever, the plain names may not. `hash.txt` says the hashes in the form that leptos reads when
//! its option `hash_files` is on; a copy is put beside each program (`target/debug`, `target/release`), where leptos
//! looks for it.
//!
//! Needs the target `wasm32-unknown-unknown`, which is added with rustup when it is missing. With `npm ci` done in
//! `end2end/`, binaryen's `wasm-opt` halves the WASM and esbuild minifies script and style sheet; without, the site
//! works the same and is larger.

use crate::process::run;
use crate::workspace::Workspace;
use crate::{compress, styles};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

/// The name of the files that leptos writes into pages (`output-name` in Cargo.toml).
const NAME: &str = "leasehold";
const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// How cargo is told to build the part of `app` that ships to browsers.
pub(crate) const HYDRATE: [&str; 7] =
    ["--package", "app", "--no-default-features", "--features", "hydrate", "--target", WASM_TARGET];
/// What the site is made of. `xtask`'s own sources are among it because they decide how.
const INPUTS: [&str; 12] = [
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
    "app/Cargo.toml",
    "app/src",
    "sdk/Cargo.toml",
    "sdk/src",
    "style",
    "public",
    "xtask/Cargo.toml",
    "xtask/src",
    "end2end/node_modules/.package-lock.json",
];
/// The WebAssembly features that rustc itself uses for this target; wasm-opt has to be told.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Builds the site into `target/site`, or finds that nothing has changed since the last time.
///
/// # Errors
/// When the islands do not compile, a style sheet is missing, or a tool fails.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    add_wasm_target()?;
    let stamp_file = workspace.target().join("site.stamp");
    let stamp = stamp_of_inputs(workspace)?;
    let site = workspace.site();
    let unchanged = std::fs::read_to_string(&stamp_file).is_ok_and(|last| last == stamp);
    if unchanged && site.join("hash.txt").is_file() {
        return place_hashes(workspace);
    }

    // Built aside and then put in place, so that a running server never serves half a site.
    let fresh = workspace.target().join("site.new");
    remove_folder(&fresh)?;
    let pkg = fresh.join("pkg");
    std::fs::create_dir_all(&pkg).with_context(|| format!("{} cannot be made", pkg.display()))?;

    println!("Building the site (1 of 4): compiling the islands…");
    let mut cargo = workspace.cargo();
    cargo.arg("build").args(HYDRATE).args(["--lib", "--profile", "wasm-release"]);
    run("the build of the islands", &mut cargo)?;

    println!("Building the site (2 of 4): binding the islands to JavaScript…");
    let wasm = workspace.target().join(WASM_TARGET).join("wasm-release").join("app.wasm");
    Bindgen::new()
        .input_path(&wasm)
        .out_name(NAME)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&pkg)
        .context("wasm-bindgen failed")?;

    println!("Building the site (3 of 4): making it small…");
    optimize_wasm(workspace, &pkg.join(format!("{NAME}_bg.wasm")))?;
    let script = pkg.join(format!("{NAME}.js"));
    minify(workspace, &script, &["--format=esm"])?;

    println!("Building the site (4 of 4): styles, static files, compression…");
    let style = pkg.join(format!("{NAME}.css"));
    write(&style, styles::bundle(&workspace.root().join("style/main.css"))?.as_bytes())?;
    minify(workspace, &style, &[])?;
    copy_folder(&workspace.root().join("public"), &fresh)?;
    hash_names(&fresh)?;
    compress::folder(&fresh)?;

    remove_folder(&site)?;
    std::fs::rename(&fresh, &site).context("the new site cannot be put in place")?;
    place_hashes(workspace)?;
    write(&stamp_file, stamp.as_bytes())
}

/// The built style sheet.
#[must_use]
pub(crate) fn stylesheet(workspace: &Workspace) -> PathBuf {
    workspace.site().join("pkg").join(format!("{NAME}.css"))
}

/// Adds the WASM target, unless it is there or there is no rustup (a distribution's Rust brings its own).
fn add_wasm_target() -> Result<()> {
    let Ok(installed) = Command::new("rustup").args(["target", "list", "--installed"]).output() else { return Ok(()) };
    if String::from_utf8_lossy(&installed.stdout).lines().any(|line| line.trim() == WASM_TARGET) {
        return Ok(());
    }
    println!("Adding the Rust target {WASM_TARGET}…");
    run("rustup target add", Command::new("rustup").args(["target", "add", WASM_TARGET]))
}

fn optimize_wasm(workspace: &Workspace, wasm: &Path) -> Result<()> {
    let Some(wasm_opt) = workspace.npm_program("wasm-opt") else {
        println!("  wasm-opt is not here (run `npm ci` in end2end/): the WASM stays about twice as large.");
        return Ok(());
    };
    let optimized = wasm.with_extension("opt");
    let mut command = Command::new(wasm_opt);
    command.arg("-Oz").args(WASM_FEATURES).arg(wasm).arg("-o").arg(&optimized);
    run("wasm-opt", &mut command)?;
    std::fs::rename(&optimized, wasm).context("the optimized WASM cannot be put in place")
}

/// Minifies a script or style sheet in place.
fn minify(workspace: &Workspace, file: &Path, arguments: &[&str]) -> Result<()> {
    let Some(esbuild) = workspace.npm_program("esbuild") else {
        println!("  esbuild is not here (run `npm ci` in end2end/): {} stays as written.", file.display());
        return Ok(());
    };
    let minified = file.with_extension("min");
    let mut command = Command::new(esbuild);
    command.arg(file).args(["--minify", "--target=esnext", "--log-level=warning"]).args(arguments);
    command.arg(format!("--outfile={}", minified.display()));
    run("esbuild", &mut command)?;
    std::fs::rename(&minified, file).context("the minified file cannot be put in place")
}

/// Copies the three files to names with their hashes and writes `hash.txt`.
fn hash_names(site: &Path) -> Result<()> {
    let pkg = site.join("pkg");
    let mut hashes = String::new();
    for (kind, plain) in
        [("js", format!("{NAME}.js")), ("wasm", format!("{NAME}_bg.wasm")), ("css", format!("{NAME}.css"))]
    {
        let content = std::fs::read(pkg.join(&plain)).with_context(|| format!("{plain} was not built"))?;
        let hash = short_hash(&content);
        write(&pkg.join(format!("{NAME}.{hash}.{kind}")), &content)?;
        hashes.push_str(&format!("{kind}: {hash}\n"));
    }
    write(&site.join("hash.txt"), hashes.as_bytes())
}

/// Puts `hash.txt` beside the programs that exist or will.
fn place_hashes(workspace: &Workspace) -> Result<()> {
    for release in [false, true] {
        let folder = workspace.profile_directory(release);
        std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        std::fs::copy(workspace.site().join("hash.txt"), folder.join("hash.txt"))
            .context("hash.txt cannot be copied")?;
    }
    Ok(())
}

/// 26 characters that change with the content.
fn short_hash(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let mut text = data_encoding::BASE32_NOPAD.encode(&digest[..16]);
    text.make_ascii_lowercase();
    text
}

/// A hash over names and contents of everything that the site is made of, and the compiler's version.
fn stamp_of_inputs(workspace: &Workspace) -> Result<String> {
    let mut files = Vec::new();
    for input in INPUTS {
        list_files(&workspace.root().join(input), &mut files)?;
    }
    files.sort();
    let mut digest = Sha256::new();
    let rustc = Command::new("rustc").arg("-V").output().context("rustc could not be started")?;
    digest.update(&rustc.stdout);
    for file in files {
        let content = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        digest.update(file.to_string_lossy().as_bytes());
        digest.update((content.len() as u64).to_be_bytes());
        digest.update(&content);
    }
    Ok(data_encoding::HEXLOWER.encode(&digest.finalize()))
}

/// Adds the file, or every file below the folder. What does not exist adds nothing.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn list_files(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
    } else if path.is_dir() {
        for entry in std::fs::read_dir(path).with_context(|| format!("{} cannot be read", path.display()))? {
            list_files(&entry?.path(), files)?;
        }
    }
    Ok(())
}

/// Copies every file below one folder to the same place below another.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let mut files = Vec::new();
    list_files(from, &mut files)?;
    for file in files {
        let target = to.join(file.strip_prefix(from).context("a file outside its folder")?);
        if target.exists() {
            bail!("{} would overwrite a file of the site", file.display());
        }
        let folder = target.parent().context("a file without a folder")?;
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        std::fs::copy(&file, &target).with_context(|| format!("{} cannot be copied", file.display()))?;
    }
    Ok(())
}

/// Removes a folder with all that is in it, if it is there.
///
/// # Errors
/// When it cannot be removed.
pub(crate) fn remove_folder(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    Ok(())
}

fn write(file: &Path, content: &[u8]) -> Result<()> {
    std::fs::write(file, content).with_context(|| format!("{} cannot be written", file.display()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn hashed_names_follow_the_content_and_hash_txt_names_them_for_leptos() {
        let site = tempfile::tempdir().unwrap();
        let pkg = site.path().join("pkg");
        std::fs::create_dir(&pkg).unwrap();
        for (file, content) in [("leasehold.js", "script"), ("leasehold_bg.wasm", "wasm"), ("leasehold.css", "style")] {
            write(&pkg.join(file), content.as_bytes()).unwrap();
        }
        hash_names(site.path()).unwrap();
        let hashes = std::fs::read_to_string(site.path().join("hash.txt")).unwrap();
        let kinds: Vec<&str> = hashes.lines().map(|line| line.split_once(": ").unwrap().0).collect();
        assert_eq!(kinds, ["js", "wasm", "css"]);
        let style = format!("leasehold.{}.css", short_hash(b"style"));
        assert_eq!(std::fs::read(pkg.join(style)).unwrap(), b"style");
        assert_ne!(short_hash(b"style"), short_hash(b"style "));
    }

    #[test]
    fn a_static_file_never_replaces_a_built_one() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(&from.path().join("hash.txt"), b"mine").unwrap();
        write(&to.path().join("hash.txt"), b"built").unwrap();
        assert!(copy_folder(from.path(), to.path()).is_err());
    }
}
