//! What the product makes of it: which licenses there are, and what they allow.

use super::{Bill, Books, Contest, GRACE, Right, SLACK, Stand, State, Why};

impl Books {
    /// The product looks at a subscription: from the first time that it sees one behind, the grace runs.
    pub(in super::super) fn seen(&mut self, number: usize) {
        let now = self.now;
        let sub = &mut self.subs[number];
        // Late with the first transfer is not behind with a renewal: nothing runs yet.
        let is_behind = matches!(sub.state, State::PastDue | State::Unpaid) && sub.has_begun;
        sub.behind_since = is_behind.then(|| sub.behind_since.unwrap_or(now));
        if let Some(grace_end) = sub.behind_since.map(|since| since + GRACE).filter(|end| *end > now)
            && !sub.looks_again.contains(&grace_end)
        {
            sub.looks_again.push(grace_end);
        }
        if sub.pending.is_none() {
            sub.awaited_until = None;
        }
    }

    /// The product has heard of everything; tells what it gave up.
    pub(in super::super) fn heard(&mut self) -> Vec<&'static str> {
        self.hear_of_money();
        let given_up = self.look();
        for number in 0..self.subs.len() {
            let reversal = self.carrier(number).and_then(Bill::reversal);
            let is_over = matches!(self.subs[number].state, State::Over { .. });
            let sub = &mut self.subs[number];
            // What was given back shall not be charged again.
            if reversal.is_some() && sub.revoked.is_none() && !is_over {
                (sub.cancelling, sub.planned) = (true, None);
            }
            sub.revoked = reversal;
            self.seen(number);
        }
        given_up
    }

    /// The newest paid invoice that a license stands on: its purchase, or the newest period. Changes within a period
    /// come on top.
    fn carrier(&self, number: usize) -> Option<&Bill> {
        // One that has become perpetual stands on what that cost; its periods are over.
        let is_perpetual = self.subs[number].perpetual_until.is_some();
        let carries = |bill: &&Bill| {
            bill.sub == Some(number)
                && bill.stand == Stand::Paid
                && match bill.why {
                    Why::Create | Why::Cycle | Why::Update { new_period: true } => !is_perpetual,
                    Why::Conversion => is_perpetual,
                    Why::Update { new_period: false } | Why::Forever | Why::Updates => false,
                }
        };
        self.bills.iter().rev().find(carries)
    }

    fn is_disputed(&self, is_its: impl Fn(&Bill) -> bool) -> bool {
        self.bills.iter().any(|bill| is_its(bill) && bill.contest == Some(Contest::Open))
    }

    /// The table of states and licenses.
    pub(in super::super) fn right(&self, number: usize) -> Right {
        let sub = &self.subs[number];
        let (_, paid_until) = sub.period;
        let is_perpetual = sub.perpetual_until.is_some();
        let (status, reason, ends_at) = match sub.state {
            _ if is_perpetual => ("active", "", paid_until),
            State::Active | State::PastDue | State::Unpaid if !sub.has_begun => ("pending", "unpaid", paid_until),
            State::Active if sub.cancelling => ("active", "", paid_until),
            State::Active => ("active", "", paid_until + SLACK),
            State::PastDue => {
                let grace_end = sub.behind_since.unwrap_or(self.now) + GRACE;
                (if self.now < grace_end { "active" } else { "suspended" }, "past_due", grace_end)
            }
            State::Unpaid => ("suspended", "past_due", paid_until),
            State::Over { at } => ("ended", "cancelled", at.min(paid_until)),
        };
        let (status, reason) = sub.revoked.map_or((status, reason), |reason| ("revoked", reason));
        let is_disputed = self.is_disputed(|bill| bill.sub == Some(number));
        let (seats, devices) = (sub.shape.seats, Some(sub.shape.devices()).filter(|_| !is_perpetual));
        Right { status, reason, ends_at: Some(ends_at).filter(|_| !is_perpetual), seats, devices, is_disputed }
    }

    pub(in super::super) fn right_for_ever(&self) -> Option<(Right, i64)> {
        let forever = self.forever.as_ref()?;
        let bill = &self.bills[forever.bill];
        let (status, reason) = match bill.reversal() {
            Some(reason) => ("revoked", reason),
            None if bill.stand == Stand::Void => ("ended", "unpaid"),
            None if forever.has_begun => ("active", ""),
            None => ("pending", ""),
        };
        let right = Right { status, reason, ends_at: None, seats: forever.seats, devices: None, is_disputed: false };
        Some((right, forever.updates_until))
    }
}

impl Bill {
    /// Why the license under it is revoked: all of it was given back, or the bank took it.
    fn reversal(&self) -> Option<&'static str> {
        if self.contest == Some(Contest::Lost) {
            return Some("dispute_lost");
        }
        let is_refunded = self.paid > 0 && self.refunded >= self.paid;
        let total = self.sums.total;
        (total > 0 && (is_refunded || self.credited >= total)).then_some("refunded")
    }
}
