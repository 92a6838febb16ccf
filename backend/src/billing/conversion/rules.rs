//! What of the money that a subscription was paid with is unused: pure arithmetic.

use crate::clock::UnixMs;
use crate::stripe::StripeInvoice;

/// An invoice of a subscription that is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PaidInvoice {
    /// With tax.
    pub(super) total_minor: i64,
    /// What was given back of it, with tax.
    pub(super) given_back_minor: i64,
    /// What it charges, and what it credits of an earlier one.
    pub(super) lines: Vec<PaidLine>,
}

/// One line of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PaidLine {
    /// After discounts, without tax; negative for a credit.
    pub(super) net_minor: i64,
    /// The time that it is for.
    pub(super) starts_at: UnixMs,
    /// Its end.
    pub(super) ends_at: UnixMs,
}

impl PaidInvoice {
    /// From Stripe's, and what was given back of it, with tax.
    pub(super) fn new(invoice: &StripeInvoice, given_back_minor: i64) -> Self {
        let lines = invoice.lines.iter().map(|line| PaidLine {
            net_minor: line.amount_minor - line.discount_minor,
            starts_at: line.period_start,
            ends_at: line.period_end,
        });
        Self { total_minor: invoice.total_minor, given_back_minor, lines: lines.collect() }
    }

    /// The share of it that is still paid, as a fraction. What owes the customer something has nothing to be given back.
    fn kept(&self) -> (i64, i64) {
        match self.total_minor {
            total if total > 0 => ((total - self.given_back_minor).clamp(0, total), total),
            _ => (1, 1),
        }
    }
}

/// What is unused at a moment of what these invoices have paid, without tax: of each line the share of its time that is left,
/// to the nearest minor unit. A change within a period credits what it takes the place of by a line of its own, so the
/// invoices of a period, taken together, never come to more than was paid for what is left of it.
pub(super) fn unused_minor(paid: &[PaidInvoice], at: UnixMs) -> i64 {
    let of_invoice = |invoice: &PaidInvoice| -> i64 {
        let kept = invoice.kept();
        invoice.lines.iter().map(|line| left_of(line, kept, at)).sum()
    };
    paid.iter().map(of_invoice).sum::<i64>().max(0)
}

fn left_of(line: &PaidLine, (kept, total): (i64, i64), at: UnixMs) -> i64 {
    let whole = line.ends_at.0 - line.starts_at.0;
    if whole <= 0 {
        // Sold at a moment, not for a time.
        return 0;
    }
    let left = (line.ends_at.0 - at.0).clamp(0, whole);
    let share = i128::from(line.net_minor) * i128::from(kept) * i128::from(left);
    nearest(share, i128::from(total) * i128::from(whole))
}

/// Halves away from zero, as Stripe rounds.
fn nearest(numerator: i128, denominator: i128) -> i64 {
    let rounded = (numerator.abs() * 2 + denominator) / (denominator * 2);
    i64::try_from(rounded * numerator.signum()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY_MS;

    fn line(net_minor: i64, days: (i64, i64)) -> PaidLine {
        PaidLine { net_minor, starts_at: UnixMs(days.0 * DAY_MS), ends_at: UnixMs(days.1 * DAY_MS) }
    }

    fn paid(total_minor: i64, given_back_minor: i64, lines: Vec<PaidLine>) -> PaidInvoice {
        PaidInvoice { total_minor, given_back_minor, lines }
    }

    fn day(day: i64) -> UnixMs {
        UnixMs(day * DAY_MS)
    }

    #[test]
    fn what_is_left_of_the_time_is_left_of_what_was_paid_for_it() {
        let month = |net, given_back| [paid(net * 119 / 100, given_back, vec![line(net, (0, 30))])];
        for (net, given_back, at, unused) in [
            (10_000, 0, 0, 10_000),
            (10_000, 0, 15, 5_000),
            (10_000, 0, 30, 0),
            (10_000, 0, 31, 0),
            // A third of 100.01, and a half that is rounded up.
            (10_001, 0, 20, 3_334),
            (9_999, 0, 15, 5_000),
            // A quarter was given back, with its tax; all of it, and more than there was.
            (10_000, 2_975, 15, 3_750),
            (10_000, 11_900, 15, 0),
            (10_000, 99_999, 15, 0),
            // A code took everything off.
            (0, 0, 15, 0),
        ] {
            assert_eq!(unused_minor(&month(net, given_back), day(at)), unused, "{net} {given_back} {at}");
        }
        assert_eq!(unused_minor(&[], day(3)), 0);
    }

    #[test]
    fn a_change_credits_what_it_takes_the_place_of() {
        let first = paid(11_900, 0, vec![line(10_000, (0, 30))]);
        // On the tenth day for twice the price, then for a year.
        let more = paid(7_933, 0, vec![line(-6_667, (10, 30)), line(13_333, (10, 30))]);
        let year = paid(219_067, 0, vec![line(-13_333, (10, 30)), line(200_000, (10, 375))]);
        let changed = [more.clone(), first.clone()];
        assert_eq!(unused_minor(&changed, day(10)), 13_333);
        assert_eq!(unused_minor(&changed, day(20)), 3_333 - 3_334 + 6_667, "rounded line by line");
        let rolled = [year, more.clone(), first.clone()];
        assert_eq!(unused_minor(&rolled, day(10)), 200_000);
        assert_eq!(unused_minor(&rolled, day(200)), 95_890);
        // The change was given back: what remains is the first price.
        let undone = [PaidInvoice { given_back_minor: 7_933, ..more }, first];
        assert_eq!(unused_minor(&undone, day(15)), 5_000);
    }

    #[test]
    fn less_was_paid_than_a_change_credits() {
        // Half of the first period was free, and the change credits it at its full price.
        let first = paid(5_950, 0, vec![line(5_000, (0, 30))]);
        let more = paid(5_950, 0, vec![line(-5_000, (15, 30)), line(10_000, (15, 30))]);
        assert_eq!(unused_minor(&[more, first], day(15)), 7_500);
        let owed = paid(-5_950, 0, vec![line(-5_000, (15, 30))]);
        assert_eq!(unused_minor(&[owed], day(15)), 0);
    }

    #[test]
    fn nothing_that_was_paid_is_unused_twice() {
        for at in 0..=30 {
            for given_back in [0, 1, 333, 1_190] {
                let unused = unused_minor(&[paid(1_190, given_back, vec![line(1_000, (0, 30))])], day(at));
                let kept = 1_000 * (1_190 - given_back) / 1_190;
                assert!((0..=kept + 1).contains(&unused), "{unused} of {kept} on day {at}");
            }
        }
        let once = paid(1_190, 0, vec![line(1_000, (0, 0))]);
        assert_eq!(unused_minor(&[once], UnixMs(-1)), 0);
    }
}
