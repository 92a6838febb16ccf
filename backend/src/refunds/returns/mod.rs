//! The vendor's list of everything that was given back: refunds, disputes and credit notes, newest first, paged by key.

mod store;

use super::{DisputeStatus, RefundStatus};
use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, InvoiceId};
use crate::invoices::CreditNoteStatus;
use crate::listing::{TimePlace, asked, told};
use crate::money::{Currency, Money};

pub use store::{count_undecided, list_returns};

text_enum! {
    /// What was given back, or is asked for.
    ReturnKind {
        /// Money paid back.
        Refund = "refund",
        /// A payment that its payer disputes.
        Dispute = "dispute",
        /// A document that takes an invoice back, wholly or in part.
        CreditNote = "credit_note",
    }
}

/// Where it stands, in the words of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnStatus {
    /// A refund.
    Refund(RefundStatus),
    /// A dispute.
    Dispute(DisputeStatus),
    /// A credit note.
    CreditNote(CreditNoteStatus),
}

impl ReturnStatus {
    /// Reads what the database has; `None` where the kind has no such word.
    fn parse(kind: ReturnKind, word: &str) -> Option<Self> {
        match kind {
            ReturnKind::Refund => RefundStatus::parse(word).map(Self::Refund),
            ReturnKind::Dispute => DisputeStatus::parse(word).map(Self::Dispute),
            ReturnKind::CreditNote => CreditNoteStatus::parse(word).map(Self::CreditNote),
        }
    }
}

/// Something that was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// What it is.
    pub kind: ReturnKind,
    /// Its id.
    pub id: String,
    /// Of which invoice.
    pub invoice_id: InvoiceId,
    /// That invoice's number.
    pub invoice_number: String,
    /// Who paid.
    pub account_id: AccountId,
    /// The payer's company.
    pub company: String,
    /// Where it stands.
    pub status: ReturnStatus,
    /// How much.
    pub amount: Money,
    /// Stripe's word for why, or empty.
    pub reason: String,
    /// When it was made, opened or issued.
    pub given_at: UnixMs,
}

impl Return {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.given_at, &self.id)
    }
}

/// Which of them a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnFilter {
    /// What they are.
    pub kind: Option<ReturnKind>,
    /// Only what is not decided: refunds on their way, disputes that are open.
    pub undecided: bool,
}

impl ReturnFilter {
    /// The filter that an address asks for; `value` is the value of a name in it. Whatever it does not know asks for
    /// nothing.
    #[must_use]
    pub fn of_address(value: impl Fn(&str) -> Option<String>) -> Self {
        Self { kind: ReturnKind::parse(&asked(value("kind"))), undecided: asked(value("undecided")) == "true" }
    }

    /// The names and values of the address that asks for this filter.
    #[must_use]
    pub fn to_address(&self) -> Vec<(&'static str, String)> {
        let undecided = if self.undecided { "true" } else { "" };
        told([("kind", self.kind.map_or("", ReturnKind::as_str).to_owned()), ("undecided", undecided.to_owned())])
    }

    /// Whether it leaves anything out.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        *self != Self::default()
    }
}

/// Refunds and disputes of one currency are never added to those of another, so they are only counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Undecided {
    /// Refunds on their way.
    pub refunds: i64,
    /// Disputes and inquiries that are open.
    pub disputes: i64,
}

/// A row of the list as the database has it.
#[derive(sqlx::FromRow)]
struct ReturnRow {
    kind: ReturnKind,
    id: String,
    invoice_id: InvoiceId,
    invoice_number: String,
    account_id: AccountId,
    company: String,
    status: String,
    currency: Currency,
    amount_minor: i64,
    reason: String,
    given_at: UnixMs,
}

impl ReturnRow {
    fn read(self) -> Option<Return> {
        Some(Return {
            status: ReturnStatus::parse(self.kind, &self.status)?,
            kind: self.kind,
            id: self.id,
            invoice_id: self.invoice_id,
            invoice_number: self.invoice_number,
            account_id: self.account_id,
            company: self.company,
            amount: Money::new(self.amount_minor, self.currency),
            reason: self.reason,
            given_at: self.given_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_filter_and_back() {
        let address = [("kind", "dispute"), ("undecided", "true")];
        let filter = ReturnFilter::of_address(|asked| {
            address.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
        });
        assert!(filter.is_narrow());
        assert_eq!(filter.to_address(), address.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(ReturnFilter::of_address(|_| Some("x".to_owned())), ReturnFilter::default());
    }

    #[test]
    fn a_status_is_read_in_the_words_of_its_kind() {
        let parse = ReturnStatus::parse;
        assert_eq!(parse(ReturnKind::Refund, "pending"), Some(ReturnStatus::Refund(RefundStatus::Pending)));
        assert_eq!(parse(ReturnKind::Dispute, "won"), Some(ReturnStatus::Dispute(DisputeStatus::Won)));
        assert_eq!(parse(ReturnKind::CreditNote, "void"), Some(ReturnStatus::CreditNote(CreditNoteStatus::Void)));
        assert_eq!(parse(ReturnKind::Refund, "won"), None);
    }
}
