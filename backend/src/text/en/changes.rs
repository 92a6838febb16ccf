//! Changing the plan, and cancelling: the pages that change or end what is paid.

use super::{buying, licenses, moments};
use crate::billing::{ChargeNow, PlannedForLater, Subscription};
use crate::catalog::{BillingInterval, Plan};
use crate::clock::UnixMs;
use crate::money::Money;

// ── Change ──────────────────────────────────────────────────────────────────────────────────────────

/// Title.
pub const CHANGE_TITLE: &str = "Change the plan";
/// Heading of the choice.
pub const CHOICE_TITLE: &str = "What it shall be";
/// Label of the plans.
pub const PLAN_LABEL: &str = "Plan";
/// Label of the intervals.
pub const INTERVAL_LABEL: &str = "Billed";
/// Shows what the choice costs.
pub const SHOW_PRICE: &str = "Show the price";
/// The way back.
pub const BACK: &str = "Leave it as it is";
/// Marks the present plan.
pub const PRESENT: &str = "your plan now";
/// Heading of the preview.
pub const PREVIEW_TITLE: &str = "What it costs";
/// Where nothing was chosen yet.
pub const NOTHING_CHOSEN: &str = "Choose, then show the price. Nothing changes before you have seen it and agreed.";
/// Where the choice is what is so already.
pub const UNCHANGED: &str = "That is what you have now. Choose another plan, billing or number.";
/// Where the choice is what is so already, but another one is planned.
pub const UNCHANGED_DROPS: &str = "That is what you have now. You can drop the change that is planned.";
/// Heading above a refusal.
pub const REFUSED_TITLE: &str = "This change cannot be made.";
/// Heading of the list of holders.
pub const HOLDERS_TITLE: &str = "Who holds seats now";
/// Under that list, where there are more.
#[must_use]
pub fn more_holders(count: i64) -> String {
    format!("And {count} more.")
}

/// Where the role may not buy.
pub const MAY_NOT_BUY: &str =
    "Your role may not change what is paid. Ask an owner of your account, or somebody who looks after billing.";
/// When Stripe cannot be asked.
pub const NOT_NOW: &str = "The price cannot be asked for at the moment. Nothing was changed; try again in a minute.";
/// When a cancelled subscription is changed.
pub const STILL_CANCELLING: &str =
    "The subscription stays cancelled: it ends with its period, with this change or without.";
/// Caption of the lines.
pub const LINES: &str = "What is charged now";
/// Columns of the lines.
pub const LINE_COLUMNS: [&str; 2] = ["For", "Amount"];
/// Sums.
pub const SUBTOTAL: &str = "Subtotal";
/// Sums.
pub const DISCOUNT: &str = "Discount";
/// Sums.
pub const TAX: &str = "Tax";
/// Sums.
pub const CREDIT: &str = "Credit used";
/// Sums.
pub const CHARGED_NOW: &str = "Charged now";
/// Sums.
pub const TO_TRANSFER: &str = "To be transferred";
/// Confirms a payment at the bank.
pub const CONFIRM_PAYMENT: &str = "Confirm the payment";

/// What is so now, and how changes work; `bought` are the seats and add-ons.
#[must_use]
pub fn change_lead(plan: &str, bought: &str, subscription: &Subscription) -> String {
    format!(
        "Now: {plan} with {bought}, {}. What adds something costs for the rest of the period only, at once. What takes \
         something away waits for {} and costs nothing now.",
        licenses::price(subscription),
        moments::day(subscription.period_end)
    )
}

/// How an interval is chosen.
#[must_use]
pub fn interval(interval: BillingInterval) -> &'static str {
    buying::interval_name(interval)
}

/// What a plan costs with its included seats.
#[must_use]
pub fn plan_price(price: Money, interval: BillingInterval) -> String {
    format!("{} {}", licenses::amount(price), licenses::per(interval))
}

/// What a plan contains, in one line.
#[must_use]
pub fn plan_contains(plan: &Plan) -> String {
    let mut parts = vec![format!("{} included", buying::seats(plan.license_type, plan.included_seats))];
    parts.extend(plan.terms.limits.iter().map(|(name, limit)| match limit {
        -1 => format!("any number of {}", name.replace('_', " ")),
        limit => format!("{} {}", licenses::number(*limit), name.replace('_', " ")),
    }));
    parts.join(", ")
}

/// When a plan includes more seats than were asked for.
#[must_use]
pub fn raised(plan: &Plan) -> String {
    format!(
        "{} includes {}, so the number was raised.",
        plan.name,
        buying::seats(plan.license_type, plan.included_seats)
    )
}

/// Lead of a change that is charged at once.
#[must_use]
pub fn now_lead(charge: &ChargeNow, plan: &str, seats: &str, interval: BillingInterval) -> String {
    if charge.by_transfer.is_some() {
        return format!(
            "{plan} with {seats}, from the moment at which your transfer has arrived. You get an invoice over {} at once; \
             from then on it costs {} {} before tax. Running instances hear of it at their next check, without a restart.",
            licenses::amount(charge.amount_due),
            licenses::amount(charge.recurring),
            licenses::per(interval)
        );
    }
    format!(
        "{plan} with {seats}, from the moment you agree. {} is charged now; from then on it costs {} {} before tax. \
         Running instances hear of it at their next check, without a restart.",
        licenses::amount(charge.amount_due),
        licenses::amount(charge.recurring),
        licenses::per(interval)
    )
}

/// Lead of a change that waits.
#[must_use]
pub fn later_lead(later: &PlannedForLater, plan: &str, seats: &str, interval: BillingInterval) -> String {
    format!(
        "{plan} with {seats}, from {} on. Nothing is charged now and nothing changes until then; from then on it costs \
         {} {} before tax. You can take it back until that day.",
        moments::day(later.at),
        licenses::amount(later.recurring),
        licenses::per(interval)
    )
}

/// Agrees to what is charged at once.
#[must_use]
pub fn agree_now(amount_due: Money, by_transfer: bool) -> String {
    match (amount_due.amount_minor, by_transfer) {
        (0, _) => "Change now, nothing to pay".to_owned(),
        (_, true) => format!("Order the change for {} by bank transfer", licenses::amount(amount_due)),
        (_, false) => format!("Pay {} now and change", licenses::amount(amount_due)),
    }
}

/// Agrees to what waits.
#[must_use]
pub fn agree_later(at: UnixMs) -> String {
    format!("Change on {}", moments::day(at))
}

// ── Cancel ──────────────────────────────────────────────────────────────────────────────────────────

/// Title.
pub const CANCEL_TITLE: &str = "Cancel the subscription";
/// Heading of what follows.
pub const CANCEL_MEANS: &str = "What happens then";
/// Label of the reason.
pub const REASON_LABEL: &str = "Why do you cancel?";
/// Hint of the reason.
pub const REASON_HINT: &str = "It helps us to do better. You need not say.";
/// Label of the customer's own words.
pub const COMMENT_LABEL: &str = "In your own words";
/// Hint of the customer's own words.
pub const COMMENT_HINT: &str = "What would have kept you? Our staff reads it.";
/// The word beside the label.
pub const OPTIONAL: &str = "optional";
/// Agrees to be written to about it.
pub const MAY_CONTACT: &str = "You may contact me about this";
/// What that means.
pub const MAY_CONTACT_HINT: &str = "Your words become a message that we can answer. Otherwise nobody writes to you.";
/// Goes back.
pub const CANCEL_BACK: &str = "Keep the subscription";
/// Where it is cancelled already.
pub const CANCELLED_ALREADY: &str = "This subscription is cancelled already.";

/// Reasons to cancel: code and words. The first is "none given".
pub const REASONS: [(&str, &str); 6] = [
    ("", "I would rather not say"),
    ("not_needed", "We do not need it any more"),
    ("too_expensive", "It costs too much"),
    ("missing_feature", "Something is missing"),
    ("another_product", "We use another product"),
    ("only_a_test", "It was a trial of ours"),
];

/// A reason in words; `None` where none was given.
#[must_use]
pub fn reason(code: &str) -> Option<&'static str> {
    REASONS.iter().find(|(known, _)| *known == code && !known.is_empty()).map(|(_, words)| *words)
}

/// What is true now and what happens next.
#[must_use]
pub fn cancel_lead(subscription: &Subscription) -> String {
    format!(
        "It is paid until {}. It ends on that day, nothing more is charged, and nothing is paid back.",
        moments::day(subscription.period_end)
    )
}

/// What cancelling means, point by point.
#[must_use]
pub fn cancel_points(subscription: &Subscription, enforcement: &str) -> Vec<String> {
    let end = moments::day(subscription.period_end);
    let mut points = vec![
        format!("Until {end} everything works as before, with the same key."),
        format!("On {end} no more leases are given out; without one the product {enforcement}."),
        "You can take it back on the license's page until that day.".to_owned(),
        "Invoices and documents stay here for you.".to_owned(),
    ];
    if subscription.scheduled.is_some() {
        points.insert(1, DROPS_PLANNED_NOW.to_owned());
    }
    points
}

/// When a change is planned that cancelling drops.
pub const DROPS_PLANNED_NOW: &str =
    "The change that is planned for that day falls away now; taking the cancellation back does not bring it back.";

/// Cancels.
#[must_use]
pub fn cancel_submit(subscription: &Subscription) -> String {
    format!("Cancel on {}", moments::day(subscription.period_end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    const NOW: UnixMs = UnixMs(1_795_255_200_000); // 2026-11-21T10:00:00Z

    #[test]
    fn the_button_says_what_is_paid() {
        let usd = |minor| Currency::parse("usd").map(|usd| Money::new(minor, usd));
        let said = |minor, by_transfer| usd(minor).map(|due| agree_now(due, by_transfer)).unwrap_or_default();
        assert_eq!(said(29_800, false), "Pay $298.00 now and change");
        assert_eq!(said(29_800, true), "Order the change for $298.00 by bank transfer");
        assert_eq!(said(0, false), "Change now, nothing to pay");
        assert_eq!(agree_later(NOW), "Change on 21 November 2026");
    }
}
