//! What staff may issue and extend by hand: seats, last days, reasons. Days are UTC dates.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Inactive, License, standing};
use crate::catalog::{Plan, PlanKind};
use crate::clock::UnixMs;
use crate::licenses::LicenseStatus;

/// Most years from today to the last day of anything that is issued or extended by hand.
pub const MOST_YEARS: i16 = 30;

/// What is wrong with what staff typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// There is no such customer.
    NoCustomer,
    /// There is no such plan.
    NoPlan,
    /// The plan has other numbers of seats.
    Seats {
        /// At least so many.
        min: i64,
        /// At most so many.
        max: i64,
    },
    /// It is no day.
    NoDay,
    /// The day does not lie after the one before it.
    NotLater {
        /// The day that it must lie after.
        after: Date,
    },
    /// The day lies more than [`MOST_YEARS`] ahead.
    TooFar,
    /// There is no reason.
    NoReason,
}

/// The end of a license, or of its updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// First moment after it; `None` for ever.
    pub ends_at: Option<UnixMs>,
    /// Perpetual: releases dated on or before the UTC date of this moment are covered.
    pub updates_until: Option<UnixMs>,
}

impl Term {
    /// The term whose last day is `last`: of validity where the plan is rented, of updates where it is bought.
    #[must_use]
    pub fn until(kind: PlanKind, last: Date) -> Self {
        match kind {
            PlanKind::Subscription => {
                let after = last.tomorrow().unwrap_or(last);
                Self { ends_at: Some(UnixMs::start_of(after)), updates_until: None }
            }
            PlanKind::Perpetual => Self { ends_at: None, updates_until: Some(UnixMs::start_of(last)) },
        }
    }
}

/// Whether a license under the plan can have so many seats.
///
/// # Errors
/// [`Fault::Seats`].
pub fn check_seats(plan: &Plan, seats: i64) -> Result<(), Fault> {
    let (min, max) = (plan.included_seats.max(1), plan.max_seats);
    if (min..=max).contains(&seats) { Ok(()) } else { Err(Fault::Seats { min, max }) }
}

/// Whether `last` can be the last day of something that went to `before`; it never ends today or earlier.
///
/// # Errors
/// [`Fault::NotLater`], [`Fault::TooFar`].
pub fn check_day(last: Date, before: Option<Date>, today: Date) -> Result<(), Fault> {
    let after = before.map_or(today, |before| before.max(today));
    if last <= after {
        return Err(Fault::NotLater { after });
    }
    let furthest = today.checked_add(i64::from(MOST_YEARS).years()).unwrap_or(Date::MAX);
    if last > furthest { Err(Fault::TooFar) } else { Ok(()) }
}

/// The reason in the form in which it is kept.
///
/// # Errors
/// [`Fault::NoReason`].
pub fn check_reason(typed: &str) -> Result<String, Fault> {
    let reason = super::reason(typed);
    if reason.is_empty() { Err(Fault::NoReason) } else { Ok(reason) }
}

/// Why staff cannot extend a license.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotExtendable {
    /// Its end is the end of what its subscription has paid.
    FollowsSubscription,
    /// It grants nothing again.
    Revoked,
    /// It was never paid, so nothing of it has begun.
    NotPaid,
    /// It was bought for ever, never paid, and has ended with its order.
    NeverPaid,
    /// It has no end.
    NoEnd,
}

/// The last day that a license has now, which can be moved: of its validity, or of its updates.
///
/// # Errors
/// [`NotExtendable`].
pub fn extendable(license: &License, has_subscription: bool, now: UnixMs) -> Result<Date, NotExtendable> {
    if standing(license, now) == Err(Inactive::Revoked) {
        return Err(NotExtendable::Revoked);
    }
    if license.status == LicenseStatus::Pending {
        return Err(NotExtendable::NotPaid);
    }
    match license.kind {
        // Nothing else ends what was bought for ever.
        PlanKind::Perpetual if license.status == LicenseStatus::Ended => Err(NotExtendable::NeverPaid),
        PlanKind::Perpetual => license.updates_until.map(UnixMs::date).ok_or(NotExtendable::NoEnd),
        PlanKind::Subscription if has_subscription => Err(NotExtendable::FollowsSubscription),
        // The end is the first moment after the last day.
        PlanKind::Subscription => license.ends_at.map(|end| end.plus(-1).date()).ok_or(NotExtendable::NoEnd),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use jiff::civil::date;

    use super::super::tests::license;
    use super::*;
    use crate::licenses::VendorStanding;

    #[test]
    fn the_last_day_is_worked_to_its_end() {
        let last = date(2027, 2, 28);
        let rented = Term::until(PlanKind::Subscription, last);
        assert_eq!(rented.ends_at.unwrap().timestamp().to_string(), "2027-03-01T00:00:00Z");
        assert_eq!(rented.updates_until, None);
        let bought = Term::until(PlanKind::Perpetual, last);
        assert_eq!((bought.ends_at, bought.updates_until.unwrap().date()), (None, last));
    }

    #[test]
    fn a_last_day_lies_after_today_and_after_the_one_before() {
        let today = date(2026, 11, 21);
        let later = |after| Err(Fault::NotLater { after });
        for (last, before, expected) in [
            (today, None, later(today)),
            (date(2026, 11, 22), None, Ok(())),
            (date(2027, 1, 1), Some(date(2027, 1, 1)), later(date(2027, 1, 1))),
            (date(2027, 1, 2), Some(date(2027, 1, 1)), Ok(())),
            (today, Some(date(2020, 1, 1)), later(today)),
            (date(2056, 11, 21), None, Ok(())),
            (date(2056, 11, 22), None, Err(Fault::TooFar)),
        ] {
            assert_eq!(check_day(last, before, today), expected, "{last} after {before:?}");
        }
    }

    #[test]
    fn what_a_subscription_pays_is_never_extended_by_hand() {
        let now = UnixMs(1_500);
        let rented = license(LicenseStatus::Active, "");
        assert_eq!(extendable(&rented, true, now), Err(NotExtendable::FollowsSubscription));
        assert_eq!(extendable(&rented, false, now), Ok(UnixMs(1_999).date()));
        // One that has run out can be extended too.
        assert!(extendable(&rented, false, UnixMs(5_000)).is_ok());
        let bought =
            License { kind: PlanKind::Perpetual, ends_at: None, updates_until: Some(UnixMs(1_000)), ..rented.clone() };
        for has_subscription in [false, true] {
            assert_eq!(extendable(&bought, has_subscription, now), Ok(UnixMs(1_000).date()));
        }
        let revoked = License { vendor_standing: VendorStanding::Revoked, ..bought.clone() };
        assert_eq!(extendable(&revoked, false, now), Err(NotExtendable::Revoked));
        let unpaid = License { status: LicenseStatus::Pending, ..bought.clone() };
        assert_eq!(extendable(&unpaid, false, now), Err(NotExtendable::NotPaid));
        let given_up = License { status: LicenseStatus::Ended, ..bought };
        assert_eq!(extendable(&given_up, false, now), Err(NotExtendable::NeverPaid));
        let over = License { status: LicenseStatus::Ended, ..rented };
        assert!(extendable(&over, false, now).is_ok(), "one that was issued and has run out goes on");
    }

    #[test]
    fn a_reason_is_asked_for() {
        assert_eq!(check_reason(" \n\u{0} "), Err(Fault::NoReason));
        assert_eq!(check_reason(" a gift ").as_deref(), Ok("a gift"));
    }
}
