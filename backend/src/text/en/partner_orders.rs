//! What a partner orders for its client: plans, and what is added to a perpetual license.

use super::partners::{day, share};
use crate::clock::UnixMs;
use crate::partners::PartnerTerms;

/// Above the review of an order for a client.
#[must_use]
pub fn order_for(client: &str) -> String {
    format!("You order for {client}")
}

/// What it means.
#[must_use]
pub fn order_for_text(client: &str, client_pays: bool) -> String {
    if client_pays {
        format!(
            "The license belongs to {client}, which gets a mail with the way to pay. Renewals are charged to it as well."
        )
    } else {
        format!("The license belongs to {client}. You pay for it, and for its renewals until you cancel them.")
    }
}

/// Label of the choice of who pays.
pub const WHO_PAYS: &str = "Who pays";

/// The choices: word and label.
#[must_use]
pub fn payers(client: &str) -> [(&'static str, String); 2] {
    [("partner", "We pay".to_owned()), ("client", format!("{client} pays"))]
}

/// The line of the discount in an order.
#[must_use]
pub fn discount_line(terms: PartnerTerms) -> String {
    format!("Discount for your clients, {} off every payment", share(terms.discount_bp))
}

/// The button where the client pays.
pub const SEND_ORDER: &str = "Send the order to the client";

/// What happens then, where the client pays.
pub const CLIENT_STEPS: [&str; 3] = [
    "Your client gets a mail with a link to the order.",
    "It pays by card, or by transfer where you choose that.",
    "The license is in its account as soon as it is paid.",
];

/// Heading of an order that a partner has placed for the reader to pay.
pub const ORDERED_FOR_YOU: &str = "Your partner has ordered this for you";
/// Its lead.
pub const ORDERED_FOR_YOU_LEAD: &str =
    "Nothing is charged before you pay. The license is in your account as soon as you have paid.";
/// Lead of an order that was fulfilled for a client, for the partner.
pub const READY_FOR_CLIENT: &str = "The license is in your client's account, and the client is told by mail.";
/// Leads to the client.
pub const TO_CLIENT: &str = "Open the client";

// ── Years of updates, and seats ─────────────────────────────────────────────────────────────────────

/// Title of an addition to a client's license that was fulfilled, for the partner.
pub const ADDED_TITLE: &str = "It is there";
/// Its lead.
pub const ADDED_FOR_CLIENT: &str =
    "What you ordered has been added to your client's license, and the client is told by mail.";

/// Orders more years of updates for a client.
pub const RENEW_UPDATES: &str = "Renew updates";
/// Orders more seats for a client.
pub const ADD_SEATS: &str = "Add seats";
/// Where the license is not perpetual.
pub const RENEWS_BY_ITSELF: &str = "This license has no updates or seats to order one by one: a subscription renews by itself, and whoever pays for it \
     changes it.";
/// Where the partner's account or the client's closes.
pub const NOTHING_WHILE_CLOSING: &str = "Nothing is ordered while your account, or your client's, closes.";
/// Label of what is to be paid.
pub const TO_PAY: &str = "To pay";

/// What it means, by who pays.
#[must_use]
pub fn addition_text(client: &str, client_pays: bool) -> String {
    if client_pays {
        format!(
            "It is added to the license of {client}, which gets a mail with the way to pay, as soon as it has paid."
        )
    } else {
        format!("You pay for it. It is added to the license of {client}, which is told by mail.")
    }
}

/// What ordering it by transfer means.
#[must_use]
pub fn addition_by_transfer(client: &str, client_pays: bool, due: UnixMs, void: UnixMs) -> String {
    let who = if client_pays { format!("{client} gets") } else { "You get".to_owned() };
    format!(
        "{who} an invoice at once, to be paid by {}. What is ordered is there as soon as the money is. An order that is \
         not paid by {} is cancelled.",
        day(due),
        day(void)
    )
}
