//! What happens when the connection to the license server is lost, in sentences.

use sdk::lease::Stage;

use super::moments;
use crate::clock::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use crate::leases::outlook::{Cause, Outlook};

/// Heading.
pub const TITLE: &str = "If the connection dies";
/// Label of the choice of an instance.
pub const INSTANCE: &str = "Instance";
/// Label of the moment.
pub const AT: &str = "The connection dies at (UTC)";
/// Beside it.
pub const AT_HINT: &str = "Empty: now.";
/// Works it out.
pub const SUBMIT: &str = "Work it out";
/// Opens the questions.
pub const ASK: &str = "Another moment";
/// Opens the questions, where there are several instances.
pub const ASK_BOTH: &str = "Another instance or moment";
/// Where nothing holds a lease.
pub const NOTHING_RUNS: &str = "Nothing runs under the license now, so nothing would happen. Once something does, this shows when it would warn and when it would stop.";
/// The end of the lease, as a moment of the list.
pub const LEASE_ENDS: &str = "Its lease ends. Until then nothing beyond a warning happens.";
/// The end of the lease, when the server has refused.
pub const LEASE_ENDS_REFUSED: &str = "Its lease ends.";

/// What the list below is about.
#[must_use]
pub fn lead(name: &str, outlook: &Outlook, check_s: i64, now: UnixMs) -> String {
    match outlook.cause {
        Cause::LicenseEnded => format!(
            "By then the license has ended, unless it is renewed. {name} is refused at its next check, at most {} later.",
            moments::length(check_s)
        ),
        Cause::Unreachable if outlook.fails_at <= now => format!(
            "If {name} loses its connection now, it notices at its next check, within {}. From then on, with nothing \
             changing, this happens at the earliest:",
            moments::length(check_s)
        ),
        Cause::Unreachable => format!(
            "If {name} loses its connection at {}, it notices within {}. With nothing changing, this happens at the \
             earliest:",
            moments::moment(outlook.fails_at, now),
            moments::length(check_s)
        ),
    }
}

/// A stage in a sentence.
#[must_use]
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Warn => "It warns its operators and works as before.",
        Stage::BlockNew => "It creates nothing new; what exists goes on.",
        Stage::LockAdmin => "It locks administration; what exists goes on.",
        Stage::Stop => "It stops working.",
    }
}

/// When something happens: the moment, and how far ahead it is.
#[must_use]
pub fn when(moment: &str, ahead: &str) -> String {
    format!("{moment}, {ahead}")
}

/// How far ahead a moment is: `in 2 h 10 min`, `now`, `in 5 days`.
#[must_use]
pub fn ahead(at: UnixMs, now: UnixMs) -> String {
    // To the nearest minute: a lease of ten minutes ends in ten minutes, not in nine.
    match at.0.saturating_sub(now.0).saturating_add(MINUTE_MS / 2) {
        ms if ms < MINUTE_MS => "now".to_owned(),
        ms if ms < HOUR_MS => format!("in {} min", ms / MINUTE_MS),
        ms if ms < 2 * DAY_MS => match (ms / HOUR_MS, ms % HOUR_MS / MINUTE_MS) {
            (hours, 0) => format!("in {hours} h"),
            (hours, minutes) => format!("in {hours} h {minutes} min"),
        },
        ms => format!("in {} days", ms / DAY_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_ahead_it_is_has_at_most_two_units() {
        for (ms, expected) in [
            (-5, "now"),
            (29_999, "now"),
            (MINUTE_MS / 2, "in 1 min"),
            (8 * MINUTE_MS - 1, "in 8 min"),
            (24 * HOUR_MS, "in 24 h"),
            (HOUR_MS + 1, "in 1 h"),
            (130 * MINUTE_MS, "in 2 h 10 min"),
            (24 * HOUR_MS - 2_000, "in 24 h"),
            (49 * HOUR_MS, "in 2 days"),
        ] {
            assert_eq!(ahead(UnixMs(ms), UnixMs(0)), expected);
        }
    }
}
