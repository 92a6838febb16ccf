//! Promotion codes, trials and what costs nothing, in the portal.

use jiff::civil::Date;

use super::buying::{seat_noun, seats};
use super::{accounts, documents, moments};
use crate::catalog::{BillingInterval, LicenseType};
use crate::money::Money;
use crate::orders::promotion::{Discount, PromotionProblem};
use crate::pdf::amounts;
use crate::stripe::{AmountOff, CouponDuration};

fn money(amount: Money) -> String {
    amounts::format(amount.currency, amount.amount_minor)
}

/// Label of the code's field.
pub const CODE_LABEL: &str = "Promotion code";
/// Beside the label of what need not be answered.
pub const OPTIONAL: &str = "optional";
/// Label of what is left to pay.
pub const AFTER_DISCOUNT: &str = "To pay now, before tax";
/// When Stripe cannot be asked about a code.
pub const CANNOT_CHECK: &str = "Your code cannot be checked at the moment. Try again in a minute, or leave it out.";
/// When a code takes off something else than was shown.
pub const DISCOUNT_CHANGED: &str =
    "What your code takes off has changed since you opened this page. Please look again.";

/// On the price list, for who followed a link with a code.
#[must_use]
pub fn carried(code: &str) -> String {
    format!("Your code {code} goes along with your order")
}

/// What follows from it.
pub const CARRIED_NEXT: &str = "Choose a plan; before you pay you see what it takes off.";

/// A discount as a line of the order: `SPRING, 25 % off the first payment`.
#[must_use]
pub fn line(discount: &Discount, interval: BillingInterval) -> String {
    let off = match discount.amount_off {
        AmountOff::Share(millionths) => format!("{} % off", percent(millionths)),
        AmountOff::Sum { amount_minor, currency } => format!("{} off", money(Money::new(amount_minor, currency))),
    };
    let since = match (interval, discount.duration) {
        (BillingInterval::Once, _) => String::new(),
        (_, CouponDuration::Once) => " the first payment".to_owned(),
        (_, CouponDuration::Months(1)) => " for one month".to_owned(),
        (_, CouponDuration::Months(months)) => format!(" for {months} months"),
        (_, CouponDuration::Forever) => " every payment".to_owned(),
    };
    format!("{}, {off}{since}", discount.code)
}

fn percent(millionths: i64) -> String {
    let (whole, rest) = (millionths / 10_000, millionths % 10_000);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:04}").trim_end_matches('0').to_owned() }
}

/// Why a code does not apply.
#[must_use]
pub fn problem(problem: PromotionProblem) -> String {
    use PromotionProblem as P;
    match problem {
        P::Unknown => "There is no such code. Check its spelling, or leave it out.".to_owned(),
        P::Expired => "This code has run out. Leave it out to order without it.".to_owned(),
        P::UsedUp => "This code was used as often as it can be. Leave it out to order without it.".to_owned(),
        P::NotYours => "This code is for another customer. Leave it out to order without it.".to_owned(),
        P::NotFirstPurchase => {
            "This code is for customers who have never paid anything. Leave it out to order without it.".to_owned()
        }
        P::OtherPlan => "This code is for another plan. Choose that one, or leave the code out.".to_owned(),
        P::BelowMinimum(least) => {
            format!("This code is for orders of {} or more. Order more, or leave it out.", money(least))
        }
        P::OtherCurrency => "This code is for orders in another currency. Leave it out to order without it.".to_owned(),
        P::NotBegun(at) => {
            let (day, time) = (moments::day(at), moments::time_of_day(at));
            format!("This code works from {day}, {time}, on. Come back then, or leave it out.")
        }
        P::Paused => "This code cannot be used at the moment. Leave it out to order without it.".to_owned(),
        P::UsedByYou => "You have used this code already. Leave it out to order without it.".to_owned(),
        P::OwnCampaign => {
            "This code is one of your own campaign, and is for your customers. Leave it out to order without it."
                .to_owned()
        }
        P::HeldByOrder { placed_at } => format!(
            "Your order of {}, which waits to be paid, has this code. Pay that order or cancel it, or leave the code out.",
            moments::day(placed_at)
        ),
        P::Limited { retry_after_s } => accounts::limited(retry_after_s),
    }
}

// ── Trials ──────────────────────────────────────────────────────────────────────────────────────────

/// `14 days free, then $39 a month`: above the price of a plan on the price list.
#[must_use]
pub fn days_free(days: i64, without_card: bool) -> String {
    let days = if days == 1 { "First day free".to_owned() } else { format!("First {days} days free") };
    if without_card { format!("{days}, no card needed") } else { days }
}

/// What an order with a trial means, on its review.
#[must_use]
pub fn trial(days: u32, first_charge: Date, total: Money, without_card: bool) -> String {
    let days = if days == 1 { "one day".to_owned() } else { format!("{days} days") };
    let (total, day) = (money(total), documents::date(first_charge));
    if without_card {
        format!(
            "Free for {days}, and no card is needed. If you give one until {day}, {total} is charged then, before tax; if \
             not, the license ends by itself, and you owe nothing."
        )
    } else {
        format!("Free for {days}: {total} is charged on {day}, before tax, unless you cancel before.")
    }
}

/// What is tried, and at which price it goes on.
#[must_use]
pub fn trial_lead(product: &str, plan: &str, seats: &str, total: Money, per: &str) -> String {
    format!("{product}, {plan}, with {seats}: free at first, then {} {per} before tax.", money(total))
}

/// The button where a code leaves nothing to pay at first.
pub const TO_CHECKOUT: &str = "Go on to the payment page";
/// Heading of a refusal of a code.
pub const CODE_REFUSED: &str = "Your code takes nothing off";

/// The button that begins a trial.
pub const BEGIN_TRIAL: &str = "Begin the free trial";

// ── For nothing ─────────────────────────────────────────────────────────────────────────────────────

/// In the place of a price of 0.
pub const FREE: &str = "Free";
/// What the word in the place of a price is about.
pub const FREE_PER: &str = "without a card";

/// What is free, for one seat and for any other number; `{seats}` is filled in later.
#[must_use]
pub fn free_patterns(license_type: LicenseType) -> (String, String) {
    let pattern = |count| format!("Free for {{seats}} {}", seat_noun(license_type, count));
    (pattern(1), pattern(2))
}

/// Below the number of seats of a plan that has no more than it includes.
#[must_use]
pub fn all_included(license_type: LicenseType, included: i64) -> String {
    format!("{} included, which is all that this plan has.", seats(license_type, included))
}

/// The button that orders what costs nothing.
pub const GET_FREE: &str = "Get the license";
/// What follows from ordering what costs nothing.
pub const FREE_STEPS: [&str; 2] = [
    "You need no card, and there is no payment page: the license key is on the next page.",
    "It renews by itself and goes on costing nothing. End it whenever you like.",
];

/// Heading of the review of what costs nothing.
pub const FREE_REVIEW_TITLE: &str = "Review your order";
/// The steps of an order that costs nothing, all done.
pub const FREE_STEPS_DONE: [&str; 3] = ["Ordered", "License prepared", "Ready"];
/// What is ordered for nothing.
#[must_use]
pub fn free_lead(product: &str, plan: &str, seats: &str) -> String {
    format!("{product}, {plan}, with {seats}: free, without a card.")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::money::Currency;
    use crate::orders::promotion::DiscountSource;

    #[test]
    fn a_discount_says_how_much_and_for_how_long() {
        let usd = Currency::parse("usd").unwrap();
        let discount = |amount_off, duration| Discount {
            code: "SPRING".to_owned(),
            source: DiscountSource::Stripe("promo_1".to_owned()),
            amount_off,
            duration,
            takes_off: Money::new(1, usd),
        };
        use BillingInterval::{Month, Once};
        let quarter = discount(AmountOff::Share(250_000), CouponDuration::Once);
        assert_eq!(line(&quarter, Month), "SPRING, 25 % off the first payment");
        assert_eq!(line(&quarter, Once), "SPRING, 25 % off");
        let odd = discount(AmountOff::Share(125_000), CouponDuration::Months(3));
        assert_eq!(line(&odd, Month), "SPRING, 12.5 % off for 3 months");
        let sum = discount(AmountOff::Sum { amount_minor: 5_000, currency: usd }, CouponDuration::Forever);
        assert_eq!(line(&sum, Month), "SPRING, $50.00 off every payment");
    }
}
