//! `/staff/refunds`: refunds, disputes and credit notes, filtered by what the address says, paged by key.

use backend::clock::UnixMs;
use backend::invoices::CreditNoteStatus;
use backend::listing::TimePlace;
use backend::refunds::returns::{Return, ReturnFilter, ReturnKind, ReturnStatus, list_returns};
use backend::refunds::{DisputeStatus, RefundStatus};
use backend::text::en::{console_lists as text, moments};
use leptos::prelude::*;

use super::staff_list::{Content, LIMIT, Listing, any_word};
use super::{NoPage, Page, render, staff_customers, staff_invoices, staff_role};
use crate::components::{Badge, Column, Control, EmptyState, Field, LinkButton, Moment, Money, Row, Tone};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/refunds";

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let filter = ReturnFilter::of_address(|name| visit.query(name));
    let (listing, after) = Listing::asked(&visit, PATH, filter.to_address(), TimePlace::parse);
    let wanted = filter.clone();
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { list_returns(tx, &vendor_id, &wanted, after.as_ref(), LIMIT).await }));
    let mut found = found.await?;
    let pages = listing.pages(&mut found, |it| it.place().to_string());
    let [what, customer, invoice, when, status, amount] = text::RETURN_COLUMNS;
    let columns = vec![
        Column::text(what),
        Column::text(customer),
        Column::text(invoice),
        Column::text(when),
        Column::text(status),
        Column::number(amount),
    ];
    let content = Content {
        title: text::RETURNS,
        lead: text::RETURNS_LEAD,
        columns,
        rows: found.iter().map(|it| row(it, now)).collect(),
        pages,
        none_yet: none_yet(),
        has_csv: false,
    };
    Ok(listing.page(content, move || questions(&filter)))
}

fn none_yet() -> AnyView {
    let action = || view! { <LinkButton href=staff_invoices::PATH label=text::TO_INVOICES /> };
    view! { <EmptyState text=text::NO_RETURNS action /> }.into_any()
}

fn questions(filter: &ReturnFilter) -> AnyView {
    let kind = any_word(ReturnKind::ALL, ReturnKind::as_str, text::return_kind);
    let kind_value = filter.kind.map_or("", ReturnKind::as_str);
    let undecided = if filter.undecided { "true" } else { "" };
    view! {
        <Field name="kind" label=text::KIND control=kind value=kind_value may_be_empty=true />
        <Field name="undecided" label=text::UNDECIDED control=Control::Checkbox value=undecided may_be_empty=true />
    }
    .into_any()
}

fn tone(status: ReturnStatus) -> Tone {
    match status {
        ReturnStatus::Refund(RefundStatus::Pending) | ReturnStatus::Dispute(DisputeStatus::Inquiry) => Tone::Warn,
        ReturnStatus::Refund(RefundStatus::Succeeded) | ReturnStatus::CreditNote(CreditNoteStatus::Issued) => {
            Tone::Good
        }
        ReturnStatus::Refund(RefundStatus::Failed)
        | ReturnStatus::Dispute(DisputeStatus::Open | DisputeStatus::Lost) => Tone::Bad,
        ReturnStatus::Dispute(DisputeStatus::Won) => Tone::Good,
        ReturnStatus::Refund(RefundStatus::Canceled) | ReturnStatus::CreditNote(CreditNoteStatus::Void) => {
            Tone::Neutral
        }
    }
}

fn row(it: &Return, now: UnixMs) -> Row {
    let why = (!it.reason.is_empty()).then(|| view! { " " <small>{text::reason(&it.reason)}</small> });
    Row::new()
        .cell(view! { {text::return_kind(it.kind)} {why} })
        .cell(view! {
            <a href=format!("{}/{}", staff_customers::PATH, it.account_id)>{it.company.clone()}</a>
        })
        .cell(view! { <a href=format!("{}/{}", staff_invoices::PATH, it.invoice_id)>{it.invoice_number.clone()}</a> })
        .cell(view! { <Moment datetime=moments::rfc3339(it.given_at) absolute=moments::moment(it.given_at, now) /> })
        .cell(view! { <Badge tone=tone(it.status) word=text::return_status(it.status) /> })
        .cell(view! { <Money minor=it.amount.amount_minor currency=it.amount.currency.as_str() /> })
}
