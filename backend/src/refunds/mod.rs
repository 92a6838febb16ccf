//! What is given back: credit notes, refunds, disputes, and what follows from them.
//!
//! Whatever Stripe reports about any of them leads to the invoice, and everything that was given back of that invoice
//! is fetched and written in one transaction with the ledger (`project_reversals.rs`), so order and duplicates of events
//! do not matter. Then the license is settled (`settle_license.rs`) from what the rows say: money given back for what
//! carries a license revokes it, an open dispute lets nothing new activate, and both are undone when the refund fails or
//! the dispute is won.

mod credit_invoice;
mod project_reversals;
pub mod returns;
pub mod rules;
mod settle_license;
mod settle_vouchers;
pub(crate) mod store;
mod tell;

use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, DisputeId, InvoiceId, RefundId, VendorId};
use crate::money::{Currency, Money};

pub use credit_invoice::{
    CreditInvoice, CreditOutcome, CreditRefusal, MEMO_MAX_CHARS, credit_invoice, creditable_minor,
};
pub use project_reversals::{project_reversals, project_reversals_of};
pub(crate) use settle_license::is_reversed;
pub(crate) use settle_vouchers::{settle, settle_vouchers, standing_of_vouchers};
pub use store::{list_disputes, list_refunds};
pub(crate) use tell::credit_note as tell_credit_note;

text_enum! {
    /// Where a refund stands.
    RefundStatus {
        /// On its way.
        Pending = "pending",
        /// Paid back.
        Succeeded = "succeeded",
        /// It came back to us.
        Failed = "failed",
        /// Called off.
        Canceled = "canceled",
    }
}

impl RefundStatus {
    /// Whether the money is, or will be, the customer's.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Pending | Self::Succeeded)
    }
}

/// Money paid back.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Refund {
    /// Its id.
    pub id: RefundId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// Whose money it is.
    pub account_id: AccountId,
    /// What it was paid for.
    pub invoice_id: InvoiceId,
    /// Stripe's id.
    pub stripe_refund_id: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// Of the amount.
    pub currency: Currency,
    /// How much, positive.
    pub amount_minor: i64,
    /// Stripe's word for why, or empty.
    pub reason: String,
    /// When it was made.
    pub refunded_at: UnixMs,
}

impl Refund {
    /// How much.
    #[must_use]
    pub fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }
}

text_enum! {
    /// Where a dispute stands.
    DisputeStatus {
        /// The bank asks; no money has moved.
        Inquiry = "inquiry",
        /// Undecided.
        Open = "open",
        /// The money came back.
        Won = "won",
        /// The money is gone.
        Lost = "lost",
    }
}

/// A payment that its payer disputes.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Dispute {
    /// Its id.
    pub id: DisputeId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// Who paid.
    pub account_id: AccountId,
    /// What it was paid for.
    pub invoice_id: InvoiceId,
    /// Stripe's id.
    pub stripe_dispute_id: String,
    /// Where it stands.
    pub status: DisputeStatus,
    /// Of the amount.
    pub currency: Currency,
    /// How much of the payment, positive.
    pub amount_minor: i64,
    /// What the payer says, in Stripe's word.
    pub reason: String,
    /// When it was opened.
    pub opened_at: UnixMs,
}

impl Dispute {
    /// How much.
    #[must_use]
    pub fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }
}
