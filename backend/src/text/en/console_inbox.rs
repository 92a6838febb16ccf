//! Stripe's events and failed work, as the vendor's staff looks through them.

use crate::billing::inbox::EventStatus;

/// Title of the inbox.
pub const INBOX: &str = "Events of Stripe";
/// Lead of the inbox.
pub const INBOX_LEAD: &str = "Everything that Stripe has told, as it came, and what became of it. An event is only a hint: what \
                              it names is fetched from Stripe again, so one that is late, doubled or lost does no harm.";
/// Accessible name of the views of the inbox.
pub const VIEWS: &str = "What became of them";
/// The view of all.
pub const ALL: &str = "All";
/// The field that narrows the list.
pub const FIND: &str = "Find";
/// What can be typed there.
pub const FIND_HINT: &str =
    "The id of an event, of what it is about or of a customer, or how its type begins: invoice.";
/// Its button.
pub const FIND_SUBMIT: &str = "Find";
/// Columns of the inbox.
pub const INBOX_COLUMNS: [&str; 5] = ["Event", "About", "Received", "State", "Handled"];
/// Where there is none at all.
pub const NONE_YET: &str = "Stripe has told nothing yet. Events arrive with the first purchase.";
/// Where none fits.
pub const NONE_FOUND: &str = "No event fits.";
/// Shows everything again.
pub const CLEAR: &str = "Show all events";
/// Accessible name of the list's pages.
pub const PAGES: &str = "Pages of events";
/// The first page.
pub const NEWEST: &str = "Newest";
/// The page after.
pub const OLDER: &str = "Older";
/// To what could not be done.
pub const TO_FAILURES: &str = "See what failed";

/// Heading of an event's facts.
pub const FACTS: &str = "What is known of it";
/// Names of the facts.
pub const TYPE: &str = "Type";
/// What it is about.
pub const ABOUT: &str = "About";
/// The customer at Stripe.
pub const CUSTOMER: &str = "Customer";
/// What became of it.
pub const STATE: &str = "State";
/// When it came.
pub const RECEIVED: &str = "Received";
/// How often it was handled.
pub const ATTEMPTS: &str = "Handled";
/// When it was handled last.
pub const LAST: &str = "Last";
/// Why the last attempt failed.
pub const REASON: &str = "Reason";
/// Caption of the body.
pub const BODY: &str = "As it came";
/// The button that handles it again.
pub const REPLAY: &str = "Handle again";
/// Beside it.
pub const REPLAY_HINT: &str =
    "What the event names is fetched from Stripe once more. Doing so twice changes nothing twice.";

/// Title of what failed.
pub const FAILED: &str = "Failed events and work";
/// Lead of it where something waits.
pub const FAILED_LEAD: &str = "Each was tried, with growing pauses, until it was given up. Mend the reason, then replay one or all; who did is \
     recorded.";
/// Lead of it where nothing waits.
pub const NOTHING_FAILED: &str = "Nothing waits for you: every event has been handled, and no work has been given up.";
/// Columns of failed events.
pub const EVENT_COLUMNS: [&str; 5] = ["Event", "About", "Since", "Reason", "Act"];
/// Columns of jobs.
pub const JOB_COLUMNS: [&str; 5] = ["Work", "About", "Since", "Reason", "Act"];
/// To all failed events.
pub const ALL_FAILED: &str = "See all failed events";
/// To all work that was given up, and what of it was dismissed.
pub const ALL_JOBS: &str = "See all work that was given up";
/// Beside work that sends a mail: to what the mail log knows of it.
pub const SEE_MAIL: &str = "See the mail";
/// Takes a piece of work off the list.
pub const DISMISS: &str = "Dismiss";
/// Accessible name of the views of given up work.
pub const JOB_VIEWS: &str = "Which work";
/// The view of what waits for somebody.
pub const WAITING_JOBS: &str = "Waiting for you";
/// The view of what was taken off the list.
pub const DISMISSED_JOBS: &str = "Dismissed";
/// Where nothing was.
pub const NONE_DISMISSED: &str =
    "Nothing was dismissed. What need not be done any more can be taken off the list there.";
/// Accessible name of the pages.
pub const JOB_PAGES: &str = "Pages of given up work";
/// For those who may look only.
pub const NOT_YOURS: &str = "Admins and support may replay.";

/// What became of an event, in a word.
#[must_use]
pub fn status(status: EventStatus) -> &'static str {
    match status {
        EventStatus::Received => "Waiting",
        EventStatus::Projected => "Handled",
        EventStatus::Ignored => "Not needed",
        EventStatus::Failed => "Failed",
    }
}

/// The button that replays everything.
#[must_use]
pub fn replay_all(events: i64, jobs: usize) -> String {
    match events.saturating_add(i64::try_from(jobs).unwrap_or(i64::MAX)) {
        1 => "Replay it".to_owned(),
        count => format!("Replay all {count}"),
    }
}

/// How often something was tried.
#[must_use]
pub fn times(count: i64) -> String {
    match count {
        0 => "not yet".to_owned(),
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

/// How often it was tried in vain.
#[must_use]
pub fn tried(count: i64) -> String {
    format!("tried {}", times(count))
}

/// How many are shown.
#[must_use]
pub fn shown(count: usize) -> String {
    if count == 1 { "1 event".to_owned() } else { format!("{count} events") }
}

/// How many pieces of work are shown.
#[must_use]
pub fn shown_jobs(count: usize) -> String {
    if count == 1 { "1 piece of work".to_owned() } else { format!("{count} pieces of work") }
}

/// A view with how many it has.
#[must_use]
pub fn view(word: &str, count: i64) -> String {
    format!("{word} ({count})")
}

/// What kind of work a job is, in words.
#[must_use]
pub fn job(kind: &str) -> &str {
    match kind {
        "stripe.project_event" => "Handle an event",
        "stripe.project_subscription" => "Update a subscription",
        "stripe.sync_customer" => "Tell Stripe a company's details",
        "stripe.plan_again" => "Plan a change again",
        "stripe.stop_renewal" => "Stop a renewal",
        "stripe.import_invoice" => "Import an invoice",
        "invoices.make_documents" => "Make the documents of an invoice",
        "stripe.reconcile" => "Ask Stripe for what was missed",
        "catalog.push_prices" => "Push prices to Stripe",
        "billing.remind" => "Send reminders",
        "orders.license_ready" => "Write that a license is ready",
        "mail.send" => "Send a mail",
        "accounts.send_password_reset" => "Send a link for a new password",
        "accounts.send_sign_in_link" => "Send a link to log in",
        "licenses.send_key_recovery" => "Send a mail that recovers a key",
        "licenses.sweep" => "End licenses whose time is over",
        "leases.close_lapsed" => "Free seats whose leases have ended",
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_in_words() {
        assert_eq!([times(0), times(1), times(20)], ["not yet", "once", "20 times"]);
        assert_eq!([replay_all(2, 1), replay_all(0, 1)], ["Replay all 3", "Replay it"]);
    }
}
