//! The money ledger: every invoice, payment, credit, refund, dispute, commission and payout as balanced double entries.
//!
//! What a thing does to the accounts follows from what it is now ([`rules`]): an invoice that is void has no
//! effect, a lost dispute has moved cash to losses. [`post`] compares that with what is posted for it already and
//! adds a posting with the difference, in the transaction that imports or updates the thing. So duplicates add
//! nothing, any order of events comes to the same, and rows never change (the database refuses it).
//!
//! Each posting sums to zero by itself, hence so does everything; [`trial_balance`] shows it, names what does not,
//! and compares with the invoices.

mod post;
mod report;
pub mod rules;
pub(crate) mod store;

use crate::db::text_enum;
use crate::money::Currency;

pub(crate) use post::{Booking, post};
pub use report::{AccountSum, Disagreement, Period, TrialBalance, trial_balance};
pub use store::{CustomerEntry, find_credit_currency, list_entries};

text_enum! {
    /// An account of the ledger. Debits are positive: money that we have or are owed, and what we lose.
    LedgerAccount {
        /// What customers owe.
        Receivable = "receivable",
        /// Money at Stripe, and what came in and went out around it.
        Cash = "cash",
        /// What customers have with us for their next invoice.
        CustomerCredit = "customer_credit",
        /// Taxes that are owed to tax offices.
        TaxPayable = "tax_payable",
        /// What was sold, without tax.
        Revenue = "revenue",
        /// What credit notes took back of it, without tax.
        Credits = "credits",
        /// Paid back and not, or not yet, explained by a credit note.
        Refunds = "refunds",
        /// Taken away for a dispute that is undecided.
        Disputes = "disputes",
        /// Given up, and lost in disputes.
        BadDebt = "bad_debt",
        /// What partners have earned.
        CommissionExpense = "commission_expense",
        /// What partners are owed.
        CommissionPayable = "commission_payable",
    }
}

text_enum! {
    /// What a posting is about.
    Source {
        /// An invoice.
        Invoice = "invoice",
        /// What was paid of an invoice.
        Payment = "payment",
        /// What was given up of an invoice.
        WriteOff = "write_off",
        /// A credit note.
        CreditNote = "credit_note",
        /// A refund.
        Refund = "refund",
        /// A dispute.
        Dispute = "dispute",
        /// A partner's commission.
        Commission = "commission",
        /// Commissions that were paid out.
        Payout = "payout",
    }
}

/// One side of a posting, in minor units of the thing's currency: debit positive, credit negative.
pub type Side = (LedgerAccount, i64);

/// Sums by account, each account once and none at zero.
#[must_use]
pub fn summed(sides: &[Side]) -> Vec<Side> {
    let mut sums = std::collections::BTreeMap::new();
    for (account, amount_minor) in sides {
        *sums.entry(*account).or_insert(0_i64) += amount_minor;
    }
    sums.into_iter().filter(|(_, amount_minor)| *amount_minor != 0).collect()
}

/// Whether some sides sum to zero, without overflow.
#[must_use]
pub fn is_balanced(sides: &[Side]) -> bool {
    sides.iter().map(|(_, amount_minor)| i128::from(*amount_minor)).sum::<i128>() == 0
}

/// A currency by its code; for maps.
pub(crate) fn code(currency: Currency) -> String {
    currency.as_str().to_owned()
}
