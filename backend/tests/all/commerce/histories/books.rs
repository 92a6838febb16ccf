//! The model: one customer's subscriptions, invoices and balance, as Stripe's documentation and this product's rules
//! have them, reckoned without the product and without Stripe. Who wants to know what a history should come to reads
//! this file and those of its folder; nothing here calls the code that is tested.
//!
//! Stripe's part: renewals at the period's end, drafts that become final after an hour, attempts to charge, changes that
//! wait for their payment (<https://docs.stripe.com/billing/subscriptions/pending-updates-reference>), what is planned
//! for the period's end, the credit balance (<https://docs.stripe.com/billing/customer/balance>).
//! The product's part: what that means for the license.

mod invoices;
mod rights;
mod transfers;

use super::steps::Card;
use super::tariff::{Code, DAY, HOUR, Item, Market, Shape, Sums, left_of, months_after, period_end};

/// Days from one failed attempt at a renewal to the next; after the last the subscription is unpaid.
const RETRY_DAYS: [i64; 3] = [3, 5, 7];
/// A change waits so long for its payment, but not beyond the period.
const PENDING_LIFE: i64 = 23 * HOUR;
/// A license outlives the paid period by this much, so that a renewal has time to arrive.
const SLACK: i64 = 3 * DAY;
/// Everything goes on for so long after a renewal failed.
const GRACE: i64 = 14 * DAY;

/// Why an invoice was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Create,
    Cycle,
    /// A change within a period, or one that begins a new period.
    Update {
        new_period: bool,
    },
    Forever,
    Updates,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    Draft,
    Open,
    Paid,
    Void,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contest {
    Open,
    Won,
    Lost,
}

/// An invoice.
#[derive(Clone, Debug)]
pub(super) struct Bill {
    pub(super) why: Why,
    /// Which subscription it is for.
    pub(super) sub: Option<usize>,
    /// Net.
    pub(super) lines: Vec<i64>,
    pub(super) sums: Sums,
    /// What is to be paid once it is final: the total less the balance.
    pub(super) due: i64,
    pub(super) stand: Stand,
    /// What was charged; by transfer also what has come so far.
    pub(super) paid: i64,
    pub(super) by_transfer: bool,
    pub(super) refunded: i64,
    pub(super) credited: i64,
    pub(super) contest: Option<Contest>,
    /// What it took from the balance (positive) or put there.
    from_balance: i64,
    finalizes_at: Option<i64>,
    retry_at: Option<i64>,
    attempts: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Active,
    PastDue,
    Unpaid,
    Over { at: i64 },
}

/// A change that waits for its payment.
#[derive(Clone, Copy, Debug)]
struct Pending {
    shape: Shape,
    bill: usize,
    expires_at: i64,
    begins_period_at: Option<i64>,
}

#[derive(Clone, Debug)]
pub(super) struct Sub {
    pub(super) shape: Shape,
    /// With which it was bought.
    code: Option<Code>,
    pub(super) state: State,
    pub(super) period: (i64, i64),
    pub(super) cancelling: bool,
    pub(super) planned: Option<Shape>,
    /// What had to fall away for a change, what was paid then, and when it would have taken effect.
    released: Option<(Shape, Shape, i64)>,
    pub(super) card: Card,
    anchor: i64,
    pending: Option<Pending>,
    /// Its newest invoice, drafts included.
    latest: usize,
    /// Since when the product knows that a renewal is unpaid.
    behind_since: Option<i64>,
    revoked: Option<&'static str>,
}

/// A perpetual license.
#[derive(Clone, Debug)]
pub(super) struct Forever {
    pub(super) seats: i64,
    pub(super) updates_until: i64,
    pub(super) bill: usize,
    /// By transfer.
    ordered_at: Option<i64>,
    /// The product knows that it is paid.
    has_begun: bool,
}

/// What a license must be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Right {
    pub(super) status: &'static str,
    pub(super) reason: &'static str,
    pub(super) ends_at: Option<i64>,
    pub(super) seats: i64,
    pub(super) devices: Option<i64>,
    pub(super) is_disputed: bool,
}

/// What a change must come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Over,
    Revoked,
    PaymentDue,
    Cancelled,
    Unchanged,
    Later,
    /// Charged now: net lines in ascending order.
    Now {
        lines: Vec<i64>,
        sums: Sums,
        due: i64,
    },
}

/// What comes next, in this order when at the same second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    PendingExpires(usize),
    PeriodEnds(usize),
    Finalizes(usize),
    Retries(usize),
}

pub(super) struct Books {
    pub(super) market: Market,
    pub(super) now: i64,
    /// Negative: credit for coming invoices.
    pub(super) balance: i64,
    /// What was transferred and pays for nothing yet.
    pub(super) cash: i64,
    /// When the product looks again for orders that are given up.
    looks_at: i64,
    pub(super) bills: Vec<Bill>,
    pub(super) subs: Vec<Sub>,
    pub(super) forever: Option<Forever>,
}

impl Books {
    pub(super) fn open(market: Market, now: i64) -> Self {
        let (bills, subs) = (Vec::new(), Vec::new());
        Self { market, now, balance: 0, cash: 0, looks_at: 0, bills, subs, forever: None }
    }

    /// The subscription that was bought last.
    pub(super) fn last(&self) -> Option<&Sub> {
        self.subs.last()
    }

    // ── time ────────────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn pass(&mut self, until: i64) {
        while let Some((at, due)) = self.next().filter(|(at, _)| *at <= until) {
            self.now = at.max(self.now);
            match due {
                Due::PendingExpires(sub) => self.drop_pending(sub),
                Due::PeriodEnds(sub) => self.end_period(sub),
                Due::Finalizes(bill) => {
                    self.bills[bill].finalizes_at = None;
                    self.finalize(bill);
                    if self.bills[bill].stand == Stand::Open {
                        self.collect(bill);
                    }
                }
                Due::Retries(bill) => self.collect(bill),
            }
        }
        self.now = until.max(self.now);
    }

    fn next(&self) -> Option<(i64, Due)> {
        let living = self.subs.iter().enumerate().filter(|(_, sub)| !matches!(sub.state, State::Over { .. }));
        let subs = living.flat_map(|(number, sub)| {
            let pending = sub.pending.map(|pending| (pending.expires_at, Due::PendingExpires(number)));
            [Some((sub.period.1, Due::PeriodEnds(number))), pending]
        });
        let bills = self.bills.iter().enumerate().flat_map(|(number, bill)| {
            let draft = bill.finalizes_at.filter(|_| bill.stand == Stand::Draft);
            let open = bill.retry_at.filter(|_| bill.stand == Stand::Open);
            [draft.map(|at| (at, Due::Finalizes(number))), open.map(|at| (at, Due::Retries(number)))]
        });
        subs.chain(bills).flatten().min()
    }

    /// When something happens next at Stripe, or a grace ends here, or an order is given up.
    pub(super) fn next_moment(&self) -> Option<i64> {
        let graces = self.subs.iter().filter_map(|sub| Some(sub.behind_since? + GRACE)).filter(|end| *end > self.now);
        self.next().map(|(at, _)| at).into_iter().chain(graces).chain(self.gives_up_at()).min()
    }

    fn end_period(&mut self, number: usize) {
        let sub = &mut self.subs[number];
        let start = sub.period.1;
        if sub.cancelling {
            return self.end(number, start);
        }
        if let Some(planned) = sub.planned.take() {
            sub.shape = planned;
        }
        sub.period = (start, period_end(sub.anchor, sub.shape.yearly, start));
        let (shape, is_unpaid) = (sub.shape, sub.state == State::Unpaid);
        let lines = self.market.items(&shape).iter().map(Item::cost).collect();
        let bill = self.draft(Why::Cycle, Some(number), lines, self.subs[number].lasting_code());
        // Nobody goes on charging who was given up.
        self.bills[bill].finalizes_at = (!is_unpaid).then_some(start + HOUR);
    }

    /// Ends a subscription; nothing more is collected for it.
    /// <https://docs.stripe.com/api/subscriptions/cancel>
    pub(super) fn end(&mut self, number: usize, at: i64) {
        self.subs[number].state = State::Over { at };
        self.subs[number].planned = None;
        for bill in self.bills.iter_mut().filter(|bill| bill.sub == Some(number)) {
            (bill.finalizes_at, bill.retry_at) = (None, None);
        }
    }

    // ── what somebody does ──────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn buy(&mut self, shape: Shape, code: Option<Code>) {
        let number = self.subs.len();
        self.subs.push(Sub {
            shape,
            code,
            state: State::Active,
            period: (self.now, period_end(self.now, shape.yearly, self.now)),
            cancelling: false,
            planned: None,
            released: None,
            card: Card::Good,
            anchor: self.now,
            pending: None,
            latest: 0,
            behind_since: None,
            revoked: None,
        });
        let lines = self.market.items(&shape).iter().map(Item::cost).collect();
        let bill = self.draft(Why::Create, Some(number), lines, code);
        self.finalize(bill);
        if self.bills[bill].stand == Stand::Open {
            self.paid(bill, Card::Good);
        }
    }

    /// One-off: it is paid first, so the balance does not count.
    fn sell(&mut self, why: Why, amount: i64, code: Option<Code>) -> usize {
        let bill = self.draft(why, None, vec![amount], code);
        self.bills[bill].due = self.bills[bill].sums.total;
        self.paid(bill, Card::Good);
        bill
    }

    pub(super) fn buy_forever(&mut self, seats: i64, code: Option<Code>) {
        let bill = self.sell(Why::Forever, self.market.forever().0 * seats, code);
        let updates_until = months_after(self.now, 12);
        self.forever = Some(Forever { seats, updates_until, bill, ordered_at: None, has_begun: true });
    }

    pub(super) fn buy_updates(&mut self) {
        let Some(seats) = self.forever.as_ref().map(|forever| forever.seats) else { return };
        self.sell(Why::Updates, self.market.forever().1 * seats, None);
        if let Some(forever) = &mut self.forever {
            forever.updates_until = months_after(forever.updates_until, 12);
        }
    }

    /// What becomes of a change to the last subscription, if it is asked for now.
    pub(super) fn verdict(&self, to: &Shape) -> Verdict {
        let Some(sub) = self.last() else { return Verdict::Over };
        match sub.state {
            State::Over { .. } => return Verdict::Over,
            _ if sub.revoked.is_some() => return Verdict::Revoked,
            State::PastDue | State::Unpaid => return Verdict::PaymentDue,
            State::Active if sub.pending.is_some() => return Verdict::PaymentDue,
            State::Active => {}
        }
        let from = &sub.shape;
        if from == to {
            return Verdict::Unchanged;
        }
        // Whatever takes something away waits for the end of what is paid.
        let is_fewer = to.seats < from.seats || to.packs < from.packs;
        if to.plan < from.plan || is_fewer || (from.yearly && !to.yearly) {
            return if sub.cancelling { Verdict::Cancelled } else { Verdict::Later };
        }
        let mut lines = self.change_lines(sub, to);
        lines.sort_unstable();
        let sums = self.market.sums(&lines, sub.lasting_code());
        Verdict::Now { lines, sums, due: (sums.total + self.balance).max(0) }
    }

    /// What is left of the old items is credited, what is left of the period is charged for the new ones; another
    /// interval begins a period of its own, which is charged whole.
    fn change_lines(&self, sub: &Sub, to: &Shape) -> Vec<i64> {
        let (old, new) = (self.market.items(&sub.shape), self.market.items(to));
        if sub.shape.yearly != to.yearly {
            let credits = old.iter().map(|item| -left_of(item.cost(), sub.period, self.now));
            return credits.chain(new.iter().map(Item::cost)).collect();
        }
        let credits =
            old.iter().filter(|item| !new.contains(item)).map(|item| -left_of(item.cost(), sub.period, self.now));
        let charges =
            new.iter().filter(|item| !old.contains(item)).map(|item| left_of(item.cost(), sub.period, self.now));
        credits.chain(charges).collect()
    }

    /// The change is agreed to; tells whether it waits for its payment.
    pub(super) fn change(&mut self, to: Shape, verdict: &Verdict) -> bool {
        let Some(number) = self.subs.len().checked_sub(1) else { return false };
        let sub = &mut self.subs[number];
        let fell_away = sub.planned.take().map(|planned| (planned, sub.shape, sub.period.1));
        match verdict {
            Verdict::Later => (sub.planned, sub.released) = (Some(to), None),
            Verdict::Now { lines, .. } => {
                sub.released = fell_away.or(sub.released);
                return self.change_now(number, to, lines.clone());
            }
            _ => sub.released = None,
        }
        false
    }

    fn change_now(&mut self, number: usize, to: Shape, lines: Vec<i64>) -> bool {
        let new_period = self.subs[number].shape.yearly != to.yearly;
        let begins_period_at = new_period.then_some(self.now);
        let is_charge = lines.iter().sum::<i64>() > 0;
        let bill = self.draft(Why::Update { new_period }, Some(number), lines, self.subs[number].lasting_code());
        let expires_at = (self.now + PENDING_LIFE).min(self.subs[number].period.1);
        if is_charge {
            self.subs[number].pending = Some(Pending { shape: to, bill, expires_at, begins_period_at });
        } else {
            self.subs[number].take_shape(to, begins_period_at);
        }
        self.finalize(bill);
        let card = self.subs[number].card;
        if self.bills[bill].stand == Stand::Open && matches!(card, Card::Good | Card::Disputed) {
            self.paid(bill, card);
        }
        self.subs[number].pending.is_some()
    }

    fn drop_pending(&mut self, number: usize) {
        if let Some(pending) = self.subs[number].pending.take() {
            self.void(pending.bill);
        }
    }

    /// The invoice that the last subscription waits for.
    pub(super) fn awaited(&self) -> Option<usize> {
        let sub = self.last().filter(|sub| !matches!(sub.state, State::Over { .. }))?;
        Some(sub.latest).filter(|bill| self.bills[*bill].stand == Stand::Open)
    }

    pub(super) fn is_pending(&self) -> bool {
        self.last().is_some_and(|sub| sub.pending.is_some())
    }

    pub(super) fn pay(&mut self, bill: usize) {
        self.paid(bill, Card::Good);
    }

    /// Gives back a part of what was charged, with a credit note or without.
    pub(super) fn give_back(&mut self, bill: usize, amount: i64, has_note: bool, to_balance: bool) {
        let bill = &mut self.bills[bill];
        bill.credited += if has_note { amount } else { 0 };
        if to_balance {
            self.balance -= amount;
        } else {
            bill.refunded += amount;
        }
    }
}

impl Sub {
    /// What takes off every payment after the first.
    fn lasting_code(&self) -> Option<Code> {
        self.code.filter(|code| code.is_for_ever())
    }

    fn take_shape(&mut self, shape: Shape, begins_period_at: Option<i64>) {
        self.shape = shape;
        if let Some(start) = begins_period_at {
            self.anchor = start;
            self.period = (start, period_end(start, shape.yearly, start));
        }
    }
}
