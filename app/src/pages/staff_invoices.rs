//! `/staff/invoices`: the invoices of all customers, filtered by what the address says, paged by key.

use backend::invoices::search::{InvoiceFilter, search_invoices};
use backend::invoices::{Invoice, InvoiceStatus};
use backend::listing::TimePlace;
use backend::text::en::{console_money as text, invoices as words};
use leptos::prelude::*;

use super::invoices::{day, tone};
use super::staff_list::{Content, LIMIT, Listing, address, any_word, customer_question, day_questions};
use super::{NoPage, Page, render, staff_customers, staff_role};
use crate::components::{Badge, Column, EmptyState, Field, Money, Row};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/invoices";

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let vendor_id = visit.vendor.id.clone();
    let filter = InvoiceFilter::of_address(|name| visit.query(name));
    let (listing, after) = Listing::asked(&visit, PATH, filter.to_address(), TimePlace::parse);
    let wanted = filter.clone();
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { search_invoices(tx, &vendor_id, &wanted, after.as_ref(), LIMIT).await }));
    let mut found = found.await?;
    let pages = listing.pages(&mut found, |it| it.place().to_string());
    let [which, customer, issued, status, amount] = text::COLUMNS;
    let columns = vec![
        Column::text(which),
        Column::text(customer),
        Column::text(issued),
        Column::text(status),
        Column::number(amount),
    ];
    let content = Content {
        title: text::INVOICES,
        lead: text::INVOICES_LEAD,
        columns,
        rows: found.iter().map(row).collect(),
        pages,
        none_yet: view! { <EmptyState text=text::NONE_YET /> }.into_any(),
        has_csv: false,
    };
    Ok(listing.page(content, move || questions(filter)))
}

/// The list narrowed to the account with this id.
pub(super) fn of_customer(id: &str) -> String {
    address(PATH, [("customer", id.to_owned())])
}

fn questions(filter: InvoiceFilter) -> AnyView {
    let statuses = any_word(InvoiceStatus::ALL, InvoiceStatus::as_str, words::status);
    let status = filter.status.map_or("", InvoiceStatus::as_str);
    let InvoiceFilter { number, customer, days, .. } = filter;
    view! {
        <Field name="number" label=text::FIND value=number may_be_empty=true />
        {customer_question(customer)}
        <Field name="status" label=text::STATUS control=statuses value=status may_be_empty=true />
        {day_questions(days)}
    }
    .into_any()
}

fn row(invoice: &Invoice) -> Row {
    let href = format!("{PATH}/{}", invoice.id);
    let customer = format!("{}/{}", staff_customers::PATH, invoice.account_id);
    Row::new()
        .cell(
            view! { <a href=href>{invoice.number.clone()}</a> <small>{words::reason(&invoice.billing_reason)}</small> },
        )
        .cell(view! { <a href=customer>{invoice.parties.0.buyer.name.clone()}</a> })
        .cell(day(invoice.issued_at))
        .cell(view! { <Badge tone=tone(invoice.status) word=words::status(invoice.status) /> })
        .cell(view! { <Money minor=invoice.total_minor currency=invoice.currency.as_str() /> })
}
