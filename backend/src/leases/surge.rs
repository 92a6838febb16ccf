//! The surge of a license: seats beyond the bought ones, for a short while. Pure.
//!
//! It opens with the first activation beyond the seats, closes after the plan's minutes, and may open again a day
//! after it opened. Nothing that happens in between moves its end.

use crate::clock::{DAY_MS, MINUTE_MS, UnixMs};
use crate::licenses::License;

/// How long after it opened a surge may open again.
pub const REOPENS_AFTER_MS: i64 = DAY_MS;

/// A license's surge: what the plan allows, and when it was last opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surge {
    /// Seats beyond the license's; 0 where the plan has no surge.
    pub seats: i64,
    /// How long it stays open.
    pub minutes: i64,
    /// When it was last opened.
    pub opened_at: Option<UnixMs>,
}

impl Surge {
    /// The surge of this license.
    #[must_use]
    pub fn of(license: &License) -> Self {
        let terms = &license.terms;
        Self { seats: terms.surge_seats, minutes: terms.surge_minutes, opened_at: license.surge_opened_at }
    }

    /// The end of the surge that is open at `now`. Leases end in whole seconds, so one that ends within this second
    /// is over.
    #[must_use]
    pub fn closes_at(self, now: UnixMs) -> Option<UnixMs> {
        let closes_at = self.end_of(self.opened_at?);
        (self.exists() && now.seconds() < closes_at.seconds()).then_some(closes_at)
    }

    /// The end of a surge opened at `now`, if one may open.
    #[must_use]
    pub fn opens_until(self, now: UnixMs) -> Option<UnixMs> {
        let may_open = self.opened_at.is_none_or(|at| at.plus(REOPENS_AFTER_MS) <= now);
        (self.exists() && may_open).then(|| self.end_of(now))
    }

    fn exists(self) -> bool {
        self.seats > 0 && self.minutes > 0
    }

    fn end_of(self, opened_at: UnixMs) -> UnixMs {
        opened_at.plus(self.minutes.saturating_mul(MINUTE_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surge_closes_after_its_minutes_and_opens_again_a_day_after_it_opened() {
        let surge = |opened_at| Surge { seats: 1, minutes: 60, opened_at };
        let at = |minutes: i64| UnixMs(minutes * MINUTE_MS);
        for (opened_at, now, closes_at, opens_until) in [
            (None, at(0), None, Some(at(60))),
            (Some(at(0)), at(0), Some(at(60)), None),
            (Some(at(0)), UnixMs(at(60).0 - 1_000), Some(at(60)), None),
            (Some(at(0)), at(60), None, None),
            (Some(at(0)), UnixMs(at(24 * 60).0 - 1), None, None),
            (Some(at(0)), at(24 * 60), None, Some(at(25 * 60))),
            // A clock that went back neither prolongs an open surge nor opens another.
            (Some(at(10)), at(0), Some(at(70)), None),
        ] {
            let surge = surge(opened_at);
            assert_eq!(
                (surge.closes_at(now), surge.opens_until(now)),
                (closes_at, opens_until),
                "{opened_at:?} {now:?}"
            );
        }
    }

    #[test]
    fn a_plan_without_surge_never_opens_one_even_if_it_had_one_before() {
        let none = Surge { seats: 0, minutes: 0, opened_at: Some(UnixMs(0)) };
        assert_eq!((none.closes_at(UnixMs(1)), none.opens_until(UnixMs(2 * DAY_MS))), (None, None));
    }
}
