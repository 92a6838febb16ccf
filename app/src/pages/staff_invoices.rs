//! `/staff/invoices`: the invoices of all customers, newest first. `?before=` goes on from one, `?number=` finds one.

use backend::ids::InvoiceId;
use backend::invoices::{Invoice, find_invoice_for_staff, list_invoices_for_staff};
use backend::text::en::{console_money as text, invoices as words};
use leptos::prelude::*;

use super::invoices::{day, tone};
use super::{NoPage, Page, render, staff_role};
use crate::components::{
    Badge, Column, Emphasis, EmptyState, Field, Form, Method, Money, PageHead, Pagination, Row, Table,
};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/invoices";
/// Invoices on a page.
const PAGE: usize = 20;

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let vendor_id = visit.vendor.id.clone();
    let before = visit.query("before").map(|id| InvoiceId::from_untrusted(&id));
    let number = visit.query("number").map(|number| number.trim().to_owned()).filter(|number| !number.is_empty());
    let (is_first, wanted) = (before.is_none(), number.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let before = match &before {
                Some(id) => find_invoice_for_staff(tx, &vendor_id, id).await?,
                None => None,
            };
            let key = before.as_ref().map(|invoice| (invoice.issued_at, &invoice.id));
            // One more than is shown tells whether there is a page after this one.
            let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
            list_invoices_for_staff(tx, &vendor_id, wanted.as_deref(), key, limit).await
        })
    });
    let mut invoices: Vec<Invoice> = found.await?;
    let goes_on = invoices.len() > PAGE;
    invoices.truncate(PAGE);
    let pages = invoices.last().filter(|_| goes_on || !is_first).map(|oldest| {
        let previous = (!is_first).then(|| (text::NEWEST.to_owned(), PATH.to_owned()));
        let next = goes_on.then(|| (text::OLDER.to_owned(), format!("{PATH}?before={}", oldest.id)));
        let position = backend::text::en::invoice_list::shown(invoices.len(), oldest.issued_at);
        view! { <Pagination label=text::PAGES position previous next /> }
    });
    let [which, customer, issued, status, amount] = text::COLUMNS;
    let columns = vec![
        Column::text(which),
        Column::text(customer),
        Column::text(issued),
        Column::text(status),
        Column::number(amount),
    ];
    let none = if number.is_some() { text::NONE_FOUND } else { text::NONE_YET };
    let rows = invoices.iter().map(row).collect();
    let body = view! {
        <PageHead title=text::INVOICES lead=text::INVOICES_LEAD />
        <div class="across">
            <Form action=PATH method=Method::Get id="find" submit=text::FIND_SUBMIT emphasis=Emphasis::Plain>
                <Field name="number" label=text::FIND value=number.unwrap_or_default() may_be_empty=true />
            </Form>
        </div>
        <Table
            caption=text::INVOICES_CAPTION
            caption_hidden=true
            columns
            rows
            empty=move || view! { <EmptyState text=none /> }
        />
        {pages}
    };
    Ok(Page::new(text::INVOICES, body))
}

fn row(invoice: &Invoice) -> Row {
    let href = format!("{PATH}/{}", invoice.id);
    Row::new()
        .cell(
            view! { <a href=href>{invoice.number.clone()}</a> <small>{words::reason(&invoice.billing_reason)}</small> },
        )
        .cell(invoice.parties.0.buyer.name.clone())
        .cell(day(invoice.issued_at))
        .cell(view! { <Badge tone=tone(invoice.status) word=words::status(invoice.status) /> })
        .cell(view! { <Money minor=invoice.total_minor currency=invoice.currency.as_str() /> })
}
