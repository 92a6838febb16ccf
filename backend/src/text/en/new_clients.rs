//! Clients for whom their partner makes an account, and whoever is asked to take it over.

use super::partners::day;
use crate::clock::UnixMs;

/// Title of the form, and label of the link to it.
pub const TITLE: &str = "New client";
/// Its lead.
pub const LEAD: &str = "Makes an account for a company that has none yet. You can order for it at once, as long as you pay. A mail asks the \
     person you name to take the account over.";
/// Heading of who the company is.
pub const COMPANY: &str = "Company";
/// Label of the person's name.
pub const NAME: &str = "Name of your contact there";
/// Label of the person's address.
pub const EMAIL: &str = "E-mail address of your contact";
/// Beside it.
pub const EMAIL_HINT: &str = "This person becomes the owner of the account. Whoever has a login here already uses it.";
/// Beside the address for invoices.
pub const BILLING_EMAIL_HINT: &str = "Left empty, invoices that the client pays go to your contact.";
/// Makes it.
pub const SUBMIT: &str = "Make the account";
/// Where it stands, in the list.
#[must_use]
pub fn standing(expires_at: UnixMs, now: UnixMs) -> String {
    if expires_at <= now {
        "not taken over; the mail is too old by now".to_owned()
    } else {
        format!("not taken over, asked until {}", day(expires_at))
    }
}

/// On the client's page.
pub const AWAITS: &str = "Nobody has taken this account over yet.";
/// What that means.
pub const AWAITS_TEXT: &str =
    "Until somebody has, you order what you pay yourself, and nobody sees the keys of its licenses.";
/// Label of the address to which that goes.
pub const ASK_EMAIL: &str = "Who is asked to take it over";
/// Beside it.
pub const ASK_EMAIL_HINT: &str = "Correct the address if it is wrong. Links that were sent before work no more.";
/// Asks once more.
pub const ASK_AGAIN: &str = "Send the mail again";

/// What ending means for a client that nobody has taken over.
#[must_use]
pub fn end_text(client: &str) -> String {
    format!(
        "You no longer see {client}. If nothing was ordered for it, the account is erased. Otherwise it stays with its \
         licenses for whoever was asked to take it over; what you pay for them runs until the end of what is paid, and \
         does not renew."
    )
}

/// Above the invitation, for whoever was asked.
#[must_use]
pub fn made_by(partner: &str) -> String {
    format!("{partner} has made this account.")
}

/// What taking it over means.
pub const MADE_BY_TEXT: &str = "Its licenses and keys are yours as soon as you accept. Your partner goes on seeing which licenses you have, what runs \
     under them and when they end, and orders for you; it sees no key and no invoice of yours. You can end that at any \
     time.";
/// Declines.
pub const DECLINE: &str = "Decline the account";
