//! `/licenses`: all licenses of the account, newest first. `?after=` goes on from a license.

use backend::billing::{Subscription, find_subscription_of_license};
use backend::clock::UnixMs;
use backend::ids::LicenseId;
use backend::leases::count_seats;
use backend::licenses::{LicenseView, list_by_account};
use backend::text::en::licenses as text;
use leptos::prelude::*;

use super::own_license::{name_of, tone};
use super::{NoPage, Page, render};
use crate::components::{Badge, Column, Emphasis, EmptyState, LinkButton, PageHead, Pagination, Row, Table};
use crate::request::Visit;

/// Licenses on a page.
const PAGE: usize = 20;

/// The list of licenses.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

struct Listed {
    view: LicenseView,
    subscription: Option<Subscription>,
    held: i64,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, _)) = visit.account() else { return Err(NoPage::NotFound) };
    let now = visit.state.clock.now();
    let vendor_id = visit.vendor.id.clone();
    let after = visit.query("after").map(|id| LicenseId::from_untrusted(&id));
    let is_first = after.is_none();
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            // One more than is shown tells whether there is a page after this one.
            let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
            let mut listed = Vec::new();
            for view in list_by_account(tx, &vendor_id, &account.id, after.as_ref(), limit).await? {
                let license = &view.license;
                let subscription = find_subscription_of_license(tx, &vendor_id, &license.id).await?;
                let held = count_seats(tx, &license.id, license.license_type, now).await?;
                listed.push(Listed { view, subscription, held });
            }
            Ok::<_, NoPage>(listed)
        })
    });
    let mut listed = found.await?;
    let goes_on = listed.len() > PAGE;
    listed.truncate(PAGE);
    let next = listed.last().filter(|_| goes_on).map(|last| format!("/licenses?after={}", last.view.license.id));
    let previous = (!is_first).then(|| (text::NEWEST.to_owned(), "/licenses".to_owned()));
    let pages = (previous.is_some() || next.is_some()).then(|| {
        let next = next.map(|href| (text::OLDER.to_owned(), href));
        view! { <Pagination label=text::PAGES position=text::shown(listed.len()) previous next /> }
    });
    let has_any = !listed.is_empty();
    let [name, status, seats, next] = text::COLUMNS;
    let columns = vec![
        Column::text(name),
        Column::text(status),
        Column::number(seats),
        Column::text(next),
        Column::act(text::OPEN),
    ];
    let rows = listed.into_iter().map(|listed| row(listed, now)).collect();
    let body = view! {
        <PageHead
            title=text::TITLE
            lead=has_any.then_some(text::LEAD)
            actions=move || has_any.then(|| view! { <LinkButton href="/" label=text::BUY_ANOTHER /> })
        />
        <Table
            caption=text::CAPTION
            caption_hidden=true
            columns
            rows
            empty=|| {
                view! {
                    <EmptyState
                        text=text::NONE_YET
                        action=|| view! { <LinkButton href="/" label=text::TO_PRICES emphasis=Emphasis::Primary /> }
                    />
                }
            }
        />
        {pages}
    };
    Ok(Page::new(text::TITLE, body))
}

fn row(listed: Listed, now: UnixMs) -> Row {
    let Listed { view, subscription, held } = listed;
    let subscription = subscription.as_ref();
    let license = &view.license;
    let (href, name) = (format!("/licenses/{}", license.id), name_of(&view));
    let what = format!("{}, {}", view.product_name, view.plan_name);
    // A license without a name of its own is called by product and plan already.
    let below = (what != name).then(|| view! { <small>{what}</small> });
    Row::new()
        .cell(view! { <a href=href.clone()>{name.clone()}</a> {below} })
        .cell(view! {
            <Badge tone=tone(license, subscription, now) word=text::status(license, subscription, now) />
        })
        .cell(text::meter(held, license.seats))
        .cell(text::what_next(license, subscription, now))
        .cell(view! { <LinkButton href=href label=text::OPEN about=name emphasis=Emphasis::Quiet /> })
}
