//! What a thing does to the accounts, from what it is now. Pure; every answer sums to zero.

use super::LedgerAccount as A;
use super::{Side, summed};

/// An invoice as far as the ledger cares, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvoiceFacts {
    /// With tax; negative where more was credited than charged.
    pub total_minor: i64,
    /// Tax in it.
    pub tax_minor: i64,
    /// What was to be paid when it became final, less what credit notes have taken off since.
    pub amount_due_minor: i64,
    /// What credit notes took off while it was open.
    pub reduced_minor: i64,
    /// What was paid.
    pub paid_minor: i64,
    /// What is left to pay.
    pub remaining_minor: i64,
    /// Taken back.
    pub is_void: bool,
    /// Given up.
    pub is_uncollectible: bool,
}

/// The sale: what is owed, what of it is ours and what the tax office's. What Stripe took from the customer's balance
/// (or, of a negative invoice, put there) is the part of the total that was never to be paid.
#[must_use]
pub fn invoice(facts: &InvoiceFacts) -> Vec<Side> {
    if facts.is_void {
        return Vec::new();
    }
    let from_balance = facts.total_minor - facts.amount_due_minor - facts.reduced_minor;
    summed(&[
        (A::Receivable, facts.total_minor),
        (A::Revenue, facts.tax_minor - facts.total_minor),
        (A::TaxPayable, -facts.tax_minor),
        (A::CustomerCredit, from_balance),
        (A::Receivable, -from_balance),
    ])
}

/// What was paid of an invoice. Of one that was taken back it is the customer's.
#[must_use]
pub fn payment(facts: &InvoiceFacts) -> Vec<Side> {
    let against = if facts.is_void { A::CustomerCredit } else { A::Receivable };
    summed(&[(A::Cash, facts.paid_minor), (against, -facts.paid_minor)])
}

/// What was given up of an invoice; nothing once it is paid after all.
#[must_use]
pub fn write_off(facts: &InvoiceFacts) -> Vec<Side> {
    if !facts.is_uncollectible || facts.is_void {
        return Vec::new();
    }
    summed(&[(A::BadDebt, facts.remaining_minor), (A::Receivable, -facts.remaining_minor)])
}

/// A credit note as far as the ledger cares, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CreditNoteFacts {
    /// With tax.
    pub total_minor: i64,
    /// Tax in it.
    pub tax_minor: i64,
    /// Taken off an invoice that was open.
    pub reduced_minor: i64,
    /// Kept for the next invoice.
    pub credited_minor: i64,
    /// Settled outside of Stripe.
    pub elsewhere_minor: i64,
    /// Taken back.
    pub is_void: bool,
}

/// A credit note: sale and tax are taken back. What is not accounted for otherwise is paid back, and meets its refund
/// in [`A::Refunds`], whichever of the two is heard of first.
#[must_use]
pub fn credit_note(facts: &CreditNoteFacts) -> Vec<Side> {
    if facts.is_void {
        return Vec::new();
    }
    let refunded = facts.total_minor - facts.reduced_minor - facts.credited_minor - facts.elsewhere_minor;
    summed(&[
        (A::Credits, facts.total_minor - facts.tax_minor),
        (A::TaxPayable, facts.tax_minor),
        (A::Receivable, -facts.reduced_minor),
        (A::CustomerCredit, -facts.credited_minor),
        (A::Cash, -facts.elsewhere_minor),
        (A::Refunds, -refunded),
    ])
}

/// Money paid back; nothing where that failed.
#[must_use]
pub fn refund(amount_minor: i64, counts: bool) -> Vec<Side> {
    if counts { summed(&[(A::Refunds, amount_minor), (A::Cash, -amount_minor)]) } else { Vec::new() }
}

/// Where a dispute stands, as far as the ledger cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeFacts {
    /// No money has moved, or it came back.
    Nothing,
    /// Taken away until it is decided.
    Held,
    /// Gone.
    Lost,
}

/// A dispute: Stripe takes the money when it is opened and gives it back when it is won. Fees are not in here.
#[must_use]
pub fn dispute(amount_minor: i64, facts: DisputeFacts) -> Vec<Side> {
    let against = match facts {
        DisputeFacts::Nothing => return Vec::new(),
        DisputeFacts::Held => A::Disputes,
        DisputeFacts::Lost => A::BadDebt,
    };
    summed(&[(against, amount_minor), (A::Cash, -amount_minor)])
}

/// The sides that bring what is posted to what is meant.
#[must_use]
pub fn difference(posted: &[Side], meant: &[Side]) -> Vec<Side> {
    let taken_back = posted.iter().map(|(account, amount_minor)| (*account, -amount_minor));
    summed(&meant.iter().copied().chain(taken_back).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::is_balanced;
    use super::*;

    fn sold() -> InvoiceFacts {
        InvoiceFacts {
            total_minor: 11_900,
            tax_minor: 1_900,
            amount_due_minor: 11_900,
            remaining_minor: 11_900,
            ..InvoiceFacts::default()
        }
    }

    #[test]
    fn each_thing_touches_the_accounts_that_it_should() {
        assert_eq!(invoice(&sold()), [(A::Receivable, 11_900), (A::TaxPayable, -1_900), (A::Revenue, -10_000)]);
        let paid = InvoiceFacts { paid_minor: 11_900, remaining_minor: 0, ..sold() };
        assert_eq!(payment(&paid), [(A::Receivable, -11_900), (A::Cash, 11_900)]);
        let from_balance = InvoiceFacts { amount_due_minor: 6_900, remaining_minor: 6_900, ..sold() };
        assert_eq!(
            invoice(&from_balance),
            [(A::Receivable, 6_900), (A::CustomerCredit, 5_000), (A::TaxPayable, -1_900), (A::Revenue, -10_000)]
        );
        let negative = InvoiceFacts { total_minor: -1_190, tax_minor: -190, ..InvoiceFacts::default() };
        assert_eq!(invoice(&negative), [(A::CustomerCredit, -1_190), (A::TaxPayable, 190), (A::Revenue, 1_000)]);
        let reduced =
            InvoiceFacts { amount_due_minor: 10_000, reduced_minor: 1_900, remaining_minor: 10_000, ..sold() };
        assert_eq!(invoice(&reduced), invoice(&sold()), "a credit note is no payment from the balance");
        let void = InvoiceFacts { is_void: true, ..sold() };
        assert_eq!((invoice(&void), payment(&void), write_off(&void)), (vec![], vec![], vec![]));
        let given_up = InvoiceFacts { is_uncollectible: true, ..sold() };
        assert_eq!(write_off(&given_up), [(A::Receivable, -11_900), (A::BadDebt, 11_900)]);

        let note = CreditNoteFacts { total_minor: 1_190, tax_minor: 190, ..CreditNoteFacts::default() };
        assert_eq!(credit_note(&note), [(A::TaxPayable, 190), (A::Credits, 1_000), (A::Refunds, -1_190)]);
        let with_its_refund = [credit_note(&note), refund(1_190, true)].concat();
        assert_eq!(summed(&with_its_refund), [(A::Cash, -1_190), (A::TaxPayable, 190), (A::Credits, 1_000)]);
        assert_eq!(refund(1_190, false), []);
        assert_eq!(dispute(500, DisputeFacts::Held), [(A::Cash, -500), (A::Disputes, 500)]);
        assert_eq!(dispute(500, DisputeFacts::Lost), [(A::Cash, -500), (A::BadDebt, 500)]);
    }

    /// Some amount of money, of either sign.
    fn money() -> impl Strategy<Value = i64> {
        -1_000_000_000_i64..1_000_000_000
    }

    proptest! {
        #[test]
        fn whatever_is_posted_sums_to_zero(
            (total_minor, tax_minor, amount_due_minor, reduced_minor) in (money(), money(), money(), money()),
            (paid_minor, remaining_minor) in (money(), money()),
            (is_void, is_uncollectible, counts) in any::<(bool, bool, bool)>(),
            held in any::<bool>(),
        ) {
            let facts = InvoiceFacts {
                total_minor, tax_minor, amount_due_minor, reduced_minor, paid_minor, remaining_minor, is_void,
                is_uncollectible,
            };
            let note = CreditNoteFacts {
                total_minor, tax_minor, reduced_minor, credited_minor: paid_minor, elsewhere_minor: remaining_minor,
                is_void,
            };
            let stand = if held { DisputeFacts::Held } else { DisputeFacts::Lost };
            for sides in [
                invoice(&facts), payment(&facts), write_off(&facts), credit_note(&note), refund(total_minor, counts),
                dispute(total_minor, stand), difference(&invoice(&facts), &credit_note(&note)),
            ] {
                prop_assert!(is_balanced(&sides), "{sides:?}");
            }
        }

        #[test]
        fn what_customers_owe_is_what_remains_to_be_paid(
            (total, tax, balance, reduced) in (1_i64..1_000_000, 0_i64..1_000, 0_i64..1_000, 0_i64..1_000),
            paid in 0_i64..1_000,
            is_uncollectible in any::<bool>(),
        ) {
            let due = total - balance - reduced;
            let facts = InvoiceFacts {
                total_minor: total, tax_minor: tax, amount_due_minor: due, reduced_minor: reduced, paid_minor: paid,
                remaining_minor: due - paid, is_void: false, is_uncollectible,
            };
            let note = CreditNoteFacts { total_minor: reduced, reduced_minor: reduced, ..CreditNoteFacts::default() };
            let all = [invoice(&facts), payment(&facts), write_off(&facts), credit_note(&note)].concat();
            let owed: i64 = all.iter().filter(|(account, _)| *account == A::Receivable).map(|(_, minor)| minor).sum();
            prop_assert_eq!(owed, if is_uncollectible { 0 } else { due - paid });
        }

        #[test]
        fn any_history_of_states_ends_with_what_is_meant(states in prop::collection::vec((money(), money()), 1..8)) {
            let mut posted: Vec<Side> = Vec::new();
            let mut last = Vec::new();
            for (total_minor, tax_minor) in states {
                last = invoice(&InvoiceFacts { total_minor, tax_minor, ..InvoiceFacts::default() });
                posted.extend(difference(&summed(&posted), &last));
                prop_assert!(difference(&summed(&posted), &last).is_empty(), "twice is once");
            }
            prop_assert_eq!(summed(&posted), last);
        }
    }
}
