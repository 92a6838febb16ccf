//! The console's page of a partner.

use super::documents;
use crate::partners::Partner;
use crate::partners::rules::{DUE_DAYS_MAX, TermsField};

/// Title of the page, and label of its link.
pub const TITLE: &str = "Partnership";

/// What the account is now.
#[must_use]
pub fn lead(company: &str, partner: Option<&Partner>) -> String {
    match partner {
        Some(partner) if partner.is_live() => {
            format!("{company} has been a partner since {}.", documents::date(partner.since.date()))
        }
        Some(_) => format!("{company} was a partner, and is none any more."),
        None => format!("{company} is no partner."),
    }
}

/// Heading of the terms.
pub const TERMS: &str = "What is agreed";
/// Where nothing is agreed.
pub const NO_TERMS: &str = "Nothing is agreed with this account.";
/// Where the account closes, or is closed.
pub const CLOSES: &str = "This account closes, so nothing new is agreed with it.";
/// Heading of the form that makes a partner.
pub const MAKE: &str = "Make it a partner";
/// What follows from it.
pub const MAKE_LEAD: &str = "Its owners are told by mail. Everybody in the account needs a second factor from then on.";
/// Makes a partner.
pub const MAKE_SUBMIT: &str = "Make it a partner";
/// Heading of the form that changes terms.
pub const CHANGE: &str = "Change the terms";
/// What follows from it.
pub const CHANGE_LEAD: &str = "New terms hold for what is ordered from then on. The partner's owners are told by mail.";
/// Changes terms.
pub const CHANGE_SUBMIT: &str = "Save the terms";
/// Label of the commission.
pub const COMMISSION: &str = "Commission in percent";
/// Beside it.
pub const COMMISSION_HINT: &str = "Of what its clients pay.";
/// Label of the discount.
pub const DISCOUNT: &str = "Discount for clients in percent";
/// Beside it.
pub const DISCOUNT_HINT: &str = "Off everything that it orders for clients, whoever pays.";
/// Label of the days.
pub const DAYS: &str = "Days for paying by transfer";
/// Beside it.
pub const DAYS_HINT: &str = "Of what it orders for clients and pays itself. Empty: as for everybody.";
/// Heading of the end.
pub const END: &str = "End the partnership";
/// What follows from it.
pub const END_TEXT: &str = "The account sees its clients no more and becomes a customer like any other. Clients keep their licenses. What the \
     partner pays for them runs until the end of what is paid, and does not renew. The codes of its campaigns rest. It \
     earns nothing by what is paid from then on; what it has earned stays owed. Both sides are told by mail.";
/// Asks first.
pub const END_ASK: &str = "End the partnership…";
/// Changes nothing.
pub const KEEP: &str = "Keep it";

/// Why an answer cannot stay as it is.
#[must_use]
pub fn problem(field: TermsField) -> String {
    match field {
        TermsField::Commission | TermsField::Discount => {
            "Write a percentage from 0 to 90, with at most two decimals, such as 12.5.".to_owned()
        }
        TermsField::DaysUntilDue => format!("Write a number of days from 1 to {DUE_DAYS_MAX}, or nothing."),
    }
}
