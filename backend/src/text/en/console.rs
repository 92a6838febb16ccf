//! The vendor's console.

use crate::orders::OrderStatus;

/// Title of the first page.
pub const TITLE: &str = "Console";
/// Heading of failed events.
pub const EVENTS_TITLE: &str = "Events of Stripe that could not be handled";
/// What to do about them.
pub const EVENTS_LEAD: &str =
    "Nothing is lost: the reconciler asks Stripe again by itself. Replay an event once its reason is mended.";
/// When no event failed.
pub const NO_EVENTS: &str = "Every event of Stripe has been handled.";
/// Heading of dead jobs.
pub const JOBS_TITLE: &str = "Work that was given up";
/// What to do about it.
pub const JOBS_LEAD: &str =
    "Each was tried until it was given up. Mend the reason, then replay it, or dismiss what need not be done any more.";
/// When no job is dead.
pub const NO_JOBS: &str = "No work has been given up.";
/// Tries once more.
pub const REPLAY: &str = "Replay";
/// Where no reason was noted.
pub const NO_REASON: &str = "none noted";

/// The lead where nothing waits.
pub const ALL_IS_WELL: &str = "Everything runs; nothing waits for you.";
/// What to do about what waits.
pub const WAITING_NEXT: &str = "Nothing is lost, but it does not mend itself.";

/// How much failed and waits for somebody.
#[must_use]
pub fn waiting(failed_events: usize, dead_jobs: usize) -> String {
    let count = |number: usize, one: &str, many: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{number} {many}")),
    };
    let events = count(failed_events, "event of Stripe", "events of Stripe");
    let jobs = count(dead_jobs, "piece of work", "pieces of work");
    let need = if failed_events + dead_jobs == 1 { "needs" } else { "need" };
    let both: Vec<_> = events.into_iter().chain(jobs).collect();
    format!("{} {need} your attention.", both.join(" and "))
}

/// An order's standing in a word.
#[must_use]
pub fn order_status(status: OrderStatus) -> &'static str {
    super::orders::status(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_somebody_is_counted() {
        assert_eq!(waiting(1, 0), "1 event of Stripe needs your attention.");
        assert_eq!(waiting(2, 1), "2 events of Stripe and 1 piece of work need your attention.");
    }
}
