//! `/licenses`: the licenses of the account, filtered by what the address says, paged by key.

use backend::accounts::{Act, may};
use backend::billing::{Subscription, list_subscriptions_of_licenses};
use backend::clock::UnixMs;
use backend::licenses::search::{self, ListedLicense, search_account};
use backend::text::en::{license_search as finding, licenses as text, moments, redeeming};
use leptos::prelude::*;

use super::license_filter::{Filtered, PAGE};
use super::own_license::{name_of, tone};
use super::unfinished::{read_unfinished, unfinished_notices};
use super::{NoPage, Page, render};
use crate::api::vouchers::REDEEM;
use crate::components::{Badge, Column, Emphasis, EmptyState, LinkButton, Moment, PageHead, Row, Table};
use crate::request::Visit;

const PATH: &str = "/licenses";

/// The list of licenses.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let now = visit.state.clock.now();
    let (vendor_id, master) = (visit.vendor.id.clone(), visit.state.master.clone());
    let mut list = Filtered::of(PATH, &visit, true);
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let page = search::Page { now, after: list.after.as_ref(), limit: PAGE };
            let found = search_account(tx, &vendor_id, &master, &account.id, &list.filter, page).await?;
            let ids: Vec<_> = found.licenses.iter().map(|listed| &listed.view.license.id).collect();
            let mut subscriptions = list_subscriptions_of_licenses(tx, &vendor_id, &ids).await?;
            // What a partner pays is not this account's business.
            subscriptions.retain(|it| it.account_id == account.id);
            list.read_products(tx, &vendor_id).await?;
            let unfinished = match may(role, Act::Buy) {
                true => read_unfinished(tx, &vendor_id, &account.id, now).await?,
                false => Vec::new(),
            };
            Ok::<_, NoPage>((list, found, subscriptions, unfinished))
        })
    });
    let (list, found, subscriptions, unfinished) = found.await?;
    let unfinished = unfinished_notices(&unfinished);
    let has_any = !found.licenses.is_empty() || !list.is_whole();
    let (filter, pages) = (has_any.then(|| list.form(found.total)), list.pages(&found));
    let [name, status, seats, contact, next] = text::COLUMNS;
    let columns = vec![
        Column::text(name),
        Column::text(status),
        Column::number(seats),
        Column::text(contact),
        Column::text(next),
        Column::act(text::OPEN),
    ];
    let rows = found.licenses.iter().map(|listed| {
        let paid = subscriptions.iter().find(|paid| paid.license_id == listed.view.license.id);
        row(listed, paid, now)
    });
    let rows = rows.collect();
    let body = view! {
        <PageHead
            title=text::TITLE
            lead=has_any.then_some(text::LEAD)
            actions=move || {
                let buy = has_any.then(|| view! { <LinkButton href="/" label=text::BUY_ANOTHER /> });
                view! { <LinkButton href=REDEEM label=redeeming::TITLE emphasis=Emphasis::Quiet /> {buy} }
            }
        />
        {unfinished}
        {filter}
        <Table
            caption=text::CAPTION
            caption_hidden=true
            columns
            rows
            empty=move || if has_any { none_found(PATH) } else { none_yet() }
        />
        {pages}
    };
    Ok(Page::new(text::TITLE, body))
}

fn none_yet() -> AnyView {
    view! {
        <EmptyState
            text=text::NONE_YET
            action=|| view! { <LinkButton href="/" label=text::TO_PRICES emphasis=Emphasis::Primary /> }
        />
    }
    .into_any()
}

/// Where nothing passes the filter.
pub(super) fn none_found(path: &'static str) -> AnyView {
    view! {
        <EmptyState
            text=finding::NONE_FOUND
            action=move || view! { <LinkButton href=path label=finding::CLEAR /> }
        />
    }
    .into_any()
}

/// When a license was last heard of, in a cell.
pub(super) fn last_contact(at: Option<UnixMs>, now: UnixMs) -> AnyView {
    match at {
        Some(at) => {
            let (datetime, absolute) = (moments::rfc3339(at), finding::last_contact(Some(at), now));
            view! { <Moment datetime absolute /> }.into_any()
        }
        None => finding::NEVER.into_any(),
    }
}

fn row(listed: &ListedLicense, subscription: Option<&Subscription>, now: UnixMs) -> Row {
    let view = &listed.view;
    let license = &view.license;
    let (href, name) = (format!("/licenses/{}", license.id), name_of(view));
    let what = format!("{}, {}", view.product_name, view.plan_name);
    // A license without a name of its own is called by product and plan already.
    let below = (what != name).then(|| view! { <small>{what}</small> });
    Row::new()
        .cell(view! { <a href=href.clone()>{name.clone()}</a> {below} })
        .cell(view! {
            <Badge tone=tone(license, subscription, now) word=text::status(license, subscription, now) />
        })
        .cell(text::meter(listed.held, license.seats))
        .cell(last_contact(listed.last_contact_at, now))
        .cell(text::what_next(license, subscription, now))
        .cell(view! { <LinkButton href=href label=text::OPEN about=name emphasis=Emphasis::Quiet /> })
}
