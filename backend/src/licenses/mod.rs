//! Licenses: an account's right to run one product under a plan, the source of truth.
//!
//! A license is created by fulfilling an order, changed by what Stripe says of its subscription, and read
//! at every activation and check. Its key is looked up by keyed hash and sealed, so that its owner can
//! see it again, and can be replaced.
//!
//! What the vendor decides about a license (`vendor_standing`, `overrides`) is kept apart from what billing
//! says (`status`, the plan's terms), so that neither undoes the other: no payment lifts a suspension, and no
//! change of plan takes away what was granted on top.

use crate::catalog::{BillingInterval, Composition, LicenseType, PlanKind, PlanVersion, Terms};
use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, LicenseId, PlanId, ProductId, VendorId};
use crate::money::Currency;

text_enum! {
    /// Where a license stands. Whether it has run out is told by its end, not by its status.
    LicenseStatus {
        /// Ordered, not paid yet.
        Pending = "pending",
        /// Grants leases within its window.
        Active = "active",
        /// Grants nothing until reinstated or paid.
        Suspended = "suspended",
        /// Grants nothing again.
        Revoked = "revoked",
        /// Cancelled and over.
        Ended = "ended",
    }
}

text_enum! {
    /// What the vendor decided about a license, whatever billing says.
    VendorStanding {
        /// Nothing: billing alone counts.
        None = "none",
        /// Grants nothing until the vendor reinstates it.
        Suspended = "suspended",
        /// Grants nothing again.
        Revoked = "revoked",
    }
}

/// An account's right to run one product.
#[derive(Clone, Debug, PartialEq)]
pub struct License {
    /// Its id.
    pub id: LicenseId,
    /// Whose catalog it is from.
    pub vendor_id: VendorId,
    /// Who may run.
    pub account_id: AccountId,
    /// What may run.
    pub product_id: ProductId,
    /// Under which plan.
    pub plan_id: PlanId,
    /// As it was sold then: the plan's version.
    pub plan_version: i64,
    /// The owner's name for it.
    pub name: String,
    /// The license key with all but its last group hidden.
    pub key_hint: String,
    /// Where it stands as far as billing goes.
    pub status: LicenseStatus,
    /// Why, in a word: `payment_due`, `cancelled`, `refunded`; empty when there is nothing to say.
    pub status_reason: String,
    /// What the vendor decided apart from that.
    pub vendor_standing: VendorStanding,
    /// Why, in the vendor's words; may be empty.
    pub vendor_reason: String,
    /// Since when.
    pub vendor_standing_at: Option<UnixMs>,
    /// Rented or bought.
    pub kind: PlanKind,
    /// How seats are counted.
    pub license_type: LicenseType,
    /// First moment of validity.
    pub starts_at: UnixMs,
    /// First moment after validity; `None` for ever.
    pub ends_at: Option<UnixMs>,
    /// Perpetual: releases dated on or before the UTC date of this moment are covered.
    pub updates_until: Option<UnixMs>,
    /// End of the free trial, while it is or was one.
    pub trial_until: Option<UnixMs>,
    /// When its end was recorded; `None` again once it is extended.
    pub expired_at: Option<UnixMs>,
    /// Whether a subscription renews it: there is one that has neither ended nor ends with its period.
    pub renews: bool,
    /// Since when a payment for it is disputed: what runs goes on, but nothing new is activated.
    pub disputed_at: Option<UnixMs>,
    /// Seats.
    pub seats: i64,
    /// Limits, features and policies in force: the plan's with the overrides in their place.
    pub terms: Terms,
    /// The plan's, as they were when the plan was applied.
    pub plan_terms: Terms,
    /// What differs from the plan's.
    pub overrides: Overrides,
    /// Why staff issued it by hand; `None` where an order made it.
    pub issued_reason: Option<String>,
    /// When the surge of its plan was last opened.
    pub surge_opened_at: Option<UnixMs>,
    /// When it was created.
    pub created_at: UnixMs,
}

impl License {
    /// The plan as this license has it.
    #[must_use]
    pub fn sold_as(&self) -> PlanVersion {
        PlanVersion { plan_id: self.plan_id.clone(), version: self.plan_version }
    }

    /// What of its plan it is, paid at `interval` in `currency`.
    #[must_use]
    pub fn composition(&self, interval: BillingInterval, currency: Currency) -> Composition {
        let addons = self.plan_terms.addons.keys().cloned().collect();
        let packs = self.plan_terms.packs.iter().map(|(limit, held)| (limit.clone(), held.count)).collect();
        Composition::new(self.plan_id.clone(), interval, self.seats, currency).with_addons(addons).with_packs(packs)
    }
}

mod change_license;
mod create_license;
mod expire_licenses;
pub mod handlers;
mod issue_license;
mod key_starts;
mod key_store;
mod override_license;
mod overrides;
pub mod overrides_text;
mod recover_keys;
mod replace_key;
mod reveal_key;
pub mod rules;
pub mod search;
mod set_reversal;
mod set_vendor_standing;
mod store;
mod tell;

pub use change_license::{PlanChange, apply_plan, extend_updates, rename_license, set_standing, set_trial};
pub(crate) use change_license::{add_seats, begin_updates, make_perpetual, set_term};
pub use create_license::{NewLicense, create_license};
pub use expire_licenses::expire_licenses;
pub use issue_license::{IssueLicense, Issued, issue_license};
pub use key_starts::{fill_key_starts, lacks_key_starts};
pub use key_store::{KeyFound, OldKey, find_by_key, list_old_keys};
pub(crate) use key_store::{LockedByKey, lock_by_key};
pub use override_license::{LicenseOverride, override_license};
pub use overrides::{OverrideFault, Overrides};
pub use recover_keys::{KeyRecovery, RecoverKeys, SendKeyRecovery, recover_keys};
pub(crate) use replace_key::give_to;
pub use replace_key::{KeyReplacement, replace_key};
pub(crate) use reveal_key::open_key;
pub use reveal_key::{KeyReveal, reveal_key};
pub use set_reversal::{Reversal, ReversalEffect, set_dispute, set_reversal};
pub use set_vendor_standing::{
    EndOfLeases, VendorDecision, end_of_leases, reinstate_license, revoke_license, suspend_license,
};
pub use store::{LicenseView, find_license, list_by_account};
pub(crate) use store::{has_license_of, lock_license, lock_license_of_instance};
