//! Billing periods: counted from the anchor, so that a 31st comes back after February.
//! <https://docs.stripe.com/billing/subscriptions/billing-cycle>

use jiff::{Span, Timestamp, tz::TimeZone};

/// `anchor` plus `count` intervals (`day`, `week`, `month`, `year`), in Unix seconds UTC; a day that the month lacks
/// becomes its last one.
pub(crate) fn after(anchor: i64, interval: &str, count: i64) -> i64 {
    let span = match interval {
        "day" => Span::new().try_days(count),
        "week" => Span::new().try_weeks(count),
        "year" => Span::new().try_years(count),
        _ => Span::new().try_months(count),
    };
    Timestamp::from_second(anchor)
        .ok()
        .zip(span.ok())
        .and_then(|(instant, span)| instant.to_zoned(TimeZone::UTC).checked_add(span).ok())
        .map_or(anchor, |zoned| zoned.timestamp().as_second())
}

/// The first boundary after `moment` in the raster that `anchor` and the interval span.
pub(crate) fn next_boundary(anchor: i64, interval: &str, interval_count: i64, moment: i64) -> i64 {
    let step = interval_count.max(1);
    (1..).map(|number| after(anchor, interval, number * step)).find(|boundary| *boundary > moment).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use jiff::Timestamp;

    use super::{after, next_boundary};

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn a_month_end_anchor_clamps_and_comes_back() {
        let anchor = at("2027-01-31T09:30:00Z");
        assert_eq!(after(anchor, "month", 1), at("2027-02-28T09:30:00Z"));
        assert_eq!(after(anchor, "month", 2), at("2027-03-31T09:30:00Z"));
        assert_eq!(after(anchor, "month", 13), at("2028-02-29T09:30:00Z"));
        assert_eq!(next_boundary(anchor, "month", 1, at("2027-02-28T09:30:00Z")), at("2027-03-31T09:30:00Z"));
    }

    #[test]
    fn a_leap_day_anchor_renews_on_the_28th_in_common_years() {
        assert_eq!(after(at("2028-02-29T00:00:00Z"), "year", 1), at("2029-02-28T00:00:00Z"));
        assert_eq!(after(at("2028-02-29T00:00:00Z"), "year", 4), at("2032-02-29T00:00:00Z"));
    }
}
