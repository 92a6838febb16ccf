//! What a partner adds to a perpetual license of its client: years of updates, and seats.

use super::partners::day;
use crate::clock::UnixMs;

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
