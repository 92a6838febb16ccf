//! When money that was given back takes the license back.

use super::{DisputeStatus, RefundStatus};
use crate::catalog::PlanKind;
use crate::clock::UnixMs;
use crate::licenses::Reversal;
use crate::orders::OrderKind;
use crate::stripe::DisputeState;

/// A paid invoice of a license, with what was given back of it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PaidInvoice {
    /// Stripe's word for why it was made.
    pub billing_reason: String,
    /// What the order bought that it charges, where it has one.
    pub order_kind: Option<OrderKind>,
    /// Of the license as it is now.
    pub license_kind: PlanKind,
    /// Charges something other than the rest of a period that had begun before.
    pub begins_period: bool,
    /// Charges nothing, because what somebody else has paid for still runs.
    pub precedes_first_charge: bool,
    /// Was paid by somebody else than who pays now, for a time that is over.
    pub is_over: bool,
    /// Was made out to the account that has the license.
    pub is_holders: bool,
    /// With tax.
    pub total_minor: i64,
    /// What was paid of it.
    pub paid_minor: i64,
    /// What was paid back, or is on its way.
    pub refunded_minor: i64,
    /// What credit notes take back.
    pub credited_minor: i64,
    /// Disputes that were lost.
    pub disputes_lost: i64,
    /// When the first dispute was opened that is still undecided.
    pub disputed_at: Option<UnixMs>,
}

/// Whether a license stands on this invoice: it bought it for ever, or as a voucher, or a period of it, also one that begins
/// with a change of the interval. Changes within a period, years of updates and seats that were added, come on top: giving those back leaves the license.
/// A subscription that turned perpetual was bought by what that cost, which no order says; its periods are over.
#[must_use]
pub fn carries(invoice: &PaidInvoice) -> bool {
    match invoice.order_kind {
        Some(OrderKind::Perpetual | OrderKind::Vouchers) => true,
        Some(OrderKind::Maintenance | OrderKind::Seats) => false,
        _ if invoice.precedes_first_charge => false,
        Some(OrderKind::Subscription | OrderKind::Continuation) | None
            if invoice.license_kind == PlanKind::Perpetual =>
        {
            invoice.order_kind.is_none() && invoice.billing_reason == "manual"
        }
        Some(OrderKind::Subscription | OrderKind::Continuation) | None => match invoice.billing_reason.as_str() {
            "subscription_create" | "subscription_cycle" => true,
            "subscription_update" => invoice.begins_period,
            _ => false,
        },
    }
}

/// Whether an invoice was given back as a whole. A part of it is a concession, not a return.
#[must_use]
pub fn reversal(invoice: &PaidInvoice) -> Option<Reversal> {
    if invoice.total_minor <= 0 {
        return None;
    }
    if invoice.disputes_lost > 0 {
        return Some(Reversal::DisputeLost);
    }
    let is_refunded = invoice.paid_minor > 0 && invoice.refunded_minor >= invoice.paid_minor;
    (is_refunded || invoice.credited_minor >= invoice.total_minor).then_some(Reversal::Refunded)
}

/// What the payments of a license say about it, its paid invoices given newest first: the newest that carries it
/// counts, so a renewal that is paid makes good for a period that was given back. What somebody else has paid counts for as
/// long as that runs, and no longer: whoever goes on is not to answer for it. Nor does a dispute about what somebody else has
/// paid on top of the license freeze it.
#[must_use]
pub fn standing(invoices: &[PaidInvoice]) -> (Option<Reversal>, Option<UnixMs>) {
    let running = || invoices.iter().filter(|invoice| !invoice.is_over);
    let carrier = running().find(|invoice| carries(invoice));
    let weighs = |invoice: &&PaidInvoice| invoice.is_holders || carries(invoice);
    (carrier.and_then(reversal), running().filter(weighs).filter_map(|invoice| invoice.disputed_at).min())
}

/// Stripe's word for where a refund stands, in ours.
#[must_use]
pub fn refund_status(word: &str) -> RefundStatus {
    match word {
        "succeeded" => RefundStatus::Succeeded,
        "failed" => RefundStatus::Failed,
        "canceled" => RefundStatus::Canceled,
        _ => RefundStatus::Pending,
    }
}

/// Stripe's word for where a dispute stands, in ours.
#[must_use]
pub fn dispute_status(state: DisputeState) -> DisputeStatus {
    match state {
        DisputeState::Inquiry => DisputeStatus::Inquiry,
        DisputeState::Open => DisputeStatus::Open,
        DisputeState::Won => DisputeStatus::Won,
        DisputeState::Lost => DisputeStatus::Lost,
    }
}

/// Whether a refund can go from one standing to another: what was fetched before may be written after, and must not
/// undo what is known. A refund that succeeded can still come back.
#[must_use]
pub fn refund_moves_on(from: RefundStatus, to: RefundStatus) -> bool {
    let rank = |status| match status {
        RefundStatus::Pending => 0,
        RefundStatus::Succeeded => 1,
        RefundStatus::Failed | RefundStatus::Canceled => 2,
    };
    rank(to) > rank(from)
}

/// The same for a dispute; a decision can be turned round by a later one.
#[must_use]
pub fn dispute_moves_on(from: DisputeStatus, to: DisputeStatus) -> bool {
    let rank = |status| match status {
        DisputeStatus::Inquiry => 0,
        DisputeStatus::Open => 1,
        DisputeStatus::Won | DisputeStatus::Lost => 2,
    };
    from != to && rank(to) >= rank(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paid(billing_reason: &str, order_kind: Option<OrderKind>) -> PaidInvoice {
        PaidInvoice {
            billing_reason: billing_reason.to_owned(),
            order_kind,
            license_kind: PlanKind::Subscription,
            begins_period: false,
            precedes_first_charge: false,
            is_over: false,
            is_holders: true,
            total_minor: 11_900,
            paid_minor: 11_900,
            refunded_minor: 0,
            credited_minor: 0,
            disputes_lost: 0,
            disputed_at: None,
        }
    }

    #[test]
    fn only_the_whole_takes_a_license_back() {
        let period = paid("subscription_cycle", Some(OrderKind::Subscription));
        let cases = [
            (period.clone(), None),
            (PaidInvoice { refunded_minor: 11_899, ..period.clone() }, None),
            (PaidInvoice { refunded_minor: 11_900, ..period.clone() }, Some(Reversal::Refunded)),
            (PaidInvoice { credited_minor: 11_899, ..period.clone() }, None),
            (PaidInvoice { credited_minor: 11_900, paid_minor: 0, ..period.clone() }, Some(Reversal::Refunded)),
            (PaidInvoice { disputes_lost: 1, ..period.clone() }, Some(Reversal::DisputeLost)),
            (PaidInvoice { total_minor: 0, paid_minor: 0, ..period }, None),
        ];
        for (invoice, expected) in cases {
            assert_eq!(reversal(&invoice), expected, "{invoice:?}");
        }
    }

    #[test]
    fn what_comes_on_top_of_a_license_does_not_carry_it() {
        use OrderKind::{Continuation, Maintenance, Perpetual, Subscription, Vouchers};
        for (reason, kind, expected) in [
            ("subscription_create", Some(Subscription), true),
            ("subscription_cycle", Some(Subscription), true),
            ("subscription_update", Some(Subscription), false),
            ("subscription_cycle", None, true),
            ("subscription_cycle", Some(Continuation), true),
            ("manual", None, false),
            ("manual", Some(Perpetual), true),
            ("manual", Some(Maintenance), false),
            ("manual", Some(Vouchers), true),
        ] {
            assert_eq!(carries(&paid(reason, kind)), expected, "{reason} {kind:?}");
        }
        // Turned perpetual, with updates that renew by themselves.
        let perpetual = |reason, kind| PaidInvoice { license_kind: PlanKind::Perpetual, ..paid(reason, kind) };
        assert!(carries(&perpetual("manual", None)) && carries(&perpetual("manual", Some(Perpetual))));
        assert!(!carries(&perpetual("subscription_cycle", None)));
        assert!(!carries(&perpetual("subscription_create", Some(Subscription))));
        // From month to year: the year is paid by an update.
        assert!(carries(&PaidInvoice { begins_period: true, ..paid("subscription_update", None) }));
    }

    #[test]
    fn the_newest_period_counts_and_any_open_dispute_freezes() {
        let given_back = PaidInvoice { refunded_minor: 11_900, ..paid("subscription_create", None) };
        let renewed = paid("subscription_cycle", None);
        let change =
            PaidInvoice { refunded_minor: 11_900, disputed_at: Some(UnixMs(7)), ..paid("subscription_update", None) };
        assert_eq!(standing(std::slice::from_ref(&given_back)), (Some(Reversal::Refunded), None));
        assert_eq!(standing(&[renewed.clone(), given_back.clone()]), (None, None));
        assert_eq!(standing(&[change.clone(), renewed]), (None, Some(UnixMs(7))));
        assert_eq!(standing(&[change, given_back]), (Some(Reversal::Refunded), Some(UnixMs(7))));
        assert_eq!(standing(&[]), (None, None));
    }

    #[test]
    fn a_dispute_about_what_somebody_else_paid_on_top_freezes_nothing() {
        let disputed = |reason, kind, is_holders| PaidInvoice {
            disputed_at: Some(UnixMs(7)),
            is_holders,
            ..paid(reason, Some(kind))
        };
        for (kind, is_holders, expected) in [
            (OrderKind::Seats, false, None),
            (OrderKind::Maintenance, false, None),
            (OrderKind::Perpetual, false, Some(UnixMs(7))),
            (OrderKind::Seats, true, Some(UnixMs(7))),
        ] {
            let invoices = [disputed("manual", kind, is_holders), paid("manual", Some(OrderKind::Perpetual))];
            assert_eq!(standing(&invoices), (None, expected), "{kind:?} {is_holders}");
        }
    }

    #[test]
    fn what_somebody_else_has_paid_counts_until_it_is_over() {
        let theirs = paid("subscription_cycle", Some(OrderKind::Subscription));
        let given_back = PaidInvoice { refunded_minor: 11_900, ..theirs.clone() };
        let disputed = PaidInvoice { disputed_at: Some(UnixMs(7)), ..theirs };
        let own = paid("subscription_create", Some(OrderKind::Continuation));
        let trial = PaidInvoice { precedes_first_charge: true, total_minor: 0, paid_minor: 0, ..own.clone() };
        assert_eq!(standing(&[trial.clone(), given_back.clone()]), (Some(Reversal::Refunded), None));
        assert_eq!(standing(&[trial.clone(), disputed.clone()]), (None, Some(UnixMs(7))));
        let over = |invoice: PaidInvoice| PaidInvoice { is_over: true, ..invoice };
        assert_eq!(standing(&[own, over(disputed)]), (None, None));
        assert_eq!(standing(&[trial, over(given_back)]), (None, None));
        // What costs nothing carries the license as well, from the day on.
        let free =
            PaidInvoice { total_minor: 0, paid_minor: 0, ..paid("subscription_create", Some(OrderKind::Continuation)) };
        assert!(carries(&free));
    }

    #[test]
    fn what_was_fetched_before_undoes_nothing_that_is_known() {
        use RefundStatus::{Canceled, Failed, Pending, Succeeded};
        assert!(refund_moves_on(Pending, Succeeded) && refund_moves_on(Succeeded, Failed));
        assert!(!refund_moves_on(Succeeded, Pending) && !refund_moves_on(Failed, Succeeded));
        assert!(!refund_moves_on(Canceled, Canceled));
        use DisputeStatus::{Inquiry, Lost, Open, Won};
        assert!(dispute_moves_on(Inquiry, Open) && dispute_moves_on(Open, Won) && dispute_moves_on(Lost, Won));
        assert!(!dispute_moves_on(Won, Open) && !dispute_moves_on(Open, Inquiry) && !dispute_moves_on(Open, Open));
    }
}
