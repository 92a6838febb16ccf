//! The way from the price list to the key: choosing, reviewing, paying, and the page after it.

use jiff::civil::Date;

use super::documents;
use crate::catalog::{BillingInterval, LicenseType};
use crate::money::Money;
use crate::pdf::amounts;

fn money(amount: Money) -> String {
    amounts::format(amount.currency, amount.amount_minor)
}

/// What a seat is called: `instance`, `machines`.
#[must_use]
pub fn seat_noun(license_type: LicenseType, count: i64) -> &'static str {
    match (license_type, count) {
        (LicenseType::Floating, 1) => "instance",
        (LicenseType::Floating, _) => "instances",
        (LicenseType::Machine, 1) => "machine",
        (LicenseType::Machine, _) => "machines",
        (LicenseType::User, 1) => "user",
        (LicenseType::User, _) => "users",
    }
}

/// `3 instances`.
#[must_use]
pub fn seats(license_type: LicenseType, count: i64) -> String {
    format!("{count} {}", seat_noun(license_type, count))
}

/// `3 seats`, where the kind of license does not matter.
#[must_use]
pub fn count_of_seats(count: i64) -> String {
    if count == 1 { "1 seat".to_owned() } else { format!("{count} seats") }
}

/// Label of the number of seats.
#[must_use]
pub fn seats_label(license_type: LicenseType) -> &'static str {
    match license_type {
        LicenseType::Floating => "Instances",
        LicenseType::Machine => "Machines",
        LicenseType::User => "Users",
    }
}

/// Accessible name of the button that takes one seat off.
#[must_use]
pub fn fewer(license_type: LicenseType) -> String {
    format!("One {} fewer", seat_noun(license_type, 1))
}

/// Accessible name of the button that adds one seat.
#[must_use]
pub fn more(license_type: LicenseType) -> String {
    format!("One {} more", seat_noun(license_type, 1))
}

// ── The price list ──────────────────────────────────────────────────────────────────────────────────

/// Title of the window.
pub const PRICES_TITLE: &str = "Prices";
/// Accessible name of the choice of intervals.
pub const BILLING: &str = "Billing";
/// Accessible name of the choice of currencies.
pub const CURRENCY: &str = "Currency";
/// Marks the plan to recommend.
pub const RECOMMENDED: &str = "Recommended";
/// The button for those without scripts.
pub const UPDATE_PRICE: &str = "Update price";
/// When nothing is sold.
pub const NOTHING_FOR_SALE: &str = "Nothing is for sale here yet. Please come back later, or write to us.";
/// When nothing is sold at the chosen interval.
pub const NOT_AT_THIS_INTERVAL: &str = "Nothing is sold this way. Choose another way to pay above.";

/// A way to pay, with what it saves where all plans save the same number of months.
#[must_use]
pub fn interval_tab(interval: BillingInterval, months_free: Option<i64>) -> String {
    match (interval, months_free) {
        (BillingInterval::Year, Some(1)) => "Yearly, 1 month free".to_owned(),
        (BillingInterval::Year, Some(months)) => format!("Yearly, {months} months free"),
        (interval, _) => interval_name(interval).to_owned(),
    }
}

/// A way to pay.
#[must_use]
pub fn interval_name(interval: BillingInterval) -> &'static str {
    match interval {
        BillingInterval::Month => "Monthly",
        BillingInterval::Year => "Yearly",
        BillingInterval::Once => "Perpetual",
    }
}

/// What the big amount of a plan is for.
#[must_use]
pub fn price_is_for(interval: BillingInterval, license_type: LicenseType) -> String {
    match interval {
        BillingInterval::Month => "a month".to_owned(),
        BillingInterval::Year => "a year".to_owned(),
        BillingInterval::Once => format!("once, per {}", seat_noun(license_type, 1)),
    }
}

/// After an amount: `$448 a month`, `$4,999 once`.
fn charged(interval: BillingInterval) -> &'static str {
    match interval {
        BillingInterval::Month => "a month",
        BillingInterval::Year => "a year",
        BillingInterval::Once => "once",
    }
}

/// Below the number of seats: what is included, what more costs. `each` is the price of one further seat.
#[must_use]
pub fn seats_hint(license_type: LicenseType, included: i64, each: &str, interval: BillingInterval) -> String {
    let noun = seat_noun(license_type, 1);
    match interval {
        BillingInterval::Once => format!("{each} for each {noun}, all on one key."),
        _ => format!("{included} included, each further {noun} {each} {}.", charged(interval)),
    }
}

/// What paying yearly saves on a plan.
#[must_use]
pub fn yearly_saving(amount: &str) -> String {
    format!("{amount} less than paid monthly.")
}

/// What the chosen number of seats costs; `{total}` and `{seats}` are filled in later. For one seat, and for
/// any other number.
#[must_use]
pub fn total_patterns(license_type: LicenseType, interval: BillingInterval) -> (String, String) {
    let pattern = |count| format!("{{total}} {} for {{seats}} {}", charged(interval), seat_noun(license_type, count));
    (pattern(1), pattern(2))
}

/// Chooses a plan.
#[must_use]
pub fn choose(plan: &str) -> String {
    format!("Choose {plan}")
}

/// Under the plans: tax, currency, ending.
#[must_use]
pub fn price_note(interval: BillingInterval, currency: &str, is_taxed: bool) -> String {
    let currency = currency.to_uppercase();
    let tax =
        if is_taxed { ", without tax; the tax of your country is added at checkout." } else { ". No tax is added." };
    match interval {
        BillingInterval::Once => format!("Prices are in {currency}{tax} Paid once, the license has no end."),
        _ => format!(
            "Prices are in {currency}{tax} Cancel at any time: everything works to the end of the period that is paid."
        ),
    }
}

/// Heading beside a perpetual plan.
pub const PERPETUAL_TITLE: &str = "What for ever means";

/// The sentences under it. `maintenance` is the price of one more year of updates for one seat.
#[must_use]
pub fn perpetual_terms(license_type: LicenseType, maintenance: Option<&str>, newest: Option<&str>) -> Vec<String> {
    let noun = seat_noun(license_type, 1);
    let mut terms = vec![
        "Every release published within one year of the purchase may run for ever; nothing stops when the year is over."
            .to_owned(),
    ];
    if let Some(newest) = newest {
        terms.push(format!("Today that includes version {newest}, the newest."));
    }
    if let Some(price) = maintenance {
        terms.push(format!(
            "If you want later releases too, one more year of updates costs {price} per {noun}. You decide each year."
        ));
    }
    terms.push(format!("All {} share one license key.", seat_noun(license_type, 2)));
    terms
}

/// Heading above the three steps.
pub const HOW_TITLE: &str = "From here to a running product";
/// The three steps: heading and sentence.
pub const HOW: [(&str, &str); 3] = [
    (
        "Choose and pay",
        "Your e-mail address, your company, a card. The key is on the screen seconds after the payment.",
    ),
    ("Start the product with the key", "Put the key into one variable. Every node that starts with it takes a seat."),
    (
        "Change at any time",
        "More seats or another plan reach running nodes at their next check; no restart, no new key.",
    ),
];

// ── Reviewing ───────────────────────────────────────────────────────────────────────────────────────

/// Heading of the page on which an order is reviewed.
pub const REVIEW_TITLE: &str = "Review and pay";
/// Heading of the priced lines.
pub const ORDER_TITLE: &str = "Your order";
/// Caption of the priced lines.
pub const ORDER_LINES: &str = "What you order";
/// Columns of the priced lines.
pub const ORDER_COLUMNS: [&str; 4] = ["Item", "Quantity", "Each", "Amount"];
/// The sum.
pub const BEFORE_TAX: &str = "Total before tax";
/// Label of the interval.
pub const INTERVAL_LABEL: &str = "Paid";
/// The way back to the price list.
pub const OTHER_PLAN: &str = "Choose another plan";
/// Heading of the buyer's details.
pub const BUYER_TITLE: &str = "Buyer";
/// Labels of the buyer's details.
pub const BUYER_LABELS: [&str; 4] = ["Company", "Address", "VAT id", "Invoices go to"];
/// Where there is no VAT id.
pub const NO_VAT_ID: &str = "none given";
/// The way to the buyer's details.
pub const CHANGE_BUYER: &str = "Change these details";
/// Heading above what follows.
pub const NEXT_TITLE: &str = "What happens next";
/// Heading above a refusal.
pub const CANNOT_ORDER: &str = "This cannot be ordered as it is";
/// For members whose role may not buy.
pub const MAY_NOT_BUY: &str =
    "Your role may not buy for this company. Ask an owner, or somebody who looks after billing, to open this page.";
/// When the price has changed since the page was opened.
pub const PRICE_CHANGED: &str = "The price has changed since you opened this page. Please look at it again.";
/// When an order could not be placed for a reason that is ours.
pub const ORDER_FAILED: &str =
    "The order could not be placed, and nothing was charged. Please try again; if it stays, write to us.";
/// When the plan in the address does not exist.
pub const NO_SUCH_PLAN: &str = "The plan that you followed a link to is not sold any more. Nothing was ordered.";
/// The way to the price list.
pub const TO_PRICE_LIST: &str = "See the price list";

/// What is bought, for how much, and how it goes on: `next` is the day of the next charge, or for what is paid once
/// the last day of its updates.
#[must_use]
pub fn review_lead(
    product: &str,
    plan: &str,
    seats: &str,
    total: Money,
    interval: BillingInterval,
    next: Date,
) -> String {
    let (total, next) = (money(total), documents::date(next));
    match interval {
        BillingInterval::Once => format!(
            "{product}, {plan}, for {seats}: {total} once, before tax. It has no end, and covers every release up to \
             {next}."
        ),
        _ => format!(
            "{product}, {plan}, with {seats}: {total} {} before tax. It begins when you have paid, and renews on \
             {next} unless you cancel.",
            charged(interval)
        ),
    }
}

/// The three steps after the button.
#[must_use]
pub fn next_steps(is_taxed: bool) -> [&'static str; 3] {
    let first = if is_taxed {
        "You enter your card on the payment page of Stripe. The tax of your country is added there."
    } else {
        "You enter your card on the payment page of Stripe."
    };
    [
        first,
        "You come back here, and the license key is on the page within seconds.",
        "Invoice and receipt wait as PDF under Invoices.",
    ]
}

/// The one button: pays.
#[must_use]
pub fn pay_by_card(total: Money) -> String {
    format!("Pay {} by card", money(total))
}

/// Under the button.
#[must_use]
pub fn tax_note(is_taxed: bool) -> &'static str {
    if is_taxed { "Before tax; the tax of your country is added at checkout." } else { "No tax is added." }
}

// ── After paying ────────────────────────────────────────────────────────────────────────────────────

/// Title while the payment is on its way.
pub const WAITING_TITLE: &str = "Waiting for your payment";
/// Title when waiting has not helped.
pub const STILL_WAITING_TITLE: &str = "Your payment has not arrived yet";
/// Lead when waiting has not helped.
pub const STILL_WAITING: &str = "Nothing is lost: as soon as the payment arrives the license is made, and we send you a mail. If you have not \
                                 paid yet, you can do it now.";
/// Looks once more.
pub const LOOK_AGAIN: &str = "Look again";
/// The way back to the payment page.
pub const TO_PAYMENT: &str = "Go to the payment page";
/// Title when the license is there.
pub const READY_TITLE: &str = "Your license is ready";
/// Title when updates were renewed.
pub const RENEWED_TITLE: &str = "Your updates are renewed";
/// Title when the order ended unpaid.
pub const CLOSED_TITLE: &str = "This order was not paid";
/// After an order was given up.
pub const CANCELLED: &str = "This order was cancelled, and nothing was charged. Choose your plan again to order anew.";
/// Begins the same order anew.
pub const ORDER_AGAIN: &str = "Order again";

/// Heading of the steps.
pub const PROGRESS_TITLE: &str = "Your order";
/// The steps of an order while it is on its way.
pub const STEPS: [&str; 3] = ["Payment received", "License being prepared", "Ready"];
/// The same once all are done.
pub const STEPS_DONE: [&str; 3] = ["Payment received", "License prepared", "Ready"];
/// A step's state, for those who do not see its sign: done, running, to come.
pub const STEP_STATES: [&str; 3] = ["done", "in progress", "to come"];
/// Under the running step.
pub const STEP_NOTE: &str = "usually within a few seconds";

/// What was bought, and what to do with it: with the key where it is shown, else on the license's page.
#[must_use]
pub fn ready_lead(product: &str, plan: &str, seats: &str, is_key_shown: bool) -> String {
    let next = if is_key_shown { "Copy the key and start the product with it." } else { KEY_ELSEWHERE };
    format!("{product}, {plan}, with {seats}, is active. {next}")
}

/// Until when releases are covered after updates were renewed.
#[must_use]
pub fn renewed_lead(product: &str, until: Option<Date>) -> String {
    match until {
        Some(day) => format!("{product} may run every release up to {}, for ever.", documents::date(day)),
        None => format!("{product} is renewed."),
    }
}

/// Heading above the key.
pub const KEY_LABEL: &str = "License key";
/// Label of the key's field.
pub const KEY_FIELD: &str = "Your key";
/// Under the key.
pub const KEY_HINT: &str =
    "Keep it like a password: whoever has it can take a seat. You find it again on the license's page.";
/// The copy button: act, done, refused.
pub const COPY_KEY: [&str; 3] = ["Copy key", "License key copied", "Select the key and press Ctrl+C"];
/// The copy button of the snippet: act, done, refused.
pub const COPY_LINES: [&str; 3] = ["Copy lines", "Lines copied", "Select the lines and press Ctrl+C"];
/// Label of the snippet.
pub const START_LABEL: &str = "Start the product";
/// The way to the license.
pub const TO_LICENSE: &str = "Open the license";
/// Where the key is not shown here.
const KEY_ELSEWHERE: &str = "The key can be revealed on the license's page; here it is shown only right after the payment, \
                             to whoever ordered.";

/// Three lines that start the product.
#[must_use]
pub fn start_lines(origin: &str, key: &str, product_code: &str) -> String {
    format!("export LEASEHOLD_SERVER={origin}\nexport LEASEHOLD_LICENSE_KEY={key}\n./{product_code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_their_plural() {
        assert_eq!(seats(LicenseType::Floating, 1), "1 instance");
        assert_eq!(seats(LicenseType::Machine, 2), "2 machines");
        let (one, other) = total_patterns(LicenseType::User, BillingInterval::Year);
        assert_eq!(one, "{total} a year for {seats} user");
        assert_eq!(other, "{total} a year for {seats} users");
    }

    #[test]
    fn the_yearly_tab_says_what_it_saves_only_where_it_is_the_same_for_all() {
        assert_eq!(interval_tab(BillingInterval::Year, Some(2)), "Yearly, 2 months free");
        assert_eq!(interval_tab(BillingInterval::Year, None), "Yearly");
        assert_eq!(interval_tab(BillingInterval::Month, Some(2)), "Monthly");
    }
}
