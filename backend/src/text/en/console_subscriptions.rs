//! The vendor's page of a license: what pays for it, and ending that.

use super::{changes, licenses, moments};
use crate::billing::Subscription;

/// Label: what pays for the license.
pub const SUBSCRIPTION: &str = "Subscription";
/// Label: why the customer cancelled.
pub const CANCEL_REASON: &str = "Why cancelled";
/// Where no reason was given.
const NO_REASON: &str = "not said";
/// Opens the question.
pub const END_NOW: &str = "End the subscription now…";
/// The question.
pub const END_NOW_TITLE: &str = "End the subscription now?";
/// What it means.
pub const END_NOW_MEANS: &str = "Ends the subscription and the license at once, though the period is paid. Nothing \
                                 more is charged, and nothing is paid back by it: that takes a credit note.";
/// Does it.
pub const END_NOW_SUBMIT: &str = "End the subscription";

/// What pays for a license: its price, and when it is charged next or ends.
#[must_use]
pub fn subscription(subscription: &Subscription) -> String {
    let (price, end) = (licenses::price(subscription), moments::day(subscription.period_end));
    match (subscription.ended_at, subscription.past_due_since) {
        (Some(at), _) => format!("{price}; ended on {}", moments::day(at)),
        (None, Some(since)) => format!("{price}; overdue since {}", moments::day(since)),
        (None, None) if subscription.cancel_at_period_end => format!("{price}; cancelled, ends on {end}"),
        (None, None) => format!("{price}; renews on {end}"),
    }
}

/// Why a customer cancelled: the reason chosen, and the own words; `None` where it is not cancelled.
#[must_use]
pub fn cancel_reason(subscription: &Subscription) -> Option<String> {
    let said = changes::reason(subscription.cancel_reason.as_deref()?).unwrap_or(NO_REASON);
    Some(match subscription.cancel_comment.as_deref().unwrap_or_default() {
        "" => said.to_owned(),
        comment => format!("{said}: “{comment}”"),
    })
}
