//! Updates that renew by themselves.

use super::{licenses, moments};
use crate::billing::maintenance::{AutoRenewal, AutoRenewalProgress};
use crate::clock::UnixMs;
use crate::money::Money;

/// Heading.
pub const TITLE: &str = "Renew automatically";
/// Label among the facts of a license.
pub const FACT: &str = "Renewal";
/// Where it is off.
pub const OFF: &str = "by hand";
/// Switches it off.
pub const STOP: &str = "Switch it off";
/// When Stripe cannot be asked.
pub const NOT_NOW: &str =
    "The payment page cannot be opened at the moment. Nothing was changed; try again in a minute.";
/// Where the end is too near.
pub const TOO_LATE: &str =
    "Updates have ended, or end within two days. Renew them once; then they can renew by themselves.";

/// What switching it on means, to be read before agreeing.
#[must_use]
pub fn offer(year: Money, from: UnixMs) -> String {
    format!(
        "On {}, and on the same day of every year after it, {} before tax is charged to your card, and each payment \
         brings one more year of updates. Nothing is charged before, and you can switch it off at any time.",
        moments::day(from),
        licenses::amount(year)
    )
}

/// Switches it on.
#[must_use]
pub fn submit(year: Money, from: UnixMs) -> String {
    format!("Renew for {} a year from {} on", licenses::amount(year), moments::day(from))
}

/// What is charged next, where it is on.
#[must_use]
pub fn on(renewal: &AutoRenewal) -> String {
    let (amount, day) = (licenses::amount(renewal.amount()), moments::day(renewal.next_at));
    if renewal.is_behind {
        format!("The last charge of {amount} has failed. Pay its invoice, or updates end on their day.")
    } else {
        format!("On {day}, {amount} before tax is charged, and brings one more year.")
    }
}

/// The same among the facts of a license.
#[must_use]
pub fn fact(renewal: Option<&AutoRenewal>) -> String {
    match renewal {
        None => OFF.to_owned(),
        Some(it) if it.is_behind => "automatic, but the last charge has failed".to_owned(),
        Some(it) => format!("automatic, {} on {}", licenses::amount(it.amount()), moments::day(it.next_at)),
    }
}

/// What coming back from Stripe's page came to.
#[must_use]
pub fn progress(progress: AutoRenewalProgress) -> &'static str {
    match progress {
        AutoRenewalProgress::Waiting | AutoRenewalProgress::NotFound => {
            "It is being switched on. Load this page again in a few seconds."
        }
        AutoRenewalProgress::On => "Updates renew by themselves from now on.",
        AutoRenewalProgress::Off => "Nothing was switched on.",
    }
}
