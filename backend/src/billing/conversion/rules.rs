//! What of the money that a subscription was paid with is unused: pure arithmetic.
//!
//! The invoices are gone through from the oldest on. What was paid for a time is worn out as that passes. A change within a
//! period credits what it takes the place of and charges what comes instead; the credit is worth no more than what is left
//! then of the money that was paid: not what a code made free, nor what was given back since.

use crate::clock::UnixMs;
use crate::stripe::{StripeInvoice, StripeInvoiceLine};

/// Amounts are reckoned in parts of a minor unit, and rounded once.
const PARTS: i128 = 1_000_000;

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

impl PaidLine {
    fn of(line: &StripeInvoiceLine) -> Self {
        Self {
            net_minor: line.amount_minor - line.discount_minor,
            starts_at: line.period_start,
            ends_at: line.period_end,
        }
    }
}

impl PaidInvoice {
    /// From Stripe's, and what was given back of it, with tax.
    pub(super) fn new(invoice: &StripeInvoice, given_back_minor: i64) -> Self {
        let lines = invoice.lines.iter().map(PaidLine::of).collect();
        Self { total_minor: invoice.total_minor, given_back_minor, lines }
    }

    /// What it brought in and is kept, without tax, in whole minor units; negative where it owes the customer something.
    fn kept_minor(&self) -> i128 {
        let net: i128 = self.lines.iter().map(|line| i128::from(line.net_minor)).sum();
        match self.total_minor {
            total if total > 0 => {
                let kept = (total - self.given_back_minor).clamp(0, total);
                (net * i128::from(kept)).div_euclid(i128::from(total))
            }
            _ => net,
        }
    }
}

/// The invoices, newest first, that say something about what is unused at a moment: those that are for a time after it, and those
/// for a time of which one of these credits something.
pub(super) fn weighing(newest_first: Vec<StripeInvoice>, at: UnixMs) -> Vec<StripeInvoice> {
    let mut after = at;
    let mut weighing = Vec::new();
    for invoice in newest_first {
        if invoice.lines.iter().any(|line| line.period_end > after) {
            let credited = invoice.lines.iter().map(PaidLine::of).filter(|line| line.net_minor < 0);
            after = credited.map(|line| line.starts_at).fold(after, UnixMs::min);
            weighing.push(invoice);
        }
    }
    weighing
}

/// What is unused at a moment of what these invoices, newest first, have paid, without tax: half a minor unit counts as one.
pub(super) fn unused_minor(newest_first: &[PaidInvoice], at: UnixMs) -> i64 {
    let mut held: Vec<Held> = Vec::new();
    for invoice in newest_first.iter().rev() {
        let mut worth = invoice.kept_minor() * PARTS;
        for credit in invoice.lines.iter().filter(|line| line.net_minor < 0) {
            worth += take(&mut held, -i128::from(credit.net_minor) * PARTS, credit.starts_at);
        }
        let charges = || invoice.lines.iter().filter(|line| line.net_minor > 0);
        let charged: i128 = charges().map(|line| i128::from(line.net_minor)).sum();
        if charged > 0 {
            let worth = worth.clamp(0, charged * PARTS);
            held.extend(charges().map(|line| Held {
                parts: part(worth, i128::from(line.net_minor), charged),
                starts_at: line.starts_at,
                ends_at: line.ends_at,
            }));
        }
    }
    let left: i128 = held.iter().map(|held| held.left(at)).sum();
    i64::try_from((left + PARTS / 2) / PARTS).unwrap_or(0)
}

/// What was paid for a time.
#[derive(Clone, Copy, Debug)]
struct Held {
    parts: i128,
    starts_at: UnixMs,
    ends_at: UnixMs,
}

impl Held {
    /// The share of it that is left. What was sold at a moment, not for a time, is used up.
    fn left(&self, at: UnixMs) -> i128 {
        let whole = self.ends_at.0 - self.starts_at.0;
        let left = (self.ends_at.0 - at.0).clamp(0, whole.max(0));
        if left == 0 { 0 } else { part(self.parts, i128::from(left), i128::from(whole)) }
    }
}

/// Takes so much, and no more than there is, out of what is left at a moment; answers how much.
fn take(held: &mut [Held], wanted: i128, at: UnixMs) -> i128 {
    let left: i128 = held.iter().map(|held| held.left(at)).sum();
    let taken = wanted.min(left);
    if taken <= 0 {
        return 0;
    }
    for held in held {
        let (parts, starts_at) = (held.left(at), held.starts_at.max(at));
        *held = Held { parts: parts - part(parts, taken, left), starts_at, ends_at: held.ends_at };
    }
    taken
}

/// `amount · share / whole`, rounded.
fn part(amount: i128, share: i128, whole: i128) -> i128 {
    (amount * share + whole / 2) / whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        let year = paid(222_134, 0, vec![line(-13_333, (10, 30)), line(200_000, (10, 375))]);
        let changed = [more.clone(), first.clone()];
        assert_eq!(unused_minor(&changed, day(10)), 13_333);
        assert_eq!(unused_minor(&changed, day(20)), 6_666);
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
    fn a_year_is_worth_what_was_paid_also_when_the_month_is_over_that_it_took_the_place_of() {
        // The month was free, and the year took its place on the second day.
        let free = paid(0, 0, vec![line(0, (0, 30))]);
        let year = paid(107_496, 0, vec![line(-9_667, (1, 30)), line(100_000, (1, 366))]);
        let both = [year, free];
        assert_eq!(unused_minor(&both, day(1)), 90_333);
        assert_eq!(unused_minor(&both, day(31)), 82_908);
        // The month was paid, and the year took its place on the eleventh; then the month was given back.
        let month = paid(11_900, 0, vec![line(10_000, (0, 30))]);
        let year = paid(111_066, 0, vec![line(-6_667, (10, 30)), line(100_000, (10, 375))]);
        assert_eq!(unused_minor(&[year.clone(), month.clone()], day(30)), 94_520);
        let given_back = PaidInvoice { given_back_minor: 11_900, ..month };
        assert_eq!(unused_minor(&[year, given_back], day(30)), 88_219);
    }

    #[test]
    fn what_is_kept_is_rounded_once() {
        let two = paid(666, 333, vec![line(333, (0, 30)), line(333, (0, 30))]);
        assert_eq!(unused_minor(&[two], day(0)), 333);
        let once = paid(1_190, 0, vec![line(1_000, (0, 0))]);
        assert_eq!(unused_minor(&[once], UnixMs(-1)), 0);
    }

    /// Somebody's subscription as Stripe bills it, newest first, and when each invoice was issued. A step is: how many days
    /// later, the price from then on (an odd one by the year), what a code takes off it, and what is given back, in percent.
    fn billed(steps: &[(i64, i64, i64, i64)]) -> Vec<(i64, PaidInvoice)> {
        let (mut now, mut price, mut period) = (0_i64, 0_i64, (0_i64, 0_i64));
        let mut issued = Vec::new();
        for &(days, next, off, given_back) in steps {
            now += days;
            let mut lines = Vec::new();
            if now < period.1 {
                // At its full price, whatever was paid.
                lines.push(line(-price * (period.1 - now) / (period.1 - period.0), (now, period.1)));
            }
            (price, period) = (next, (now, now + if next % 2 == 0 { 30 } else { 365 }));
            lines.push(line(price * (100 - off) / 100, period));
            let total = lines.iter().map(|line| line.net_minor).sum::<i64>() * 119 / 100;
            issued.insert(0, (now, paid(total, (total * given_back / 100).max(0), lines)));
        }
        issued
    }

    proptest! {
        /// A ledger of cash: of what an invoice has brought in, and is kept, no more can be left than if it had been for all of
        /// the time from then on to the last end.
        #[test]
        fn no_more_is_unused_than_is_left_of_the_money_that_came_and_stayed(
            steps in prop::collection::vec((1_i64..50, 1_i64..300_000, 0_i64..=100, 0_i64..=100), 1..8),
            later in 0_i64..400,
        ) {
            let issued = billed(&steps);
            let invoices: Vec<PaidInvoice> = issued.iter().map(|(_, invoice)| invoice.clone()).collect();
            let at = issued[0].0 + later;
            let ends = invoices.iter().flat_map(|invoice| &invoice.lines).map(|line| line.ends_at.0 / DAY_MS);
            let end = ends.max().unwrap_or(0);
            let mut most = 0;
            for (from, invoice) in &issued {
                let kept = (invoice.total_minor - invoice.given_back_minor).max(0) * 100 / 119 + 1;
                most += kept * (end - at).max(0) / (end - from) + 1;
            }
            let unused = unused_minor(&invoices, day(at));
            prop_assert!((0..=most).contains(&unused), "{unused} of {most}: {invoices:?}");
        }
    }
}
