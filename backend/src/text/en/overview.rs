//! The customer's first page: what is true now.

use jiff::civil::Date;

use super::{buying, documents};
use crate::catalog::LicenseType;
use crate::money::Money;
use crate::pdf::amounts;

/// Title.
pub const TITLE: &str = "Overview";
/// Where nothing has been bought.
pub const NOTHING_YET: &str =
    "You have no license yet. Choose a plan: the key is on the screen seconds after the payment.";
/// The way to the price list.
pub const TO_PRICE_LIST: &str = "See the price list";
/// Buys another license.
pub const BUY_MORE: &str = "Buy another license";
/// Heading of the licenses.
pub const LICENSES_TITLE: &str = "Licenses";
/// The way to all licenses.
pub const ALL_LICENSES: &str = "All licenses";
/// Heading of what is to be paid.
pub const PAYMENTS_TITLE: &str = "Payments";
/// The way to all invoices.
pub const ALL_INVOICES: &str = "All invoices";
/// Labels: the next charge, and nothing to come.
pub const NEXT_CHARGE: &str = "Next charge";
/// Where no charge is to come.
pub const NO_CHARGE: &str = "none planned";
/// Label of what is open.
pub const OPEN_INVOICES: &str = "To be paid";
/// Where nothing is open.
pub const NOTHING_OPEN: &str = "nothing";
/// Heading of what happened.
pub const LATEST_TITLE: &str = "Latest";
/// Where nothing has happened.
pub const NOTHING_HAPPENED: &str = "Nothing has happened yet. What is ordered, paid and activated is listed here.";
/// Pays an open invoice.
pub const PAY: &str = "Pay it now";

/// What is true now, in one or two sentences.
#[must_use]
pub fn lead(company: &str, licenses: usize, running: i64, next: Option<(Money, Date)>) -> String {
    let holds = match licenses {
        1 => "one license".to_owned(),
        count => format!("{count} licenses"),
    };
    let runs = match running {
        0 => "nothing runs under it at the moment".to_owned(),
        1 => "one instance is running".to_owned(),
        count => format!("{count} instances are running"),
    };
    let runs = if licenses > 1 && running == 0 { "nothing runs under them at the moment".to_owned() } else { runs };
    match next {
        Some((amount, day)) => format!(
            "{company} has {holds}; {runs}. The next charge is {} on {}, before tax.",
            amounts::format(amount.currency, amount.amount_minor),
            documents::date(day)
        ),
        None => format!("{company} has {holds}; {runs}."),
    }
}

/// What the meter of a license counts.
#[must_use]
pub fn seats_in_use(license_type: LicenseType) -> &'static str {
    buying::seats_label(license_type)
}

/// `2 of 3 in use`; the meter's words.
#[must_use]
pub fn in_use(used: i64, seats: i64) -> String {
    if used >= seats { format!("{used} of {seats}, all in use") } else { format!("{used} of {seats} in use") }
}

/// A license's name: the owner's, or product and plan.
#[must_use]
pub fn license_name(name: &str, product: &str, plan: &str) -> String {
    if name.is_empty() { format!("{product}, {plan}") } else { name.to_owned() }
}

/// An amount and its day.
#[must_use]
pub fn charge_on(amount: Money, day: Date) -> String {
    format!("{} on {}, before tax", amounts::format(amount.currency, amount.amount_minor), documents::date(day))
}

/// An unpaid invoice, as a notice: what is open, and by when.
#[must_use]
pub fn unpaid(number: &str, amount: Money, due: Option<Date>) -> String {
    let amount = amounts::format(amount.currency, amount.amount_minor);
    match due {
        Some(day) => format!("Invoice {number} over {amount} is to be paid by {}.", documents::date(day)),
        None => format!("Invoice {number} over {amount} is not paid yet."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn the_lead_says_what_is_held_what_runs_and_what_comes_next() {
        let next = Currency::parse("usd").map(|usd| (Money::new(29_900, usd), Date::constant(2026, 12, 21)));
        assert_eq!(
            lead("Example GmbH", 1, 0, next),
            "Example GmbH has one license; nothing runs under it at the moment. The next charge is $299.00 on \
             21 December 2026, before tax."
        );
        assert_eq!(lead("Example GmbH", 2, 3, None), "Example GmbH has 2 licenses; 3 instances are running.");
        assert_eq!(
            lead("Example GmbH", 2, 0, None),
            "Example GmbH has 2 licenses; nothing runs under them at the moment."
        );
    }
}
