//! `/staff/catalog/products/new` and `/staff/catalog/products/{id}/edit`: the form for a product. For all but administrators
//! there are no such pages.

use backend::catalog::editing::{Edit, EditForm};
use backend::ids::ProductId;
use backend::text::en::console_editing as text;
use leptos::prelude::*;

use super::staff_catalog_edit::{crumbs, field, show};
use super::{NoPage, Page, render};
use crate::api::catalog_forms::page_of;
use crate::components::{Control, LinkButton, PageHead};
use crate::request::Visit;

/// The form of a new product.
pub fn new_page() -> impl IntoView {
    render(async { load(Visit::here(), Edit::NewProduct).await })
}

/// The form of a product that there is.
pub fn page() -> impl IntoView {
    render(async {
        let visit = Visit::here();
        let id = ProductId::from_untrusted(visit.path.split('/').nth(4).unwrap_or_default());
        load(visit, Edit::Product(id)).await
    })
}

async fn load(visit: Visit, edit: Edit) -> Result<Page, NoPage> {
    let shown = show(&visit, edit).await?;
    let body = shown.body(fields);
    let (title, lead) = match &shown.form.product {
        Some(product) => (text::change(&product.name), text::PRODUCT_LEAD),
        None => (text::NEW_PRODUCT.to_owned(), text::NEW_PRODUCT_LEAD),
    };
    let new_plan =
        shown.form.product.as_ref().map(|product| Edit::NewPlan { product_id: product.id.clone(), like: None });
    let new_plan = new_plan.as_ref().map(page_of);
    let actions = move || new_plan.clone().map(|href| view! { <LinkButton href label=text::NEW_PLAN /> });
    let body = view! {
        {crumbs(&title)}
        <PageHead title=title.clone() lead actions />
        {body}
    };
    Ok(Page::new(title, body))
}

fn fields(_: &Edit, form: &EditForm) -> AnyView {
    let typed = &form.typed;
    let code = form.product.is_none().then(|| field(typed, "code", Control::Text, false));
    view! {
        {code}
        {field(typed, "name", Control::Text, false)}
        {field(typed, "description", Control::Textarea { rows: 3 }, true)}
        {field(typed, "position", Control::Number { min: 1, max: 1_000 }, false)}
    }
    .into_any()
}
