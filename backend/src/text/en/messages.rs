//! Messages between customers and the vendor: the portal's pages and the console's.

use super::licenses;
use crate::messages::rules::{SUBJECT_MAX_CHARS, TEXT_MAX_CHARS};
use crate::messages::{AboutKind, ConversationStatus, Problem};

// ── Both sides ──────────────────────────────────────────────────────────────────────────────────────

/// Title of the lists.
pub const TITLE: &str = "Messages";
/// Accessible name of the pages of a list.
pub const PAGES: &str = "Pages of messages";
/// The first page.
pub const NEWEST: &str = licenses::NEWEST;
/// The page after.
pub const OLDER: &str = licenses::OLDER;
/// The messages before those that are shown.
pub const OLDER_MESSAGES: &str = "Show older messages";
/// The newest messages again.
pub const NEWEST_MESSAGES: &str = "Show the newest messages";
/// Label of the subject.
pub const SUBJECT: &str = "Subject";
/// Label of the message.
pub const TEXT: &str = "Message";
/// What a message may be.
pub const TEXT_HINT: &str = "Plain text, up to 10,000 characters. Lines stay as you write them.";
/// What a conversation is about.
pub const ABOUT: &str = "About";
/// What it is about, when that is gone or the account has nothing to do with it any more.
pub const ABOUT_GONE: &str = "Something that this account does not see any more";
/// Heading of the form that writes on.
pub const REPLY_TITLE: &str = "Write on";
/// Label of a state.
pub const STATUS: &str = "Status";

/// A link of the navigation with how many wait behind it.
#[must_use]
pub fn with_count(label: &str, count: i64) -> String {
    if count > 0 { format!("{label} ({count})") } else { label.to_owned() }
}

/// How many are shown.
#[must_use]
pub fn shown(count: usize) -> String {
    if count == 1 { "1 conversation".to_owned() } else { format!("{count} conversations") }
}

/// What a conversation is about: `License Plant 7`.
#[must_use]
pub fn about(kind: AboutKind, name: &str) -> String {
    match kind {
        AboutKind::Nothing => "Nothing in particular".to_owned(),
        AboutKind::License => format!("License {name}"),
        AboutKind::Instance => format!("Instance {name}"),
        AboutKind::Invoice => format!("Invoice {name}"),
        AboutKind::Order => format!("Order {name}"),
    }
}

/// A kind of thing in a list.
#[must_use]
pub fn kind(kind: AboutKind) -> &'static str {
    match kind {
        AboutKind::Nothing => "General",
        AboutKind::License => "License",
        AboutKind::Instance => "Instance",
        AboutKind::Invoice => "Invoice",
        AboutKind::Order => "Order",
    }
}

/// Why a message cannot be sent, and what to do.
#[must_use]
pub fn problem(problem: Problem) -> String {
    match problem {
        Problem::SubjectMissing => "Say in a few words what it is about.".to_owned(),
        Problem::SubjectTooLong => format!("A subject has at most {SUBJECT_MAX_CHARS} characters."),
        Problem::SubjectLines => "A subject is one line.".to_owned(),
        Problem::TextMissing => "Write a message.".to_owned(),
        Problem::TextTooLong => format!("A message has at most {TEXT_MAX_CHARS} characters. Send it in two."),
        Problem::Unread => {
            "A message has arrived while you wrote. Read it above; what you wrote is still here.".to_owned()
        }
    }
}

// ── The portal ──────────────────────────────────────────────────────────────────────────────────────

/// What the list is.
pub const LEAD: &str = "What you and your colleagues wrote to us, and what we answered.";
/// Columns of the list.
pub const COLUMNS: [&str; 5] = ["Subject", "About", "Status", "Begun by", "Last message"];
/// Where nothing was written yet.
pub const NONE_YET: &str =
    "Nothing was written yet. Questions about a license or an invoice are best begun on its page.";
/// Begins a conversation.
pub const NEW: &str = "New message";
/// Title of the page that begins one.
pub const NEW_TITLE: &str = "New message";
/// Sends.
pub const SEND: &str = "Send the message";
/// Where another account was chosen in another window meanwhile.
pub const OTHER_ACCOUNT: &str = "Nothing was sent: you act for another account now than when you opened this form. Check what the message is \
                                 about, and send it again to write for this account.";
/// Begins one about nothing in particular instead.
pub const ABOUT_NOTHING: &str = "Write about something else";
/// Closes.
pub const CLOSE: &str = "Close the conversation";
/// What closing means.
pub const CLOSE_MEANS: &str = "If your question is answered, you can close the conversation. Writing again opens it.";
/// The client whose license it is about, to its partner.
pub const CLIENT: &str = "Client";
/// Leads to a message about something.
pub const ASK: &str = "Ask a question";
/// What is new to the reader.
pub const UNREAD: &str = "New answer";
/// Beside one's own messages.
pub const YOU: &str = "You";

/// The way to the vendor, at the end of every page.
#[must_use]
pub fn contact(vendor: &str) -> String {
    format!("Contact {vendor}")
}

/// What a question is about, for those who only hear the link.
#[must_use]
pub fn ask_about(kind: AboutKind, name: &str) -> String {
    format!("about {}", about(kind, name))
}

/// What happens with a new message.
#[must_use]
pub fn new_lead(vendor: &str, email: &str) -> String {
    format!("{vendor} answers here, and mails the answer to {email}.")
}

/// Whose turn it is, in a word, to a customer.
#[must_use]
pub fn status(status: ConversationStatus) -> &'static str {
    match status {
        ConversationStatus::Open => "Waits for an answer",
        ConversationStatus::Answered => "Answered",
        ConversationStatus::Closed => "Closed",
    }
}

/// Whose turn it is and what happens next, to a customer.
#[must_use]
pub fn lead(status: ConversationStatus, vendor: &str) -> String {
    match status {
        ConversationStatus::Open => format!("{vendor} has your message and will answer here and by mail."),
        ConversationStatus::Answered => format!("{vendor} has answered. Write on below, or close the conversation."),
        ConversationStatus::Closed => "It is closed. Writing again opens it.".to_owned(),
    }
}

/// Who of the staff wrote, as customers see it.
#[must_use]
pub fn staff_author(name: &str, vendor: &str) -> String {
    if name.is_empty() { vendor.to_owned() } else { format!("{name}, {vendor}") }
}

// ── The console ─────────────────────────────────────────────────────────────────────────────────────

/// What the list is.
pub const STAFF_LEAD: &str = "What customers wrote. Those that wait for an answer come first.";
/// Columns of the list.
pub const STAFF_COLUMNS: [&str; 6] = ["Subject", "Customer", "About", "Status", "Cared for by", "Last message"];
/// Accessible name of the views.
pub const VIEWS: &str = "Status";
/// The view with all of them.
pub const ALL: &str = "All";
/// Label of the filter for one's own.
pub const MINE: &str = "Only mine";
/// Label of the filter for what they are about.
pub const FILTER_ABOUT: &str = "About";
/// Any of them.
pub const ANY: &str = "Anything";
/// Applies the filter.
pub const FILTER_SUBMIT: &str = "Show";
/// Takes the filter away.
pub const CLEAR: &str = "Show all";
/// Where nothing passes the filter.
pub const NONE_FOUND: &str = "No conversation is like that.";
/// Where nobody has written yet.
pub const NOBODY_YET: &str = "No customer has written yet. The link to do so is at the end of each of their pages.";
/// Nobody cares for it.
pub const NOBODY: &str = "Nobody yet";
/// Heading of the facts.
pub const FACTS: &str = "The conversation";
/// The customer.
pub const CUSTOMER: &str = "Customer";
/// Whose license it is about, where that is not the customer who wrote: a partner's client.
pub const BELONGS_TO: &str = "Belongs to";
/// Who began it.
pub const BEGUN_BY: &str = "Begun by";
/// The member of the staff who cares for it.
pub const ASSIGNED: &str = "Cared for by";
/// Heading of the form that answers.
pub const ANSWER_TITLE: &str = "Answer";
/// Sends the answer.
pub const ANSWER: &str = "Send the answer";
/// Closes.
pub const RESOLVE: &str = "Close the conversation";
/// What closing means.
pub const RESOLVE_MEANS: &str = "Nobody is told. If the customer writes again, it is open again.";
/// Takes it.
pub const TAKE: &str = "Assign to me";
/// Frees it.
pub const FREE: &str = "Hand it back";
/// Where the role does not include answering.
pub const LOOK_ONLY: &str = "Your role does not include answering.";

/// Where an answer goes.
#[must_use]
pub fn answer_hint(opener: &str) -> String {
    format!("It appears in the portal and is mailed to the customer who wrote last (begun by {opener}). {TEXT_HINT}")
}

/// Takes it from a colleague.
#[must_use]
pub fn take_over(from: &str) -> String {
    format!("Take it over from {from}")
}

/// Whose turn it is, in a word, to staff.
#[must_use]
pub fn staff_status(status: ConversationStatus) -> &'static str {
    match status {
        ConversationStatus::Open => "Open",
        ConversationStatus::Answered => "Answered",
        ConversationStatus::Closed => "Closed",
    }
}

/// Whose turn it is, in a sentence, to staff.
#[must_use]
pub fn staff_lead(status: ConversationStatus, company: &str) -> String {
    match status {
        ConversationStatus::Open => format!("{company} waits for an answer."),
        ConversationStatus::Answered => format!("It is {company}'s turn."),
        ConversationStatus::Closed => "It is closed.".to_owned(),
    }
}

/// Who of the staff wrote, as staff see it.
#[must_use]
pub fn person(name: &str, email: &str) -> String {
    match (name, email) {
        ("", email) => email.to_owned(),
        // Whoever is deleted has no address.
        (name, "") => name.to_owned(),
        (name, email) => format!("{name} ({email})"),
    }
}

/// Beside an answer that went to nobody's mailbox.
pub const NOT_MAILED: &str = "not mailed";
/// Beside a message that went by mail as well.
pub const MAILED: &str = "mailed";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_where_something_waits() {
        assert_eq!((with_count(TITLE, 0).as_str(), with_count(TITLE, 3).as_str()), ("Messages", "Messages (3)"));
    }

    #[test]
    fn every_problem_says_what_to_do() {
        for it in Problem::ALL {
            assert!(problem(*it).ends_with('.'), "{it:?}");
        }
        assert!(problem(Problem::TextTooLong).contains("10000"));
    }
}
