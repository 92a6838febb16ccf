//! `/staff/payments`: renewals that could not be charged, the longest overdue first, paged by key.

use backend::billing::dunning::{OverduePayment, OverduePlace, list_overdue_payments};
use backend::clock::UnixMs;
use backend::licenses::LicenseStatus;
use backend::text::en::{console_payments as text, events as happenings, overview};
use leptos::prelude::*;

use super::staff_licenses::PATH as LICENSES;
use super::{NoPage, Page, render, staff_customers, staff_role};
use crate::components::{Badge, Column, EmptyState, Moment, Money, PageHead, Pagination, Row, Table, Tone};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/payments";
/// Rows of a page.
const PAGE: usize = 50;

/// The list of overdue payments.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let after = visit.query("after").and_then(|text| OverduePlace::parse(&text));
    let is_first = after.is_none();
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { list_overdue_payments(tx, &vendor_id, after.as_ref(), limit).await }));
    let mut found = found.await?;
    let has_more = found.len() > PAGE;
    found.truncate(PAGE);
    let previous = (!is_first).then(|| (text::FIRST.to_owned(), PATH.to_owned()));
    let next = found.last().filter(|_| has_more);
    let next = next.map(|last| (text::NEXT.to_owned(), format!("{PATH}?after={}", last.place().to_text())));
    let has_pages = previous.is_some() || next.is_some();
    let position = text::shown(found.len());
    let pages = has_pages.then(|| view! { <Pagination label=text::PAGES position previous next /> });
    let [customer, license, since, until, open] = text::COLUMNS;
    let columns = vec![
        Column::text(customer),
        Column::text(license),
        Column::text(since),
        Column::text(until),
        Column::number(open),
    ];
    let rows = found.iter().map(|payment| row(payment, now)).collect();
    let body = view! {
        <PageHead title=text::TITLE lead=text::LEAD />
        <Table
            caption=text::TITLE
            caption_hidden=true
            columns
            rows
            empty=|| view! { <EmptyState text=text::NONE /> }
        />
        {pages}
    };
    Ok(Page::new(text::TITLE, body))
}

fn row(payment: &OverduePayment, now: UnixMs) -> Row {
    let name = overview::license_name(&payment.license_name, &payment.product_name, &payment.plan_name);
    let href = format!("{LICENSES}/{}", payment.license_id);
    let since = view! {
        <Moment datetime=payment.since.timestamp().to_string() absolute=happenings::when(payment.since, now) />
    };
    let until = text::works_until(payment, now);
    let until = match payment.status {
        LicenseStatus::Active => until.into_any(),
        _ => view! { <Badge tone=Tone::Bad word=until /> }.into_any(),
    };
    let mail = format!("mailto:{}", payment.billing_email);
    let customer = format!("{}/{}", staff_customers::PATH, payment.account_id);
    Row::new()
        .cell(view! { <a href=customer>{payment.company.clone()}</a> " " <small><a href=mail>{payment.billing_email.clone()}</a></small> })
        .cell(view! { <a href=href>{name}</a> })
        .cell(since)
        .cell(until)
        .cell(view! { <Money minor=payment.due_minor currency=payment.currency.as_str() /> })
}
