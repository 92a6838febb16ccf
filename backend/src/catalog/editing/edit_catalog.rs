//! Making the changes of a form, and showing them before.

use super::super::apply_catalog::{CHANGED_MEANWHILE, Wanted, carry_out};
use super::super::{handlers, store as catalog};
use super::found::find;
use super::judge::{Judgement, judge};
use super::{Edit, Editing, KeptVersion, Preview, SentForm, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::cx::Cx;
use crate::db::{DbError, Extent, Subject, Tx};
use crate::ids::PlanId;
use crate::keys::MasterKey;
use crate::vendors;

/// What [`edit_catalog`] would do with this form now; for whoever may not edit there is nothing to be found.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn preview_edit(tx: &mut Tx, cx: &Cx, sent: &SentForm) -> Result<Preview, DbError> {
    if !staff_may_act(tx, cx, StaffAct::EditCatalog).await? {
        return Ok(Preview::NotFound);
    }
    let vendor_id = &cx.vendor_id;
    let Some(found) = find(tx, vendor_id, &sent.edit).await? else { return Ok(Preview::NotFound) };
    let judged = match judge(sent, &found) {
        Judgement::Good(judged) => judged,
        Judgement::Stale => return Ok(Preview::Stale),
        Judgement::Refused(problems) => return Ok(Preview::Refused(problems)),
        Judgement::NotFound => return Ok(Preview::NotFound),
    };
    if judged.changes.is_empty() {
        return Ok(Preview::Unchanged);
    }
    let keeps = match (&found.plan, judged.version_kept) {
        (Some(plan), Some(version)) => {
            let licenses = store::count_licenses_of_version(tx, vendor_id, &plan.id, version).await?;
            Some(KeptVersion { version, licenses })
        }
        _ => None,
    };
    Ok(Preview::Changes { changes: judged.changes, keeps })
}

/// Makes what the form asks for, and queues that Stripe hears of its prices. A plan that gives something else gets its next
/// version; a new amount is a new price beside the old one.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn edit_catalog(tx: &mut Tx, cx: &Cx, master: &MasterKey, sent: &SentForm) -> Result<Editing, DbError> {
    if !staff_may_act(tx, cx, StaffAct::EditCatalog).await? {
        return Ok(Editing::NotAllowed);
    }
    // Of two who change the same at once, and a file that is applied meanwhile, the second sees what the first has left.
    let Some(vendor) = vendors::lock_vendor(tx, &cx.vendor_id).await? else { return Ok(Editing::NotFound) };
    let Some(found) = find(tx, &cx.vendor_id, &sent.edit).await? else { return Ok(Editing::NotFound) };
    let judged = match judge(sent, &found) {
        Judgement::Good(judged) => judged,
        Judgement::Stale => return Ok(Editing::Stale),
        Judgement::Refused(problems) => return Ok(Editing::Refused(problems)),
        Judgement::NotFound => return Ok(Editing::NotFound),
    };
    if judged.changes.is_empty() {
        return Ok(Editing::Unchanged);
    }
    // Leases answered from memory name plans as they were.
    tx.change(Subject::All, Extent::Whole).await?;
    let wanted = Wanted { vendor_code: &vendor.code, products: std::slice::from_ref(&judged.wanted) };
    for change in &judged.changes {
        carry_out(tx, cx, &wanted, change).await?;
    }
    handlers::enqueue_push_prices(tx, cx, master).await?;
    let product = catalog::find_product_by_code(tx, &cx.vendor_id, &judged.wanted.code).await?;
    let product_id = product.ok_or(CHANGED_MEANWHILE)?.id;
    let plan_id: Option<PlanId> = match (&sent.edit, judged.wanted.plans.first()) {
        (
            Edit::NewPlan { .. } | Edit::Plan(_) | Edit::Prices(_) | Edit::Addon { .. } | Edit::Pack { .. },
            Some(plan),
        ) => catalog::find_plan_by_code(tx, &cx.vendor_id, &product_id, &plan.code).await?.map(|plan| plan.id),
        _ => None,
    };
    Ok(Editing::Saved { product_id, plan_id, changes: judged.changes })
}
