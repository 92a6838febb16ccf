//! The version rule of perpetual licenses: a build runs for ever if it was released before updates ended.
//!
//! The server applies it on activate and check; the client repeats it offline, so that a build installed while the
//! server is away is judged the same.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// What the version rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// The build may run.
    Covered,
    /// The build was released after this last day of updates.
    NotCovered {
        /// Last covered day, UTC.
        updates_until: Date,
    },
    /// A perpetual license cannot judge a build without a release date.
    ReleaseDateMissing,
}

/// The UTC date of a time in Unix seconds; none beyond the calendar's range.
pub fn utc_date(unix_s: i64) -> Option<Date> {
    Some(TimeZone::UTC.to_datetime(Timestamp::from_second(unix_s).ok()?).date())
}

/// Applies the rule: covered iff `released_on` is on or before the UTC date of `updates_until` (Unix seconds).
///
/// Licenses without `updates_until`, which is all that are not perpetual, cover every version.
pub fn coverage(updates_until: Option<i64>, released_on: Option<Date>) -> Coverage {
    let Some(updates_until) = updates_until else { return Coverage::Covered };
    let Some(released_on) = released_on else { return Coverage::ReleaseDateMissing };
    // Out of range only upwards in practice: a time that no calendar holds covers everything.
    let Some(last_day) = utc_date(updates_until) else { return Coverage::Covered };
    if released_on <= last_day { Coverage::Covered } else { Coverage::NotCovered { updates_until: last_day } }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_whole_last_day_in_utc_is_covered_and_the_next_is_not() {
        // 2027-11-21T00:00:00Z and the last second of that day.
        for until in [1_826_755_200, 1_826_755_200 + 86_399] {
            assert_eq!(coverage(Some(until), Some(date(2027, 11, 21))), Coverage::Covered);
            assert_eq!(
                coverage(Some(until), Some(date(2027, 11, 22))),
                Coverage::NotCovered { updates_until: date(2027, 11, 21) }
            );
        }
    }

    #[test]
    fn subscriptions_cover_every_version_and_perpetual_licenses_want_a_date() {
        assert_eq!(coverage(None, None), Coverage::Covered);
        assert_eq!(coverage(None, Some(date(9999, 1, 1))), Coverage::Covered);
        assert_eq!(coverage(Some(0), None), Coverage::ReleaseDateMissing);
        assert_eq!(coverage(Some(i64::MAX), Some(date(2027, 1, 1))), Coverage::Covered);
    }
}
