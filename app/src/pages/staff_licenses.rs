//! `/staff/licenses`: the licenses of all customers, filtered by what the address says, paged by key.

use backend::accounts::{StaffAct, staff_may};
use backend::clock::UnixMs;
use backend::licenses::search::{self, ListedLicense, search_vendor};
use backend::text::en::{by_hand, console_licenses as text, licenses as words};
use leptos::prelude::*;

use super::license_filter::{Filtered, PAGE};
use super::licenses::{last_contact, none_found};
use super::own_license::{name_of, tone};
use super::{NoPage, Page, render, staff_role};
use crate::api::staff_issue::ISSUE_PAGE;
use crate::components::{Badge, Column, EmptyState, LinkButton, PageHead, Row, Table};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/licenses";

/// The list of licenses.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let now = visit.state.clock.now();
    let (vendor_id, master) = (visit.vendor.id.clone(), visit.state.master.clone());
    let mut list = Filtered::of(PATH, &visit, false);
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let page = search::Page { now, after: list.after.as_ref(), limit: PAGE };
            let found = search_vendor(tx, &vendor_id, &master, &list.filter, page).await?;
            list.read_products(tx, &vendor_id).await?;
            Ok::<_, NoPage>((list, found))
        })
    });
    let (list, found) = found.await?;
    let has_any = !found.licenses.is_empty() || !list.is_whole();
    let (filter, pages) = (has_any.then(|| list.form(found.total)), list.pages(&found));
    let [name, customer, status, seats, contact] = text::COLUMNS;
    let columns = vec![
        Column::text(name),
        Column::text(customer),
        Column::text(status),
        Column::number(seats),
        Column::text(contact),
    ];
    let rows = found.licenses.iter().map(|listed| row(listed, now)).collect();
    let may_issue = staff_may(role, StaffAct::ManageLicenses);
    let acts = move || may_issue.then(|| view! { <LinkButton href=ISSUE_PAGE label=by_hand::ISSUE /> });
    let body = view! {
        <PageHead title=text::TITLE lead=text::LEAD actions=acts />
        {filter}
        <Table
            caption=text::CAPTION
            caption_hidden=true
            columns
            rows
            empty=move || {
                if has_any { none_found(PATH) } else { view! { <EmptyState text=text::NONE_YET /> }.into_any() }
            }
        />
        {pages}
    };
    Ok(Page::new(text::TITLE, body))
}

fn row(listed: &ListedLicense, now: UnixMs) -> Row {
    let view = &listed.view;
    let license = &view.license;
    let (href, name) = (format!("{PATH}/{}", license.id), name_of(view));
    let below = format!("{}, {} · {}", view.product_name, view.plan_name, license.key_hint);
    Row::new()
        .cell(view! { <a href=href>{name}</a> <small>{below}</small> })
        .cell(listed.company.clone())
        .cell(view! { <Badge tone=tone(license, None, now) word=words::status(license, None, now) /> })
        .cell(words::meter(listed.held, license.seats))
        .cell(last_contact(listed.last_contact_at, now))
}
