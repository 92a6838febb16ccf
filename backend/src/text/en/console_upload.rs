//! The catalog as a file: uploading one in the console, and what a downloaded one says about itself.

use crate::catalog::{Change, UploadFault};

use super::catalog;

/// Title of the page.
pub const TITLE: &str = "Upload a catalog file";
/// Lead of the page.
pub const LEAD: &str =
    "Paste the whole file. What it would change is shown first; nothing is written before you apply it.";
/// Label of the file's text.
pub const FILE: &str = "Catalog file";
/// What a file does.
pub const FILE_HINT: &str = "TOML, at most 64 KiB. Products that it leaves out stay as they are; plans that it leaves out are no longer offered, and \
     their licenses go on. The logo stays.";
/// The button that looks.
pub const CHECK: &str = "Show what it changes";
/// Heading of the changes.
pub const CHANGES: &str = "What it changes";
/// Under the heading: what applying means for those who have bought.
pub const CHANGES_LEAD: &str = "Whoever has bought keeps prices and terms until the license is moved.";
/// Where a file changes nothing.
pub const NO_CHANGES: &str = "The catalog is as this file says: there is nothing to change.";
/// The button that applies.
pub const APPLY: &str = "Apply the changes";
/// Heading of what is wrong with a file.
pub const FAULTS: &str = "This file cannot be applied";
/// Under what is wrong.
pub const NOTHING_WRITTEN: &str = "Nothing was changed. Correct the file and look again.";
/// Label of the place in the file.
pub const PLACE: &str = "Where the file cannot be read";
/// Where the changes are others by now.
pub const CHANGED_MEANWHILE: &str =
    "The catalog was changed meanwhile, so nothing was applied. Look at what the file would change now.";
/// Leads to the file of what is stored.
pub const DOWNLOAD: &str = "Download the catalog as it is";

/// What is wrong with a file, one sentence each; a message with its place apart.
#[must_use]
pub fn fault(fault: &UploadFault, vendor: &str) -> (Vec<String>, Option<String>) {
    let sentences = match fault {
        UploadFault::Empty => vec!["There is nothing in it.".to_owned()],
        UploadFault::TooLong => vec!["It is longer than 64 KiB.".to_owned()],
        UploadFault::Malformed(message) => {
            let first = message.lines().next().unwrap_or_default();
            return (vec![format!("It cannot be read: {first}.")], Some(message.trim_end().to_owned()));
        }
        UploadFault::Problems(problems) => problems.iter().map(catalog::problem).collect(),
        UploadFault::OtherVendor(code) => {
            vec![format!("vendor.code: This is the catalog of {code}; this is the console of {vendor}.")]
        }
        UploadFault::Refused(refusals) => refusals.iter().map(catalog::refusal).collect(),
    };
    (sentences, None)
}

/// The changes, one line each: `+` new, `~` different, `-` no longer offered.
#[must_use]
pub fn changes(changes: &[Change]) -> Vec<String> {
    changes.iter().map(catalog::change).collect()
}

// ── The file ────────────────────────────────────────────────────────────────────────────────────────

/// What a downloaded file begins with.
pub const FILE_HEAD: &str = "The catalog as it is stored. Applying this file changes nothing; change it, and upload it in the console or apply it
with `server admin apply-catalog FILE`.

A plan that is left out is no longer offered; its licenses go on. A product or release that is left out stays.";
/// Above the member that names the logo.
pub const FILE_LOGO: &str = "The command looks for the logo beside this file. The console keeps the one that there is.";
