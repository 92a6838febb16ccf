//! When a card ends, and when that is worth a word.

use jiff::{ToSpan as _, civil::Date};

use super::Card;
use crate::clock::{DAY_MS, UnixMs};

/// How long before its end a card is mentioned in the portal.
pub const CARD_NOTICE_MS: i64 = 30 * DAY_MS;
/// How long before its end a card is warned of by mail, earliest first.
pub const CARD_WARNINGS_DAYS: [i64; 2] = [30, 7];

/// The first moment after the month in which a card can last be charged; `None` for a month that does not exist.
#[must_use]
pub fn ends_at(card: &Card) -> Option<UnixMs> {
    let first = Date::new(i16::try_from(card.exp_year).ok()?, i8::try_from(card.exp_month).ok()?, 1).ok()?;
    Some(UnixMs::start_of(first.checked_add(1.month()).ok()?))
}

/// Which of the warnings is due at `now`, by its days: the latest whose time has come, none once the card has ended.
#[must_use]
pub fn warning_due(ends_at: UnixMs, now: UnixMs) -> Option<i64> {
    if ends_at <= now {
        return None;
    }
    CARD_WARNINGS_DAYS.iter().rev().copied().find(|days| ends_at.plus(-days * DAY_MS) <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(exp_month: i64, exp_year: i64) -> Card {
        Card { payment_method_id: String::new(), brand: String::new(), last4: String::new(), exp_month, exp_year }
    }

    #[test]
    fn a_card_ends_with_the_last_moment_of_its_month() {
        let ends = |month, year| ends_at(&card(month, year)).map(|at| at.timestamp().to_string());
        assert_eq!(ends(12, 2026).as_deref(), Some("2027-01-01T00:00:00Z"));
        assert_eq!(ends(2, 2028).as_deref(), Some("2028-03-01T00:00:00Z"));
        assert_eq!(ends(13, 2027), None);
        assert_eq!(ends(0, 2027), None);
        assert_eq!(ends(1, 99_999), None);
    }

    #[test]
    fn a_card_is_warned_of_thirty_and_seven_days_before_its_month_ends_and_not_after() {
        let end = UnixMs(1_900_000_000_000);
        let cases = [
            (-31 * DAY_MS, None),
            (-30 * DAY_MS - 1, None),
            (-30 * DAY_MS, Some(30)),
            (-8 * DAY_MS, Some(30)),
            (-7 * DAY_MS, Some(7)),
            (-1, Some(7)),
            (0, None),
            (DAY_MS, None),
        ];
        for (ms, expected) in cases {
            assert_eq!(warning_due(end, end.plus(ms)), expected, "{ms}");
        }
    }
}
