//! Buying: choices that cannot be bought, and orders on their way.

use crate::catalog::BillingInterval;
use crate::orders::rules::ChoiceProblem;
use crate::orders::{OrderKind, OrderStatus};

/// What the credit note over a period says whose order was given up.
pub const TAKEN_BACK: &str =
    "The order was cancelled. What was paid for this period counts towards your next invoices.";

fn instances(count: i64) -> String {
    if count == 1 { "1 instance".to_owned() } else { format!("{count} instances") }
}

/// Why a choice cannot be bought, and what to do instead.
#[must_use]
pub fn choice_problem(problem: &ChoiceProblem) -> String {
    match problem {
        ChoiceProblem::NotForSale => "This plan is no longer for sale. Please choose another one.".to_owned(),
        ChoiceProblem::NotOffered => "This plan is not sold that way. Please choose another billing period.".to_owned(),
        ChoiceProblem::TooFewSeats { min } => {
            format!("This plan includes {}, so it cannot have fewer. Enter {min} or more.", instances(*min))
        }
        ChoiceProblem::TooManySeats { max } => {
            format!("This plan has at most {}. Enter {max} or fewer, or write to us for more.", instances(*max))
        }
        ChoiceProblem::AddonNotOffered => {
            "An add-on that you chose is not sold with this plan. Choose again from those that are listed.".to_owned()
        }
        ChoiceProblem::PackNotOffered => {
            "Packs that you chose are not sold with this plan. Choose again from those that are listed.".to_owned()
        }
        ChoiceProblem::PackCount { limit, max } => {
            let limit = limit.replace('_', " ");
            format!(
                "A license can have at most {max} packs of {limit}. Enter a number from 0 to {max}, or write to us for more."
            )
        }
        ChoiceProblem::CurrencyFixed(fixed) => super::currencies::refused(fixed),
        ChoiceProblem::CannotContinue { why } => super::continuing::obstacle(why),
        ChoiceProblem::AmountTooLarge => "That is more than can be charged at once. Please write to us.".to_owned(),
    }
}

/// What an order buys.
#[must_use]
pub fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Subscription => "Subscription",
        OrderKind::Perpetual => "Perpetual license",
        OrderKind::Maintenance => "Updates of a license",
        OrderKind::Seats => "More seats for a license",
        OrderKind::Vouchers => "Vouchers",
        OrderKind::Continuation => "A license, continued",
    }
}

/// How many seats an order is for, or vouchers.
#[must_use]
pub fn number(kind: OrderKind, number: i64) -> String {
    match kind {
        OrderKind::Vouchers => super::vouchers::count(number),
        OrderKind::Subscription
        | OrderKind::Perpetual
        | OrderKind::Maintenance
        | OrderKind::Seats
        | OrderKind::Continuation => super::buying::count_of_seats(number),
    }
}

/// An order's standing in a word.
#[must_use]
pub fn status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Open => "Waiting for payment",
        OrderStatus::Paid => "Paid",
        OrderStatus::Expired => "Expired",
        OrderStatus::Cancelled => "Cancelled",
    }
}

/// How often a price is charged, after the amount: `a month`.
#[must_use]
pub fn per(interval: BillingInterval) -> &'static str {
    match interval {
        BillingInterval::Month => "a month",
        BillingInterval::Year => "a year",
        BillingInterval::Once => "once",
    }
}

/// While the payment is on its way.
pub const WAITING: &str =
    "We are waiting for your payment to arrive. This takes a few seconds; this page looks again by itself.";
/// After a session ran out.
pub const EXPIRED: &str =
    "This order was not paid in time, and nothing was charged. Choose your plan again to order anew.";
/// After a transfer did not come.
pub const TRANSFER_EXPIRED: &str = "Your transfer has not arrived in full, so this order was cancelled and its invoice is void. Money that has arrived, or \
     arrives later, is kept for you. Choose your plan again to order anew.";
/// When Stripe cannot be reached while ordering.
pub const TRY_AGAIN: &str =
    "The payment page cannot be opened at the moment, and nothing was charged. Please try again in a minute.";
