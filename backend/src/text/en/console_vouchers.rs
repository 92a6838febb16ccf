//! The console about vouchers that were bought: how many are open, and taking some back.

use super::vouchers::count;
use crate::vouchers::{Batch, Voiding};

/// Heading of the card.
pub const TITLE: &str = "Its vouchers";
/// Label of the batch.
pub const BATCH: &str = "Bought";
/// Label of those that nobody has redeemed.
pub const OPEN: &str = "Open";
/// Label of those that are licenses by now.
pub const REDEEMED: &str = "Redeemed";
/// Label of those that are void.
pub const VOID: &str = "Void";
/// What the form does.
pub const LEAD: &str = "Vouchers that are taken back can no longer be redeemed, and that is not undone. Those without a note go first, from the \
                        end of the batch. Whoever bought them is told by mail. Money is given back apart from it.";
/// Label of the number.
pub const COUNT: &str = "How many to take back";
/// Sends the form.
pub const SUBMIT: &str = "Take the vouchers back";
/// Where none is open.
pub const NONE_OPEN: &str = "None of them is open, so none can be taken back.";
/// Where the role does not include it.
pub const NOT_YOURS: &str = "Your role does not include taking vouchers back.";

/// What was bought.
#[must_use]
pub fn bought(batch: &Batch) -> String {
    format!("{} for {}, {}", count(batch.count()), batch.product_name, batch.plan_name)
}

/// On the form that gives money back.
#[must_use]
pub fn credit_hint(open: i64) -> String {
    format!(
        "It paid for vouchers, of which {open} {} open. Given back as a whole, these become void; a part leaves every code \
         redeemable, so take back as many vouchers as it is for.",
        if open == 1 { "is" } else { "are" }
    )
}

/// Why none was taken back.
#[must_use]
pub fn refusal(refusal: Voiding) -> String {
    match refusal {
        Voiding::WrongCount { open } if open < 1 => NONE_OPEN.to_owned(),
        Voiding::WrongCount { open } => format!("Write a number from 1 to {open}: so many are open."),
        Voiding::Outdated => {
            "Others are open than when this form was shown. Look at how many there are, and send it again.".to_owned()
        }
        Voiding::Done | Voiding::NotAllowed => NOT_YOURS.to_owned(),
    }
}
