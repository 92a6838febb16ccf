//! Logging in by a mailed link.

/// Link to the page that asks for it.
pub const MAIL_ME_A_LINK: &str = "Mail me a link instead";
/// Title of the page that asks for it.
pub const ASK: &str = "Log in by mail";
/// What happens.
pub const ASK_LEAD: &str = "Enter the address that you log in with. We mail you a link that logs you in without a \
     password. It works for a quarter of an hour.";
/// The act.
pub const MAIL_LINK: &str = "Mail me a link";
/// Way back.
pub const BACK: &str = "Back to the password";
/// What a request is answered with, whoever asks.
pub const ACCEPTED: &str =
    "If this address is registered, a mail with a link is on its way. The link works once, for a quarter of an hour.";

/// Title of the page behind the link.
pub const GO_IN: &str = "Log in with this link";

/// Whom the link logs in.
#[must_use]
pub fn go_in_lead(email: &str) -> String {
    format!("It logs this browser in as {email}. If that is not you, close this page.")
}

/// Where somebody is logged in already.
#[must_use]
pub fn logged_in_as(email: &str) -> String {
    format!("You are logged in as {email} now. Going on ends that.")
}

/// Why, and what to do, for a link that is worth nothing any more.
pub const SPENT_LEAD: &str = "Links to log in work once and for a quarter of an hour, and using one ends the others. Ask for a \
     new one, or log in with your password.";
