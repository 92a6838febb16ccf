//! `/staff/catalog/plans/new?product=ID[&like=PLAN]` and `/staff/catalog/plans/{id}/edit`: the form for a plan. For all but
//! administrators there are no such pages.

use backend::catalog::editing::Edit;
use backend::ids::{PlanId, ProductId};
use backend::text::en::console_editing as text;
use leptos::prelude::*;

use super::staff_catalog_edit::{crumbs, show};
use super::staff_option_edit::options;
use super::staff_plan_fields::fields;
use super::{NoPage, Page, render};
use crate::api::catalog_forms::page_of;
use crate::components::{LinkButton, Notice, PageHead};
use crate::request::Visit;

/// The form of a new plan.
pub fn new_page() -> impl IntoView {
    render(async {
        let visit = Visit::here();
        let product_id = ProductId::from_untrusted(&visit.query("product").unwrap_or_default());
        let like = visit.query("like").filter(|id| !id.is_empty()).map(|id| PlanId::from_untrusted(&id));
        load(visit, Edit::NewPlan { product_id, like }).await
    })
}

/// The form of a plan that there is.
pub fn page() -> impl IntoView {
    render(async {
        let visit = Visit::here();
        let id = PlanId::from_untrusted(visit.path.split('/').nth(4).unwrap_or_default());
        load(visit, Edit::Plan(id)).await
    })
}

async fn load(visit: Visit, edit: Edit) -> Result<Page, NoPage> {
    let shown = show(&visit, edit).await?;
    let is_new = matches!(shown.edit, Edit::NewPlan { .. });
    let (title, lead) = match (&shown.form.plan, is_new) {
        (Some(plan), true) => (text::like(&plan.name), text::LIKE_LEAD),
        (Some(plan), false) => (text::change(&plan.name), text::PLAN_LEAD),
        (None, _) => (text::NEW_PLAN.to_owned(), text::NEW_PLAN_LEAD),
    };
    let body = shown.body(fields);
    let plan = shown.form.plan.as_ref().filter(|_| !is_new);
    let links = plan.map(|plan| {
        let like = Edit::NewPlan { product_id: plan.product_id.clone(), like: Some(plan.id.clone()) };
        (page_of(&Edit::Prices(plan.id.clone())), page_of(&like))
    });
    let actions = move || {
        links.clone().map(|(prices, copy)| {
            view! {
                <LinkButton href=prices label=text::TO_PRICES />
                <LinkButton href=copy label=text::COPY_PLAN />
            }
        })
    };
    let draft = plan.filter(|plan| !plan.published).map(|_| view! { <Notice title=text::IS_DRAFT /> });
    let options = plan.filter(|_| !shown.is_review()).map(options);
    let body = view! {
        {crumbs(&title)}
        <PageHead title=title.clone() lead actions />
        {draft}
        {body}
        {options}
    };
    Ok(Page::new(title, body))
}
