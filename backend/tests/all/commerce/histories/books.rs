//! The model: one customer's subscriptions, invoices and balance, as Stripe's documentation and this product's rules
//! have them, reckoned without the product and without Stripe. Who wants to know what a history should come to reads
//! this file and those of its folder; nothing here calls the code that is tested.
//!
//! Stripe's part: renewals at the period's end, drafts that become final after an hour, attempts to charge, changes that
//! wait for their payment (<https://docs.stripe.com/billing/subscriptions/pending-updates-reference>), what is planned
//! for the period's end, the credit balance (<https://docs.stripe.com/billing/customer/balance>).
//! The product's part: what that means for the license, and what becomes of orders and changes whose transfer is late.

mod changes;
mod conversion;
mod invoices;
mod patience;
mod rights;
mod transfers;

pub(super) use conversion::Offer;

use super::steps::Card;
use super::tariff::{Code, DAY, HOUR, Item, Market, Shape, Sums, months_after, period_end};

/// Days from one failed attempt at a renewal to the next; after the last the subscription is unpaid.
const RETRY_DAYS: [i64; 3] = [3, 5, 7];
/// A license outlives the paid period by this much, so that a renewal has time to arrive.
const SLACK: i64 = 3 * DAY;
/// What is sent is due after this.
const TERMS: i64 = 14 * DAY;
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
    /// What a perpetual license costs that was a subscription.
    Conversion,
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
    /// The same after discounts, each with the time that it is for.
    paid_for: Vec<(i64, (i64, i64))>,
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
    /// Of one that is sent: by when it is to be paid.
    due_at: Option<i64>,
    /// When Stripe calls it overdue, until it has.
    overdue_at: Option<i64>,
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

/// What was planned, and had to fall away for a change.
#[derive(Clone, Copy, Debug)]
struct Released {
    planned: Shape,
    /// What was paid for then; anything else means that the change was made.
    before: Shape,
    /// When it would have taken effect.
    at: i64,
    /// Not looked at before.
    looks_at: i64,
}

#[derive(Clone, Debug)]
pub(super) struct Sub {
    pub(super) shape: Shape,
    /// With which it was bought.
    code: Option<Code>,
    /// Its invoices are sent.
    pub(super) by_transfer: bool,
    ordered_at: i64,
    /// Its first invoice.
    first: usize,
    /// The product knows that the first invoice is paid.
    has_begun: bool,
    pub(super) state: State,
    pub(super) period: (i64, i64),
    pub(super) cancelling: bool,
    pub(super) planned: Option<Shape>,
    released: Option<Released>,
    pub(super) card: Card,
    anchor: i64,
    pending: Option<Pending>,
    /// When the change is given up whose transfer the product waits for.
    awaited_until: Option<i64>,
    /// When the product looks at it by itself, whatever it hears.
    looks_again: Vec<i64>,
    /// Its newest invoice, drafts included.
    latest: usize,
    /// Since when the product knows that a renewal is unpaid.
    behind_since: Option<i64>,
    revoked: Option<&'static str>,
    /// It has become a perpetual license, with updates until then.
    pub(super) perpetual_until: Option<i64>,
}

/// A perpetual license.
#[derive(Clone, Debug)]
pub(super) struct Forever {
    pub(super) seats: i64,
    pub(super) updates_until: i64,
    pub(super) bill: usize,
    code: Option<Code>,
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
    /// Another change waits for its transfer.
    Awaited,
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
    IsOverdue(usize),
}

pub(super) struct Books {
    pub(super) market: Market,
    pub(super) now: i64,
    /// Negative: credit for coming invoices.
    pub(super) balance: i64,
    /// What was transferred and pays for nothing yet.
    pub(super) cash: i64,
    /// Invoices that were sent, in the order in which they became final.
    sent: Vec<usize>,
    /// When the product looks again for what is given up.
    looks_at: i64,
    pub(super) bills: Vec<Bill>,
    pub(super) subs: Vec<Sub>,
    pub(super) forever: Option<Forever>,
}

impl Books {
    pub(super) fn open(market: Market, now: i64) -> Self {
        let (bills, subs, sent) = (Vec::new(), Vec::new(), Vec::new());
        Self { market, now, balance: 0, cash: 0, sent, looks_at: 0, bills, subs, forever: None }
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
                Due::IsOverdue(bill) => self.be_overdue(bill),
            }
        }
        self.now = until.max(self.now);
    }

    fn next(&self) -> Option<(i64, Due)> {
        let living = self.subs.iter().enumerate().filter(|(_, sub)| !matches!(sub.state, State::Over { .. }));
        let subs = living.flat_map(|(number, sub)| {
            // Of a card, Stripe drops it; of a transfer, the product.
            let pending = sub.pending.filter(|_| !sub.by_transfer);
            let pending = pending.map(|pending| (pending.expires_at, Due::PendingExpires(number)));
            [Some((sub.period.1, Due::PeriodEnds(number))), pending]
        });
        let bills = self.bills.iter().enumerate().flat_map(|(number, bill)| {
            let draft = bill.finalizes_at.filter(|_| bill.stand == Stand::Draft);
            let is_open = bill.stand == Stand::Open;
            [
                draft.map(|at| (at, Due::Finalizes(number))),
                bill.retry_at.filter(|_| is_open).map(|at| (at, Due::Retries(number))),
                bill.overdue_at.filter(|_| is_open).map(|at| (at, Due::IsOverdue(number))),
            ]
        });
        subs.chain(bills).flatten().min()
    }

    /// When something happens next at Stripe, or a grace ends here, or an order or a change is given up.
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
            // Another interval counts from where it begins.
            sub.anchor = if planned.yearly == sub.shape.yearly { sub.anchor } else { start };
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
        let bill = self.subscribe(shape, code, false);
        if self.bills[bill].stand == Stand::Open {
            self.paid(bill, Card::Good);
        }
    }

    /// A subscription begins; answers its first invoice, which is final.
    fn subscribe(&mut self, shape: Shape, code: Option<Code>, by_transfer: bool) -> usize {
        let number = self.subs.len();
        self.subs.push(Sub {
            shape,
            code,
            by_transfer,
            ordered_at: self.now,
            first: self.bills.len(),
            has_begun: !by_transfer,
            state: State::Active,
            period: (self.now, period_end(self.now, shape.yearly, self.now)),
            cancelling: false,
            planned: None,
            released: None,
            card: Card::Good,
            anchor: self.now,
            pending: None,
            awaited_until: None,
            looks_again: vec![self.now],
            latest: 0,
            behind_since: None,
            revoked: None,
            perpetual_until: None,
        });
        let lines = self.market.items(&shape).iter().map(Item::cost).collect();
        let bill = self.draft(Why::Create, Some(number), lines, code);
        self.finalize(bill);
        bill
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
        self.forever = Some(Forever { seats, updates_until, bill, code, ordered_at: None, has_begun: true });
    }

    pub(super) fn buy_updates(&mut self) {
        let Some(seats) = self.forever.as_ref().map(|forever| forever.seats) else { return };
        self.sell(Why::Updates, self.market.forever().1 * seats, None);
        if let Some(forever) = &mut self.forever {
            forever.updates_until = months_after(forever.updates_until, 12);
        }
    }

    /// The invoice that the last subscription waits for a card to pay.
    pub(super) fn awaited(&self) -> Option<usize> {
        let sub = self.last().filter(|sub| !sub.by_transfer && !matches!(sub.state, State::Over { .. }))?;
        Some(sub.latest).filter(|bill| self.bills[*bill].stand == Stand::Open)
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
