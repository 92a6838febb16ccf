//! A change of the last subscription: what it costs and when it takes effect, and what waits for its payment.

use super::super::steps::Card;
use super::super::tariff::{DAY, HOUR, Item, Shape};
use super::{Books, Pending, Released, Stand, State, Sub, TERMS, Verdict, Why};

/// A change waits so long for its card, but not beyond the period.
const PENDING_LIFE: i64 = 23 * HOUR;
/// What had to fall away for a change is looked at again after this, when its charge cannot be under way any more.
const CHARGED_WITHIN: i64 = HOUR / 6;
/// By transfer a change is begun only when so much is left of the period: a week for the money, and the day before the
/// renewal on which it is given up.
const TRANSFER_TAKES: i64 = 8 * DAY;

impl Books {
    /// What becomes of a change to the last subscription, if it is asked for now.
    pub(in super::super) fn verdict(&self, to: &Shape) -> Verdict {
        let Some(sub) = self.last() else { return Verdict::Over };
        if sub.awaited_until.is_some() {
            return Verdict::Awaited;
        }
        match sub.state {
            State::Over { .. } => return Verdict::Over,
            _ if sub.revoked.is_some() => return Verdict::Revoked,
            State::PastDue | State::Unpaid => return Verdict::PaymentDue,
            State::Active if sub.pending.is_some() => return Verdict::PaymentDue,
            // Unused time is worth something only where it is paid for, and Stripe takes what is invoiced for active.
            State::Active if sub.by_transfer && self.bills[sub.latest].is_owed() => return Verdict::PaymentDue,
            State::Active => {}
        }
        let from = &sub.shape;
        if from == to {
            return Verdict::Unchanged;
        }
        // Whatever takes something away waits for the end of what is paid.
        let is_fewer = to.seats < from.seats || to.packs < from.packs;
        let takes_away = to.plan < from.plan || is_fewer || (from.yearly && !to.yearly);
        // So does what a transfer cannot pay in time, and another interval that it would have to pay.
        let is_in_time = from.yearly == to.yearly && self.now + TRANSFER_TAKES <= sub.period.1;
        if takes_away || (sub.by_transfer && !is_in_time) {
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
            let credits = old.iter().map(|item| -self.market.left_of(item.cost(), sub.period, self.now));
            return credits.chain(new.iter().map(Item::cost)).collect();
        }
        let credits = old
            .iter()
            .filter(|item| !new.contains(item))
            .map(|item| -self.market.left_of(item.cost(), sub.period, self.now));
        let charges = new
            .iter()
            .filter(|item| !old.contains(item))
            .map(|item| self.market.left_of(item.cost(), sub.period, self.now));
        credits.chain(charges).collect()
    }

    /// The change is agreed to; tells whether it waits for its payment.
    pub(in super::super) fn change(&mut self, to: Shape, verdict: &Verdict) -> bool {
        let Some(number) = self.subs.len().checked_sub(1) else { return false };
        let sub = &mut self.subs[number];
        let (before, at, looks_at) = (sub.shape, sub.period.1, self.now + CHARGED_WITHIN);
        let fell_away = sub.planned.take().map(|planned| Released { planned, before, at, looks_at });
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
        let by_transfer = self.subs[number].by_transfer;
        let expires_at = if by_transfer {
            self.change_given_up_at(&self.subs[number])
        } else {
            (self.now + PENDING_LIFE).min(self.subs[number].period.1)
        };
        // By transfer Stripe changes the subscription at once, and the product gives nothing before it is paid.
        if is_charge || by_transfer {
            self.subs[number].pending = Some(Pending { shape: to, bill, expires_at, begins_period_at });
        } else {
            self.subs[number].take_shape(to, begins_period_at);
        }
        self.finalize(bill);
        let card = self.subs[number].card;
        if self.bills[bill].stand == Stand::Open && !by_transfer && matches!(card, Card::Good | Card::Disputed) {
            self.paid(bill, card);
        }
        let waits = self.subs[number].pending.is_some();
        if by_transfer {
            self.subs[number].awaited_until = waits.then_some(expires_at);
            self.subs[number].looks_again.push(self.now + CHARGED_WITHIN);
        }
        waits
    }

    pub(super) fn drop_pending(&mut self, number: usize) {
        if let Some(pending) = self.subs[number].pending.take() {
            self.void(pending.bill);
        }
    }

    pub(in super::super) fn is_pending(&self) -> bool {
        self.last().is_some_and(|sub| sub.pending.is_some())
    }

    /// When a change by transfer that is agreed to now is given up: before its invoice is overdue, and before the renewal.
    fn change_given_up_at(&self, sub: &Sub) -> i64 {
        (self.now + TERMS - HOUR).min(sub.period.1 - DAY)
    }

    /// The same as the customer is shown it, where there is something to transfer.
    pub(in super::super) fn shown_until(&self, due: i64) -> Option<i64> {
        let sub = self.last().filter(|sub| sub.by_transfer && due > 0)?;
        Some(self.change_given_up_at(sub))
    }

    /// Takes back the change that waits for its transfer. What it must come to: nothing to take back, too late because it
    /// is paid, or done.
    pub(in super::super) fn withdraw(&mut self) -> Option<bool> {
        let number = self.subs.len().checked_sub(1).filter(|number| self.subs[*number].awaited_until.is_some())?;
        let is_in_time = self.subs[number].pending.is_some();
        self.drop_pending(number);
        self.seen(number);
        Some(is_in_time)
    }

    /// What had to fall away for a change that was not paid is planned again.
    pub(super) fn plan_again(&mut self, number: usize) {
        let (now, sub) = (self.now, &mut self.subs[number]);
        let is_over = matches!(sub.state, State::Over { .. });
        let released = sub.released.take_if(|released| sub.pending.is_none() && released.looks_at <= now);
        let is_missing = !is_over && !sub.cancelling && sub.planned.is_none();
        if let Some(released) = released.filter(|it| is_missing && it.before == sub.shape && it.at > now) {
            sub.planned = Some(released.planned);
        }
    }
}
