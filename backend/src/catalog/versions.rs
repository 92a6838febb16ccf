//! Versions of plans: what a plan gives changes, and whoever has it keeps what was sold until the license is moved.
//!
//! A version is what is *sold*: seats, terms, add-ons and packs. Name, presentation and whether a plan is on the price
//! list are not, and prices are immutable themselves.

use serde::{Deserialize, Serialize};

use super::{Plan, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{PlanId, VendorId};

/// A plan as it was sold at some time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PlanVersion {
    /// The plan.
    pub plan_id: PlanId,
    /// Which of its versions, from 1.
    pub version: i64,
}

impl Plan {
    /// What is sold today, or at the version that this plan was read at.
    #[must_use]
    pub fn as_version(&self) -> PlanVersion {
        PlanVersion { plan_id: self.id.clone(), version: self.version }
    }

    /// Whether whoever has the one has what the other sells.
    pub(super) fn sells_the_same(&self, other: &Self) -> bool {
        (self.included_seats, self.max_seats) == (other.included_seats, other.max_seats)
            && (&self.terms, &self.addons, &self.packs) == (&other.terms, &other.addons, &other.packs)
    }
}

/// The plan with this id: at the version that is `held`, where it is that plan's, else as it is sold today. Prices are
/// today's.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_plan_as_held(
    tx: &mut Tx,
    vendor_id: &VendorId,
    plan_id: &PlanId,
    held: Option<&PlanVersion>,
) -> Result<Option<Plan>, DbError> {
    match held.filter(|held| held.plan_id == *plan_id) {
        Some(held) => store::find_plan_version(tx, vendor_id, held).await,
        None => store::find_plan(tx, vendor_id, plan_id).await,
    }
}

/// Stores a plan that was changed: under its next version, where what it sells is not the same any more.
pub(super) async fn update_plan(tx: &mut Tx, cx: &Cx, before: &Plan, after: Plan) -> Result<Plan, DbError> {
    let version = if before.sells_the_same(&after) { before.version } else { before.version + 1 };
    let after = Plan { version, ..after };
    store::update_plan(tx, cx, &after).await?;
    if version > before.version {
        store::insert_plan_version(tx, cx, &after).await?;
    }
    Ok(after)
}
