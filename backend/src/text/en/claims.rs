//! Giving a running product its license key through a code.

use jiff::civil::Date;
use sdk::wire::{Identity, IdentityKind};

use super::{buying, documents};
use crate::catalog::LicenseType;

/// What is wrong with a product that the vendor does not sell.
pub const UNKNOWN_PRODUCT: &str = "names no product of this vendor";

/// Title where a code is entered.
pub const ENTER_TITLE: &str = "Connect a product";
/// What happens.
pub const ENTER_LEAD: &str = "A product that runs without a license key shows a code. Enter it here, and choose the license that \
                              the product runs under.";
/// The question.
pub const CODE_LABEL: &str = "Code";
/// What helps.
pub const CODE_HINT: &str = "Eight letters, like WDJB-MJHT. Case and dash do not matter.";
/// The act.
pub const GO_ON: &str = "Go on";
/// A code that cannot be one.
pub const CODE_MALFORMED: &str = "A code has eight letters and no vowels. Compare it with what the product shows.";
/// A code that names nothing.
pub const CODE_UNKNOWN: &str =
    "No product waits with this code. Codes live for 15 minutes; start the product again to get a new one.";

/// Title where somebody decides.
#[must_use]
pub fn ask_title(product: &str) -> String {
    format!("{product} asks for a license key")
}

/// Below it.
#[must_use]
pub fn ask_lead(company: &str) -> String {
    format!("Approve it, and the product runs under a license of {company} within seconds.")
}

/// The warning of RFC 8628 §5.4: heading.
pub const WARNING: &str = "Approve only what you started yourself.";
/// The warning: what to compare.
pub const WARNING_TEXT: &str = "Compare the code, the instance and the address below with your product. If somebody sent you this link or \
                                code, decline: whoever has the key uses your seats.";
/// Heading of what asks.
pub const ASKS_TITLE: &str = "What asks";
/// Labels: code, product, version, instance, address, time, end.
pub const ASKS_LABELS: [&str; 6] = ["Code", "Product", "Identity", "Network address", "Asked", "Waits until"];

/// Product and version.
#[must_use]
pub fn product_version(product: &str, version: &str) -> String {
    format!("{product}, version {version}")
}

/// Who will take the seat, with the kind of it.
#[must_use]
pub fn identity(identity: &Identity) -> String {
    let kind = match identity.kind {
        IdentityKind::Instance => "instance",
        IdentityKind::Machine => "machine",
        IdentityKind::User => "user",
    };
    let named = match &identity.name {
        Some(name) => format!("{name} ({kind} {})", identity.id),
        None => format!("{kind} {}", identity.id),
    };
    match &identity.device {
        Some(device) => format!("{named} on {device}"),
        None => named,
    }
}

/// Heading of the choice.
pub const CHOOSE_TITLE: &str = "Which license";
/// The question, heard.
pub const CHOOSE_LEGEND: &str = "The product runs under";
/// The act.
pub const APPROVE: &str = "Approve";
/// The other act.
pub const DECLINE: &str = "Decline";
/// What declining is about, heard.
pub const DECLINE_ABOUT: &str = "the request for a license key";

/// Seats of a license, and its end.
#[must_use]
pub fn candidate_detail(license_type: LicenseType, seats: i64, free: i64, ends: Option<Date>) -> String {
    let seats = buying::seats(license_type, seats);
    let free = match free {
        0 => "none free at the moment".to_owned(),
        1 => "one free".to_owned(),
        free => format!("{free} free"),
    };
    match ends {
        Some(day) => format!("{seats}, {free}; until {}", documents::date(day)),
        None => format!("{seats}, {free}"),
    }
}

/// Where the account has no license that fits: heading.
#[must_use]
pub fn none_title(product: &str) -> String {
    format!("No license for {product} yet")
}

/// What to do then.
#[must_use]
pub fn none_text(company: &str) -> String {
    format!(
        "{company} has no active license that this product can run under. Buy one; after the payment you come back here. \
         If the code has ended by then, start the product again."
    )
}

/// The act.
pub const BUY_ONE: &str = "Buy one";
/// Beside licenses that fit: what to do where none of them is meant, or none has a free seat.
pub const BUY_ANOTHER_TEXT: &str =
    "None of these, or none is free? Buy another license; after the payment you come back here.";
/// The act.
pub const BUY_ANOTHER: &str = "Buy another";

/// Where the role may not give out keys.
#[must_use]
pub fn not_yours(company: &str) -> String {
    format!("Your role may not give out license keys of {company}.")
}

/// What to do then.
pub const NOT_YOURS_TEXT: &str =
    "Send this page's address to an owner or a technical member of the account; it works for 15 minutes.";

/// Title once approved.
pub const APPROVED_TITLE: &str = "Approved";
/// What comes next.
pub const APPROVED_LEAD: &str = "Go back to your product: it continues by itself.";
/// The way to the license.
pub const TO_LICENSE: &str = "See the license";
/// Title once declined.
pub const DECLINED_TITLE: &str = "Declined";
/// What that means.
pub const DECLINED_LEAD: &str = "The product gets no key. If it was yours after all, start it again to get a new code.";
/// Title once over.
pub const ENDED_TITLE: &str = "This code has ended";
/// What to do.
pub const ENDED_LEAD: &str =
    "Codes live for 15 minutes. Start the product again, and enter the code that it shows then.";
/// Enters another code.
pub const ENTER_ANOTHER: &str = "Enter another code";
/// Where somebody decided otherwise.
pub const DECIDED_BEFORE: &str = "Somebody decided about this code before you, so nothing was changed.";
/// A license that cannot be chosen any more.
pub const UNFIT: &str = "That license cannot be used for this product now. Choose another one.";

/// After a purchase, while a product still waits: heading.
#[must_use]
pub fn waits(product: &str) -> String {
    format!("{product} still waits for its license key.")
}

/// The way back to it.
pub const GO_ON_CLAIM: &str = "Go on connecting it";
