//! What is earned by an invoice, from what was paid of it and given back. Pure.

use super::Why;
use crate::clock::{DAY_MS, UnixMs};
use crate::partners::Partner;

/// Hundredths of a percent in the whole.
const WHOLE_BP: i128 = 10_000;
/// Most characters of the reference of a payout, and of the reason why one is taken back.
pub const REFERENCE_MAX_CHARS: usize = 140;
/// How far back the day of a payout can lie, in milliseconds.
pub const PAID_AGO_MAX_MS: i64 = 366 * DAY_MS;

/// An invoice as it was issued, and the share that was agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// With tax, after discounts, in minor units.
    pub total_minor: i64,
    /// Tax in it.
    pub tax_minor: i64,
    /// The share, in hundredths of a percent.
    pub rate_bp: i64,
}

/// What has become of an invoice, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What was paid, once the whole was; of an invoice that is open, void or given up 0.
    pub paid_minor: i64,
    /// What credit notes take back, with tax, but for what they keep as the customer's credit.
    pub credited_minor: i64,
    /// The same without tax.
    pub credited_net_minor: i64,
    /// What of that was given back outside of Stripe; the rest is paid back, or was never paid.
    pub settled_minor: i64,
    /// What was paid back, or is on its way.
    pub refunded_minor: i64,
    /// What disputes hold, or have lost.
    pub disputed_minor: i64,
}

/// A credit note that is issued, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Note {
    /// With tax.
    pub total_minor: i64,
    /// Tax in it.
    pub tax_minor: i64,
    /// What of it the customer has as credit.
    pub credited_minor: i64,
    /// What of it was given back outside of Stripe.
    pub elsewhere_minor: i64,
}

impl Facts {
    /// The same with what these credit notes take back. What the customer has of them as credit is money that the vendor
    /// keeps: it was earned by once, and is not again by what the credit pays. Of the net amount of a note that is both,
    /// the one part is rounded half up.
    #[must_use]
    pub fn with_notes(self, notes: &[Note]) -> Self {
        let none = Self { credited_minor: 0, credited_net_minor: 0, settled_minor: 0, ..self };
        notes.iter().filter(|note| note.total_minor > 0).fold(none, |facts, note| {
            let taken_minor = (note.total_minor - note.credited_minor).max(0);
            let net = i128::from(note.total_minor) - i128::from(note.tax_minor);
            let taken_net = half_up(net * i128::from(taken_minor), i128::from(note.total_minor));
            Self {
                credited_minor: facts.credited_minor + taken_minor,
                credited_net_minor: facts.credited_net_minor + minor(taken_net),
                settled_minor: facts.settled_minor + note.elsewhere_minor,
                ..facts
            }
        })
    }
}

/// What is earned by an invoice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earned {
    /// What was paid and is kept, without tax.
    pub net_minor: i64,
    /// The partner's share of it.
    pub amount_minor: i64,
}

/// One reason for a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The reason.
    pub why: Why,
    /// More or less, without tax.
    pub net_minor: i64,
    /// More or less commission.
    pub amount_minor: i64,
}

/// What is earned: the share of the net amount that is left of the sale, as far as its money is kept. Both are rounded half
/// up to the minor unit, first the net amount, then the share of that, so that whoever reads both can reckon the one from
/// the other. Never negative.
///
/// A credit note takes back its own net amount; a refund or dispute that no credit note explains takes its part of the net
/// amount. Money that a credit note and its refund both speak of is taken once: the note lessens what was sold, the refund
/// what is kept.
#[must_use]
pub fn earned(sale: Sale, facts: Facts) -> Earned {
    let sold = i128::from(sale.total_minor) - i128::from(facts.credited_minor);
    let sold_net = i128::from(sale.total_minor) - i128::from(sale.tax_minor) - i128::from(facts.credited_net_minor);
    let given_back =
        i128::from(facts.refunded_minor) + i128::from(facts.settled_minor) + i128::from(facts.disputed_minor);
    let kept = i128::from(facts.paid_minor) - given_back;
    if sold <= 0 || sold_net <= 0 || kept <= 0 {
        return Earned::default();
    }
    // More is kept than was sold while a refund is heard of later than its credit note, or has failed.
    let net = half_up(sold_net * kept.min(sold), sold);
    let amount = half_up(net * i128::from(sale.rate_bp.max(0)), WHOLE_BP);
    Earned { net_minor: minor(net), amount_minor: minor(amount) }
}

fn minor(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The quotient of two positive numbers, rounded to the nearest, halves up.
fn half_up(dividend: i128, divisor: i128) -> i128 {
    (dividend + divisor / 2) / divisor
}

/// The reasons for which something else is earned now than before, in the order of an invoice's life, without those that
/// make no difference. Together they are the whole difference.
#[must_use]
pub fn steps(sale: Sale, before: Facts, after: Facts) -> Vec<Step> {
    let paid = Facts { paid_minor: after.paid_minor, ..before };
    let credited = Facts {
        credited_minor: after.credited_minor,
        credited_net_minor: after.credited_net_minor,
        settled_minor: after.settled_minor,
        ..paid
    };
    let refunded = Facts { refunded_minor: after.refunded_minor, ..credited };
    let mut steps = Vec::new();
    for (less, more, from, to) in [
        (Why::Paid, Why::Paid, before, paid),
        (Why::Credited, Why::CreditVoid, paid, credited),
        (Why::Refunded, Why::RefundFailed, credited, refunded),
        (Why::Disputed, Why::DisputeWon, refunded, after),
    ] {
        let (was, is) = (earned(sale, from), earned(sale, to));
        let (net_minor, amount_minor) = (is.net_minor - was.net_minor, is.amount_minor - was.amount_minor);
        if (net_minor, amount_minor) != (0, 0) {
            let why = if net_minor < 0 || amount_minor < 0 { less } else { more };
            steps.push(Step { why, net_minor, amount_minor });
        }
    }
    steps
}

/// Whether an account was a partner when something was paid, and has been since what that is for was ordered: whoever is a
/// partner anew begins anew. Stripe counts in whole seconds, and so does this.
#[must_use]
pub fn was_partner(partner: &Partner, ordered_at: UnixMs, paid_at: UnixMs) -> bool {
    let has_begun = partner.since.seconds() <= ordered_at.min(paid_at).seconds();
    has_begun && partner.ended_at.is_none_or(|ended_at| paid_at.seconds() < ended_at.seconds())
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
