//! A month of a statement.

use std::fmt;

use jiff::civil::Date;

use crate::clock::{HOUR_MS, UnixMs};

/// How long after its end a month counts as going on: what was begun before its end may still be on its way into the
/// database.
const SETTLES_MS: i64 = HOUR_MS;

/// A calendar month in UTC. In addresses it is written `2026-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    first: Date,
}

impl Month {
    /// The month of a moment.
    #[must_use]
    pub fn of(at: UnixMs) -> Self {
        Self { first: at.date().first_of_month() }
    }

    /// Reads `2026-11`; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_written_so = text.len() == 7
            && text.bytes().enumerate().all(|(at, byte)| if at == 4 { byte == b'-' } else { byte.is_ascii_digit() });
        let first = if is_written_so { format!("{text}-01").parse().ok()? } else { return None };
        Some(Self { first })
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> Date {
        self.first
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> UnixMs {
        UnixMs::start_of(self.first)
    }

    /// The first moment after it.
    #[must_use]
    pub fn end(self) -> UnixMs {
        self.first.last_of_month().tomorrow().map_or(UnixMs(i64::MAX), UnixMs::start_of)
    }

    /// The month so many months before.
    #[must_use]
    pub fn before(self, months: usize) -> Self {
        (0..months).fold(self, |month, _| match month.first.yesterday() {
            Ok(day) => Self { first: day.first_of_month() },
            Err(_) => month,
        })
    }

    /// Whether nothing comes to it any more.
    #[must_use]
    pub fn is_closed(self, now: UnixMs) -> bool {
        now >= self.end().plus(SETTLES_MS)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(text: &str) -> UnixMs {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    #[test]
    fn a_month_survives_its_address_and_nothing_else_is_one() {
        for text in ["2026-11", "1999-01", "2028-02"] {
            assert_eq!(Month::parse(text).unwrap().to_string(), text);
        }
        for other in ["", "2026-13", "2026-00", "2026-1", "2026-011", "+026-11", "2026/11", "2026-11-01", "２026-1"] {
            assert_eq!(Month::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_month_ends_where_the_next_begins_and_closes_an_hour_later() {
        let december = Month::of(at("2026-12-31T23:59:59.999Z"));
        assert_eq!(december.to_string(), "2026-12");
        assert_eq!((december.start(), december.end()), (at("2026-12-01T00:00:00Z"), at("2027-01-01T00:00:00Z")));
        assert_eq!(Month::of(december.end()).before(1), december);
        assert_eq!(december.before(12).to_string(), "2025-12");
        assert!(!december.is_closed(at("2027-01-01T00:59:59Z")));
        assert!(december.is_closed(at("2027-01-01T01:00:00Z")));
    }
}
