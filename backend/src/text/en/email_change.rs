//! Changing the e-mail address: the pages of who asks for it, and of who did not.

use super::documents;
use super::sign_in_mail::moment;
use crate::accounts::email_change::EmailChange;

/// Title of the page, and the link that leads there.
pub const CHANGE: &str = "Change the e-mail address";
/// Label of the address wanted.
pub const NEW_EMAIL: &str = "New e-mail address";
/// The act.
pub const ASK: &str = "Mail a link to the new address";

/// What happens.
#[must_use]
pub fn change_lead(email: &str) -> String {
    format!(
        "You log in as {email}. We mail a link to the new address, and a notice to the old one; nothing changes before you \
         have followed the link."
    )
}

/// What stays as it is.
pub const INVOICES_STAY: &str = "Invoices go on to the address in the company details, and invitations to your old address \
     stay with it.";

/// What is waited for.
#[must_use]
pub fn waiting(change: &EmailChange) -> String {
    format!(
        "We have mailed a link to {}. Follow it until {}, logged in as you are now.",
        change.new_email,
        moment(change.expires_at)
    )
}

/// The act.
pub const WITHDRAW: &str = "Take the change back";

/// Title of the page behind the link to the new address.
pub const CONFIRM: &str = "Confirm your new e-mail address";
/// The act.
pub const CONFIRM_ACT: &str = "Change my address";

/// What happens.
#[must_use]
pub fn confirm_lead(change: &EmailChange) -> String {
    format!(
        "From then on you log in as {} and no longer as {}. All other browsers are logged out, and links that were mailed to \
         the old address work no more.",
        change.new_email, change.old_email
    )
}

/// What is answered where somebody else has the address.
pub const TAKEN: &str =
    "Somebody else logs in with this address, or did until some days ago. Your address stays as it is.";
/// Why, and what to do, for a link that is worth nothing.
pub const CONFIRM_SPENT_LEAD: &str = "Links to change an address work once, for a day, and only for the person who asked. Your \
     address is the one that you see on your account page.";
/// Way on.
pub const TO_ACCOUNT: &str = "Go to the account page";

/// Title of the page of who did not ask for it.
pub const NOT_ME: &str = "It was not you?";
/// The act.
pub const NOT_ME_ACT: &str = "It was not me: lock the others out";

/// What has happened, or would.
#[must_use]
pub fn not_me_lead(change: &EmailChange) -> String {
    let EmailChange { old_email, new_email, .. } = change;
    match change.confirmed_at {
        Some(at) => {
            format!("Since {} somebody logs in as {new_email} in place of {old_email}.", documents::date(at.date()))
        }
        None => format!("Somebody who knows the password of {old_email} wants to change the address to {new_email}."),
    }
}

/// What the button does.
#[must_use]
pub fn not_me_does(change: &EmailChange) -> String {
    let back = if change.confirmed_at.is_some() { "The old address is set back" } else { "The change is called off" };
    format!(
        "{back}, every browser is logged out, and password and passkeys are worth nothing. You choose a new password at once."
    )
}

/// What to do where one did ask.
pub const WAS_ME: &str = "If it was you, close this page: nothing has to be done.";
/// What it does not do.
pub const FACTOR_STAYS: &str = "A second factor stays, unless it was set up in the week before or later. If you are asked \
     for a code that you do not have, write to us.";
/// Why, and what to do, for a link that is worth nothing any more.
pub const NOT_ME_SPENT_LEAD: &str = "It was used, or the change was taken back, or happened more than seven days ago. If you \
     think that somebody else uses your login, set a new password.";
/// The act.
pub const SET_PASSWORD: &str = "Set a new password";

/// What the account page says of a password that is not there.
pub const NO_PASSWORD: &str = "none; mailed links let you in";
