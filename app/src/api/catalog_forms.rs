//! The forms by which administrators make and change products, plans and prices.
//!
//! The first time a form is sent, what was typed waits in the session, and the page shows what is wrong with it, or what it
//! would change; only the button below that saves. Who may is asked before anything that was typed is judged.

use std::collections::BTreeMap;

use backend::accounts::StaffAct;
use backend::catalog::editing::{self, Edit, Editing, SentForm, find_form};
use backend::ids::{PlanId, ProductId};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::acting::staff_must_be_allowed;
use super::form::{FormFailure, Refused, say_done};
use super::next::local_path;
use super::step_up::{confirm_first, fresh_authentication};
use crate::request::Visit;

/// The pages of the catalog.
pub const CATALOG: &str = "/staff/catalog";
/// The step that saves.
pub const SAVE: &str = "save";
/// The step back to the form, with what was typed.
pub const BACK: &str = "back";
/// The name under which the state is kept that a form was shown with.
const SEEN: &str = "seen";

/// The name of a field as it is sent.
#[must_use]
pub fn sent_as(field: &str) -> String {
    format!("typed[{field}]")
}

/// The page with a form.
#[must_use]
pub fn page_of(edit: &Edit) -> String {
    let page = match edit {
        Edit::NewProduct => format!("{CATALOG}/products/new"),
        Edit::Product(id) => format!("{CATALOG}/products/{id}/edit"),
        Edit::NewPlan { product_id, like: None } => format!("{CATALOG}/plans/new?product={product_id}"),
        Edit::NewPlan { product_id, like: Some(like) } => {
            format!("{CATALOG}/plans/new?product={product_id}&like={like}")
        }
        Edit::Plan(id) => format!("{CATALOG}/plans/{id}/edit"),
        Edit::Prices(id) => format!("{CATALOG}/plans/{id}/prices"),
        Edit::Addon { plan_id, code } => with_query(format!("{CATALOG}/plans/{plan_id}/addon"), "code", code),
        Edit::Pack { plan_id, limit } => with_query(format!("{CATALOG}/plans/{plan_id}/pack"), "limit", limit),
    };
    local_path(&page)
}

/// The page with what names its subject; the one for something new where nothing does.
fn with_query(page: String, name: &str, value: &str) -> String {
    if value.is_empty() {
        return page;
    }
    format!("{page}?{}", serde_urlencoded::to_string([(name, value)]).unwrap_or_default())
}

/// Where a form is sent to, and what names its subject.
#[must_use]
pub fn action_of(edit: &Edit) -> (&'static str, Vec<(String, String)>) {
    let hidden = |name: &str, id: &str| (name.to_owned(), id.to_owned());
    match edit {
        Edit::NewProduct => ("/act/edit-product", Vec::new()),
        Edit::Product(id) => ("/act/edit-product", vec![hidden("edited_product_id", id.as_str())]),
        Edit::NewPlan { product_id, like } => {
            let mut about = vec![hidden("product_id", product_id.as_str())];
            about.extend(like.iter().map(|id| hidden("like", id.as_str())));
            ("/act/edit-plan", about)
        }
        Edit::Plan(id) => ("/act/edit-plan", vec![hidden("edited_plan_id", id.as_str())]),
        Edit::Prices(id) => ("/act/edit-prices", vec![hidden("edited_plan_id", id.as_str())]),
        Edit::Addon { plan_id, code } => {
            ("/act/edit-addon", vec![hidden("edited_plan_id", plan_id.as_str()), hidden("addon_code", code.as_str())])
        }
        Edit::Pack { plan_id, limit } => {
            ("/act/edit-pack", vec![hidden("edited_plan_id", plan_id.as_str()), hidden("pack_limit", limit.as_str())])
        }
    }
}

/// A form that was sent and is not saved, with whether its fields are to be shown again whatever would change.
#[must_use]
pub fn kept_form(edit: &Edit, kept: &Refused) -> Option<(SentForm, bool)> {
    if kept.form.is_empty() {
        return None;
    }
    let mut typed = kept.values.clone();
    let seen = typed.remove(SEEN).unwrap_or_default();
    Some((SentForm { edit: edit.clone(), seen, typed }, kept.code("") == Some(BACK)))
}

/// Makes a product, or changes what is said of one.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "edit-product")]
pub async fn edit_product(
    /// The product; empty where one is made.
    #[server(default)]
    edited_product_id: String,
    /// The state that the form was shown with.
    #[server(default)]
    seen: String,
    /// What is to be done with it.
    #[server(default)]
    step: String,
    /// The fields.
    #[server(default)]
    typed: BTreeMap<String, String>,
) -> Result<(), FormFailure> {
    let edit = match edited_product_id.as_str() {
        "" => Edit::NewProduct,
        id => Edit::Product(ProductId::from_untrusted(id)),
    };
    answer(SentForm { edit, seen, typed }, &step).await
}

/// Makes a plan, or changes everything of one but its prices.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "edit-plan")]
pub async fn edit_plan(
    /// The plan; empty where one is made.
    #[server(default)]
    edited_plan_id: String,
    /// The product of a new plan.
    #[server(default)]
    product_id: String,
    /// The plan that a new one is like; empty where there is none.
    #[server(default)]
    like: String,
    /// The state that the form was shown with.
    #[server(default)]
    seen: String,
    /// What is to be done with it.
    #[server(default)]
    step: String,
    /// The fields.
    #[server(default)]
    typed: BTreeMap<String, String>,
) -> Result<(), FormFailure> {
    let edit = match edited_plan_id.as_str() {
        "" => Edit::NewPlan {
            product_id: ProductId::from_untrusted(&product_id),
            like: Some(like).filter(|id| !id.is_empty()).map(|id| PlanId::from_untrusted(&id)),
        },
        id => Edit::Plan(PlanId::from_untrusted(id)),
    };
    answer(SentForm { edit, seen, typed }, &step).await
}

/// Changes the prices of a plan.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "edit-prices")]
pub async fn edit_prices(
    /// The plan.
    #[server(default)]
    edited_plan_id: String,
    /// The state that the form was shown with.
    #[server(default)]
    seen: String,
    /// What is to be done with it.
    #[server(default)]
    step: String,
    /// The fields.
    #[server(default)]
    typed: BTreeMap<String, String>,
) -> Result<(), FormFailure> {
    let edit = Edit::Prices(PlanId::from_untrusted(&edited_plan_id));
    answer(SentForm { edit, seen, typed }, &step).await
}

/// Makes, changes or withdraws an add-on of a plan.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "edit-addon")]
pub async fn edit_addon(
    /// The plan.
    #[server(default)]
    edited_plan_id: String,
    /// The add-on's code; empty where one is made.
    #[server(default)]
    addon_code: String,
    /// The state that the form was shown with.
    #[server(default)]
    seen: String,
    /// What is to be done with it.
    #[server(default)]
    step: String,
    /// The fields.
    #[server(default)]
    typed: BTreeMap<String, String>,
) -> Result<(), FormFailure> {
    let edit = Edit::Addon { plan_id: PlanId::from_untrusted(&edited_plan_id), code: addon_code };
    answer(SentForm { edit, seen, typed }, &step).await
}

/// Makes, changes or withdraws a pack of a plan.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "edit-pack")]
pub async fn edit_pack(
    /// The plan.
    #[server(default)]
    edited_plan_id: String,
    /// The limit that the pack raises; empty where one is made.
    #[server(default)]
    pack_limit: String,
    /// The state that the form was shown with.
    #[server(default)]
    seen: String,
    /// What is to be done with it.
    #[server(default)]
    step: String,
    /// The fields.
    #[server(default)]
    typed: BTreeMap<String, String>,
) -> Result<(), FormFailure> {
    let edit = Edit::Pack { plan_id: PlanId::from_untrusted(&edited_plan_id), limit: pack_limit };
    answer(SentForm { edit, seen, typed }, &step).await
}

async fn answer(sent: SentForm, step: &str) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::EditCatalog).await?;
    let (cx, edit) = (visit.staff_cx(), sent.edit.clone());
    let form = visit.state.db.read(|tx| Box::pin(async move { find_form(tx, &cx, &edit).await })).await?;
    if form.is_none() {
        return say_gone(&visit, &sent.edit).await;
    }
    let page = page_of(&sent.edit);
    // Forms of other plans are open in other windows, so a form is named by its page. However long what was typed is, it is
    // kept: no more arrives here than the router lets through, and the page says which field has too much.
    let values = sent.typed.clone().into_iter().chain([(SEEN.to_owned(), sent.seen.clone())]).collect();
    let kept = Refused { form: page.clone(), values, problems: Vec::new() };
    match step {
        SAVE => {}
        BACK => {
            kept.problem("", BACK).go_back(&page).await;
            return Ok(());
        }
        _ => {
            kept.go_back(&page).await;
            return Ok(());
        }
    }
    if fresh_authentication(&visit).await?.is_none() {
        // What was typed waits on the way.
        kept.go_back(&confirm_first(&page)).await;
        return Ok(());
    }
    let (cx, master, edit) = (visit.staff_cx(), visit.state.master.clone(), sent.edit.clone());
    let saved = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { editing::edit_catalog(tx, &cx, &master, &sent).await }))
        .await?;
    match saved {
        Editing::Saved { product_id, plan_id, .. } => {
            say_done("catalog_changed").await;
            redirect(&page_of(&next(edit, product_id, plan_id)));
        }
        Editing::Unchanged => {
            say_done("nothing_changed").await;
            redirect(&page);
        }
        // The page judges once more, and says why.
        Editing::Stale | Editing::Refused(_) => kept.go_back(&page).await,
        Editing::NotFound => return say_gone(&visit, &edit).await,
        Editing::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

/// What the form was about is not there. Where somebody has taken it off the price list since the form was shown, its plan
/// is, and that says so.
async fn say_gone(visit: &Visit, edit: &Edit) -> Result<(), FormFailure> {
    let (Edit::Addon { plan_id, .. } | Edit::Pack { plan_id, .. }) = edit else {
        return Err(FormFailure::not_allowed());
    };
    let (cx, of_plan) = (visit.staff_cx(), Edit::Plan(plan_id.clone()));
    let page = page_of(&of_plan);
    let form = visit.state.db.read(|tx| Box::pin(async move { find_form(tx, &cx, &of_plan).await })).await?;
    let was_sold = form.and_then(|form| form.plan).is_some_and(|plan| match edit {
        Edit::Addon { code, .. } => plan.addon(code).is_some(),
        Edit::Pack { limit, .. } => plan.packs.iter().any(|pack| pack.limit == *limit),
        _ => false,
    });
    if !was_sold {
        return Err(FormFailure::not_allowed());
    }
    say_done("catalog_gone").await;
    redirect(&page);
    Ok(())
}

/// What comes after a form: prices after a new plan, and the plan after what is sold on top of it.
fn next(edit: Edit, product_id: ProductId, plan_id: Option<PlanId>) -> Edit {
    match (edit, plan_id) {
        (Edit::NewPlan { .. }, Some(plan_id)) => Edit::Prices(plan_id),
        (Edit::Addon { .. } | Edit::Pack { .. }, Some(plan_id)) => Edit::Plan(plan_id),
        (Edit::NewProduct, _) => Edit::Product(product_id),
        (edit, _) => edit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_back_with_the_state_that_it_was_typed_over() {
        let edit = Edit::Plan(PlanId::from_untrusted("pln_1"));
        assert_eq!(kept_form(&edit, &Refused::default()), None);
        let kept = Refused::new(&page_of(&edit)).value("name", "Startup").value(SEEN, "abc");
        let (sent, back) = kept_form(&edit, &kept).unwrap_or_else(|| panic!("nothing was kept"));
        assert_eq!((sent.seen.as_str(), sent.typed.len(), back), ("abc", 1, false));
        let back = kept_form(&edit, &kept.problem("", BACK)).is_some_and(|(_, back)| back);
        assert!(back);
    }

    #[test]
    fn each_form_has_a_page_of_its_own() {
        let like = Edit::NewPlan {
            product_id: ProductId::from_untrusted("prd_1"),
            like: Some(PlanId::from_untrusted("pln_1")),
        };
        assert_eq!(page_of(&like), "/staff/catalog/plans/new?product=prd_1&like=pln_1");
        assert_eq!(page_of(&Edit::NewProduct), "/staff/catalog/products/new");
        let plan_id = PlanId::from_untrusted("pln_1");
        let audit = Edit::Addon { plan_id: plan_id.clone(), code: "audit_log".to_owned() };
        assert_eq!(page_of(&audit), "/staff/catalog/plans/pln_1/addon?code=audit_log");
        assert_eq!(page_of(&Edit::Pack { plan_id, limit: String::new() }), "/staff/catalog/plans/pln_1/pack");
    }
}
