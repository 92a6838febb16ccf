//! `/staff/activity`: what happened to the licenses, instances and orders of all customers, filtered by what the address says,
//! paged by key.

use backend::clock::UnixMs;
use backend::events::activity::{Activity, ActivityFilter, TYPES, search_activity};
use backend::listing::TimePlace;
use backend::text::en::{console_activity as text, moments, overview};
use leptos::prelude::*;

use super::staff_list::{Content, LIMIT, Listing, address, customer_question, day_questions};
use super::{NoPage, Page, render, staff_customers, staff_licenses, staff_role};
use crate::components::{Choice, Column, Control, EmptyState, Field, Moment, Row};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/activity";

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let filter = ActivityFilter::of_address(|name| visit.query(name));
    let (listing, after) = Listing::asked(&visit, PATH, filter.to_address(), TimePlace::parse);
    let wanted = filter.clone();
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { search_activity(tx, &vendor_id, &wanted, after.as_ref(), LIMIT).await }));
    let mut found = found.await?;
    let pages = listing.pages(&mut found, |it| it.place().to_string());
    let columns = Vec::from(text::COLUMNS.map(Column::text));
    let content = Content {
        title: text::ACTIVITY,
        lead: text::LEAD,
        columns,
        rows: found.iter().map(|it| row(it, now)).collect(),
        pages,
        none_yet: view! { <EmptyState text=text::NONE_YET /> }.into_any(),
        has_csv: true,
    };
    Ok(listing.page(content, move || questions(filter)))
}

/// The list narrowed to the account with this id.
pub(super) fn of_customer(id: &str) -> String {
    address(PATH, [("customer", id.to_owned())])
}

fn questions(filter: ActivityFilter) -> AnyView {
    let any = std::iter::once(Choice::new("", text::ANY_CHANGE));
    let types = Control::Select(any.chain(TYPES.iter().map(|it| Choice::new(*it, text::type_name(it)))).collect());
    let ActivityFilter { event_type, customer, about, days } = filter;
    view! {
        <Field name="type" label=text::TYPE control=types value=event_type may_be_empty=true />
        {customer_question(customer)}
        <Field name="about" label=text::ABOUT value=about hint=text::ABOUT_HINT may_be_empty=true />
        {day_questions(days)}
    }
    .into_any()
}

fn row(it: &Activity, now: UnixMs) -> Row {
    let event = &it.event;
    let license = it.license_id.as_ref().map(|id| format!("{}/{id}", staff_licenses::PATH));
    // What is about an instance leads to it, where it stands on the page of its license.
    let what = match (&license, &event.instance_id) {
        (Some(license), Some(instance)) => {
            let href = format!("{}#instances", address(license, [("find", instance.to_string())]));
            view! { <a href=href>{text::what(event)}</a> }.into_any()
        }
        _ => text::what(event).into_any(),
    };
    let row = Row::new().cell(what).cell(view! {
        <Moment
            datetime=moments::rfc3339(event.occurred_at)
            absolute=moments::moment(event.occurred_at, now)
        />
    });
    let row = match (&it.account_id, &it.company) {
        (Some(id), Some(company)) => {
            row.cell(view! { <a href=format!("{}/{id}", staff_customers::PATH)>{company.clone()}</a> })
        }
        _ => row.blank(),
    };
    match (license, &it.license_name, &it.product_name, &it.plan_name) {
        (Some(href), Some(name), Some(product), Some(plan)) => {
            row.cell(view! { <a href=href>{overview::license_name(name, product, plan)}</a> })
        }
        _ => row.blank(),
    }
}
