//! What the product makes of transfers: from when on it knows that something is paid, how long it waits for what is not,
//! and what it does without hearing of anything. Its own clock runs whatever arrives from Stripe.

use super::super::tariff::{Code, DAY, HOUR, months_after};
use super::{Books, Stand, State};

/// An order is due in 14 days, and given up after 14 more.
const GIVEN_UP_AFTER: i64 = 28 * DAY;
/// The product looks no more often than this for what is given up.
const LOOKS_EVERY: i64 = HOUR / 2;

/// What the product waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Awaited {
    Order(usize),
    Change(usize),
    Forever,
}

impl Books {
    /// What the product waits for, and until when.
    fn awaits(&self) -> Vec<(i64, Awaited)> {
        let mut awaits = Vec::new();
        for (number, sub) in self.subs.iter().enumerate() {
            if !sub.has_begun && self.bills[sub.first].stand != Stand::Void {
                awaits.push((sub.ordered_at + GIVEN_UP_AFTER, Awaited::Order(number)));
            }
            awaits.extend(sub.awaited_until.map(|until| (until, Awaited::Change(number))));
        }
        if let Some(forever) = self.forever.as_ref().filter(|it| !it.has_begun)
            && self.bills[forever.bill].stand != Stand::Void
        {
            awaits.extend(forever.ordered_at.map(|at| (at + GIVEN_UP_AFTER, Awaited::Forever)));
        }
        awaits.sort_unstable();
        awaits
    }

    /// Whether an order that waits for its transfer holds a code: an account has one such order with a campaign at a time.
    pub(in super::super) fn holds(&self, code: Code) -> bool {
        self.awaits().into_iter().any(|(_, awaited)| match awaited {
            Awaited::Order(number) => self.subs[number].code == Some(code),
            Awaited::Change(_) => false,
            Awaited::Forever => self.forever.as_ref().is_some_and(|forever| forever.code == Some(code)),
        })
    }

    /// When an order or a change is given up next, unless its money comes.
    pub(super) fn gives_up_at(&self) -> Option<i64> {
        Some(self.awaits().first()?.0)
    }

    /// When the product looks next at something that it has waited for long enough.
    pub(in super::super) fn looks_next(&self) -> Option<i64> {
        Some(self.gives_up_at()?.max(self.looks_at).max(self.now))
    }

    /// The product looks for what is too late, of whose money it may not have heard; tells what it gave up.
    pub(in super::super) fn look(&mut self) -> Vec<&'static str> {
        let mut given_up = Vec::new();
        if self.now >= self.looks_at {
            self.looks_at = self.now + LOOKS_EVERY;
            let late: Vec<_> = self.awaits().into_iter().filter(|(until, _)| *until <= self.now).collect();
            for (_, awaited) in late {
                given_up.extend(self.give_up(awaited));
            }
        }
        for number in 0..self.subs.len() {
            let now = self.now;
            if self.subs[number].looks_again.extract_if(.., |at| *at <= now).count() > 0 {
                self.seen(number);
            }
            self.plan_again(number);
        }
        given_up
    }

    /// Gives up what is not paid; else it is known from now on that it is.
    fn give_up(&mut self, awaited: Awaited) -> Option<&'static str> {
        match awaited {
            Awaited::Order(number) => {
                let bill = self.subs[number].first;
                let is_paid = self.bills[bill].stand == Stand::Paid;
                if is_paid {
                    self.subs[number].has_begun = true;
                } else {
                    self.void(bill);
                    if !matches!(self.subs[number].state, State::Over { .. }) {
                        self.end(number, self.now);
                    }
                }
                self.seen(number);
                (!is_paid).then_some("given up")
            }
            Awaited::Change(number) => {
                let is_unpaid = self.subs[number].pending.is_some();
                self.drop_pending(number);
                self.seen(number);
                is_unpaid.then_some("change given up")
            }
            Awaited::Forever => {
                let bill = self.forever.as_ref()?.bill;
                if self.bills[bill].stand == Stand::Paid {
                    self.hear_of_forever();
                    return None;
                }
                self.void(bill);
                Some("given up")
            }
        }
    }

    /// Staff end a subscription; what was never paid for it is not asked for any more.
    pub(in super::super) fn end_now(&mut self, number: usize) {
        if !self.subs[number].has_begun {
            self.give_up(Awaited::Order(number));
        }
        if !matches!(self.subs[number].state, State::Over { .. }) {
            self.end(number, self.now);
        }
    }

    /// The product has heard of everything that was paid.
    pub(super) fn hear_of_money(&mut self) {
        for sub in &mut self.subs {
            sub.has_begun |= self.bills[sub.first].stand == Stand::Paid;
        }
        self.hear_of_forever();
    }

    /// The year of updates counts from when the product knows of the payment.
    fn hear_of_forever(&mut self) {
        let Some(forever) = &mut self.forever else { return };
        if self.bills[forever.bill].stand == Stand::Paid && !forever.has_begun {
            (forever.has_begun, forever.updates_until) = (true, months_after(self.now, 12));
        }
    }
}
