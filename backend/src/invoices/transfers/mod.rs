//! Invoices that are paid by bank transfer: where the money goes, what has arrived, when the next reminder is due, and
//! what a customer's transfers have left over.
//!
//! Stripe matches what arrives with what is open; here it is only written down, with the invoice, so that the portal and
//! its mails can say what is still missing. Money that fits nothing stays as the customer's cash balance.

mod fetch_transfer;
mod refresh_customer;
mod rules;
mod store;

use crate::clock::UnixMs;
use crate::db::{JsonText, text_enum};
use crate::ids::{AccountId, VendorId};
use crate::money::{Currency, Money};
use crate::stripe::BankAccount;

pub(super) use fetch_transfer::{FetchedTransfer, fetch_transfer, write_transfer};
pub(crate) use refresh_customer::refresh_customer;
pub use rules::{Reminder, reminder_due};
pub use store::{Leftover, find_transfer, find_with_invoice, list_cash_balance, list_leftovers};
pub(crate) use store::{list_to_remind, list_to_void, lock_transfer, set_reminded};

text_enum! {
    /// Where a transfer stands.
    TransferStatus {
        /// Money is missing.
        Awaited = "awaited",
        /// All of it has arrived.
        Paid = "paid",
        /// The invoice was taken back; nothing is waited for.
        Void = "void",
    }
}

text_enum! {
    /// What a transfer pays for.
    PaysFor {
        /// An order, whose license works from the payment on.
        Order = "order",
        /// A change of a subscription, which takes effect with the payment.
        Change = "change",
        /// What goes on as it is.
        Renewal = "renewal",
    }
}

/// What is waited for under one invoice.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Transfer {
    /// The vendor.
    pub vendor_id: VendorId,
    /// Stripe's id of the invoice.
    pub stripe_invoice_id: String,
    /// Who pays.
    pub account_id: AccountId,
    /// Where the money goes.
    pub pays_to: JsonText<BankAccount>,
    /// Of its amounts.
    pub currency: Currency,
    /// What the invoice comes to.
    pub total_minor: i64,
    /// What has arrived.
    pub arrived_minor: i64,
    /// By when it has to be paid.
    pub due_at: UnixMs,
    /// What it pays for.
    pub pays_for: PaysFor,
    /// When the order or change is given up that is not paid; renewals have none.
    pub void_at: Option<UnixMs>,
    /// Where it stands.
    pub status: TransferStatus,
    /// How many reminders were sent or passed over.
    pub reminded: i64,
}

impl Transfer {
    /// What the invoice comes to.
    #[must_use]
    pub fn total(&self) -> Money {
        Money::new(self.total_minor, self.currency)
    }

    /// What has arrived.
    #[must_use]
    pub fn arrived(&self) -> Money {
        Money::new(self.arrived_minor, self.currency)
    }

    /// What is still missing.
    #[must_use]
    pub fn missing(&self) -> Money {
        Money::new(self.total_minor.saturating_sub(self.arrived_minor).max(0), self.currency)
    }
}
