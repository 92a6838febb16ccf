//! An invoice from its draft until it is paid or void, as Stripe has it.

use super::super::steps::Card;
use super::super::tariff::{Code, DAY};
use super::{Bill, Books, Contest, RETRY_DAYS, Stand, State, Why};

impl Books {
    pub(super) fn draft(&mut self, why: Why, sub: Option<usize>, lines: Vec<i64>, code: Option<Code>) -> usize {
        let sums = self.market.sums(&lines, code);
        let number = self.bills.len();
        if let Some(sub) = sub {
            self.subs[sub].latest = number;
        }
        self.bills.push(Bill {
            why,
            sub,
            lines,
            sums,
            due: 0,
            stand: Stand::Draft,
            paid: 0,
            by_transfer: false,
            refunded: 0,
            credited: 0,
            contest: None,
            from_balance: 0,
            finalizes_at: None,
            retry_at: None,
            attempts: 0,
        });
        number
    }

    pub(super) fn finalize(&mut self, number: usize) {
        let standing = self.balance + self.bills[number].sums.total;
        let due = standing.max(0);
        let bill = &mut self.bills[number];
        (bill.stand, bill.due, bill.from_balance) = (Stand::Open, due, standing.min(0) - self.balance);
        self.balance = standing.min(0);
        if due == 0 {
            self.paid(number, Card::Good);
        }
    }

    pub(super) fn paid(&mut self, number: usize, card: Card) {
        let bill = &mut self.bills[number];
        (bill.stand, bill.paid, bill.retry_at) = (Stand::Paid, bill.due, None);
        if card == Card::Disputed && bill.paid > 0 {
            bill.contest = Some(Contest::Open);
        }
        let Some(sub) = bill.sub.map(|sub| &mut self.subs[sub]) else { return };
        if let Some(pending) = sub.pending.filter(|pending| pending.bill == number) {
            sub.pending = None;
            sub.take_shape(pending.shape, pending.begins_period_at);
        }
        if matches!(sub.state, State::PastDue | State::Unpaid) && sub.latest == number {
            sub.state = State::Active;
        }
    }

    pub(super) fn collect(&mut self, number: usize) {
        let Some(sub) = self.bills[number].sub else { return };
        let card = self.subs[sub].card;
        if matches!(card, Card::Good | Card::Disputed) {
            return self.paid(number, card);
        }
        let bill = &mut self.bills[number];
        bill.attempts += 1;
        bill.retry_at = RETRY_DAYS.get(bill.attempts - 1).map(|days| self.now + days * DAY);
        self.subs[sub].state = if bill.retry_at.is_some() { State::PastDue } else { State::Unpaid };
    }

    pub(super) fn void(&mut self, number: usize) {
        self.bills[number].stand = Stand::Void;
        self.balance -= self.bills[number].from_balance;
    }
}
