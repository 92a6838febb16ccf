//! Moments and lengths of time as people say them. Times of day are UTC, and say so.

use super::documents;
use crate::clock::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};

/// `16:02 UTC`.
#[must_use]
pub fn time_of_day(at: UnixMs) -> String {
    format!("{} UTC", at.timestamp().strftime("%H:%M"))
}

/// `14 March 2027`.
#[must_use]
pub fn day(at: UnixMs) -> String {
    documents::date(at.date())
}

/// `today 16:02 UTC`, `tomorrow 09:10 UTC`, or with the date where it is further away.
#[must_use]
pub fn moment(at: UnixMs, now: UnixMs) -> String {
    let time = time_of_day(at);
    let (at_day, today) = (at.date(), now.date());
    if at_day == today {
        format!("today {time}")
    } else if today.yesterday().is_ok_and(|day| day == at_day) {
        format!("yesterday {time}")
    } else if today.tomorrow().is_ok_and(|day| day == at_day) {
        format!("tomorrow {time}")
    } else {
        format!("{}, {time}", documents::date(at_day))
    }
}

/// How long ago it was: `2 min ago`.
#[must_use]
pub fn ago(at: UnixMs, now: UnixMs) -> String {
    match now.0.saturating_sub(at.0) {
        ms if ms < MINUTE_MS => "just now".to_owned(),
        ms => format!("{} ago", length(ms / 1_000)),
    }
}

/// A length of time in its greatest whole unit: `10 min`, `24 h`, `30 days`. Two days and more are days.
#[must_use]
pub fn length(seconds: i64) -> String {
    let ms = seconds.saturating_mul(1_000);
    if ms >= 2 * DAY_MS {
        format!("{} days", ms / DAY_MS)
    } else if ms >= HOUR_MS {
        format!("{} h", ms / HOUR_MS)
    } else if ms >= MINUTE_MS {
        format!("{} min", ms / MINUTE_MS)
    } else {
        format!("{} s", seconds.max(0))
    }
}

/// The moment for machines: RFC 3339 UTC, whole seconds.
#[must_use]
pub fn rfc3339(at: UnixMs) -> String {
    at.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_255_200_000); // 2026-11-21T10:00:00Z

    #[test]
    fn moments_are_told_by_how_near_they_are() {
        for (ms, expected) in [
            (0, "today 10:00 UTC"),
            (-DAY_MS, "yesterday 10:00 UTC"),
            (14 * HOUR_MS, "tomorrow 00:00 UTC"),
            (2 * DAY_MS, "23 November 2026, 10:00 UTC"),
        ] {
            assert_eq!(moment(NOW.plus(ms), NOW), expected);
        }
        assert_eq!(rfc3339(NOW), "2026-11-21T10:00:00Z");
    }

    #[test]
    fn lengths_take_their_greatest_whole_unit() {
        for (seconds, expected) in
            [(0, "0 s"), (59, "59 s"), (600, "10 min"), (86_400, "24 h"), (172_800, "2 days"), (2_592_000, "30 days")]
        {
            assert_eq!(length(seconds), expected);
        }
        assert_eq!(ago(NOW, NOW), "just now");
        assert_eq!(ago(NOW.plus(-3 * HOUR_MS), NOW), "3 h ago");
        assert_eq!(ago(NOW.plus(HOUR_MS), NOW), "just now");
    }
}
