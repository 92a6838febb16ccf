//! `/staff/denials`: who was refused and why, filtered by what the address says, paged by key.

use backend::clock::UnixMs;
use backend::leases::denials::{Denial, DenialFilter, Within, list_denials};
use backend::listing::TimePlace;
use backend::text::en::{console_lists as text, licenses, moments, overview};
use leptos::prelude::*;
use sdk::error::Code;

use super::staff_list::{Content, LIMIT, Listing, address, any_of, any_word};
use super::{NoPage, Page, render, staff_customers, staff_licenses, staff_role};
use crate::components::{Column, EmptyState, Field, Moment, Row};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/denials";

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let filter = DenialFilter::of_address(|name| visit.query(name));
    let (listing, after) = Listing::asked(&visit, PATH, filter.to_address(), TimePlace::parse);
    let wanted = filter.clone();
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { list_denials(tx, &vendor_id, &wanted, now, after.as_ref(), LIMIT).await }));
    let mut found = found.await?;
    let pages = listing.pages(&mut found, |it| it.place().to_string());
    let [why, instance, license, calls, last] = text::DENIAL_COLUMNS;
    let columns = vec![
        Column::text(why),
        Column::text(instance),
        Column::text(license),
        Column::number(calls),
        Column::text(last),
    ];
    let content = Content {
        title: text::DENIALS,
        lead: text::DENIALS_LEAD,
        columns,
        rows: found.iter().map(|it| row(it, now)).collect(),
        pages,
        none_yet: view! { <EmptyState text=text::NO_DENIALS /> }.into_any(),
        has_csv: false,
    };
    Ok(listing.page(content, move || questions(&filter)))
}

fn questions(filter: &DenialFilter) -> AnyView {
    let refusals = Code::ALL.iter().filter(|code| code.is_refusal());
    let codes = any_of(refusals.map(|code| (code.as_str().to_owned(), code.title().to_owned())));
    let within = any_word(Within::ALL, Within::as_str, text::within);
    let (code, within_value) = (filter.code.clone(), filter.within.map_or("", Within::as_str));
    view! {
        <Field name="code" label=text::WHY control=codes value=code may_be_empty=true />
        <Field name="within" label=text::WITHIN control=within value=within_value may_be_empty=true />
    }
    .into_any()
}

fn row(it: &Denial, now: UnixMs) -> Row {
    let license = format!("{}/{}", staff_licenses::PATH, it.license_id);
    let who = match &it.instance_id {
        Some(id) => {
            let href = format!("{}#instances", address(&license, [("find", id.to_string())]));
            view! { <a href=href>{text::who(it)}</a> }.into_any()
        }
        None => text::who(it).into_any(),
    };
    Row::new()
        .cell(text::denial(&it.code))
        .cell(who)
        .cell(view! {
            <a href=license>{overview::license_name(&it.license_name, &it.product_name, &it.plan_name)}</a>
            " "
            <small>
                <a href=format!("{}/{}", staff_customers::PATH, it.account_id)>{it.company.clone()}</a>
            </small>
        })
        .cell(licenses::number(it.occurrences))
        .cell(view! { <Moment datetime=moments::rfc3339(it.last_at) absolute=moments::moment(it.last_at, now) /> })
}
