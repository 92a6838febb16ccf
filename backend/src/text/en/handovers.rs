//! Handing a license over to another account: the pages of both sides, and the console's card.

use super::{documents, moments};
use crate::clock::UnixMs;
use crate::handovers::rules::{OPEN_DAYS, Obstacle};
use crate::handovers::{Handover, HandoverStatus, HandoverView, Side};

// ── Asking ──────────────────────────────────────────────────────────────────────────────────────────

/// Link to the page.
pub const LINK: &str = "Hand over…";
/// Title of the page.
pub const ASK_TITLE: &str = "Hand the license over";
/// Lead of the page.
pub const ASK_LEAD: &str =
    "The license moves to another account, with all that is left of it, once its owner there agrees.";
/// Heading over what it means.
pub const MEANS: &str = "What it means";
/// What it means, for the one who gives.
pub const POINTS: [&str; 4] = [
    "Your key is refused from that moment on. The other account gets a key of its own.",
    "Your instances stop at the end of their leases.",
    "Orders and invoices stay with you. What happened until then is for you alone to see.",
    "If money for the license is given back to you later, the license ends there as well.",
];
/// Label of the address.
pub const EMAIL: &str = "E-mail address of an owner there";
/// Beside it.
pub const EMAIL_HINT: &str =
    "They get a mail and decide in the portal. Somebody who has no account yet can sign up with this address.";
/// Asks.
pub const ASK_SUBMIT: &str = "Ask them to take it over";
/// Leads back.
pub const BACK: &str = "Back to the license";
/// For roles that may not.
pub const OWNERS_ONLY: &str = "Only an owner of the account can hand a license over.";

/// Why it cannot be handed over.
#[must_use]
pub fn obstacle(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::NotActive => "Only a license that is active can be handed over.",
        Obstacle::Disputed => "A payment for this license is disputed. It can be handed over once that is settled.",
        Obstacle::Subscribed => {
            "A subscription pays for this license, and whoever pays stays the same. Cancel it here and let the other \
             account buy its own, or turn the license into a perpetual one first."
        }
        Obstacle::RenewsByItself => {
            "Updates of this license renew by themselves at your cost. Stop that first; it can be handed over then."
        }
        Obstacle::OpenOrder => {
            "Something is ordered for this license and not paid yet. Pay or cancel that order first."
        }
    }
}

/// What was typed is no address.
pub const NO_ADDRESS: &str = "Write an e-mail address, such as name@example.com.";
/// It is the asker's own.
pub const OWN_ADDRESS: &str = "That is your own address. Write the one of an owner of the other account.";
/// There is a request already.
pub const ASKED_BEFORE: &str = "It is offered to somebody already. Withdraw that first.";

/// Too many requests.
#[must_use]
pub fn limited(retry_after_s: i64) -> String {
    format!("Too many offers for one day. Try again in {}.", moments::length(retry_after_s))
}

// ── Waiting ─────────────────────────────────────────────────────────────────────────────────────────

/// Title of the notice while it waits.
#[must_use]
pub fn waits(handover: &Handover) -> String {
    if handover.given_at.is_none() {
        format!("It is asked whether this license may go over to {}.", handover.to_email)
    } else {
        format!("This license is offered to {}.", handover.to_email)
    }
}

/// What follows.
#[must_use]
pub fn waits_next(handover: &Handover) -> String {
    format!("Nothing changes unless both sides agree by {}.", day(handover.expires_at))
}

/// Takes it back.
pub const WITHDRAW: &str = "Withdraw the offer";
/// Leads to the decision.
pub const DECIDE: &str = "Decide";

// ── Deciding ────────────────────────────────────────────────────────────────────────────────────────

/// Title of the page.
#[must_use]
pub fn title(side: Side) -> &'static str {
    match side {
        Side::Giver => "Hand the license over?",
        Side::Receiver => "A license for you",
    }
}

/// Lead of the page.
#[must_use]
pub fn lead(found: &HandoverView) -> String {
    match found.side {
        Side::Giver => format!("It would go over to the account of {}.", found.handover.to_email),
        Side::Receiver => format!("{} wants to hand it over to you. There is nothing to pay.", found.giver.company),
    }
}

/// What it means, for the one who takes.
pub const TAKER_POINTS: [&str; 3] = [
    "The license gets a new key, which only your account can see.",
    "Seats that run for the former owner become free when their last leases end.",
    "If money for the license is given back to the former owner later, the license ends.",
];

/// Heading of the facts.
pub const FACTS: &str = "The license";
/// Labels of the facts: product, seats, from whom, updates, last day, until when one can decide.
pub const LABELS: [&str; 6] = ["Product", "Seats", "From", "Updates until", "Last day", "Decide by"];

/// Agrees.
#[must_use]
pub fn agree(side: Side, company: &str) -> String {
    match side {
        Side::Giver => "Agree".to_owned(),
        Side::Receiver => format!("Take it over for {company}"),
    }
}

/// Does not agree.
pub const DECLINE: &str = "Decline";
/// Heading of the decision.
pub const DECISION: &str = "Your decision";
/// The side that has agreed waits for the other.
pub const OTHER_SIDE: &str = "You have agreed. The other side has not decided yet.";
/// The receiver has to confirm the address.
pub const CONFIRM_FIRST: &str = "Confirm your e-mail address first, so that we know that the offer is for you. The mail with the link was sent to \
     it; your account page sends another.";
/// Leads there.
pub const TO_ACCOUNT: &str = "Open my account page";
/// The receiver acts for the giver.
pub const OWN_ACCOUNT: &str =
    "The license belongs to the account that you act for now. Switch to the one that shall have it.";
/// The receiver has another role.
pub const NOT_OWNER: &str = "Only an owner can take a license over for this account.";
/// Leads to the license, for the one who has it.
pub const TO_LICENSE: &str = "Open the license";

/// What has become of it.
#[must_use]
pub fn over(status: HandoverStatus) -> &'static str {
    match status {
        HandoverStatus::Asked => "It waits for a decision.",
        HandoverStatus::Done => "Both sides have agreed, and the license has gone over.",
        HandoverStatus::Declined => "It was declined. The license stays where it is.",
        HandoverStatus::Withdrawn => "The offer was withdrawn. The license stays where it is.",
        HandoverStatus::Expired => "Nobody decided in time. The license stays where it is.",
    }
}

/// A day.
#[must_use]
pub fn day(at: UnixMs) -> String {
    documents::date(at.date())
}

/// The last day before an end.
#[must_use]
pub fn last_day(end: UnixMs) -> String {
    documents::date(end.plus(-1).date())
}

// ── In the console ──────────────────────────────────────────────────────────────────────────────────

/// Heading.
pub const STAFF_TITLE: &str = "Hand over";
/// What it does.
#[must_use]
pub fn staff_lead() -> String {
    format!("To another account. Both sides are asked by mail, and both have to agree within {OPEN_DAYS} days.")
}
/// Asks.
pub const STAFF_SUBMIT: &str = "Ask both sides";
