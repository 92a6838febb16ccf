//! `/staff/catalog/preview`: the price list as customers see it, with the plans that are not on it. Its address is that of
//! the price list; choosing a plan leads back to it.

use backend::catalog::{self, BillingInterval};
use backend::db::DbError;
use backend::money::Currency;
use backend::orders::currency;
use backend::text::en::{buying, console_catalog as text, licenses as words};
use leptos::prelude::*;

use super::price_list::{Choice, Place, Shelf, currency_tabs, intervals, months_free, shelf_view, tabs};
use super::staff_catalog::waiting;
use super::{NoPage, Page, render, staff_role};
use crate::api::staff_catalog::{CATALOG, PREVIEW};
use crate::components::{Breadcrumb, Crumb, EmptyState, PageHead, Segmented};
use crate::request::Visit;

/// The preview.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (vendor_id, today) = (visit.vendor.id.clone(), visit.state.clock.now().date());
    let has_stripe = visit.state.stripe.of(&vendor_id).is_some();
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let mut shelves = Vec::new();
            for product in catalog::list_products(tx, &vendor_id).await? {
                let plans = catalog::list_plans(tx, &vendor_id, &product.id).await?;
                let newest = catalog::newest_covered_release(tx, &vendor_id, &product.id, today).await?;
                shelves.push(Shelf { product, plans, newest });
            }
            Ok::<_, DbError>(shelves)
        })
    });
    let shelves = found.await?;
    // Customers do not see them before Stripe has them.
    let waiting = waiting(shelves.iter().flat_map(|shelf| &shelf.plans), has_stripe);
    let list = list(&visit, shelves);
    let crumbs = vec![Crumb::to(text::TITLE, CATALOG), Crumb::here(text::PREVIEW)];
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        {waiting}
        {list}
    };
    Ok(Page::new(text::PREVIEW_TITLE, body))
}

fn list(visit: &Visit, shelves: Vec<Shelf>) -> AnyView {
    let order = &visit.vendor.profile.currencies;
    let currencies = currency::offered(shelves.iter().flat_map(|shelf| &shelf.plans), order);
    let asked = visit.query("currency").and_then(|code| Currency::parse(&code));
    let Some(currency) = currency::shown(&currencies, asked, None, None) else {
        return view! {
            <PageHead title=text::PREVIEW_TITLE lead=text::PREVIEW_LEAD />
            <EmptyState text=text::NOTHING_TO_PREVIEW />
        }
        .into_any();
    };
    let intervals: Vec<BillingInterval> = intervals(&shelves, currency);
    let place = Place { list: PREVIEW, buy: PREVIEW };
    let choice = Choice::of(visit, place, &intervals, currency, shelves.len() > 1, currencies.len() > 1);
    let tabs = tabs(&choice, &intervals, months_free(&shelves, currency));
    let currency_tabs = (currencies.len() > 1).then(|| currency_tabs(&choice, &currencies));
    let shelves: Vec<_> = shelves.into_iter().filter_map(|shelf| shelf_view(&choice, shelf)).collect();
    let nothing = shelves.is_empty().then(|| view! { <EmptyState text=buying::NOT_AT_THIS_INTERVAL /> });
    view! {
        <PageHead
            title=text::PREVIEW_TITLE
            lead=text::PREVIEW_LEAD
            actions=move || {
                view! {
                    <Segmented label=buying::BILLING options=tabs.clone() />
                    {currency_tabs.clone().map(|tabs| view! { <Segmented label=buying::CURRENCY options=tabs /> })}
                }
            }
        />
        {shelves}
        {nothing}
    }
    .into_any()
}
