//! When the end of updates is worth a word, and how many years a late renewal takes.

use crate::clock::{DAY_MS, UnixMs};
use crate::licenses::rules::updates_after_renewal;

/// Days before the end of updates at which it is mailed of, earliest first.
pub const REMINDERS_DAYS: [i64; 3] = [60, 30, 7];
/// How long before it the portal mentions the end of updates.
pub const NOTICE_MS: i64 = 60 * DAY_MS;
/// Most years that can be renewed at once.
pub const MAX_YEARS: i16 = 5;

/// Stripe takes a first charge only when it lies this far ahead.
pub const FIRST_CHARGE_AHEAD_MS: i64 = 2 * DAY_MS;

/// Whether updates can still be made to renew by themselves from their end on: an end that is near, or past, has to be
/// renewed by hand first.
#[must_use]
pub fn can_renew_by_itself(updates_until: UnixMs, now: UnixMs) -> bool {
    updates_until > now.plus(FIRST_CHARGE_AHEAD_MS)
}

/// Which reminder is due at `now`, by its days: the latest whose time has come, none once updates have ended.
#[must_use]
pub fn reminder_due(updates_until: UnixMs, now: UnixMs) -> Option<i64> {
    if updates_until <= now {
        return None;
    }
    REMINDERS_DAYS.iter().rev().copied().find(|days| updates_until.plus(-days * DAY_MS) <= now)
}

/// The fewest years whose renewal covers today, counted from the old end: 1 while updates last. More than
/// [`MAX_YEARS`] takes several orders.
#[must_use]
pub fn years_to_today(updates_until: UnixMs, now: UnixMs) -> i16 {
    (1..=200).find(|years| updates_after_renewal(updates_until, *years).date() >= now.date()).unwrap_or(i16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMs {
        text.parse::<jiff::Timestamp>().map_or(UnixMs(0), UnixMs::from)
    }

    #[test]
    fn the_end_of_updates_is_mailed_of_sixty_thirty_and_seven_days_before_and_not_after() {
        let until = at("2028-02-29T10:00:00Z");
        let cases = [
            (-61, None),
            (-60, Some(60)),
            (-31, Some(60)),
            (-30, Some(30)),
            (-8, Some(30)),
            (-7, Some(7)),
            (-1, Some(7)),
            (0, None),
            (400, None),
        ];
        for (days, expected) in cases {
            assert_eq!(reminder_due(until, until.plus(days * DAY_MS)), expected, "{days}");
        }
    }

    #[test]
    fn a_late_renewal_takes_as_many_years_as_reach_today() {
        let until = at("2024-02-29T10:00:00Z");
        let cases = [
            ("2023-12-01T00:00:00Z", 1),
            ("2024-03-01T00:00:00Z", 1),
            ("2025-02-28T23:59:59Z", 1),
            ("2025-03-01T00:00:00Z", 2),
            ("2028-02-29T00:00:00Z", 4),
            ("2028-03-01T00:00:00Z", 5),
            ("2029-03-01T00:00:00Z", 6),
        ];
        for (now, expected) in cases {
            assert_eq!(years_to_today(until, at(now)), expected, "{now}");
        }
    }
}
