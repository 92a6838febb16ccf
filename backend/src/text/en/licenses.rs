//! Licenses in the portal: the list, and what the page of one says about it.

use sdk::lease::{EnforcementPolicy, Stage};

use super::{buying, moments};
use crate::billing::Subscription;
use crate::catalog::{BillingInterval, LicenseType, PlanKind, Terms};
use crate::clock::{DAY_MS, UnixMs};
use crate::licenses::rules::{Inactive, REASON_PAST_DUE, standing};
use crate::licenses::{License, LicenseView};
use crate::money::Money;
use crate::pdf::amounts;

/// Title of the list.
pub const TITLE: &str = "Licenses";
/// Lead of the list.
pub const LEAD: &str = "Each license has one key. The key starts as many instances as the license has seats.";
/// Caption of the list.
pub const CAPTION: &str = "Your licenses";
/// Columns of the list.
pub const COLUMNS: [&str; 5] = ["License", "Status", "Seats", "Last contact", "Next"];
/// Accessible name of the list's pages.
pub const PAGES: &str = "Pages of licenses";
/// Where there are none.
pub const NONE_YET: &str = "You have no license yet. Choose a plan; the key is here as soon as it is paid.";
/// The way to the price list.
pub const TO_PRICES: &str = "Choose a plan";
/// Buys one more license.
pub const BUY_ANOTHER: &str = "Buy another license";
/// Opens a license.
pub const OPEN: &str = "Open";
/// Links to the neighbouring pages of a list.
pub const NEWEST: &str = "Newest";
/// The page after.
pub const OLDER: &str = "Older";

/// `$2,990.00`.
#[must_use]
pub fn amount(money: Money) -> String {
    amounts::format(money.currency, money.amount_minor)
}

/// `a year`; empty for what is paid once.
#[must_use]
pub fn per(interval: BillingInterval) -> &'static str {
    match interval {
        BillingInterval::Month => "a month",
        BillingInterval::Year => "a year",
        BillingInterval::Once => "",
    }
}

fn billed(interval: BillingInterval) -> &'static str {
    match interval {
        BillingInterval::Month => "billed monthly",
        BillingInterval::Year => "billed yearly",
        BillingInterval::Once => "bought once",
    }
}

/// How many are shown.
#[must_use]
pub fn shown(count: usize) -> String {
    if count == 1 { "1 license".to_owned() } else { format!("{count} licenses") }
}

/// A license that has become perpetual keeps the subscription that it had, but is not paid by it any more.
fn paying<'a>(license: &License, subscription: Option<&'a Subscription>) -> Option<&'a Subscription> {
    subscription.filter(|_| license.kind == PlanKind::Subscription)
}

/// Where a license stands, in a word.
#[must_use]
pub fn status(license: &License, subscription: Option<&Subscription>, now: UnixMs) -> &'static str {
    let subscription = paying(license, subscription);
    match standing(license, now) {
        Ok(()) if license.status_reason == REASON_PAST_DUE => "Payment overdue",
        Ok(()) if subscription.is_some_and(|it| it.cancel_at_period_end) => "Cancelled, still active",
        Ok(()) => "Active",
        Err(Inactive::NotPaid) => "Waiting for payment",
        Err(Inactive::NotStarted) => "Not started",
        Err(Inactive::PastDue) => "Suspended, unpaid",
        Err(Inactive::Cancelled) => "Ended",
        Err(Inactive::Expired) => "Expired",
        Err(Inactive::Suspended) => "Suspended",
        Err(Inactive::Revoked) => "Revoked",
    }
}

/// What is true of a license and what happens next, in one sentence: renewal, end, or what to do.
#[must_use]
pub fn what_next(license: &License, subscription: Option<&Subscription>, now: UnixMs) -> String {
    let subscription = paying(license, subscription);
    let ended = license.ends_at.map(moments::day);
    match (standing(license, now), subscription) {
        (Ok(()), Some(it)) if license.status_reason == REASON_PAST_DUE => match license.ends_at {
            Some(end) => format!("A payment is overdue. Everything works until {}; pay before.", moments::day(end)),
            None => format!("A payment is overdue since {}.", moments::day(it.period_start)),
        },
        (Ok(()), Some(it)) if it.cancel_at_period_end => {
            format!("Ends on {} and does not renew. Everything works until then.", moments::day(it.period_end))
        }
        (Ok(()), Some(it)) => {
            let (on, charge) = (moments::day(it.period_end), next_charge(it));
            if charge.amount_minor == 0 {
                return format!("Costs nothing, and goes on by itself on {on}.");
            }
            format!("Renews on {on} for {} before tax.", amount(charge))
        }
        // Issued by hand, or paid by a partner, whose prices are no business of who has the license.
        (Ok(()), None) if license.kind == PlanKind::Subscription => match ended {
            Some(day) => format!("Works until {day}, and longer where it is renewed."),
            None => "Works until further notice.".to_owned(),
        },
        (Ok(()), None) => match license.updates_until {
            Some(until) if until.date() < now.date() => {
                format!("Yours for ever. Updates ended on {}.", moments::day(until))
            }
            Some(until) => format!("Yours for ever, with updates until {}.", moments::day(until)),
            None => "Yours for ever.".to_owned(),
        },
        (Err(Inactive::NotPaid), _) => "Starts as soon as the payment has arrived.".to_owned(),
        (Err(Inactive::NotStarted), _) => format!("Starts on {}.", moments::day(license.starts_at)),
        (Err(Inactive::PastDue), _) => "Nothing new is allowed to run until the open invoice is paid.".to_owned(),
        (Err(Inactive::Cancelled | Inactive::Expired), _) => match ended {
            Some(day) => format!("Ended on {day}. Buy anew from the price list; the key will be a new one."),
            None => "Ended. Buy anew from the price list; the key will be a new one.".to_owned(),
        },
        (Err(Inactive::Suspended), _) => "The vendor has suspended it. Write to us to clear this up.".to_owned(),
        (Err(Inactive::Revoked), _) => "It was revoked and allows nothing any more.".to_owned(),
    }
}

/// What the next renewal costs: with a planned change, what that will cost.
#[must_use]
pub fn next_charge(subscription: &Subscription) -> Money {
    let minor = subscription.scheduled.as_ref().map_or(subscription.recurring_minor, |it| it.0.recurring_minor);
    Money::new(minor, subscription.currency)
}

/// The lead of a license's page: what it is, on how many it runs, what comes next.
#[must_use]
pub fn lead(view: &LicenseView, subscription: Option<&Subscription>, now: UnixMs) -> String {
    let license = &view.license;
    let seats = buying::seats(license.license_type, license.seats);
    let billed = match paying(license, subscription) {
        Some(subscription) => format!(", {}", billed(subscription.billing_interval)),
        None if license.kind == PlanKind::Subscription => String::new(),
        None => format!(", {}", billed(BillingInterval::Once)),
    };
    let runs = match license.license_type {
        LicenseType::Floating => format!("Runs on any {seats} at a time"),
        LicenseType::Machine => format!("Runs on {seats}"),
        LicenseType::User => format!("For {seats}"),
    };
    let next = what_next(license, subscription, now);
    format!("{}, {} plan{billed}. {runs}. {next}", view.product_name, view.plan_name)
}

// ── Facts ───────────────────────────────────────────────────────────────────────────────────────────

/// Accessible name of the way up.
pub const YOU_ARE_HERE: &str = "You are here";
/// Heading of the facts.
pub const FACTS_TITLE: &str = "License";
/// Labels of the facts.
pub const STATUS: &str = "Status";
/// Label.
pub const PLAN: &str = "Plan";
/// Label.
pub const PRICE: &str = "Price";
/// Label.
pub const TYPE: &str = "Type";
/// Label.
pub const FEATURES: &str = "Features";
/// Label.
pub const IF_UNREACHABLE: &str = "If unreachable";
/// Label.
pub const VERSIONS: &str = "Versions";
/// Label.
pub const LICENSE_ID: &str = "License id";

/// What a subscription costs: `$299.00 a month, before tax`.
#[must_use]
pub fn price(subscription: &Subscription) -> String {
    format!("{} {}, before tax", amount(subscription.recurring()), per(subscription.billing_interval))
}

/// How seats are held.
#[must_use]
pub fn license_type(license_type: LicenseType, terms: &Terms) -> String {
    match license_type {
        LicenseType::Floating => format!("Floating, leases of {}", moments::length(terms.lease.lease_s)),
        LicenseType::Machine => {
            format!("By machine; a silent one keeps its seat for {}", moments::length(terms.lease.reclaim_after_s))
        }
        LicenseType::User => "By user, on any number of devices".to_owned(),
    }
}

/// What the product does when it cannot renew its lease: `warns at once and stops after 24 h`.
#[must_use]
pub fn enforcement(policy: &EnforcementPolicy) -> String {
    let stage = |stage| match stage {
        Stage::Warn => "warns",
        Stage::BlockNew => "creates nothing new",
        Stage::LockAdmin => "locks administration",
        Stage::Stop => "stops",
    };
    let step = |(stage, after_s): (&str, i64)| match after_s {
        0 => format!("{stage} at once"),
        after_s => format!("{stage} after {}", moments::length(after_s)),
    };
    let steps: Vec<String> = policy.steps().iter().map(|it| step((stage(it.stage), it.after_s))).collect();
    match steps.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Which versions may run under a subscription.
pub const EVERY_VERSION: &str = "Every release while subscribed";

/// A name of the catalog as people read it: `white_labelling` → `White labelling`.
#[must_use]
pub fn humanised(name: &str) -> String {
    let mut words = name.replace(['_', '-'], " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// How near the end of a feature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureEnd {
    /// It has ended.
    Over,
    /// Within 30 days.
    Soon,
    /// Later.
    Later,
}

/// How near the end of a feature is.
#[must_use]
pub fn feature_tone(end: UnixMs, now: UnixMs) -> FeatureEnd {
    match end.0.saturating_sub(now.0) {
        ms if ms <= 0 => FeatureEnd::Over,
        ms if ms < 30 * DAY_MS => FeatureEnd::Soon,
        _ => FeatureEnd::Later,
    }
}

/// The end of a feature: `until 14 March 2027`.
#[must_use]
pub fn feature_end(end: UnixMs, now: UnixMs) -> String {
    let day = moments::day(end);
    if end <= now { format!("ended on {day}") } else { format!("until {day}") }
}

// ── Use ─────────────────────────────────────────────────────────────────────────────────────────────

/// Heading of the meters.
pub const USE_TITLE: &str = "Use";

/// Whether there is room, in a sentence.
#[must_use]
pub fn use_lead(license_type: LicenseType, held: i64, seats: i64) -> String {
    match (seats - held, held) {
        (free, _) if free < 0 => format!(
            "More seats are held than the license has; what came last is refused at its next check ({} too many).",
            buying::seats(license_type, -free)
        ),
        (0, _) => format!("All seats are taken; one more {} would be refused.", buying::seat_noun(license_type, 1)),
        (free, 0) => format!("Nothing runs under it yet; {} can start.", buying::seats(license_type, free)),
        (free, _) => format!("{free} more {} can start.", buying::seat_noun(license_type, free)),
    }
}

/// That there is no room, whatever is free: the license allows nothing at present.
#[must_use]
pub fn use_lead_inactive(held: i64) -> &'static str {
    if held > 0 {
        "It allows nothing at present; what still holds a seat is refused at its next check."
    } else {
        "It allows nothing at present."
    }
}

/// Whether there is room while a surge is open, in a sentence.
#[must_use]
pub fn use_lead_in_surge(license_type: LicenseType, held: i64, seats: i64, surge: i64) -> String {
    let both = format!("{seats} and {surge} of the surge");
    match seats + surge - held {
        free if free > 0 => {
            format!("{free} more {} can start; counted are {both}.", buying::seat_noun(license_type, free))
        }
        _ => format!("All are taken: {both}. What is on the surge is refused when it closes."),
    }
}

/// Use against a limit; a negative limit is unlimited.
#[must_use]
pub fn meter(used: i64, limit: i64) -> String {
    let (use_words, limit_words) = (number(used), number(limit));
    match limit {
        limit if limit < 0 => format!("{use_words}, unlimited"),
        limit if used > limit => format!("{use_words} of {limit_words}, over the limit"),
        limit if used == limit => format!("{use_words} of {limit_words}, full"),
        _ => format!("{use_words} of {limit_words}"),
    }
}

/// A whole number with its thousands set apart: `1,000`.
#[must_use]
pub fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = if number < 0 { "\u{2212}".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
#[path = "licenses_tests.rs"]
mod tests;
