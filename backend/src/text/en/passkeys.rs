//! Passkeys: their pages, and the buttons that use them.

use super::{documents, moments};
use crate::accounts::{PASSKEY_NAME_MAX_CHARS, Passkey, Problem};
use crate::clock::UnixMs;

/// Title of the page, and of its line on the account page.
pub const PASSKEYS: &str = "Passkeys";
/// What they are.
pub const LEAD: &str = "A passkey lets you in with your finger, your face or the PIN of your device, in place of password \
                        and code. It works on this portal only, so nobody can talk you out of it.";

/// What the account page says about them.
#[must_use]
pub fn state(count: usize) -> String {
    match count {
        0 => "none".to_owned(),
        1 => "one".to_owned(),
        count => count.to_string(),
    }
}

/// The act that leads to the page.
#[must_use]
pub fn to_page(count: usize) -> &'static str {
    if count == 0 { "Add a passkey" } else { "Look after passkeys" }
}

/// Heading of the list, heard with it.
pub const LIST: &str = "Your passkeys";
/// Columns of the list; the last is only heard.
pub const COLUMNS: [&str; 4] = ["Passkey", "Added", "Last used", "Change"];
/// What stands where there is none.
pub const NONE: &str = "You have no passkey yet. With one, logging in takes a touch.";
/// Of one that was never used.
pub const NEVER_USED: &str = "not yet";
/// Of one that its owner's other devices have as well.
pub const BACKED_UP: &str = "synchronised";

/// When it was added.
#[must_use]
pub fn added(passkey: &Passkey) -> String {
    documents::date(passkey.created_at.date())
}

/// When it was last used.
#[must_use]
pub fn used(at: UnixMs, now: UnixMs) -> String {
    moments::ago(at, now)
}

/// Title where it is the second factor, and was not shown yet.
pub const SHOW_TITLE: &str = "Your passkey, please";
/// Why.
#[must_use]
pub fn show_lead(email: &str) -> String {
    format!("You are logged in as {email}. Your work needs a second factor, and yours is a passkey.")
}
/// What to do without it.
pub const SHOW_HINT: &str = "It needs JavaScript and the device that keeps the passkey. If you have lost it, ask whoever runs this portal to reset \
     your second factor.";
/// Where a second factor has to be set up.
pub const INSTEAD: &str = "A passkey does as well: it lets you in by a touch, and nothing else is asked for after it.";

/// The act that leads to the page which adds one.
pub const ADD: &str = "Add a passkey";
/// Title of that page.
pub const ADD_TITLE: &str = "Add a passkey";
/// What happens there.
pub const ADD_LEAD: &str =
    "Give it a name that tells you later where it is. Then your browser asks you where to keep it.";
/// Label of the name.
pub const NAME: &str = "Name";
/// What is wrong with a name.
#[must_use]
pub fn bad_name(problem: &Problem) -> String {
    match problem {
        Problem::Missing => "Give it a name.".to_owned(),
        _ => format!("Shorten this to {PASSKEY_NAME_MAX_CHARS} characters."),
    }
}
/// The act.
pub const ADD_SUBMIT: &str = "Add the passkey";
/// For those whose browser cannot.
pub const ADD_CANNOT: &str =
    "Adding a passkey needs JavaScript, a browser that knows passkeys, and this portal's own address.";
/// The way up.
pub const YOU_ARE_HERE: &str = "You are here";

/// Opens the form for another name.
pub const RENAME_OPEN: &str = "Rename…";
/// The act.
pub const RENAME: &str = "Save the name";
/// Heading of the form.
#[must_use]
pub fn rename_title(name: &str) -> String {
    format!("Rename “{name}”")
}

/// Opens the question.
pub const REMOVE_OPEN: &str = "Remove…";
/// The question.
#[must_use]
pub fn remove_title(name: &str) -> String {
    format!("Remove “{name}”?")
}
/// What happens.
pub const REMOVE_TEXT: &str = "It lets nobody in any more, and all other browsers are logged out. Your password stays. Delete \
                               the passkey on your device as well, so that it does not offer it again.";
/// The act.
pub const REMOVE: &str = "Remove the passkey";
/// The way back.
pub const KEEP: &str = "Keep it";

/// The button on the page that logs in.
pub const LOG_IN: &str = "Log in with a passkey";
/// The button where somebody has to show again who it is.
pub const CONFIRM: &str = "Use a passkey instead";
/// What is said when browser or device did not go on, by its owner's wish or for another reason.
pub const NOT_DONE: &str = "Nothing was done: your browser or device stopped. Try again when you are ready.";
/// What is said when the device has a passkey of this person already.
pub const PRESENT_HERE: &str = "This device has a passkey of yours already.";

/// What a passkey is answered with that is not right.
pub const REFUSED: &str =
    "This passkey lets you in no more, or does not fit. Use your password, and look at your passkeys then.";
/// What an answer is answered with that came too late.
pub const LATE: &str = "That took too long. Use your passkey once more.";
/// What a passkey is answered with that may have been copied.
pub const COPIED: &str =
    "There may be a copy of this passkey, so we refused it. Use your password, remove the passkey, and add a new one.";
/// What is answered when somebody adds a passkey that is there.
pub const PRESENT: &str = "This passkey was added before.";
/// What is said to those whose address is not confirmed.
pub const UNPROVEN: &str = "Confirm your e-mail address first, with the link that we have mailed to you.";
/// Why.
pub const UNPROVEN_WHY: &str = "A passkey lets in without a password. So we make sure first that the address is yours.";
/// What is answered when a new one cannot be read.
pub const NOT_ADDED: &str = "Your device made no passkey that we can take. Try again, or another device.";
