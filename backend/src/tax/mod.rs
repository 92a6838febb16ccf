//! How tax is reckoned on what a vendor sells.
//!
//! Stripe Tax reckons it, from where the buyer is and from its VAT id: every checkout, subscription and invoice that we make
//! asks for that, and every price is without tax. A vendor that charges none switches it off ([`rules::is_taxed`]); orders
//! keep what held when they were placed. What is left for the vendor to say is where its head office is, and what
//! its products are to tax offices. They have no code of their own, so the preset one holds for all of them. Both are kept
//! by Stripe, which takes them from [`change_tax`]; where the vendor is registered is said at Stripe alone.
//!
//! No page asks Stripe while it is made: what Stripe has said last is kept as a [`TaxSetup`], and [`look_up_tax`] asks again.
//! One at a time tells Stripe something, and whoever does not hear how it ended leaves the setup uncertain until then.

mod change_tax;
mod look_up_tax;
pub mod rules;
mod store;

use crate::clock::UnixMs;
use crate::stripe::{HeadOffice, StripeTax};

pub use change_tax::{TaxUpdate, change_tax};
pub use look_up_tax::{TaxLookUp, find_tax_setup, look_up_tax};
pub use rules::{TaxFault, TaxField, TaxProblem};

/// What Stripe has said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxSetup {
    /// How it is set up.
    pub tax: StripeTax,
    /// Rises with every change; a form says with which one it was shown.
    pub state_no: i64,
    /// When Stripe said so.
    pub looked_at: UnixMs,
    /// Set from when Stripe is told something until its answer is kept. Until that moment the one who tells it may still be
    /// at it; after it nobody knows what came of it, and Stripe has to be asked.
    pub telling_until: Option<UnixMs>,
}

impl TaxSetup {
    /// Whether Stripe is being told something at this moment.
    #[must_use]
    pub fn is_being_told(&self, now: UnixMs) -> bool {
        self.telling_until.is_some_and(|until| until > now)
    }

    /// Whether Stripe was told something, and has not said what came of it.
    #[must_use]
    pub fn is_uncertain(&self, now: UnixMs) -> bool {
        self.telling_until.is_some_and(|until| until <= now)
    }
}

/// What a vendor says about itself to Stripe Tax, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaxChange {
    /// What its products are to tax offices, by Stripe's code.
    pub tax_code: String,
    /// Where it is.
    pub head_office: HeadOffice,
}
