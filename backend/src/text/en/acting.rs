//! Staff who act for a customer: the console's card, the banner of every page, what the customer is told.

use super::moments;
use crate::acting::Acting;
use crate::acting::rules::{LONGEST_MS, REASON_MAX_CHARS, REASON_MIN_CHARS, ReasonFault};
use crate::clock::MINUTE_MS;
use crate::mail::{Letter, Sender};

/// Heading of the card on the console's page of a customer.
pub const TITLE: &str = "Act as this customer";
/// The question.
pub const REASON: &str = "Reason";
/// What helps to answer it.
pub const REASON_HINT: &str = "The customer's owners read it, word for word.";
/// The act.
pub const START: &str = "Act as this customer";
/// Ends it.
pub const STOP: &str = "Stop";
/// Heading of the owner's notice.
pub const WITHDRAW_TITLE: &str = "The vendor's support acts in your account.";
/// Ends it from the owner's side.
pub const WITHDRAW: &str = "End it now";

/// What the card says.
#[must_use]
pub fn lead(vendor: &str) -> String {
    format!(
        "For {} minutes you see the portal as the owner of this account does, and can free seats, block and rename. You \
         see no license key, and can neither spend money nor change members. The owners are told at once by mail, and \
         their audit log shows what the support of {vendor} did.",
        LONGEST_MS / MINUTE_MS
    )
}

/// Why a reason will not do.
#[must_use]
pub fn fault(fault: ReasonFault) -> String {
    match fault {
        ReasonFault::TooShort => {
            format!("Say why, in at least {REASON_MIN_CHARS} characters: the customer reads it.")
        }
        ReasonFault::TooLong => format!("Use at most {REASON_MAX_CHARS} characters."),
    }
}

/// For whom, on every page.
#[must_use]
pub fn banner(company: &str) -> String {
    format!("You act as {company}.")
}

/// Why, and until when.
#[must_use]
pub fn banner_text(acting: &Acting) -> String {
    format!("Reason: {} It ends at {} at the latest.", sentence(&acting.reason), moments::time_of_day(acting.ends_at))
}

/// In place of a role, in the header.
#[must_use]
pub fn support_of(company: &str) -> String {
    format!("{company} · Acting for the customer")
}

/// Why and until when, for the owner.
#[must_use]
pub fn withdraw_text(acting: &Acting) -> String {
    format!(
        "Reason: {} It sees no license key and cannot spend money. It ends at {} at the latest.",
        sentence(&acting.reason),
        moments::time_of_day(acting.ends_at)
    )
}

/// Tells an owner that somebody has begun to act for the account.
#[must_use]
pub fn started(sender: &Sender, company: &str, acting: &Acting, page: &str) -> Letter {
    Letter {
        subject: format!("The support of {} acts in your account", sender.name),
        heading: "Support acts in your account".to_owned(),
        paragraphs: vec![
            format!(
                "The support of {} sees the portal as you do for {company}, to help you. It can free seats, block and \
                 rename instances and licenses. It sees no license key, and can neither spend money nor change members.",
                sender.name
            ),
            "What it does is in your audit log. You can end it at any time on the page of your account.".to_owned(),
        ],
        facts: vec![
            ("Reason".to_owned(), acting.reason.clone()),
            (
                "Ends at the latest".to_owned(),
                format!("{}, {}", moments::day(acting.ends_at), moments::time_of_day(acting.ends_at)),
            ),
        ],
        button: Some(("See or end it".to_owned(), page.to_owned())),
        notes: Vec::new(),
        reason: format!("You get this mail because you own the account of {company} with {}.", sender.name),
    }
}

/// With a full stop, where there is no end of a sentence yet.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
