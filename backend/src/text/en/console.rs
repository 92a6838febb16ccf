//! The vendor's console.

use crate::orders::OrderStatus;

/// Title of the first page.
pub const TITLE: &str = "Console";
/// Labels of the counts: customers, licenses, instances.
pub const COUNTS: [&str; 3] = ["Customers", "Active licenses", "Running instances"];
/// Heading of the latest orders.
pub const ORDERS_TITLE: &str = "Latest orders";
/// Columns of the orders.
pub const ORDER_COLUMNS: [&str; 5] = ["Customer", "Plan", "Placed", "State", "Before tax"];
/// When nobody has ordered.
pub const NO_ORDERS: &str = "Nobody has ordered yet. The price list is what visitors see.";
/// The way to the price list.
pub const TO_PRICE_LIST: &str = "See the price list";
/// Heading of failed events.
pub const EVENTS_TITLE: &str = "Events of Stripe that could not be handled";
/// What to do about them.
pub const EVENTS_LEAD: &str =
    "Nothing is lost: the reconciler asks Stripe again by itself. Replay an event once its reason is mended.";
/// Columns of the events.
pub const EVENT_COLUMNS: [&str; 5] = ["Event", "About", "Received", "Reason", "Act"];
/// When no event failed.
pub const NO_EVENTS: &str = "Every event of Stripe has been handled.";
/// Heading of dead jobs.
pub const JOBS_TITLE: &str = "Work that was given up";
/// What to do about it.
pub const JOBS_LEAD: &str = "Each was tried many times. Mend the reason, then replay it.";
/// Columns of the jobs.
pub const JOB_COLUMNS: [&str; 5] = ["Work", "Tried", "Given up", "Reason", "Act"];
/// When no job is dead.
pub const NO_JOBS: &str = "No work has been given up.";
/// Tries once more.
pub const REPLAY: &str = "Replay";
/// Where no reason was noted.
pub const NO_REASON: &str = "none noted";

/// Whether somebody has to do something, in a sentence.
#[must_use]
pub fn lead(failed_events: usize, dead_jobs: usize) -> String {
    match (failed_events, dead_jobs) {
        (0, 0) => "Everything runs; nothing waits for you.".to_owned(),
        (events, jobs) => {
            let mut parts = Vec::new();
            if events > 0 {
                parts.push(if events == 1 {
                    "1 event of Stripe".to_owned()
                } else {
                    format!("{events} events of Stripe")
                });
            }
            if jobs > 0 {
                parts.push(if jobs == 1 { "1 piece of work".to_owned() } else { format!("{jobs} pieces of work") });
            }
            let need = if events + jobs == 1 { "needs" } else { "need" };
            format!("{} {need} your attention.", parts.join(" and "))
        }
    }
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
    fn the_lead_counts_what_waits_for_somebody() {
        assert_eq!(lead(0, 0), "Everything runs; nothing waits for you.");
        assert_eq!(lead(1, 0), "1 event of Stripe needs your attention.");
        assert_eq!(lead(2, 1), "2 events of Stripe and 1 piece of work need your attention.");
    }
}
