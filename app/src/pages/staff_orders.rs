//! `/staff/orders`: the orders of all customers, filtered by what the address says, paged by key.

use backend::clock::UnixMs;
use backend::db::DbError;
use backend::listing::TimePlace;
use backend::orders::search::{ListedOrder, OrderFilter, SoldBy, search_orders};
use backend::orders::{OrderKind, OrderStatus, Payment};
use backend::partners::{PartnerName, list_partner_names};
use backend::text::en::{console, console_campaigns, console_lists as text, moments, orders as words};
use leptos::prelude::*;

use super::staff_list::{LIMIT, Listing, any_of, any_word, none_found};
use super::{NoPage, Page, render, staff_customers, staff_licenses, staff_role};
use crate::components::{
    Badge, Column, Control, Emphasis, EmptyState, Field, Form, LinkButton, Method, Moment, Money, PageHead, Row, Table,
    Tone,
};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/orders";

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let filter = OrderFilter::of_address(|name| visit.query(name));
    let after = visit.query("after").and_then(|place| TimePlace::parse(&place));
    let listing = Listing { path: PATH, filter: filter.to_address(), is_first: after.is_none() };
    let (wanted, cx) = (filter.clone(), visit.staff_cx());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let orders = search_orders(tx, &vendor_id, &wanted, after.as_ref(), LIMIT).await?;
            Ok::<_, DbError>((orders, list_partner_names(tx, &cx).await?))
        })
    });
    let (mut found, partners) = found.await?;
    let pages = listing.pages(&mut found, |it| it.place().to_string());
    let [order, customer, placed, status, payment, amount] = text::ORDER_COLUMNS;
    let columns = vec![
        Column::text(order),
        Column::text(customer),
        Column::text(placed),
        Column::text(status),
        Column::text(payment),
        Column::number(amount),
    ];
    let rows = found.iter().map(|it| row(it, now)).collect();
    let is_narrow = listing.is_narrow();
    let has_any = is_narrow || !found.is_empty();
    let download = has_any.then(|| listing.csv());
    let form = has_any.then(|| form(&filter, &partners, listing));
    let empty = move || match is_narrow {
        true => none_found(PATH),
        false => view! { <EmptyState text=text::NO_ORDERS /> }.into_any(),
    };
    let body = view! {
        <PageHead title=text::ORDERS lead=text::ORDERS_LEAD />
        {form}
        {download.map(|link| view! { <p class="acts">{link}</p> })}
        <Table caption=text::ORDERS caption_hidden=true columns rows empty />
        {pages}
    };
    Ok(Page::new(text::ORDERS, body))
}

fn form(filter: &OrderFilter, partners: &[PartnerName], listing: Listing) -> impl IntoView + use<> {
    let status = any_word(OrderStatus::ALL, OrderStatus::as_str, words::status);
    let payment = any_word(Payment::ALL, Payment::as_str, text::payment);
    let kind = any_word(OrderKind::ALL, OrderKind::as_str, words::kind);
    let (status_value, payment_value, kind_value) = (
        filter.status.map_or("", OrderStatus::as_str),
        filter.payment.map_or("", Payment::as_str),
        filter.kind.map_or("", OrderKind::as_str),
    );
    let day = |day: Option<_>| day.map_or_else(String::new, |day: jiff::civil::Date| day.to_string());
    let (from, to) = (day(filter.from), day(filter.to));
    // Campaign and currency are chosen where their orders are counted; the form only keeps them.
    let campaign = Some(filter.campaign.clone()).filter(|id| !id.is_empty()).map(|id| ("campaign".to_owned(), id));
    let currency = filter.currency.map(|currency| ("currency".to_owned(), currency.as_str().to_owned()));
    let hidden = campaign.into_iter().chain(currency).collect();
    let (filter, partners) = (filter.clone(), partners.to_vec());
    view! {
        <search class="across" aria-label=text::FILTER>
            <Form
                action=PATH
                method=Method::Get
                id="filter"
                submit=text::SUBMIT
                emphasis=Emphasis::Plain
                hidden
                beside=move || listing.clear()
            >
                <Field name="status" label=text::STATUS control=status value=status_value may_be_empty=true />
                <Field name="payment" label=text::PAYMENT control=payment value=payment_value may_be_empty=true />
                <Field name="kind" label=text::KIND control=kind value=kind_value may_be_empty=true />
                <Field name="from" label=text::FROM control=Control::Day value=from may_be_empty=true />
                <Field name="to" label=text::TO control=Control::Day value=to may_be_empty=true />
                {(!partners.is_empty()).then(|| sold_by(&filter, &partners))}
            </Form>
        </search>
    }
}

/// Which partner sold them, and how.
fn sold_by(filter: &OrderFilter, partners: &[PartnerName]) -> AnyView {
    let names = partners.iter().map(|it| {
        let name = console_campaigns::partner_choice(&it.company, it.ended_at.is_some());
        (it.account_id.to_string(), name)
    });
    let (partner, sold) = (any_of(names), any_word(SoldBy::ALL, SoldBy::as_str, text::sold));
    let (partner_value, sold_value) = (filter.partner.clone(), filter.sold.map_or("", SoldBy::as_str));
    view! {
        <Field name="partner" label=text::PARTNER control=partner value=partner_value may_be_empty=true />
        <Field name="sold" label=text::SOLD control=sold value=sold_value may_be_empty=true />
    }
    .into_any()
}

/// The colour of an order's standing.
pub(super) fn tone(status: OrderStatus) -> Tone {
    match status {
        OrderStatus::Paid => Tone::Good,
        OrderStatus::Open | OrderStatus::Expired | OrderStatus::Cancelled => Tone::Neutral,
    }
}

fn row(it: &ListedOrder, now: UnixMs) -> Row {
    let what = format!("{}, {} · {}", it.product_name, it.plan_name, words::number(it.kind, it.seats));
    let license = it.license_id.as_ref().map(|id| {
        let href = format!("{}/{id}", staff_licenses::PATH);
        view! { " " <LinkButton href label=text::ITS_LICENSE about=it.id.to_string() emphasis=Emphasis::Quiet /> }
    });
    let partner = it.partner.as_deref().map(|partner| view! { " " <small>{text::through(partner)}</small> });
    let code = it.promotion_code.as_deref().map(|code| view! { " " <small>{text::with_code(code)}</small> });
    Row::new()
        .cell(view! { {words::kind(it.kind)} " " <small>{what}</small> {license} })
        .cell(view! {
            <a href=format!("{}/{}", staff_customers::PATH, it.account_id)>{it.company.clone()}</a> {partner}
        })
        .cell(
            view! { <Moment datetime=moments::rfc3339(it.created_at) absolute=moments::moment(it.created_at, now) /> },
        )
        .cell(view! { <Badge tone=tone(it.status) word=console::order_status(it.status) /> })
        .cell(view! { {text::payment(it.payment)} {code} })
        .cell(view! { <Money minor=it.amount_minor currency=it.currency.as_str() /> })
}
