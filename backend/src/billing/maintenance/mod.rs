//! Updates of perpetual licenses: reminding of their end, and letting them renew by themselves.
//!
//! An automatic renewal is a yearly subscription at Stripe whose first charge is on the day on which updates end, and
//! whose later ones are on the same day. It is agreed to on Stripe's page, which says price and date, and is off until
//! then. Each of its paid invoices brings one year, once, counted from the old end like every renewal; switched off, it
//! is cancelled at once, and the years that are paid stay. It is no subscription that *pays for the license*: the
//! license is perpetual, and nothing that happens to the renewal ends or suspends it. Seats that are added to the license
//! switch it off, because it was agreed to for fewer.

mod project_auto_renewal;
mod remind_of_end;
pub mod rules;
mod start_auto_renewal;
mod stop_auto_renewal;
pub(super) mod store;

use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, AutoRenewalId, LicenseId, UserId, VendorId};
use crate::money::{Currency, Money};

pub(super) use project_auto_renewal::project_auto_renewal;
pub use project_auto_renewal::{AutoRenewalProgress, finish_auto_renewal, finish_auto_renewal_session};
pub(super) use remind_of_end::remind_of_end;
pub use start_auto_renewal::{AutoRenewalStart, AutoRenewalUrls, StartAutoRenewal, start_auto_renewal};
pub use stop_auto_renewal::{AutoRenewalStop, stop_auto_renewal};
pub(crate) use stop_auto_renewal::{end_auto_renewal, end_auto_renewals_of};
pub use store::find_auto_renewal;
pub(crate) use store::list_living;

text_enum! {
    /// Whether updates renew by themselves.
    AutoRenewalStatus {
        /// Asked for; not agreed to on Stripe's page yet.
        Asked = "asked",
        /// They do.
        On = "on",
        /// Not any more, or never agreed to.
        Off = "off",
    }
}

/// Updates that renew by themselves.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AutoRenewal {
    /// Its id.
    pub id: AutoRenewalId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// Who pays.
    pub account_id: AccountId,
    /// Of which license.
    pub license_id: LicenseId,
    /// Who asked for it.
    pub user_id: UserId,
    /// Whether it is on.
    pub status: AutoRenewalStatus,
    /// Stripe's page on which it was agreed to.
    pub stripe_session_id: Option<String>,
    /// Stripe's subscription.
    pub stripe_subscription_id: Option<String>,
    /// Of `amount_minor`.
    pub currency: Currency,
    /// A year, before tax and discounts.
    pub amount_minor: i64,
    /// The next charge.
    pub next_at: UnixMs,
    /// The last charge has failed.
    pub is_behind: bool,
}

impl AutoRenewal {
    /// What a year costs, before tax and discounts.
    #[must_use]
    pub fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }
}
