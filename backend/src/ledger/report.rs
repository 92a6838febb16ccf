//! The trial balance: what each account holds, whether it all sums to zero, and whether it is what the invoices say.

use std::collections::BTreeMap;

use super::{LedgerAccount, code, store};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx};
use crate::ids::VendorId;
use crate::money::{Currency, Money};

/// Most things that are named; whoever has more has one cause to look for, not many.
const NAMED: i64 = 100;

/// From a moment up to before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first moment.
    pub from: UnixMs,
    /// The first moment after.
    pub until: UnixMs,
}

impl Period {
    /// Everything.
    pub const ALL: Self = Self { from: UnixMs(i64::MIN), until: UnixMs(i64::MAX) };
}

/// What an account holds in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountSum {
    /// The account.
    pub account: LedgerAccount,
    /// Debit positive, credit negative.
    pub amount: Money,
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disagreement {
    /// The sums of a currency do not come to zero.
    Currency {
        /// What they come to.
        sum: Money,
    },
    /// A posting does not sum to zero.
    Posting {
        /// Its id.
        posting_id: String,
        /// What it is about.
        about: String,
        /// What it comes to.
        sum_minor: i64,
    },
    /// The ledger says something else of an invoice than its row does.
    Invoice {
        /// Its number.
        number: String,
        /// Its id.
        invoice_id: String,
        /// Owed, sold and paid by the row.
        row: [i64; 3],
        /// Owed, sold and paid by the ledger.
        ledger: [i64; 3],
    },
}

/// The trial balance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrialBalance {
    /// What accounts hold, by currency and account; those without entries are left out.
    pub sums: Vec<AccountSum>,
    /// What is not as it must be; empty when all is well. Looked for in everything, whatever the period.
    pub disagreements: Vec<Disagreement>,
}

impl TrialBalance {
    /// Its currencies, in order.
    #[must_use]
    pub fn currencies(&self) -> Vec<Currency> {
        let by_code: BTreeMap<String, Currency> =
            self.sums.iter().map(|sum| (code(sum.amount.currency), sum.amount.currency)).collect();
        by_code.into_values().collect()
    }

    /// What an account holds.
    #[must_use]
    pub fn of(&self, account: LedgerAccount, currency: Currency) -> i64 {
        let is_it = |sum: &&AccountSum| sum.account == account && sum.amount.currency == currency;
        self.sums.iter().find(is_it).map_or(0, |sum| sum.amount.amount_minor)
    }
}

/// What was booked in a period, with everything that is not as it must be.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn trial_balance(tx: &mut Tx, vendor_id: &VendorId, period: Period) -> Result<TrialBalance, DbError> {
    let sums: Vec<AccountSum> = store::sum_accounts(tx, vendor_id, period.from, period.until)
        .await?
        .into_iter()
        .map(|(currency, account, minor)| AccountSum { account, amount: Money::new(minor, currency) })
        .collect();
    let mut disagreements = Vec::new();
    let balance = TrialBalance { sums, disagreements: Vec::new() };
    for currency in balance.currencies() {
        let of_currency = balance.sums.iter().filter(|sum| sum.amount.currency == currency);
        let sum = of_currency.map(|sum| sum.amount.amount_minor).sum();
        if sum != 0 {
            disagreements.push(Disagreement::Currency { sum: Money::new(sum, currency) });
        }
    }
    for (posting_id, source, source_id, sum_minor) in store::list_unbalanced(tx, vendor_id, NAMED).await? {
        let (posting_id, about) = (posting_id.to_string(), format!("{source} {source_id}"));
        disagreements.push(Disagreement::Posting { posting_id, about, sum_minor });
    }
    for row in store::list_disagreeing_invoices(tx, vendor_id, NAMED).await? {
        disagreements.push(Disagreement::Invoice {
            number: row.number,
            invoice_id: row.id.to_string(),
            row: [row.owed_minor, row.sold_minor, row.paid_minor],
            ledger: [row.owed_posted, row.sold_posted, row.paid_posted],
        });
    }
    Ok(TrialBalance { disagreements, ..balance })
}
