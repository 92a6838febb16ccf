//! A subscription that becomes a perpetual license: the same license, paid once by card, less what is unused of what was paid
//! for the period.

use super::super::steps::Card;
use super::super::tariff::{HOUR, left_of_paid, months_after};
use super::{Bill, Books, Contest, Stand, State, Why};

/// No renewal may come between the page and its payment.
const BEFORE_RENEWAL: i64 = 2 * HOUR;

/// What it must be offered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Offer {
    NotASubscription,
    Revoked,
    PaymentDue,
    RenewsSoon {
        at: i64,
    },
    CreditTooLarge {
        credit: i64,
    },
    /// Before tax.
    For {
        price: i64,
        credit: i64,
    },
}

impl Books {
    /// What the last subscription costs as a perpetual license now.
    pub(in super::super) fn offer(&self) -> Offer {
        let Some(sub) = self.last() else { return Offer::NotASubscription };
        match sub.state {
            _ if sub.revoked.is_some() => return Offer::Revoked,
            State::Over { .. } => return Offer::NotASubscription,
            State::PastDue | State::Unpaid => return Offer::PaymentDue,
            State::Active if sub.pending.is_some() && !sub.by_transfer => return Offer::PaymentDue,
            State::Active => {}
        }
        let (_, at) = sub.period;
        if !sub.cancelling && at < self.now + BEFORE_RENEWAL {
            return Offer::RenewsSoon { at };
        }
        // Unused time is worth something only where it is paid for.
        let is_unpaid = |(number, bill): (usize, &Bill)| {
            // What Stripe has left behind for a time that is over will never be charged.
            let goes_on = bill.finalizes_at.is_some() || bill.paid_for.iter().any(|(_, time)| time.1 > self.now);
            let counts = (bill.stand == Stand::Draft && goes_on) || number == sub.latest;
            bill.sub == Some(self.subs.len() - 1) && counts && bill.is_owed()
        };
        if self.bills.iter().enumerate().any(is_unpaid) {
            return Offer::PaymentDue;
        }
        let (price, credit) = (self.market.forever().0 * sub.shape.seats, self.unused());
        if credit > price { Offer::CreditTooLarge { credit } } else { Offer::For { price, credit } }
    }

    /// What is left of what was paid for the last subscription.
    fn unused(&self) -> i64 {
        let is_paid = |bill: &&Bill| bill.sub == Some(self.subs.len() - 1) && bill.stand == Stand::Paid;
        let left: i64 = self.bills.iter().filter(is_paid).map(|bill| bill.left(self.now)).sum();
        left.max(0)
    }

    /// It is paid: the license is perpetual, and the subscription is over without a credit of its own.
    pub(in super::super) fn turn_perpetual(&mut self, price: i64, credit: i64) {
        let Some(number) = self.subs.len().checked_sub(1) else { return };
        let sums = self.market.less(price, credit);
        let bill = self.draft(Why::Conversion, Some(number), vec![price], None);
        // By card, and paid first, so that neither balance counts.
        (self.bills[bill].sums, self.bills[bill].due, self.bills[bill].by_transfer) = (sums, sums.total, false);
        self.paid(bill, Card::Good);
        self.end(number, self.now);
        self.subs[number].perpetual_until = Some(months_after(self.now, 12));
    }
}

impl Bill {
    /// What is left at `at` of the time that it has paid for, if what was given back is not paid any more.
    fn left(&self, at: i64) -> i64 {
        // A credit note and the refund that pays it out are one; a bank takes all that was charged.
        let taken = if matches!(self.contest, Some(Contest::Open | Contest::Lost)) { self.paid } else { 0 };
        let given_back = self.credited.max(self.refunded) + taken;
        let total = self.sums.total;
        let share = if total > 0 { ((total - given_back).max(0), total) } else { (1, 1) };
        self.paid_for.iter().map(|(net, time)| left_of_paid(*net, share, *time, at)).sum()
    }
}
