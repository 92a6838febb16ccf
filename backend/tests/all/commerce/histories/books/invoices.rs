//! An invoice from its draft until it is paid or void, as Stripe has it.

use super::super::steps::Card;
use super::super::tariff::{Code, DAY, period_end};
use super::{Bill, Books, Contest, RETRY_DAYS, Stand, State, Why};

impl Books {
    pub(super) fn draft(&mut self, why: Why, sub: Option<usize>, lines: Vec<i64>, code: Option<Code>) -> usize {
        let sums = self.market.sums(&lines, code);
        let nets = self.market.nets(&lines, code);
        let paid_for = nets.into_iter().map(|net| (net, self.time_of(why, sub, net))).collect();
        let number = self.bills.len();
        let by_transfer = sub.is_some_and(|sub| self.subs[sub].by_transfer);
        let due = (sums.total + self.balance).max(0);
        if let Some(sub) = sub {
            self.subs[sub].latest = number;
        }
        self.bills.push(Bill {
            why,
            sub,
            lines,
            paid_for,
            sums,
            due,
            stand: Stand::Draft,
            paid: 0,
            by_transfer,
            refunded: 0,
            credited: 0,
            contest: None,
            from_balance: 0,
            due_at: None,
            overdue_at: None,
            finalizes_at: None,
            retry_at: None,
            attempts: 0,
        });
        number
    }

    /// The time that a line of an invoice is for which is made now.
    fn time_of(&self, why: Why, sub: Option<usize>, net: i64) -> (i64, i64) {
        let Some(sub) = sub.map(|sub| &self.subs[sub]) else { return (self.now, self.now) };
        match why {
            Why::Create | Why::Cycle => sub.period,
            // A year from now on; what is credited was for the rest of the month.
            Why::Update { new_period: true } if net > 0 => (self.now, period_end(self.now, true, self.now)),
            Why::Update { .. } => (self.now, sub.period.1),
            Why::Forever | Why::Updates | Why::Conversion => (self.now, self.now),
        }
    }

    pub(super) fn finalize(&mut self, number: usize) {
        let standing = self.balance + self.bills[number].sums.total;
        let due = standing.max(0);
        let bill = &mut self.bills[number];
        (bill.stand, bill.due, bill.from_balance) = (Stand::Open, due, standing.min(0) - self.balance);
        self.balance = standing.min(0);
        if due == 0 {
            self.paid(number, Card::Good);
        } else if self.bills[number].by_transfer {
            self.send(number);
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
        let Some(sub) = self.bills[number].sub.filter(|_| !self.bills[number].by_transfer) else { return };
        let card = self.subs[sub].card;
        if matches!(card, Card::Good | Card::Disputed) {
            return self.paid(number, card);
        }
        let bill = &mut self.bills[number];
        bill.attempts += 1;
        bill.retry_at = RETRY_DAYS.get(bill.attempts - 1).map(|days| self.now + days * DAY);
        self.subs[sub].state = if bill.retry_at.is_some() { State::PastDue } else { State::Unpaid };
    }

    /// What it took from the balance is the customer's again, and so is what was transferred for it.
    pub(super) fn void(&mut self, number: usize) {
        self.bills[number].stand = Stand::Void;
        self.balance -= self.bills[number].from_balance;
        self.cash += std::mem::take(&mut self.bills[number].paid);
        self.apply_cash();
    }
}
