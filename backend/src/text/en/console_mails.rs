//! The mail log, as the vendor's staff reads it.

use crate::mail::log::{LoggedMail, MailState};

/// Title of the list.
pub const MAILS: &str = "Mails";
/// Its lead.
pub const MAILS_LEAD: &str = "To whom mails went in the last 90 days, and what became of them. Their text is not kept, because mails carry \
                              links that let people in.";
/// Accessible name of the views.
pub const VIEWS: &str = "What became of them";
/// The view of all.
pub const ALL: &str = "All";
/// The field that narrows the list.
pub const FIND: &str = "Sent to";
/// What can be typed there.
pub const FIND_HINT: &str = "An e-mail address, or a part of one.";
/// Its button.
pub const FIND_SUBMIT: &str = "Find";
/// Columns of the list.
pub const COLUMNS: [&str; 4] = ["Mail", "To", "Queued", "State"];
/// Where there is none at all.
pub const NONE_YET: &str = "No mail has been sent yet. The first one goes out when somebody signs up.";
/// Where none fits.
pub const NONE_FOUND: &str = "No mail fits.";
/// Shows everything again.
pub const CLEAR: &str = "Show all mails";
/// Accessible name of the list's pages.
pub const PAGES: &str = "Pages of mails";
/// The first page.
pub const NEWEST: &str = "Newest";
/// The page after.
pub const OLDER: &str = "Older";

/// Heading of a mail's facts.
pub const FACTS: &str = "What is known of it";
/// The address that it went to.
pub const TO: &str = "To";
/// What became of it.
pub const STATE: &str = "State";
/// When it was queued.
pub const QUEUED: &str = "Queued";
/// When the mail server took it.
pub const SENT: &str = "Taken by the mail server";
/// How often it was tried.
pub const ATTEMPTS: &str = "Tried";
/// When it is tried again.
pub const NEXT: &str = "Tried again";
/// Why the last attempt failed.
pub const REASON: &str = "Last failure";
/// Its id, which is also that of the message.
pub const MESSAGE_ID: &str = "Message id";
/// That the text is not here.
pub const NO_TEXT: &str = "The text is not kept: it may carry a link that lets somebody in.";
/// The button that sends it again.
pub const RESEND: &str = "Send again";
/// Beside it.
pub const RESEND_HINT: &str = "It goes out as it was written then; a link in it may have run out since.";

/// What became of a mail, in a word.
#[must_use]
pub fn state(state: MailState) -> &'static str {
    match state {
        MailState::Waiting => "Queued",
        MailState::Retrying => "Tried again",
        MailState::Sent => "Sent",
        MailState::Failed => "Failed",
    }
}

/// What became of it, in a sentence below the subject.
#[must_use]
pub fn lead(mail: &LoggedMail) -> String {
    match mail.state {
        MailState::Waiting => format!("It waits to be sent to {}.", mail.recipient),
        MailState::Retrying => format!("It could not be sent to {} yet, and is tried again.", mail.recipient),
        MailState::Sent => format!("The mail server has taken it for {}.", mail.recipient),
        MailState::Failed => format!("It could not be sent to {}, and was given up.", mail.recipient),
    }
}

/// How many are shown.
#[must_use]
pub fn shown(count: usize) -> String {
    if count == 1 { "1 mail".to_owned() } else { format!("{count} mails") }
}
