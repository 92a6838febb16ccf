//! Licensing, as instances and their operators are told.

use jiff::civil::Date;

/// Detail of a version that is not covered.
#[must_use]
pub fn updates_ended(until: Date) -> String {
    format!("Updates of this license ended on {until}; releases dated after that day are not covered.")
}

/// What is wrong with a build that no release is registered for and that names no date.
pub const RELEASE_DATE_REQUIRED: &str =
    "is required: this license is perpetual, and this version is not a registered release";

/// What is wrong with a place in a list that no answer has named.
pub const UNKNOWN_CURSOR: &str = "is none that an answer gave as `next`";

/// What is wrong with a report of use that names more than can be kept.
#[must_use]
pub fn too_many_names(most: usize) -> String {
    format!("must not name more than {most}")
}

/// The same where the features that were counted before leave no room for more.
#[must_use]
pub fn too_many_counters(most: usize) -> String {
    format!("must not name more than {most} features since the activation")
}
