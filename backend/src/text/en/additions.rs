//! What is added to a perpetual license: years of updates, and seats.

use jiff::civil::Date;

use super::{buying, documents, licenses, moments};
use crate::catalog::LicenseType;
use crate::clock::UnixMs;
use crate::mail::{Letter, Sender};
use crate::money::Money;
use crate::orders::rules::ChoiceProblem;

/// Label of the license.
pub const LICENSE: &str = "License";
/// Goes back.
pub const BACK: &str = "Not now";
/// After the payment page could not be opened.
pub const TRY_AGAIN: &str = super::orders::TRY_AGAIN;
/// Opens the license.
const OPEN_LICENSE: &str = "Open the license";

// ── Years of updates ────────────────────────────────────────────────────────────────────────────────

/// Title.
pub const UPDATES_TITLE: &str = "Renew updates";
/// Accessible name of the choice of years.
pub const YEARS_LABEL: &str = "How many years";
/// Labels of what becomes of the end of updates: now, and then.
pub const UPDATES_LABELS: [&str; 2] = ["Included until now", "Included then"];
/// Where updates cannot be renewed.
pub const UPDATES_NOT_OFFERED: &str = "Updates of this license are not sold any more. Please write to us.";

/// `1 year`, `3 years`.
#[must_use]
pub fn years(count: i16) -> String {
    if count == 1 { "1 year".to_owned() } else { format!("{count} years") }
}

/// Heading of what is ordered.
#[must_use]
pub fn updates_order(count: i16) -> String {
    if count == 1 { "One more year of updates".to_owned() } else { format!("{count} more years of updates") }
}

/// What so many years more bring, counted from the old date.
#[must_use]
pub fn updates_lead(old: UnixMs, new: UnixMs, count: i16, now: UnixMs) -> String {
    let (old_day, new_day) = (moments::day(old), moments::day(new));
    let more = if count == 1 { "A year more".to_owned() } else { format!("{count} years more") };
    let [count_from, reach] = if count == 1 { ["counts", "reaches"] } else { ["count", "reach"] };
    if old.date() >= now.date() {
        return format!(
            "Updates are included until {old_day}. {more} {reach} to {new_day}; every release published until then may run \
             for ever."
        );
    }
    let is = if new.date() < now.date() { ", which is over as well" } else { "" };
    let it = if count == 1 { "it" } else { "they" };
    format!(
        "Updates ended on {old_day}. {more} {count_from} from that day, so {it} {reach} to {new_day}{is}; every release \
         published until then may run for ever."
    )
}

/// Tells that updates were renewed.
#[must_use]
pub fn updates_renewed(sender: &Sender, product: &str, plan: &str, until: Option<Date>, page: &str) -> Letter {
    let day = until.map(documents::date);
    let until = day.as_ref().map_or_else(String::new, |day| format!(" up to {day}"));
    let mut facts = about(product, plan);
    facts.extend(day.map(|day| ("Updates until".to_owned(), day)));
    Letter {
        subject: format!("Your updates for {product} are renewed"),
        heading: "Your updates are renewed".to_owned(),
        paragraphs: vec![format!(
            "Thank you. Your payment has arrived, and {product} may run every release{until}, for ever. Running instances \
             hear of it at their next check."
        )],
        facts,
        button: Some((OPEN_LICENSE.to_owned(), page.to_owned())),
        reason: format!("You get this mail because you renewed updates from {}.", sender.name),
        ..Letter::default()
    }
}

// ── Seats ───────────────────────────────────────────────────────────────────────────────────────────

/// Title of the page, and the act that leads to it.
#[must_use]
pub fn seats_title(license_type: LicenseType) -> String {
    format!("Add {}", buying::seat_noun(license_type, 2))
}

/// What there is now, and what further seats share with it.
#[must_use]
pub fn seats_lead(license_type: LicenseType, now: i64, updates_until: Option<UnixMs>) -> String {
    let there = buying::seats(license_type, now);
    let has = if now == 1 { "is" } else { "are" };
    let further = match license_type {
        LicenseType::Floating => "Further ones",
        LicenseType::Machine => "Further machines",
        LicenseType::User => "Further users",
    };
    let updates = updates_until.map_or_else(String::new, |until| {
        format!(", and the updates, which are included until {}", moments::day(until))
    });
    format!("There {has} {there} now. {further} share the key with them{updates}.")
}

/// Label of the number.
#[must_use]
pub fn more_label(license_type: LicenseType) -> String {
    format!("Further {}", buying::seat_noun(license_type, 2))
}

/// Label of the number after the order.
#[must_use]
pub fn then_label(license_type: LicenseType) -> String {
    format!("{} then", buying::seats_label(license_type))
}

/// Heading of what is ordered.
#[must_use]
pub fn seats_order(license_type: LicenseType, more: i64) -> String {
    match more {
        1 => format!("One more {}", buying::seat_noun(license_type, 1)),
        more => format!("{more} more {}", buying::seat_noun(license_type, more)),
    }
}

/// Where no more seats are sold.
pub const SEATS_NOT_OFFERED: &str = "More seats are not sold for this license. Please write to us.";
/// Above a number that cannot be bought.
pub const CANNOT_ORDER: &str = "This cannot be ordered.";
/// When a number of further seats cannot be bought: `max` is how many there can be, of which there are `now`.
#[must_use]
pub fn cannot_add(problem: &ChoiceProblem, license_type: LicenseType, now: i64) -> String {
    match problem {
        ChoiceProblem::TooFewSeats { .. } => "Enter 1 or more.".to_owned(),
        ChoiceProblem::TooManySeats { max } => format!(
            "This plan has at most {}. Enter {} or fewer, or write to us for more.",
            buying::seats(license_type, *max),
            max.saturating_sub(now)
        ),
        other => super::orders::choice_problem(other),
    }
}

/// Where the license cannot have more seats.
pub const FULL: &str = "This license has as many as its plan can have. Please write to us for more.";

/// Where updates renew by themselves, which they will not with other seats.
#[must_use]
pub fn ends_auto_renewal(year: Money) -> String {
    format!(
        "Updates renew automatically for {} a year. That was agreed to for the seats that there are now, so adding more \
         switches it off; you can switch it on again afterwards.",
        licenses::amount(year)
    )
}

/// What ordering by transfer means.
#[must_use]
pub fn seats_instead(due: Date, void: Date) -> String {
    format!(
        "You get an invoice at once, to be paid by {}. The seats are there as soon as the money is. An order that is not \
         paid by {} is cancelled.",
        documents::date(due),
        documents::date(void)
    )
}

/// Title after paying.
#[must_use]
pub fn seats_added_title(license_type: LicenseType) -> String {
    format!("Your {} are there", buying::seat_noun(license_type, 2))
}

/// What there is after paying.
#[must_use]
pub fn seats_added_lead(product: &str, license_type: LicenseType, now: i64) -> String {
    format!("{product} may have {} from now on, with the key that you have.", buying::seats(license_type, now))
}

/// Tells that `more` seats were added, and how many there are now.
#[must_use]
pub fn seats_added(
    sender: &Sender,
    product: &str,
    plan: &str,
    license_type: LicenseType,
    (more, now): (i64, i64),
    page: &str,
) -> Letter {
    let mut facts = about(product, plan);
    facts.push((buying::seats_label(license_type).to_owned(), now.to_string()));
    Letter {
        subject: format!("{} for {product}", seats_order(license_type, more)),
        heading: seats_added_title(license_type),
        paragraphs: vec![format!(
            "Thank you. Your payment has arrived. {}",
            seats_added_lead(product, license_type, now)
        )],
        facts,
        button: Some((OPEN_LICENSE.to_owned(), page.to_owned())),
        reason: format!("You get this mail because you bought seats from {}.", sender.name),
        ..Letter::default()
    }
}

fn about(product: &str, plan: &str) -> Vec<(String, String)> {
    vec![("Product".to_owned(), product.to_owned()), ("Plan".to_owned(), plan.to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY_MS;

    const NOW: UnixMs = UnixMs(1_795_255_200_000); // 2026-11-21T10:00:00Z

    #[test]
    fn a_late_renewal_says_that_it_counts_from_the_old_date() {
        let year = 365 * DAY_MS;
        let lead =
            |old: i64, count: i16| updates_lead(NOW.plus(old), NOW.plus(old + i64::from(count) * year), count, NOW);
        assert!(lead(-DAY_MS, 1).contains("A year more counts from that day, so it reaches"));
        assert!(lead(-DAY_MS, 3).contains("3 years more count from that day, so they reach"));
        assert!(lead(-2 * year, 1).contains("which is over as well"));
        assert!(!lead(-DAY_MS, 1).contains("over as well"));
        assert!(lead(DAY_MS, 1).contains("are included until"));
    }

    #[test]
    fn seats_are_named_as_their_kind_is() {
        use LicenseType::{Floating, Machine, User};
        assert_eq!(seats_title(Machine), "Add machines");
        let too_many = cannot_add(&ChoiceProblem::TooManySeats { max: 100 }, Machine, 1);
        assert_eq!(too_many, "This plan has at most 100 machines. Enter 99 or fewer, or write to us for more.");
        assert_eq!(
            (seats_order(User, 1), seats_order(Floating, 3)),
            ("One more user".to_owned(), "3 more instances".to_owned())
        );
        assert_eq!(
            seats_lead(Floating, 1, Some(NOW)),
            "There is 1 instance now. Further ones share the key with them, and the updates, which are included until 21 \
             November 2026."
        );
    }
}
