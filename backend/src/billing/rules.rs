//! What a subscription's condition means for its license, and when a change takes effect.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{BillingInterval, LicenseType, Plan, Terms, gives_up_packs};
use crate::clock::{DAY_MS, HOUR_MS, UnixMs};
use crate::ids::PlanId;
use crate::licenses::LicenseStatus;
use crate::licenses::rules::{REASON_CANCELLED, REASON_PAST_DUE};
use crate::stripe::SubscriptionState;

/// How long a license outlives the period that is paid: renewals are charged up to an hour after the
/// period's start, and webhooks may be late.
pub const RENEWAL_SLACK_MS: i64 = 3 * DAY_MS;
/// The reason under which a license waits for its first payment.
pub const REASON_UNPAID: &str = "unpaid";

/// What a license depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Stripe's status.
    pub state: SubscriptionState,
    /// End of the period under way.
    pub period_end: UnixMs,
    /// Ends with that period.
    pub cancel_at_period_end: bool,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
    /// Since when a renewal is unpaid.
    pub past_due_since: Option<UnixMs>,
    /// Days that everything goes on after that.
    pub payment_grace_days: i64,
    /// Paid by transfer, and nothing has arrived yet: Stripe calls such a subscription active.
    pub awaits_first_payment: bool,
}

/// Where its license stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its status.
    pub status: LicenseStatus,
    /// Why.
    pub reason: &'static str,
    /// Its end.
    pub ends_at: Option<UnixMs>,
}

/// What a subscription's condition means for its license at `now`.
#[must_use]
pub fn standing(condition: &Condition, now: UnixMs) -> Standing {
    use SubscriptionState as S;
    let to = |status, reason, ends_at| Standing { status, reason, ends_at: Some(ends_at) };
    let paid_until = condition.period_end;
    match condition.state {
        S::Incomplete | S::IncompleteExpired => to(LicenseStatus::Pending, REASON_UNPAID, paid_until),
        // Late with the first transfer is not behind with a renewal: nothing runs yet that grace could be for.
        S::Trialing | S::Active | S::PastDue | S::Unpaid if condition.awaits_first_payment => {
            to(LicenseStatus::Pending, REASON_UNPAID, paid_until)
        }
        S::Trialing | S::Active if condition.cancel_at_period_end => to(LicenseStatus::Active, "", paid_until),
        S::Trialing | S::Active => to(LicenseStatus::Active, "", paid_until.plus(RENEWAL_SLACK_MS)),
        S::PastDue => {
            let since = condition.past_due_since.unwrap_or(now);
            let grace_end = since.plus(condition.payment_grace_days.saturating_mul(DAY_MS));
            let status = if now < grace_end { LicenseStatus::Active } else { LicenseStatus::Suspended };
            to(status, REASON_PAST_DUE, grace_end)
        }
        S::Unpaid | S::Paused => to(LicenseStatus::Suspended, REASON_PAST_DUE, paid_until),
        S::Canceled => {
            // A renewal that was never paid does not count as paid time.
            let end = condition.ended_at.unwrap_or(now).min(paid_until);
            to(LicenseStatus::Ended, REASON_CANCELLED, end)
        }
    }
}

/// Whether a state counts as owing money for what runs already.
#[must_use]
pub fn is_behind(state: SubscriptionState) -> bool {
    matches!(state, SubscriptionState::PastDue | SubscriptionState::Unpaid)
}

/// Whether a state counts as bringing something in: it is paid, or its renewal is only late.
#[must_use]
pub fn is_earning(state: SubscriptionState) -> bool {
    matches!(state, SubscriptionState::Active | SubscriptionState::PastDue)
}

/// Most characters of a customer's own words.
const COMMENT_MAX_CHARS: usize = 500;

/// The code of a reason to cancel, if it is one that is offered; else empty.
#[must_use]
pub fn known_reason(code: &str) -> String {
    let is_known = crate::text::en::changes::REASONS.iter().any(|(known, _)| *known == code);
    if is_known { code.to_owned() } else { String::new() }
}

/// A customer's own words in the form in which they are kept: lines, at most 500 characters.
#[must_use]
pub fn comment(text: &str) -> String {
    let kept = text.trim().chars().filter(|character| *character == '\n' || !character.is_control());
    kept.take(COMMENT_MAX_CHARS).collect()
}

/// Whether a license under the plan `held` can change to `wanted`, whatever is sold: a license keeps how its seats count, since
/// what holds them, and what the application calls itself, is of that type.
#[must_use]
pub fn keeps_license_type(license_type: LicenseType, held: &PlanId, wanted: &Plan) -> bool {
    wanted.license_type == license_type || wanted.id == *held
}

/// What a subscription is, or shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape<'a> {
    /// How often it is charged.
    pub interval: BillingInterval,
    /// Price of the plan without extra seats, per interval.
    pub base_minor: i64,
    /// Seats.
    pub seats: i64,
    /// Whether it is the same plan as the other shape's.
    pub same_plan: bool,
    /// Codes of its add-ons.
    pub addons: &'a BTreeSet<String>,
    /// How many packs of which limit it has.
    pub packs: &'a BTreeMap<String, i64>,
    /// What it gives the license, with its add-ons and packs.
    pub terms: &'a Terms,
}

/// When a change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// Nothing changes.
    Unchanged,
    /// At once, and the difference is charged at once.
    Now,
    /// With the end of the period that is paid.
    AtPeriodEnd,
}

/// When a change from one shape to another takes effect: whatever takes something away (seats, a lower
/// plan, a year that is paid, an add-on, packs) waits for the end of what is paid; all else is done and charged at once.
#[must_use]
pub fn timing(from: &Shape<'_>, to: &Shape<'_>) -> Timing {
    let same_options = from.addons == to.addons && from.packs == to.packs;
    if to.same_plan && from.interval == to.interval && from.seats == to.seats && same_options {
        return Timing::Unchanged;
    }
    let shorter = from.interval == BillingInterval::Year && to.interval == BillingInterval::Month;
    let lower = !to.same_plan && per_year(to) < per_year(from);
    // What a higher plan makes superfluous takes nothing away.
    let fewer_options = !from.addons.is_subset(to.addons) || gives_up_packs(from.packs, to.packs);
    let given_up = fewer_options && is_less(to.terms, from.terms);
    if to.seats < from.seats || shorter || lower || given_up { Timing::AtPeriodEnd } else { Timing::Now }
}

/// Whether `terms` lack a feature that the others have, or allow less of something.
fn is_less(terms: &Terms, than: &Terms) -> bool {
    let features = than.features.keys().any(|name| !terms.features.contains_key(name));
    let limits = than.limits.iter().any(|(name, had)| match (terms.limits.get(name), had) {
        (Some(-1), _) => false,
        (Some(_), -1) => true,
        (limit, had) => limit.copied().unwrap_or(0) < *had,
    });
    features || limits
}

/// A transfer takes some days: a change that is paid by one is not begun when less than this is left of its period.
const TRANSFER_TAKES_MS: i64 = 7 * DAY_MS;
/// What is left of the period when a change is given up: before the renewal is invoiced, so that this is over what is paid.
const BEFORE_RENEWAL_MS: i64 = DAY_MS;

/// When a change takes effect that is paid by transfer. Billing by the year instead of the month, and what cannot be
/// paid in time, begins with the next period, and is invoiced with it.
#[must_use]
pub fn timing_by_transfer(timing: Timing, keeps_interval: bool, period_end: UnixMs, now: UnixMs) -> Timing {
    let in_time = now.plus(TRANSFER_TAKES_MS + BEFORE_RENEWAL_MS) <= period_end;
    match timing {
        Timing::Now if !keeps_interval || !in_time => Timing::AtPeriodEnd,
        _ => timing,
    }
}

/// When a change that is paid by transfer is given up, unless the money has arrived: just before its invoice is overdue,
/// because Stripe would then call the whole subscription overdue, which is paid.
#[must_use]
pub fn give_up_change_at(due_at: UnixMs, period_end: UnixMs) -> UnixMs {
    due_at.plus(-HOUR_MS).min(period_end.plus(-BEFORE_RENEWAL_MS))
}

/// Yearly plans are cheaper by the month, so plans are compared by what they cost per year. The discount
/// of paying yearly must not make a higher plan look lower: a monthly price counts ten months, which is
/// what yearly plans here usually cost; a tie is no downgrade.
fn per_year(shape: &Shape<'_>) -> i64 {
    match shape.interval {
        BillingInterval::Month => shape.base_minor.saturating_mul(10),
        BillingInterval::Year | BillingInterval::Once => shape.base_minor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_255_200_000);

    #[test]
    fn a_license_changes_to_plans_of_its_type_and_keeps_the_one_it_has() {
        use crate::catalog::PlanKind;
        use crate::orders::rules::tests::plan;
        let (held, other) = (PlanId::from_untrusted("pln_x"), PlanId::from_untrusted("pln_y"));
        for of_license in LicenseType::ALL {
            for of_plan in LicenseType::ALL {
                let wanted = Plan { license_type: *of_plan, ..plan(PlanKind::Subscription, 1, Vec::new()) };
                assert_eq!(keeps_license_type(*of_license, &other, &wanted), of_license == of_plan);
                assert!(keeps_license_type(*of_license, &held, &wanted));
            }
        }
    }

    fn days(days: i64) -> UnixMs {
        NOW.plus(days * DAY_MS)
    }

    fn condition(state: SubscriptionState) -> Condition {
        Condition {
            state,
            period_end: days(20),
            cancel_at_period_end: false,
            ended_at: None,
            past_due_since: None,
            payment_grace_days: 14,
            awaits_first_payment: false,
        }
    }

    #[test]
    fn a_license_stands_as_its_subscription_does() {
        use LicenseStatus as L;
        use SubscriptionState as S;
        let behind = |since| Condition { past_due_since: Some(days(since)), ..condition(S::PastDue) };
        let cases = [
            (condition(S::Incomplete), L::Pending, "unpaid", days(20)),
            (condition(S::IncompleteExpired), L::Pending, "unpaid", days(20)),
            (condition(S::Trialing), L::Active, "", days(23)),
            (condition(S::Active), L::Active, "", days(23)),
            (Condition { awaits_first_payment: true, ..condition(S::Active) }, L::Pending, "unpaid", days(20)),
            (Condition { awaits_first_payment: true, ..condition(S::PastDue) }, L::Pending, "unpaid", days(20)),
            (Condition { cancel_at_period_end: true, ..condition(S::Active) }, L::Active, "", days(20)),
            (condition(S::PastDue), L::Active, "past_due", days(14)),
            (behind(-13), L::Active, "past_due", days(1)),
            (behind(-14), L::Suspended, "past_due", days(0)),
            (Condition { payment_grace_days: 0, ..behind(0) }, L::Suspended, "past_due", days(0)),
            (condition(S::Unpaid), L::Suspended, "past_due", days(20)),
            (condition(S::Paused), L::Suspended, "past_due", days(20)),
            (Condition { ended_at: Some(days(-1)), ..condition(S::Canceled) }, L::Ended, "cancelled", days(-1)),
            (Condition { ended_at: Some(days(90)), ..condition(S::Canceled) }, L::Ended, "cancelled", days(20)),
        ];
        for (condition, status, reason, end) in cases {
            let expected = Standing { status, reason, ends_at: Some(end) };
            assert_eq!(standing(&condition, NOW), expected, "{condition:?}");
        }
    }

    #[test]
    fn a_reason_is_one_that_is_offered_and_a_comment_keeps_its_lines() {
        assert_eq!((known_reason("too_expensive").as_str(), known_reason("<b>").as_str()), ("too_expensive", ""));
        assert_eq!(comment("  one\r\ntwo\u{7}  "), "one\ntwo");
        assert_eq!(comment(&"ä".repeat(600)).chars().count(), 500);
    }

    #[test]
    fn what_a_transfer_cannot_pay_in_time_begins_with_the_next_period() {
        let at = |timing, keeps_interval, left| timing_by_transfer(timing, keeps_interval, days(left), NOW);
        assert_eq!(at(Timing::Now, true, 8), Timing::Now);
        assert_eq!(at(Timing::Now, true, 7), Timing::AtPeriodEnd);
        assert_eq!(at(Timing::Now, false, 30), Timing::AtPeriodEnd);
        assert_eq!(at(Timing::AtPeriodEnd, true, 30), Timing::AtPeriodEnd);
        assert_eq!(at(Timing::Unchanged, true, 1), Timing::Unchanged);
        assert_eq!(give_up_change_at(days(28), days(30)), days(28).plus(-HOUR_MS));
        assert_eq!(give_up_change_at(days(28), days(20)), days(19));
    }

    #[test]
    fn what_takes_away_waits_for_the_end_of_what_is_paid() {
        use BillingInterval::{Month, Year};
        let (addons, packs, terms) = (BTreeSet::new(), BTreeMap::new(), Terms::default());
        let shape = |interval, base_minor, seats, same_plan| {
            let (addons, packs, terms) = (&addons, &packs, &terms);
            Shape { interval, base_minor, seats, same_plan, addons, packs, terms }
        };
        let from = shape(Month, 29_900, 3, true);
        let cases = [
            (shape(Month, 29_900, 3, true), Timing::Unchanged),
            (shape(Month, 29_900, 5, true), Timing::Now),
            (shape(Month, 29_900, 2, true), Timing::AtPeriodEnd),
            (shape(Month, 49_900, 3, false), Timing::Now),
            (shape(Month, 9_900, 3, false), Timing::AtPeriodEnd),
            (shape(Month, 49_900, 2, false), Timing::AtPeriodEnd),
            (shape(Year, 299_000, 3, true), Timing::Now),
            (shape(Year, 499_000, 3, false), Timing::Now),
            (shape(Year, 99_000, 9, false), Timing::AtPeriodEnd),
        ];
        for (to, expected) in cases {
            assert_eq!(timing(&from, &to), expected, "{to:?}");
        }
        let yearly = shape(Year, 299_000, 3, true);
        assert_eq!(timing(&yearly, &shape(Month, 29_900, 3, true)), Timing::AtPeriodEnd);
        assert_eq!(timing(&yearly, &shape(Month, 49_900, 9, false)), Timing::AtPeriodEnd);
    }

    #[test]
    fn an_addon_is_had_at_once_and_given_up_at_the_end_of_what_is_paid() {
        let (none, audit) = (BTreeSet::new(), BTreeSet::from(["audit".to_owned()]));
        let packs = BTreeMap::new();
        let terms = |features: &[&str], devices| Terms {
            features: features.iter().map(|name| ((*name).to_owned(), None)).collect(),
            limits: [("devices".to_owned(), devices)].into(),
            ..Terms::default()
        };
        let (plain, with) = (terms(&[], 100), terms(&["audit"], 150));
        let (has_all, unlimited, lacks, allows_less) =
            (terms(&["audit"], 500), terms(&["audit"], -1), terms(&[], 500), terms(&["audit"], 120));
        let shape = |addons, terms, base_minor, same_plan| {
            let (interval, seats, packs) = (BillingInterval::Month, 1, &packs);
            Shape { interval, base_minor, seats, same_plan, addons, packs, terms }
        };
        let without_it = shape(&none, &plain, 100, true);
        let with_it = shape(&audit, &with, 100, true);
        let higher = |terms| shape(&none, terms, 200, false);
        let cases = [
            (without_it, with_it, Timing::Now),
            (with_it, with_it, Timing::Unchanged),
            (with_it, without_it, Timing::AtPeriodEnd),
            (with_it, higher(&has_all), Timing::Now),
            (with_it, higher(&unlimited), Timing::Now),
            (with_it, higher(&lacks), Timing::AtPeriodEnd),
            (with_it, higher(&allows_less), Timing::AtPeriodEnd),
            (without_it, higher(&lacks), Timing::Now),
        ];
        for (from, to, expected) in cases {
            assert_eq!(timing(&from, &to), expected, "{from:?} {to:?}");
        }
    }

    #[test]
    fn packs_are_had_at_once_and_given_up_at_the_end_of_what_is_paid() {
        let terms = |devices| Terms { limits: [("devices".to_owned(), devices)].into(), ..Terms::default() };
        let packs = |count| BTreeMap::from([("devices".to_owned(), count)]);
        let (addons, none) = (BTreeSet::new(), BTreeMap::new());
        let (two, three) = (packs(2), packs(3));
        let (plain, with_two, with_three, higher, lower) = (terms(100), terms(300), terms(400), terms(400), terms(200));
        let shape = |packs, terms, base_minor, same_plan| {
            let (interval, seats, addons) = (BillingInterval::Month, 1, &addons);
            Shape { interval, base_minor, seats, same_plan, addons, packs, terms }
        };
        let had = shape(&two, &with_two, 100, true);
        let cases = [
            (shape(&two, &with_two, 100, true), Timing::Unchanged),
            (shape(&three, &with_three, 100, true), Timing::Now),
            (shape(&none, &plain, 100, true), Timing::AtPeriodEnd),
            (shape(&none, &higher, 200, false), Timing::Now),
            (shape(&none, &lower, 200, false), Timing::AtPeriodEnd),
        ];
        for (to, expected) in cases {
            assert_eq!(timing(&had, &to), expected, "{to:?}");
        }
    }
}
