//! `/staff/catalog`: what is sold, by product, with who has it.

use backend::accounts::{StaffAct, staff_may};
use backend::catalog::console::{LicensesOfPlan, ShownProduct, read_shelves};
use backend::catalog::{Plan, Price};
use backend::db::DbError;
use backend::text::en::console_catalog as text;
use leptos::prelude::*;

use super::{NoPage, Page, render, staff_role};
use crate::api::staff_catalog::{CATALOG, DOWNLOAD, PREVIEW, UPLOAD, plan_page, product_page};
use crate::components::{Badge, Card, Column, Emphasis, EmptyState, LinkButton, Notice, PageHead, Row, Table, Tone};
use crate::request::Visit;

/// The page of the catalog.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let may = staff_may(staff_role(&visit)?, StaffAct::EditCatalog);
    let cx = visit.staff_cx();
    let found = visit.state.db.read(|tx| Box::pin(async move { read_shelves(tx, &cx).await }));
    let shelves: Result<Vec<ShownProduct>, DbError> = found.await;
    let shelves = shelves?;
    let has_stripe = visit.state.stripe.of(&visit.vendor.id).is_some();
    let waiting = waiting(shelves.iter().flat_map(|shelf| &shelf.plans), has_stripe);
    let nothing = shelves.is_empty().then(|| nothing(may));
    let cards = shelves.into_iter().map(|shelf| product_card(shelf, may)).collect_view();
    let body = view! {
        <PageHead title=text::TITLE lead=text::LEAD actions=move || acts(may) />
        {waiting}
        {nothing}
        {cards}
    };
    Ok(Page::new(text::TITLE, body))
}

fn acts(may: bool) -> impl IntoView {
    let change = may.then(|| {
        let new = format!("{CATALOG}/products/new");
        view! {
            <LinkButton href=new label=text::NEW_PRODUCT />
            <LinkButton href=UPLOAD label=text::UPLOAD />
        }
    });
    view! {
        {change}
        <LinkButton href=PREVIEW label=text::PREVIEW />
        <LinkButton href=DOWNLOAD label=text::DOWNLOAD emphasis=Emphasis::Quiet />
    }
}

fn nothing(may: bool) -> impl IntoView {
    let words = if may { text::NOTHING } else { text::NOTHING_TO_SEE };
    view! { <EmptyState text=words /> }
}

/// What Stripe does not have yet. Nothing is asked there for a page: what is known is whether a price was pushed.
pub(super) fn waiting<'p>(plans: impl Iterator<Item = &'p Plan>, has_stripe: bool) -> Option<AnyView> {
    let count = plans.flat_map(|plan| &plan.prices).filter(|price: &&Price| price.stripe_price_id.is_none()).count();
    if count == 0 {
        return None;
    }
    let means = if has_stripe { text::WAITING_MEANS } else { text::NO_STRIPE };
    Some(view! { <Notice tone=Tone::Warn title=text::waiting_for_stripe(count) text=means /> }.into_any())
}

fn product_card(shelf: ShownProduct, may: bool) -> impl IntoView {
    let ShownProduct { product, plans, licenses } = shelf;
    let [plan, kind, price, version, list, held] = text::COLUMNS;
    let columns = vec![
        Column::text(plan),
        Column::text(kind),
        Column::text(price),
        Column::number(version),
        Column::text(list),
        Column::text(held),
    ];
    let none = LicensesOfPlan::default();
    let rows = plans.iter().map(|plan| plan_row(plan, licenses.get(&plan.id).unwrap_or(&none))).collect();
    let (to_product, name) = (product_page(product.id.as_str()), product.name.clone());
    let releases = move || {
        view! {
            <LinkButton href=to_product.clone() label=text::RELEASES about=name.clone() emphasis=Emphasis::Quiet />
        }
    };
    let new = may.then(|| {
        let href = format!("{CATALOG}/plans/new?product={}", product.id);
        view! { <p><LinkButton href label=text::NEW_PLAN about=product.name.clone() /></p> }
    });
    let caption = text::plans_of(&product.name);
    view! {
        <Card title=product.name lead=product.description aside=releases id=product.code>
            <Table
                caption
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NO_PLANS /> }
            />
            {new}
        </Card>
    }
}

fn plan_row(plan: &Plan, held: &LicensesOfPlan) -> Row {
    let prices = text::prices(plan);
    let prices = match prices.is_empty() {
        true => text::NO_PRICES.into_any(),
        false => prices.into_iter().map(|line| view! { <div>{line}</div> }).collect_view().into_any(),
    };
    let href = plan_page(plan.id.as_str());
    Row::new()
        .cell(view! { <a href=href>{plan.name.clone()}</a> })
        .cell(text::kind(plan))
        .cell(prices)
        .cell(plan.version.to_string())
        .cell(list_badge(plan.published))
        .cell(text::holders(held, plan.version))
}

/// Whether a plan is on the price list.
pub(super) fn list_badge(published: bool) -> impl IntoView {
    let tone = if published { Tone::Good } else { Tone::Neutral };
    view! { <Badge tone word=text::state(published) /> }
}
