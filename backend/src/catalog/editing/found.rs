//! What a form is about, as it stands now.

use super::super::apply_catalog::{plan_state, price_state, product_state};
use super::super::current_catalog::plan_section;
use super::super::{Plan, PlanKind, Product, store};
use super::{Edit, Typed, addon_form, pack_form, plan_form, price_form, product_form};
use crate::accounts::{StaffAct, staff_may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::VendorId;
use crate::keys;

/// A form as it is shown before anything is typed.
#[derive(Clone, Debug, PartialEq)]
pub struct EditForm {
    /// The product; `None` where one is made.
    pub product: Option<Product>,
    /// The plan that is changed, or that a new one is made like.
    pub plan: Option<Plan>,
    /// Names the state that is shown; sent along, so that nobody overwrites what was not seen.
    pub seen: String,
    /// The fields.
    pub typed: Typed,
}

/// The form for this; `None` where there is no such product or plan, and for whoever may not edit it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_form(tx: &mut Tx, cx: &Cx, edit: &Edit) -> Result<Option<EditForm>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::EditCatalog).await? {
        return Ok(None);
    }
    let Some(found) = find(tx, &cx.vendor_id, edit).await? else { return Ok(None) };
    let section = found.plan.as_ref().map(plan_section);
    let typed = match (edit, &section) {
        (Edit::NewProduct | Edit::Product(_), _) => product_form::write(found.product.as_ref(), found.products.len()),
        (Edit::Plan(_), Some(section)) => plan_form::write(section, found.position()),
        (Edit::Prices(_), Some(section)) => price_form::write(section),
        (Edit::Addon { code, .. }, Some(section)) => addon_form::write(section, code),
        (Edit::Pack { limit, .. }, Some(section)) => pack_form::write(section, limit),
        (Edit::NewPlan { .. }, like) => plan_form::write_new(like.as_ref(), found.next_position()),
        (Edit::Plan(_) | Edit::Prices(_) | Edit::Addon { .. } | Edit::Pack { .. }, None) => return Ok(None),
    };
    let seen = found.seen(edit);
    Ok(Some(EditForm { product: found.product, plan: found.plan, seen, typed }))
}

/// What the database holds of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// All products of the vendor.
    pub products: Vec<Product>,
    /// The one that it is about.
    pub product: Option<Product>,
    /// All plans of that one.
    pub plans: Vec<Plan>,
    /// The plan that it is about, or that a new one is made like.
    pub plan: Option<Plan>,
}

impl Found {
    /// Names the state of what is changed; nothing stands against something new.
    pub(super) fn seen(&self, edit: &Edit) -> String {
        let state = match (edit, &self.product, &self.plan) {
            (Edit::Product(_), Some(product), _) => product_state(product),
            (Edit::Plan(_), _, Some(plan)) => plan_state(plan),
            (Edit::Prices(_), _, Some(plan)) => plan.prices.iter().map(price_state).collect(),
            // What is sold on top depends on the plan and on where it has prices.
            (Edit::Addon { .. } | Edit::Pack { .. }, _, Some(plan)) => {
                let prices: serde_json::Value = plan.prices.iter().map(price_state).collect();
                serde_json::json!([plan_state(plan), prices])
            }
            _ => return String::new(),
        };
        let hash = keys::sha256(state.to_string().as_bytes());
        hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Place of the plan on the price list, from 0.
    fn position(&self) -> i64 {
        self.plan.as_ref().map_or(0, |plan| plan.position)
    }

    /// The place after all plans of the product.
    fn next_position(&self) -> i64 {
        self.plans.iter().map(|plan| plan.position + 1).max().unwrap_or(0)
    }
}

/// Reads it; `None` where there is no such product or plan.
pub(super) async fn find(tx: &mut Tx, vendor_id: &VendorId, edit: &Edit) -> Result<Option<Found>, DbError> {
    let mut found = Found { products: store::list_products(tx, vendor_id).await?, ..Found::default() };
    let (product_id, plan_id) = match edit {
        Edit::NewProduct => return Ok(Some(found)),
        Edit::Product(id) => (id.clone(), None),
        Edit::NewPlan { product_id, like } => (product_id.clone(), like.clone()),
        Edit::Plan(id) | Edit::Prices(id) | Edit::Addon { plan_id: id, .. } | Edit::Pack { plan_id: id, .. } => {
            match store::find_plan(tx, vendor_id, id).await? {
                Some(plan) => (plan.product_id, Some(plan.id)),
                None => return Ok(None),
            }
        }
    };
    found.product = found.products.iter().find(|product| product.id == product_id).cloned();
    if found.product.is_none() {
        return Ok(None);
    }
    found.plans = store::list_plans(tx, vendor_id, &product_id).await?;
    if let Some(id) = plan_id {
        found.plan = found.plans.iter().find(|plan| plan.id == id).cloned();
        let is_there = found.plan.as_ref().is_some_and(|plan| sells(plan, edit));
        if !is_there {
            return Ok(None);
        }
    }
    Ok(Some(found))
}

/// Whether the plan sells the add-on or pack that the form is about; a new one is about none, and a perpetual plan has no
/// packs.
fn sells(plan: &Plan, edit: &Edit) -> bool {
    match edit {
        Edit::Addon { code, .. } => {
            code.is_empty() || plan.addons.iter().any(|addon| addon.offered && addon.code == *code)
        }
        Edit::Pack { limit, .. } if limit.is_empty() => plan.kind == PlanKind::Subscription,
        Edit::Pack { limit, .. } => plan.packs.iter().any(|pack| pack.offered && pack.limit == *limit),
        _ => true,
    }
}
