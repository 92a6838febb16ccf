//! What the vendor's console shows of the catalog: who has what of it, what each version of a plan sold, and releases page
//! by page.

mod store;

use std::collections::BTreeMap;

use super::{Plan, Product, Release, list_plans, list_products};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::PlanId;

pub use store::{ReleasePlace, count_licenses, list_releases_page, list_versions};

/// Licenses under one plan that are in force or wait for it: neither ended nor revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicensesOfPlan {
    /// How many have each version of the plan.
    pub by_version: BTreeMap<i64, i64>,
}

impl LicensesOfPlan {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.by_version.values().sum()
    }

    /// Those with another version than this one.
    #[must_use]
    pub fn with_other_than(&self, version: i64) -> i64 {
        self.by_version.iter().filter(|(held, _)| **held != version).map(|(_, count)| count).sum()
    }
}

/// One version of a plan, as it was sold.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedVersion {
    /// The plan, as it was sold then; name, presentation and prices are today's.
    pub plan: Plan,
    /// Since when it was sold.
    pub created_at: UnixMs,
}

/// A product with its plans and who has them.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownProduct {
    /// The product.
    pub product: Product,
    /// Its plans in the order of the price list, those that are not on it included.
    pub plans: Vec<Plan>,
    /// How many licenses are under each plan; a plan without any is missing.
    pub licenses: BTreeMap<PlanId, LicensesOfPlan>,
}

/// Everything that the vendor sells or has sold, in the catalog's order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn read_shelves(tx: &mut Tx, cx: &Cx) -> Result<Vec<ShownProduct>, DbError> {
    let counted = count_licenses(tx, &cx.vendor_id, cx.now).await?;
    let mut shown = Vec::new();
    for product in list_products(tx, &cx.vendor_id).await? {
        let plans = list_plans(tx, &cx.vendor_id, &product.id).await?;
        let own = plans.iter().filter_map(|plan| Some((plan.id.clone(), counted.get(&plan.id)?.clone())));
        let licenses = own.collect();
        shown.push(ShownProduct { product, plans, licenses });
    }
    Ok(shown)
}

/// A page of a product's releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasePage {
    /// Newest first.
    pub releases: Vec<Release>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<ReleasePlace>,
}
