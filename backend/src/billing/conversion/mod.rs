//! From a subscription to a perpetual license: the same license, key, instances and history; paid once, less the money
//! that is unused.
//!
//! What is unused is the share that is left, at the second at which it was shown, of what was paid for the period: after
//! discounts, also those that took off the first payment only, and less whatever was given back of it since (`rules.rs`).
//! It becomes a discount on the perpetual license's invoice, by a coupon that only this purchase can use, so what was shown
//! is what is charged, and tax is reckoned on the difference. Nothing is cancelled before it is paid: a page that is left
//! closes within the hour and leaves everything as it was. Once paid, one transaction makes the license perpetual, and
//! only then is the subscription cancelled, without a credit of its own; the reconciler completes what a crash leaves
//! between the two. Where some of the money is given back while the page is open, the page is ended as soon as that is heard
//! of; where it was paid before, what was agreed on holds, and the audit tells staff.

mod finish_conversion;
mod preview_conversion;
mod rules;
mod start_conversion;
pub(super) mod store;

use std::collections::BTreeSet;

use crate::catalog::{BillingInterval, Composition};
use crate::clock::UnixMs;
use crate::db::{JsonText, text_enum};
use crate::ids::{AccountId, ConversionId, LicenseId, PlanId, UserId, VendorId};
use crate::money::{Currency, Money};

pub(crate) use finish_conversion::look_at_conversions;
pub use finish_conversion::{ConversionProgress, finish_conversion, finish_conversion_session, sweep_conversions};
pub use preview_conversion::{ConversionOffer, ConversionRefusal, perpetual_plan, preview_conversion};
pub use start_conversion::{ConversionStart, ConversionUrls, StartConversion, start_conversion};

/// What a page says of when its credit was reckoned, in seconds.
const RECKONED_AT: &str = "reckoned_at";

text_enum! {
    /// Where it stands.
    ConversionStatus {
        /// Asked for; not paid yet.
        Asked = "asked",
        /// Paid, and the license is perpetual; the subscription is still to be cancelled.
        Paid = "paid",
        /// All is done.
        Done = "done",
        /// Never paid; everything is as it was.
        Dropped = "dropped",
    }
}

/// A license that turns perpetual.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Conversion {
    /// Its id.
    pub id: ConversionId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// Who pays.
    pub account_id: AccountId,
    /// Which license.
    pub license_id: LicenseId,
    /// Who asked for it.
    pub user_id: UserId,
    /// The perpetual plan.
    pub plan_id: PlanId,
    /// Seats.
    pub seats: i64,
    /// Codes of its add-ons.
    pub addons: JsonText<BTreeSet<String>>,
    /// Where it stands.
    pub status: ConversionStatus,
    /// Stripe's page.
    pub stripe_session_id: Option<String>,
    /// Of its amounts.
    pub currency: Currency,
    /// The perpetual license, before tax.
    pub price_minor: i64,
    /// Unused money, before tax.
    pub credit_minor: i64,
    /// When it was asked for.
    pub created_at: UnixMs,
}

impl Conversion {
    /// What of the perpetual plan it buys.
    #[must_use]
    pub fn composition(&self) -> Composition {
        Composition::new(self.plan_id.clone(), BillingInterval::Once, self.seats, self.currency)
            .with_addons(self.addons.0.clone())
    }

    /// What is left to pay, before tax.
    #[must_use]
    pub fn rest(&self) -> Money {
        Money::new(self.price_minor - self.credit_minor, self.currency)
    }
}
