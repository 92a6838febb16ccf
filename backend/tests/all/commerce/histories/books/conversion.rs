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
    /// Before tax; refused where the credit is more than the price.
    For {
        price: i64,
        /// What is unused is no less than this, and no more than that.
        least: i64,
        most: i64,
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
        let (least, most) = self.unused();
        Offer::For { price: self.market.forever().0 * sub.shape.seats, least, most }
    }

    /// What is left of the money that has come for the last subscription and has stayed, at least and at most. What an invoice
    /// has brought in is worth no more than if it had been for all of the time to the last end. Where nothing was taken off or
    /// given back, each line is worth the share of its time that is left, but for what is rounded.
    fn unused(&self) -> (i64, i64) {
        let is_its = |bill: &&Bill| bill.sub == Some(self.subs.len() - 1);
        let bills: Vec<&Bill> = self.bills.iter().filter(is_its).collect();
        let paid = || bills.iter().filter(|bill| bill.stand == Stand::Paid);
        let times = || paid().flat_map(|bill| &bill.paid_for);
        let end = times().map(|(_, time)| time.1).max().unwrap_or(self.now);
        let most: i64 = paid().map(|bill| bill.left_of_cash(self.now, end)).sum();
        let is_plain = |bill: &&Bill| bill.stand == Stand::Paid && bill.sums.discount == 0 && bill.given_back() == 0;
        if !bills.iter().all(is_plain) {
            return (0, most);
        }
        let exact: i64 = times().map(|(net, time)| left_of_paid(*net, *time, self.now)).sum();
        let rounded = i64::try_from(times().count()).expect("few lines");
        ((exact - rounded).max(0), most.min(exact + rounded))
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
    /// With tax. A credit note and the refund that pays it out are one; a bank takes all that was charged.
    fn given_back(&self) -> i64 {
        let taken = if matches!(self.contest, Some(Contest::Open | Contest::Lost)) { self.paid } else { 0 };
        self.credited.max(self.refunded) + taken
    }

    /// The share that is left at a moment of what it has brought in and is kept, if that was for the time until `end`.
    fn left_of_cash(&self, at: i64, end: i64) -> i64 {
        let charged = self.paid_for.iter().filter(|(net, _)| *net > 0);
        let Some(start) = charged.map(|(_, time)| time.0).max().filter(|start| *start < end) else { return 0 };
        if self.sums.total <= 0 {
            return 0;
        }
        let net: i64 = self.paid_for.iter().map(|(net, _)| net).sum();
        let kept = net.max(0) * (self.sums.total - self.given_back()).max(0) / self.sums.total;
        // What is rounded on the way is less than this.
        (kept + 1) * (end - at).max(0) / (end - start) + 1
    }
}
