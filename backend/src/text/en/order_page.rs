//! An order that was left before it was paid, and the way back to it.

use super::documents;
use crate::clock::UnixMs;
use crate::money::Money;
use crate::orders::{OrderStatus, Payment, UnfinishedOrder};
use crate::pdf::amounts;

/// Title of the page to which whoever leaves the payment page comes.
pub const LEFT_TITLE: &str = "You have not paid yet";
/// What is the case.
pub const LEFT_LEAD: &str =
    "You left the payment page, and nothing was charged. Your order waits here for a day; then it closes by itself.";
/// Goes on to the payment page.
pub const CONTINUE: &str = "Continue to payment";
/// Back to the review.
pub const CHANGE: &str = "Change the order";
/// Gives the order up.
pub const GIVE_UP: &str = "Cancel the order";
/// Begins an order anew.
pub const START_AGAIN: &str = "Start again";
/// Shows how to pay.
pub const HOW_TO_PAY: &str = "How to pay";
/// Labels of an order's facts.
pub const LABELS: [&str; 4] = ["What", "Price before tax", "Promotion code", "Ordered"];

/// An order that was not finished, on overview and list of licenses.
#[must_use]
pub fn unfinished(order: &UnfinishedOrder) -> String {
    let what = format!("{}, {}", order.product_name, order.plan_name);
    let amount = amounts::format(order.currency, order.amount_minor);
    match (order.status, order.payment) {
        (OrderStatus::Open, Payment::Transfer) => format!("Your order of {what} waits for your transfer"),
        (OrderStatus::Open, _) => format!("Your order of {what} over {amount} is not paid yet"),
        (_, Payment::Transfer) => format!("Your order of {what} was cancelled: the transfer did not arrive"),
        _ => format!("Your order of {what} was not finished"),
    }
}

/// What follows from it.
#[must_use]
pub fn unfinished_next(order: &UnfinishedOrder) -> String {
    match (order.status, order.payment) {
        (OrderStatus::Open, Payment::Transfer) => "The license works as soon as the money is there.".to_owned(),
        (OrderStatus::Open, _) => "Nothing was charged. Go on where you left off, or cancel it.".to_owned(),
        _ => format!("You began it on {}. Nothing was charged.", documents::date(order.created_at.date())),
    }
}

/// When an order was placed.
#[must_use]
pub fn placed(at: UnixMs) -> String {
    documents::date(at.date())
}

/// An amount before tax.
#[must_use]
pub fn price(amount: Money, per: &str) -> String {
    format!("{} {per}", amounts::format(amount.currency, amount.amount_minor))
}
