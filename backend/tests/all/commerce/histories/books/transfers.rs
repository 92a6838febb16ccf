//! Money that is transferred: it lies in the customer's cash balance until an order waits for it, which it pays in part or
//! whole (<https://docs.stripe.com/payments/customer-balance/reconciliation>); and what the product makes of an order whose
//! money is late.

use super::super::steps::Card;
use super::super::tariff::{Code, DAY, HOUR, months_after};
use super::{Books, Forever, Stand, Why};

/// An order is due in 14 days, and given up after 14 more.
const GIVEN_UP_AFTER: i64 = 28 * DAY;
/// Stripe lets a transfer pay an invoice until 30 days after it was due.
const TAKEN_FOR: i64 = 44 * DAY;
/// The product looks no more often than this for orders that are given up.
const LOOKS_EVERY: i64 = HOUR / 2;

impl Books {
    /// A perpetual license is ordered by transfer.
    pub(in super::super) fn order_forever(&mut self, seats: i64, code: Option<Code>) {
        let bill = self.draft(Why::Forever, None, vec![self.market.forever().0 * seats], code);
        self.bills[bill].by_transfer = true;
        self.finalize(bill);
        let (updates_until, ordered_at) = (months_after(self.now, 12), Some(self.now));
        self.forever = Some(Forever { seats, updates_until, bill, ordered_at, has_begun: false });
        self.apply_cash();
        // What is paid at once is known at once.
        let is_paid = self.bills[bill].stand == Stand::Paid;
        if let Some(forever) = &mut self.forever {
            forever.has_begun = is_paid;
        }
    }

    /// What is missing of the order that waits.
    pub(in super::super) fn missing(&self) -> Option<i64> {
        let bill = &self.bills[self.forever.as_ref()?.bill];
        (bill.by_transfer && bill.stand == Stand::Open).then_some(bill.due - bill.paid)
    }

    /// Money arrives.
    pub(in super::super) fn receive(&mut self, amount: i64) {
        self.cash += amount;
        self.apply_cash();
    }

    fn apply_cash(&mut self) {
        let Some(forever) = &self.forever else { return };
        let (number, is_late) = (forever.bill, forever.ordered_at.is_some_and(|at| self.now > at + TAKEN_FOR));
        let Some(missing) = self.missing().filter(|_| !is_late) else { return };
        let part = missing.min(self.cash);
        self.cash -= part;
        if part == missing {
            self.paid(number, Card::Good);
        } else {
            self.bills[number].paid += part;
        }
    }

    /// When the order that waits is given up.
    pub(super) fn gives_up_at(&self) -> Option<i64> {
        self.missing()?;
        self.forever.as_ref()?.ordered_at.map(|at| at + GIVEN_UP_AFTER)
    }

    /// The product has heard of what was paid, from which moment on updates count, and has looked for what is too late; true
    /// when it gave an order up.
    pub(super) fn heard_of_money(&mut self) -> bool {
        let looks = self.now >= self.looks_at;
        if looks {
            self.looks_at = self.now + LOOKS_EVERY;
        }
        let is_too_late = looks && self.gives_up_at().is_some_and(|at| at <= self.now);
        let Some(forever) = &mut self.forever else { return false };
        let number = forever.bill;
        if self.bills[number].stand == Stand::Paid && !forever.has_begun {
            (forever.has_begun, forever.updates_until) = (true, months_after(self.now, 12));
        }
        if is_too_late {
            self.cash += std::mem::take(&mut self.bills[number].paid);
            self.void(number);
        }
        is_too_late
    }
}
