//! Payments that fail: who is told when, until when everything works, and what staff see of it.
//!
//! A renewal that cannot be charged starts the plan's grace; `billing::rules` says what that means for the
//! license. Here it is decided who hears of it: at the failure, halfway through the grace, two days before its
//! end, at the suspension, and when all is paid. Each letter leads to the page on which the invoice is paid.

mod mail_payment;
pub mod rules;
pub(super) mod store;

use crate::clock::UnixMs;
use crate::ids::LicenseId;
use crate::money::{Currency, Money};

pub(super) use mail_payment::{Turned, mail_reminder, mail_turn};
pub use store::{OverduePayment, count_overdue_payments, list_overdue_payments};

/// An invoice that waits for its payment.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Owed {
    /// Its number.
    pub number: String,
    /// What is left to pay.
    pub due_minor: i64,
    /// Of `due_minor`.
    pub currency: Currency,
    /// Stripe's page to pay it on; needs no login.
    pub payment_url: Option<String>,
}

impl Owed {
    /// What is left to pay.
    #[must_use]
    pub fn due(&self) -> Money {
        Money::new(self.due_minor, self.currency)
    }
}

/// A place in the list of overdue payments, from which the next page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverduePlace {
    /// Since when.
    pub since: UnixMs,
    /// Of which license.
    pub license_id: LicenseId,
}

impl OverduePlace {
    /// The place in an address.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.since.0, self.license_id)
    }

    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (since, id) = text.split_once('.')?;
        Some(Self { since: UnixMs(since.parse().ok()?), license_id: LicenseId::from_untrusted(id) })
    }
}
