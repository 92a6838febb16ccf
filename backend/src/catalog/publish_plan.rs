//! Putting a plan on the price list and taking it off. Whoever has a license under it keeps it, with its renewals and
//! further seats; only new orders and changes to it need it to be on the list.

use super::{Plan, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Extent, Subject, Tx};
use crate::ids::PlanId;
use crate::vendors;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanPublication {
    /// It is on the list from this commit on, or off it.
    Done,
    /// It was so before; nothing was changed.
    Unchanged,
    /// It has no price at which it could be sold.
    NoPrices,
    /// Another plan of the product is the recommended one, by its name; two cannot be.
    TwoRecommended(String),
    /// The vendor has no such plan.
    NotFound,
    /// Whoever acts may not.
    NotAllowed,
}

/// Puts a plan on the price list, so that it can be bought.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn publish_plan(tx: &mut Tx, cx: &Cx, plan_id: &PlanId) -> Result<PlanPublication, DbError> {
    set(tx, cx, plan_id, true).await
}

/// Takes a plan off the price list. Nobody can buy it or change to it any more.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn retire_plan(tx: &mut Tx, cx: &Cx, plan_id: &PlanId) -> Result<PlanPublication, DbError> {
    set(tx, cx, plan_id, false).await
}

async fn set(tx: &mut Tx, cx: &Cx, plan_id: &PlanId, published: bool) -> Result<PlanPublication, DbError> {
    if !staff_may_act(tx, cx, StaffAct::EditCatalog).await? {
        return Ok(PlanPublication::NotAllowed);
    }
    // Two plans that are published at the same time must not both be the recommended one.
    if vendors::lock_vendor(tx, &cx.vendor_id).await?.is_none() {
        return Ok(PlanPublication::NotFound);
    }
    let Some(plan) = store::find_plan(tx, &cx.vendor_id, plan_id).await? else { return Ok(PlanPublication::NotFound) };
    if plan.published == published {
        return Ok(PlanPublication::Unchanged);
    }
    if published {
        let others = store::list_plans(tx, &cx.vendor_id, &plan.product_id).await?;
        if let Some(refusal) = cannot_be_published(&plan, &others) {
            return Ok(refusal);
        }
    }
    // Leases answered from memory name plans as they were.
    tx.change(Subject::All, Extent::Whole).await?;
    if !store::update_plan_published(tx, cx, plan_id, published).await? {
        return Ok(PlanPublication::Unchanged);
    }
    let act = if published { "plan.publish" } else { "plan.retire" };
    let state = |published: bool| serde_json::json!({ "code": plan.code, "name": plan.name, "published": published });
    let (before, after) = (state(!published), state(published));
    audit::record(tx, cx, None, act, plan_id.as_str(), Some(&before), Some(&after)).await?;
    Ok(PlanPublication::Done)
}

/// Why a plan cannot be on the price list; the rules of the catalog file. `of_product` are all plans of its product.
fn cannot_be_published(plan: &Plan, of_product: &[Plan]) -> Option<PlanPublication> {
    if plan.prices.is_empty() {
        return Some(PlanPublication::NoPrices);
    }
    let recommended = |other: &&Plan| other.id != plan.id && other.published && other.presentation.recommended;
    let other = of_product.iter().find(recommended).filter(|_| plan.presentation.recommended)?;
    Some(PlanPublication::TwoRecommended(other.name.clone()))
}
