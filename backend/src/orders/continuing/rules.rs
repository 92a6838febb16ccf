//! When a license can be gone on with, and from when on it is paid. Pure.

use crate::billing::Subscription;
use crate::catalog::PlanKind;
use crate::clock::{DAY_MS, HOUR_MS, UnixMs};
use crate::ids::OrderId;
use crate::licenses::{License, LicenseStatus, VendorStanding};

/// For how long after the end of what somebody else has paid a license can still be gone on with.
pub const WITHIN_MS: i64 = 30 * DAY_MS;

/// How far ahead Stripe lets a first charge lie at least, from Checkout (48 hours), with some time for opening its page
/// (<https://docs.stripe.com/payments/checkout/free-trials>).
const LEAST_AHEAD_MS: i64 = 49 * HOUR_MS;

/// Why a license cannot be gone on with at one's own expense.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Obstacle {
    /// Nobody else pays for it.
    NotPaidByAnother,
    /// Who pays goes on paying.
    StillPaid,
    /// What runs now is not paid.
    PaymentDue,
    /// What is paid ends so soon that Stripe cannot wait for it, and charged now, the rest would be paid twice.
    NotYet {
        /// From when on it can be gone on with.
        from: UnixMs,
    },
    /// It is suspended, revoked, or a payment for it is disputed.
    Stopped,
    /// It ended too long ago.
    TooLate,
    /// It is offered to another account.
    HandoverWaits,
    /// It is being ordered already.
    OpenOrder {
        /// The order that waits to be paid.
        order_id: OrderId,
    },
}

/// What waits for a decision or a payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// A change of what is paid: its transfer, or what comes of charging a card.
    pub change: bool,
    /// What who pays was invoiced for the license, and has not paid.
    pub unpaid: bool,
    /// The offer of the license to another account.
    pub handover: bool,
    /// An order to go on with the license.
    pub order_id: Option<OrderId>,
}

/// When what somebody else pays for a license is over, or was; `None` where nobody else pays, or goes on paying.
#[must_use]
pub fn over_at(license: &License, subscription: Option<&Subscription>) -> Option<UnixMs> {
    let is_rented = license.kind == PlanKind::Subscription;
    let other = subscription.filter(|it| is_rented && it.account_id != license.account_id)?;
    match other.ended_at {
        Some(ended_at) => Some(ended_at.min(other.period_end)),
        None => other.cancel_at_period_end.then_some(other.period_end),
    }
}

/// Whether it is not too long ago.
#[must_use]
pub fn is_in_time(over_at: UnixMs, now: UnixMs) -> bool {
    now < over_at.plus(WITHIN_MS)
}

/// The first charge of what goes on then: with the end of what is paid. `None` means at once: that is past, or too near, when
/// only what costs nothing goes on.
#[must_use]
pub fn begins_at(over_at: UnixMs, now: UnixMs) -> Option<UnixMs> {
    (over_at >= now.plus(LEAST_AHEAD_MS)).then_some(over_at)
}

/// Whether the end of what is paid is too near for a first charge with it, and not past.
#[must_use]
pub fn is_too_near(over_at: UnixMs, now: UnixMs) -> bool {
    now < over_at && begins_at(over_at, now).is_none()
}

/// What stands in the way of going on with a license, if anything.
#[must_use]
pub fn obstacle(
    license: &License,
    subscription: Option<&Subscription>,
    waiting: &Waiting,
    now: UnixMs,
) -> Option<Obstacle> {
    let is_rented = license.kind == PlanKind::Subscription;
    let Some(other) = subscription.filter(|it| is_rented && it.account_id != license.account_id) else {
        return Some(Obstacle::NotPaidByAnother);
    };
    let is_stopped = matches!(license.status, LicenseStatus::Suspended | LicenseStatus::Revoked);
    let is_behind = other.ended_at.is_none() && other.past_due_since.is_some();
    let over_at = over_at(license, subscription);
    // By transfer a period runs before it is paid. One that is over is nobody's gain.
    let owes = waiting.unpaid && over_at.is_some_and(|at| at > now);
    if license.vendor_standing != VendorStanding::None || license.disputed_at.is_some() {
        Some(Obstacle::Stopped)
    } else if over_at.is_none() {
        Some(Obstacle::StillPaid)
    } else if is_behind || waiting.change || owes || license.status == LicenseStatus::Pending {
        Some(Obstacle::PaymentDue)
    } else if is_stopped {
        Some(Obstacle::Stopped)
    } else if over_at.is_some_and(|at| !is_in_time(at, now)) {
        Some(Obstacle::TooLate)
    } else if waiting.handover {
        Some(Obstacle::HandoverWaits)
    } else {
        waiting.order_id.clone().map(|order_id| Obstacle::OpenOrder { order_id })
    }
}

#[cfg(test)]
mod tests;
