//! Licenses: an account's right to run one product under a plan, the source of truth.
//!
//! A license is created by fulfilling an order, changed by what Stripe says of its subscription, and read
//! at every activation and check. Its key is looked up by keyed hash and sealed, so that its owner can
//! see it again.

use crate::catalog::{LicenseType, PlanKind, Terms};
use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, LicenseId, PlanId, ProductId, VendorId};

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
    /// The owner's name for it.
    pub name: String,
    /// The license key with all but its last group hidden.
    pub key_hint: String,
    /// Where it stands.
    pub status: LicenseStatus,
    /// Why, in a word: `payment_due`, `cancelled`, `refunded`; empty when there is nothing to say.
    pub status_reason: String,
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
    /// Seats.
    pub seats: i64,
    /// Limits, features and policies in force.
    pub terms: Terms,
    /// When it was created.
    pub created_at: UnixMs,
}

mod change_license;
mod create_license;
mod reveal_key;
pub mod rules;
mod store;

pub use change_license::{PlanChange, apply_plan, extend_updates, rename_license, set_standing};
pub use create_license::{NewLicense, create_license};
pub use reveal_key::reveal_key;
pub use store::{LicenseView, find_license, list_by_account};
pub(crate) use store::{find_by_key_hash, lock_license};
