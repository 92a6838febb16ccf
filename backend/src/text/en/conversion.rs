//! Turning a subscription into a perpetual license: the page that shows what it costs.

use std::collections::BTreeMap;

use super::{buying, licenses, moments, packs};
use crate::billing::conversion::{ConversionOffer, ConversionProgress, ConversionRefusal};
use crate::catalog::{LicenseType, PacksHeld, Plan};
use crate::orders::rules::QuoteLine;

/// What the credit is called on invoices.
pub const CREDIT_NAME: &str = "Unused time of the subscription";
/// Title of the page.
pub const TITLE: &str = "Buy it for ever";
/// Leads to the page.
pub const LINK: &str = "Buy it for ever";
/// Heading of the price.
pub const PRICE_TITLE: &str = "What it costs";
/// Columns of the price.
pub const COLUMNS: [&str; 2] = ["For", "Amount"];
/// What is left to pay.
pub const REST: &str = "Left to pay, before tax";
/// Heading of what happens.
pub const MEANS_TITLE: &str = "What happens then";
/// Goes back.
pub const BACK: &str = "Leave it as it is";
/// When Stripe cannot be asked.
pub const NOT_NOW: &str = "The price cannot be asked for at the moment. Nothing was changed; try again in a minute.";
/// Leads to the license.
pub const OPEN: &str = "Open the license";
/// Looks again.
pub const LOOK_AGAIN: &str = "Look again";
/// Why it cannot be done.
pub const REFUSED_TITLE: &str = "This license cannot turn perpetual now.";

/// What it is.
#[must_use]
pub fn lead(license: &str, plan: &str) -> String {
    format!("{license} becomes {plan}: paid once, without end. The unused money of the subscription counts.")
}

/// A line of the price: the perpetual license first, then its add-ons.
#[must_use]
pub fn line(offer: &ConversionOffer, line: &QuoteLine, license_type: LicenseType) -> String {
    let each = licenses::amount(line.price.unit_amount);
    match offer.plan.addon(&line.price.option) {
        None => format!("{}, {}, {each} each", offer.plan.name, buying::seats(license_type, line.quantity)),
        Some(addon) if line.quantity == 1 => addon.name.clone(),
        Some(addon) => format!("{}, {}, {each} each", addon.name, buying::seats(license_type, line.quantity)),
    }
}

/// What follows, point by point.
#[must_use]
pub fn points(packs: &BTreeMap<String, PacksHeld>, plan: &Plan) -> Vec<String> {
    let mut points = vec![
        "The license stays the same: its key, its instances and its history. What runs is not interrupted.".to_owned(),
        "Limits, features, and how long a silent instance keeps its seat, are those of the new plan from then on."
            .to_owned(),
        "The subscription ends with the payment, and nothing is charged for it any more.".to_owned(),
        "Every release published within a year from now may run for ever; further years of updates can be bought."
            .to_owned(),
        "Nothing changes before it is paid; the price holds for an hour.".to_owned(),
    ];
    // Beside what else changes of the limits.
    points.splice(2..2, packs::end_with_subscription(packs, plan));
    points
}

/// Pays.
#[must_use]
pub fn submit(offer: &ConversionOffer) -> String {
    buying::pay_by_card(offer.rest)
}

/// Why it cannot be done, and what to do.
#[must_use]
pub fn refusal(refusal: &ConversionRefusal) -> String {
    match refusal {
        ConversionRefusal::NotAllowed => super::changes::MAY_NOT_BUY.to_owned(),
        ConversionRefusal::NotASubscription => "It has no subscription that could be turned.".to_owned(),
        ConversionRefusal::Revoked => {
            "What was paid for this license has been given back. Choose a plan from the price list to buy anew."
                .to_owned()
        }
        ConversionRefusal::PaymentDue => {
            "A payment for this license is open. Pay it first; it can be done right after.".to_owned()
        }
        ConversionRefusal::AccountCloses { at } => super::deletion::keep_first(*at),
        ConversionRefusal::NotOffered => {
            "There is no perpetual license with these seats in the currency of this subscription.".to_owned()
        }
        ConversionRefusal::RenewsSoon { at } => format!(
            "The subscription renews at {}. Come back after that: what it takes then counts as well.",
            moments::time_of_day(*at)
        ),
        ConversionRefusal::CreditTooLarge { credit } => format!(
            "{} of the subscription are unused, which is more than the perpetual license costs. Write to us, and we \
             find a way.",
            licenses::amount(*credit)
        ),
    }
}

/// What coming back from Stripe's page came to.
#[must_use]
pub fn progress(progress: ConversionProgress) -> &'static str {
    match progress {
        ConversionProgress::Waiting | ConversionProgress::NotFound => {
            "The payment is being looked up. Load this page again in a few seconds."
        }
        ConversionProgress::Done => "The license is yours for ever.",
        ConversionProgress::Dropped => "It was not paid, so nothing has changed.",
    }
}
