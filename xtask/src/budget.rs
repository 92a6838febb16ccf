//! How much a visitor has to load: limits that a test keeps.
//!
//! Sizes are as sent to browsers, compressed with brotli; 1 kB is 1,000 bytes.

use crate::compress::beside;
use crate::report::Counts;
use crate::site::list_files;
use anyhow::{Context, Result};
use std::path::Path;

/// The islands.
const WASM: u64 = 120_000;
/// The style sheet.
const CSS: u64 = 12_000;
/// A page with everything that it loads.
const FIRST_LOAD: u64 = 180_000;
/// What the HTML of one page may take of the first load. The journey over the price list measures the whole.
const PAGE: u64 = 20_000;

/// Compares the built site with its budgets and prints each.
///
/// # Errors
/// When the site was not built.
pub(crate) fn check(site: &Path) -> Result<Counts> {
    let pkg = site.join("pkg");
    let wasm = sent(&pkg.join("leasehold_bg.wasm"))?;
    let css = sent(&pkg.join("leasehold.css"))?;
    let mut first_load = wasm + css + sent(&pkg.join("leasehold.js"))? + PAGE;
    let mut snippets = Vec::new();
    list_files(&pkg.join("snippets"), &mut snippets)?;
    for script in snippets.iter().filter(|file| file.extension().is_some_and(|kind| kind == "js")) {
        first_load += sent(script)?;
    }
    let mut counts = Counts::default();
    counts += judge("WASM", wasm, WASM);
    counts += judge("CSS", css, CSS);
    counts += judge("first load, page included", first_load, FIRST_LOAD);
    Ok(counts)
}

/// The size that a browser gets, in bytes.
fn sent(file: &Path) -> Result<u64> {
    let copy = beside(file, "br");
    Ok(std::fs::metadata(&copy).with_context(|| format!("{} was not built", copy.display()))?.len())
}

fn judge(what: &str, bytes: u64, limit: u64) -> Counts {
    let within = bytes <= limit;
    let verdict = if within { "within" } else { "OVER" };
    println!("{what}: {bytes} bytes, {verdict} the budget of {limit}");
    if within { Counts::PASSED } else { Counts::FAILED }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_style_sheet_over_its_budget_is_one_failure() {
        let site = tempfile::tempdir().unwrap();
        let pkg = site.path().join("pkg");
        std::fs::create_dir(&pkg).unwrap();
        let put =
            |name: &str, size: u64| std::fs::write(pkg.join(name), vec![0; usize::try_from(size).unwrap()]).unwrap();
        put("leasehold_bg.wasm.br", WASM);
        put("leasehold.js.br", 10_000);
        put("leasehold.css.br", CSS);
        assert_eq!(check(site.path()).unwrap(), Counts { passed: 3, failed: 0, skipped: 0 });
        put("leasehold.css.br", CSS + 1);
        assert_eq!(check(site.path()).unwrap(), Counts { passed: 2, failed: 1, skipped: 0 });
    }
}
