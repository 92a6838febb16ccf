//! The catalog: products, their releases, and the plans and prices at which they are sold.
//!
//! A catalog is written as a TOML file and applied by `server admin apply-catalog` (`apply_catalog.rs`), or uploaded in
//! the console (`upload_catalog.rs`): validated whole, shown as a difference, applied once or not at all. What is stored is
//! written back as such a file by `write_catalog.rs`. Prices never change; a new amount is a new row, and those who bought
//! at the old one keep it.

mod addons;
mod apply_catalog;
mod catalog_file;
mod check_prices;
mod composition;
pub mod console;
mod current_catalog;
mod diff;
pub mod editing;
pub mod handlers;
mod load_catalog;
mod logo;
mod packs;
mod publish_plan;
mod publish_release;
mod push_prices;
mod release_store;
mod rules;
mod store;
mod tiers;
mod upload_catalog;
mod versions;
mod write_catalog;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{PlanId, PriceId, ProductId, ReleaseId};
use crate::money::{Currency, Money};

pub use addons::{Addon, AddonFate, AddonPer, fates};
pub use apply_catalog::{CatalogApplication, apply_catalog, preview_catalog};
pub use check_prices::{Difference, PriceCheck, PriceDifference, check_prices};
pub use composition::{Composition, Part};
pub use diff::{Change, Refusal};
pub use load_catalog::{CatalogFileError, load_catalog};
pub use logo::LogoFault;
pub(crate) use logo::clean_logo;
pub use packs::{Pack, PacksHeld, gives_up_packs};
pub use publish_plan::{PlanPublication, publish_plan, retire_plan};
pub use publish_release::{DEFAULT_CHANNEL, NewRelease, Publication, publish_release};
pub use push_prices::{Drift, FailedPrice, PriceList, PushError, PushedPrices, push_new_prices, push_prices};
pub use release_store::{find_release, list_releases, newest_covered_release};
pub use rules::{
    Catalog, CatalogPlan, CatalogPrice, CatalogProduct, CatalogRelease, CatalogVendor, Fault, Problem,
    VERSION_MAX_CHARS, is_code, is_origin,
};
pub(crate) use rules::{is_host, is_iban, parse_amount};
pub use store::{
    find_offer, find_plan, find_plan_by_code, find_plan_version, find_price_by_stripe_id, find_product,
    find_product_by_code, list_plans, list_products,
};
pub use tiers::{PriceRow, Tier, TierMode, Tiers};
pub use upload_catalog::{CatalogUpload, UPLOAD_MAX_BYTES, UploadFault, fingerprint, preview_upload, upload_catalog};
pub use versions::{PlanVersion, find_plan_as_held};
pub use write_catalog::export_catalog;

text_enum! {
    /// Whether a plan is rented or bought.
    PlanKind {
        /// Paid every month or year.
        Subscription = "subscription",
        /// Paid once.
        Perpetual = "perpetual",
    }
}

text_enum! {
    /// How seats are counted and held.
    LicenseType {
        /// One seat per instance, held while its lease lives.
        Floating = "floating",
        /// One seat per machine, held until released or long silent.
        Machine = "machine",
        /// One seat per user, on any number of devices.
        User = "user",
    }
}

text_enum! {
    /// What a price is for.
    PriceRole {
        /// The plan itself with its included seats, per interval.
        Base = "base",
        /// Each seat above the included ones, per interval.
        ExtraSeat = "extra_seat",
        /// One seat of a perpetual license.
        Unit = "unit",
        /// One year of updates for one seat of a perpetual license, or for one of its add-ons.
        Maintenance = "maintenance",
        /// An add-on, per interval or once.
        Addon = "addon",
        /// More of a limit, by the pack, per interval.
        Pack = "pack",
    }
}

text_enum! {
    /// How often a price is charged.
    BillingInterval {
        /// Every month.
        Month = "month",
        /// Every year.
        Year = "year",
        /// Once.
        Once = "once",
    }
}

text_enum! {
    /// How an instance's level of use adds up to its license's.
    LevelAggregation {
        /// The greatest of the instances' levels.
        Max = "max",
        /// The sum of the instances' levels.
        Sum = "sum",
    }
}

/// What is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// The tokens' `aud`.
    pub code: String,
    /// Display name.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Order on the price list, from 0.
    pub position: i64,
}

/// A published version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its id.
    pub id: ReleaseId,
    /// Version as instances report it.
    pub version: String,
    /// UTC date of publication.
    pub released_on: jiff::civil::Date,
    /// For example `stable`.
    pub channel: String,
}

/// One way to buy a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// What it sells.
    pub product_id: ProductId,
    /// Stable name within the product; the tokens' `pln`.
    pub code: String,
    /// Display name.
    pub name: String,
    /// Rented or bought.
    pub kind: PlanKind,
    /// How seats are counted.
    pub license_type: LicenseType,
    /// Which version of it this is, from 1: what is sold under it has changed so often.
    pub version: i64,
    /// Seats that the base price includes (perpetual: 1, every seat is paid by the unit).
    pub included_seats: i64,
    /// Seats that can be bought at most.
    pub max_seats: i64,
    /// What a license under it may do, without add-ons and packs.
    pub terms: Terms,
    /// What its buyers may have on top, in the order of the price list.
    pub addons: Vec<Addon>,
    /// The limits of which its buyers may have more, in the order of the price list.
    pub packs: Vec<Pack>,
    /// What the price list says.
    pub presentation: Presentation,
    /// Order on the price list, from 0.
    pub position: i64,
    /// Whether it can be bought.
    pub published: bool,
    /// Current prices.
    pub prices: Vec<Price>,
}

/// What a license may do: copied from the plan at purchase and at a change of plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Limit name to maximum; a missing name allows none, -1 is unlimited.
    #[serde(default)]
    pub limits: BTreeMap<String, i64>,
    /// Feature names; the value is the last UTC moment in Unix seconds, or none.
    #[serde(default)]
    pub features: BTreeMap<String, Option<i64>>,
    /// How leases are issued.
    #[serde(default)]
    pub lease: LeasePolicy,
    /// What the application does when it cannot renew: signed into every lease.
    #[serde(default)]
    pub enforcement: sdk::lease::EnforcementPolicy,
    /// The add-ons that limits and features include: code to display name. None in a plan's own terms.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub addons: BTreeMap<String, String>,
    /// The packs that limits include, by the name of the limit. None in a plan's own terms.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub packs: BTreeMap<String, PacksHeld>,
    /// How levels add up, by limit name; `max` where missing.
    #[serde(default)]
    pub level_aggregation: BTreeMap<String, LevelAggregation>,
    /// Perpetual: percentage of the unit price that one more year of updates costs.
    #[serde(default)]
    pub maintenance_percent: Option<i64>,
    /// Subscriptions: days that are free before the first payment; 0 where there is no trial.
    #[serde(default)]
    pub trial_days: i64,
    /// Subscriptions: a trial begins without a card; it is cancelled at its end where none was given.
    #[serde(default)]
    pub trial_without_card: bool,
    /// Not sold by bank transfer, whatever the vendor offers.
    #[serde(default)]
    pub card_only: bool,
    /// Days that everything goes on after a failed renewal payment.
    #[serde(default = "default_payment_grace_days")]
    pub payment_grace_days: i64,
    /// `user`: devices on which one user may be active at a time; any number where absent.
    #[serde(default)]
    pub devices_per_user: Option<i64>,
    /// Seats beyond those of the license that a surge opens; 0 where there is none.
    #[serde(default)]
    pub surge_seats: i64,
    /// Minutes after which a surge closes; 0 where there is none.
    #[serde(default)]
    pub surge_minutes: i64,
    /// Whether instances shall report how often features are used.
    #[serde(default)]
    pub usage_signals: bool,
}

fn default_payment_grace_days() -> i64 {
    14
}

/// How leases are issued. All times in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeasePolicy {
    /// Life of a lease.
    pub lease_s: i64,
    /// Time between checks; at most a third of the lease.
    pub check_s: i64,
    /// `machine`: a silent machine's seat is free after this.
    pub reclaim_after_s: i64,
    /// Longest life of a borrowed lease; 0 forbids borrowing.
    pub max_borrow_s: i64,
}

impl Default for LeasePolicy {
    fn default() -> Self {
        Self { lease_s: 600, check_s: 180, reclaim_after_s: 30 * 86_400, max_borrow_s: 0 }
    }
}

/// What the price list says about a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Presentation {
    /// One line under the name.
    pub tagline: String,
    /// Sentences of the list.
    pub highlights: Vec<String>,
    /// Whether it is the one to recommend.
    pub recommended: bool,
}

/// One price of a plan; never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// Its id.
    pub id: PriceId,
    /// What it is for.
    pub role: PriceRole,
    /// Code of the add-on, or name of the limit, that it is for; empty where it is for the plan itself.
    pub option: String,
    /// How often it is charged.
    pub interval: BillingInterval,
    /// Per unit; where there are tiers, in the first of them.
    pub unit_amount: Money,
    /// What units cost by their number, where they do not all cost the same.
    pub tiers: Option<Tiers>,
    /// Stripe's look-up key; names plan, role, interval and currency.
    pub lookup_key: String,
    /// Stripe's price, once pushed.
    pub stripe_price_id: Option<String>,
    /// When it was made.
    pub created_at: UnixMs,
}

/// What a plan's prices of a role are called within the plan, at every interval and in every currency: `base`,
/// `addon.audit_log`.
#[must_use]
pub fn price_name(role: PriceRole, option: &str) -> String {
    let point = if option.is_empty() { "" } else { "." };
    format!("{}{point}{option}", role.as_str())
}

/// Stripe's product of a plan's prices of a role: derived from our ids, so that pushing twice makes one.
#[must_use]
pub fn stripe_product_id(plan_id: &PlanId, role: PriceRole, option: &str) -> String {
    format!("{plan_id}_{}", price_name(role, option).replace('.', "_"))
}

impl Plan {
    /// The current price of the plan itself of a role at an interval in a currency.
    #[must_use]
    pub fn price(&self, role: PriceRole, interval: BillingInterval, currency: Currency) -> Option<&Price> {
        self.price_of(role, "", interval, currency)
    }

    /// The plan with those of its prices alone that Stripe knows: nobody can pay what Stripe has not heard of yet.
    #[must_use]
    pub fn known_to_stripe(mut self) -> Self {
        self.prices.retain(|price| price.stripe_price_id.is_some());
        self
    }

    /// The current price of an option of the plan, an add-on by its code, a pack by its limit; of the plan itself where it is
    /// empty.
    #[must_use]
    pub fn price_of(
        &self,
        role: PriceRole,
        option: &str,
        interval: BillingInterval,
        currency: Currency,
    ) -> Option<&Price> {
        self.prices.iter().find(|price| {
            (price.role, price.option.as_str()) == (role, option)
                && (price.interval, price.unit_amount.currency) == (interval, currency)
        })
    }
}
