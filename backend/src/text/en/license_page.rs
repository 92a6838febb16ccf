//! The page of one license: what can be done with it, its key, its updates, its name.

use super::{buying, licenses, moments};
use crate::billing::Subscription;
use crate::catalog::{LicenseType, Terms};
use crate::clock::UnixMs;

// ── Acts ────────────────────────────────────────────────────────────────────────────────────────────

/// Changes plan, interval or seats.
pub const CHANGE_PLAN: &str = "Change plan";
/// Cancels; the dots say that a page comes before the act.
pub const CANCEL: &str = "Cancel…";
/// Takes a cancellation back.
pub const KEEP: &str = "Keep the subscription";
/// Drops a planned change.
pub const DROP_PLANNED: &str = "Keep the present plan";
/// Pays an open invoice.
pub const PAY: &str = "Pay it";
/// Renews the updates of a perpetual license.
pub const RENEW_UPDATES: &str = "Renew updates";

/// Adds seats: `Add instances`.
#[must_use]
pub fn add_seats(license_type: LicenseType) -> String {
    format!("Add {}", buying::seat_noun(license_type, 2))
}

/// A subscription that was cancelled.
#[must_use]
pub fn cancelled(subscription: &Subscription) -> String {
    format!("Cancelled: it ends on {}.", moments::day(subscription.period_end))
}

/// What follows from it.
pub const CANCELLED_NEXT: &str = "Until then everything works as before, and it can be taken back.";

/// A change that is planned.
#[must_use]
pub fn planned(plan: &str, seats: &str, at: UnixMs) -> String {
    format!("Changes to {plan} with {seats} on {}.", moments::day(at))
}

/// What follows from it.
#[must_use]
pub fn planned_next(amount: &str, per: &str) -> String {
    format!("From then on it costs {amount} {per}, before tax.")
}

/// What is charged then, beside its day.
#[must_use]
pub fn next_amount(amount: &str) -> String {
    format!(": {amount} before tax")
}

/// An invoice that is not paid.
#[must_use]
pub fn unpaid(number: &str, amount: &str) -> String {
    format!("Invoice {number} over {amount} is not paid yet.")
}

/// A change that waits for a payment.
pub const UNPAID_NEXT: &str = "What it is for takes effect, or goes on, as soon as it is paid.";

/// A limit that use exceeds.
#[must_use]
pub fn exceeded(name: &str, used: i64, limit: i64) -> String {
    format!("{name}: {} in use, {} licensed.", licenses::number(used), licenses::number(limit))
}

/// What follows from it.
pub const EXCEEDED_NEXT: &str = "What runs goes on; the product may refuse to create more.";

/// Label of the surge.
pub const SURGE: &str = "Surge";

/// What a plan's surge allows: `1 instance more for 60 min, once a day`.
#[must_use]
pub fn surge(license_type: LicenseType, terms: &Terms) -> Option<String> {
    let length = moments::length(terms.surge_minutes.saturating_mul(60));
    (terms.surge_seats > 0)
        .then(|| format!("{} more for {length}, once a day", buying::seats(license_type, terms.surge_seats)))
}

/// A surge that is open.
#[must_use]
pub fn surge_open(license_type: LicenseType, seats: i64, closes_at: UnixMs, now: UnixMs) -> String {
    let until = moments::moment(closes_at, now);
    format!("A surge is open until {until}: {} more may run.", buying::seats(license_type, seats))
}

/// What follows from it.
pub const SURGE_NEXT: &str = "Then whatever runs beyond the seats of the license is refused.";

/// A trial.
#[must_use]
pub fn trial(until: UnixMs) -> String {
    format!("Free trial until {}.", moments::day(until))
}

/// What follows from it.
pub const TRIAL_NEXT: &str = "Nothing is charged before; then it goes on as a paid subscription, unless you cancel.";

// ── Key ─────────────────────────────────────────────────────────────────────────────────────────────

/// Heading.
pub const KEY_TITLE: &str = "License key";
/// Label of the key, and of its masked form.
pub const KEY_LABEL: &str = "Key of this license";
/// Shows the key.
pub const REVEAL: &str = "Reveal";
/// What the button is about, for those who only hear it.
pub const REVEAL_ABOUT: &str = "the license key";
/// Under the masked key.
pub const KEY_MASKED_HINT: &str = "Whoever has the key can take a seat. Revealing it is recorded.";
/// Under the key.
pub const KEY_SHOWN_HINT: &str = "Shown once: it is masked again when you load this page anew. Keep it like a password; that you looked is recorded.";
/// Where the role may not see keys.
pub const KEY_NOT_YOURS: &str = "Your role does not show keys. Ask an owner, or somebody who looks after technology.";
/// A replaced key that works still.
#[must_use]
pub fn old_key(hint: &str, until: UnixMs, now: UnixMs) -> String {
    format!("The replaced key {hint} works until {}.", moments::moment(until, now))
}

/// Opens the question.
pub const REPLACE: &str = "Replace…";
/// The question.
pub const REPLACE_TITLE: &str = "Replace the license key?";
/// What follows from it.
pub const REPLACE_TEXT: &str = "There will be a new key. What runs is not touched, and needs no restart. The old key \
                                can still activate during the overlap; after it, whoever presents the old key is told \
                                that it was replaced.";
/// Label of the overlap.
pub const OVERLAP: &str = "How long the old key goes on working";
/// Does it.
pub const REPLACE_SUBMIT: &str = "Replace the key";
/// Does not do it.
pub const REPLACE_CLOSE: &str = "Keep the key";
/// The overlap that is chosen at first, in days.
pub const DEFAULT_OVERLAP: i64 = 7;
/// The overlaps offered, in days.
pub const OVERLAPS: [i64; 5] = [0, 1, 7, 14, 30];

/// An overlap in words.
#[must_use]
pub fn overlap(days: i64) -> String {
    match days {
        0 => "Not at all: it ends at once".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// When the key could not be opened.
pub const KEY_LOST: &str = "The key cannot be opened. Write to us; running instances are not touched.";

/// Who holds a seat, and when it was last heard of.
#[must_use]
pub fn holder(name: &str, contact: &str) -> String {
    format!("{name}, last heard of {contact}")
}

/// The way to the instances.
pub const TO_INSTANCES: &str = "See the instances";

// ── Updates of a perpetual license ──────────────────────────────────────────────────────────────────

/// Heading.
pub const UPDATES_TITLE: &str = "Updates";
/// Label.
pub const UPDATES_UNTIL: &str = "Included until";
/// Label.
pub const NEWEST_COVERED: &str = "Newest covered release";
/// Label.
pub const NEXT_YEAR: &str = "One more year";
/// Where no release is covered.
pub const NO_RELEASE: &str = "none yet";

/// A version and its day.
#[must_use]
pub fn release(version: &str, released_on: jiff::civil::Date) -> String {
    format!("{version}, of {}", super::documents::date(released_on))
}

/// The price of the next year, and until when it goes.
#[must_use]
pub fn next_year(amount: &str, until: UnixMs) -> String {
    format!("{amount} before tax, up to {}", moments::day(until))
}

/// What the end of updates means.
pub const UPDATES_LEAD: &str =
    "Every release published up to that day may run for ever. Later ones need another year of updates.";

// ── Name ────────────────────────────────────────────────────────────────────────────────────────────

/// Heading of the name.
pub const NAME_TITLE: &str = "Name";
/// Label.
pub const NAME_LABEL: &str = "Name of this license";
/// Hint.
pub const NAME_HINT: &str = "Only you see it: what this license is for. Leave it empty to show product and plan.";
/// The word beside the label.
pub const OPTIONAL: &str = "optional";
/// Saves it.
pub const NAME_SUBMIT: &str = "Save the name";
