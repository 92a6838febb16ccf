//! Money that is transferred: it lies in the customer's cash balance until an invoice waits for it, which it pays in part or
//! whole (<https://docs.stripe.com/payments/customer-balance/reconciliation>).

use super::super::steps::Card;
use super::super::tariff::{Code, DAY, Shape, months_after};
use super::{Bill, Books, Forever, Stand, State, TERMS, Why};

/// Stripe lets a transfer pay an invoice until so long after it was due.
const TAKEN_AFTER_DUE: i64 = 30 * DAY;

impl Books {
    /// A perpetual license is ordered by transfer.
    pub(in super::super) fn order_forever(&mut self, seats: i64, code: Option<Code>) {
        let bill = self.draft(Why::Forever, None, vec![self.market.forever().0 * seats], code);
        self.bills[bill].by_transfer = true;
        self.finalize(bill);
        let (updates_until, ordered_at) = (months_after(self.now, 12), Some(self.now));
        // What is paid at once is known at once.
        let has_begun = self.bills[bill].stand == Stand::Paid;
        self.forever = Some(Forever { seats, updates_until, bill, code, ordered_at, has_begun });
    }

    /// A subscription is ordered by transfer. Stripe calls it active from the order on.
    pub(in super::super) fn order(&mut self, shape: Shape, code: Option<Code>) {
        let bill = self.subscribe(shape, code, true);
        let is_paid = self.bills[bill].stand == Stand::Paid;
        if let Some(sub) = self.subs.last_mut() {
            sub.has_begun = is_paid;
        }
    }

    /// An invoice is sent, and takes what lies in the balance.
    pub(super) fn send(&mut self, number: usize) {
        let due_at = self.now + TERMS;
        (self.bills[number].due_at, self.bills[number].overdue_at) = (Some(due_at), Some(due_at));
        self.sent.push(number);
        self.apply_cash();
    }

    /// What waits for money, oldest first, and how much is missing of it.
    pub(in super::super) fn waiting(&self) -> Vec<(usize, i64)> {
        let waits = |number: &usize| {
            let bill = &self.bills[*number];
            bill.stand == Stand::Open && bill.due_at.is_some_and(|due| self.now <= due + TAKEN_AFTER_DUE)
        };
        let waiting = self.sent.iter().copied().filter(waits);
        waiting.map(|number| (number, self.bills[number].due - self.bills[number].paid)).collect()
    }

    /// Money arrives.
    pub(in super::super) fn receive(&mut self, amount: i64) {
        self.cash += amount;
        self.apply_cash();
    }

    /// First to what waits for exactly so much, then to the oldest, to the last one in part.
    pub(super) fn apply_cash(&mut self) {
        while self.cash > 0 {
            let waiting = self.waiting();
            let exact = waiting.iter().find(|(_, missing)| *missing == self.cash);
            let Some(&(number, missing)) = exact.or(waiting.first()) else { return };
            let part = missing.min(self.cash);
            self.cash -= part;
            if part == missing {
                self.paid(number, Card::Good);
            } else {
                self.bills[number].paid += part;
            }
        }
    }

    /// Stripe calls a subscription overdue whose invoice is, if it was not before.
    pub(super) fn be_overdue(&mut self, number: usize) {
        self.bills[number].overdue_at = None;
        let Some(sub) = self.bills[number].sub.map(|sub| &mut self.subs[sub]) else { return };
        if sub.state == State::Active {
            sub.state = State::PastDue;
        }
    }
}

impl Bill {
    /// Whether something is to be paid for it still, or will be when it is final.
    pub(super) fn is_owed(&self) -> bool {
        matches!(self.stand, Stand::Draft | Stand::Open) && self.due > 0
    }
}
