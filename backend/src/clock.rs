//! Time as a value: milliseconds since the Unix epoch, and the one clock that may be read.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Milliseconds in a second.
pub const SECOND_MS: i64 = 1_000;
/// Milliseconds in a minute.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds in a day of 24 hours.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A node whose clock is further than this from the database's is not ready: it would judge seats by another time than
/// its peers.
pub const MAX_CLOCK_SKEW_MS: i64 = 5 * SECOND_MS;

/// A moment: milliseconds since the Unix epoch, as every time column stores it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[sqlx(transparent)]
#[serde(transparent)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// From whole seconds since the epoch (Stripe's and the lease token's unit).
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND_MS))
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND_MS)
    }

    /// This moment moved by `ms` milliseconds, saturating.
    #[must_use]
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The same moment as a `jiff` timestamp; moments outside jiff's range are clamped to it.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }

    /// The UTC calendar date of this moment.
    #[must_use]
    pub fn date(self) -> Date {
        self.timestamp().to_zoned(TimeZone::UTC).date()
    }

    /// The first moment of a UTC date.
    #[must_use]
    pub fn start_of(date: Date) -> Self {
        Self(date.to_zoned(TimeZone::UTC).map_or(i64::MAX, |zoned| zoned.timestamp().as_millisecond()))
    }
}

impl From<Timestamp> for UnixMs {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_millisecond())
    }
}

impl fmt::Debug for UnixMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp())
    }
}

/// The process's clock: the system's, or the test clock that a file holds.
///
/// A test clock file holds an RFC 3339 instant (time stands still there) or a signed whole number of
/// seconds (time runs, shifted by it). It is read anew each time, so that portal, worker, demo product
/// and Stripe sandbox move together. A missing or empty file means the system's time.
#[derive(Clone, Default)]
pub struct Clock {
    file: Option<Arc<PathBuf>>,
    fixed: Option<Arc<std::sync::atomic::AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that follows a test clock file.
    #[must_use]
    pub fn from_file(path: PathBuf) -> Self {
        Self { file: Some(Arc::new(path)), fixed: None }
    }

    /// A clock that stands still until [`Clock::set`] moves it; for tests within one process.
    #[must_use]
    pub fn fixed(at: UnixMs) -> Self {
        Self { file: None, fixed: Some(Arc::new(std::sync::atomic::AtomicI64::new(at.0))) }
    }

    /// Moves a fixed clock; no effect on the others.
    pub fn set(&self, at: UnixMs) {
        if let Some(fixed) = &self.fixed {
            fixed.store(at.0, std::sync::atomic::Ordering::SeqCst);
        }
    }

    /// The time now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn now(&self) -> UnixMs {
        if let Some(fixed) = &self.fixed {
            return UnixMs(fixed.load(std::sync::atomic::Ordering::SeqCst));
        }
        let system = Timestamp::now();
        let text = self.file.as_ref().and_then(|file| std::fs::read_to_string(file.as_ref()).ok());
        text.and_then(|text| read_test_clock(text.trim(), system)).unwrap_or(system).into()
    }

    /// Whether this is anything but the system's clock.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.file.is_some() || self.fixed.is_some()
    }
}

fn read_test_clock(text: &str, system: Timestamp) -> Option<Timestamp> {
    if text.starts_with(['+', '-']) {
        return system.checked_add(SignedDuration::from_secs(text.parse().ok()?)).ok();
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_test_clock_stands_still_at_an_instant_and_runs_with_an_offset() {
        let system: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        assert_eq!(read_test_clock("2027-01-31T00:00:00Z", system).unwrap().to_string(), "2027-01-31T00:00:00Z");
        assert_eq!(read_test_clock("+86400", system).unwrap().to_string(), "2026-11-22T10:00:00Z");
        assert_eq!(read_test_clock("-60", system).unwrap().to_string(), "2026-11-21T09:59:00Z");
        assert!(read_test_clock("tomorrow", system).is_none());
    }

    #[test]
    fn a_moment_knows_its_utc_date_and_a_date_its_first_moment() {
        let last_second = UnixMs::from("2026-12-31T23:59:59.999Z".parse::<Timestamp>().unwrap());
        assert_eq!(last_second.date().to_string(), "2026-12-31");
        assert_eq!(UnixMs::start_of(last_second.date()).timestamp().to_string(), "2026-12-31T00:00:00Z");
    }
}
