//! A subscription that becomes a perpetual license: the same license, paid once by card, less what is unused of the period
//! that is paid.

use super::super::steps::Card;
use super::super::tariff::{HOUR, Item, left_of, months_after};
use super::{Bill, Books, Stand, State, Why};

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
            let counts = bill.stand == Stand::Draft || number == sub.latest;
            bill.sub == Some(self.subs.len() - 1) && counts && bill.is_owed()
        };
        if self.bills.iter().enumerate().any(is_unpaid) {
            return Offer::PaymentDue;
        }
        let rest = |item: &Item| -left_of(item.cost(), sub.period, self.now);
        let unused: Vec<i64> = self.market.items(&sub.shape).iter().map(rest).collect();
        let sums = self.market.sums(&unused, sub.lasting_code());
        let (price, credit) = (self.market.forever().0 * sub.shape.seats, sums.discount - sums.subtotal);
        if credit > price { Offer::CreditTooLarge { credit } } else { Offer::For { price, credit } }
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
