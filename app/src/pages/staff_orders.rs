//! `/staff/orders`: the orders of all customers, filtered by what the address says, paged by key.

use backend::clock::UnixMs;
use backend::listing::TimePlace;
use backend::orders::search::{ListedOrder, OrderFilter, search_orders};
use backend::orders::{OrderKind, OrderStatus, Payment};
use backend::text::en::{buying, console, console_lists as text, moments, orders as words};
use leptos::prelude::*;

use super::staff_list::{Content, LIMIT, Listing, any_word};
use super::{NoPage, Page, render, staff_customers, staff_licenses, staff_role};
use crate::components::{Badge, Column, Control, Emphasis, EmptyState, Field, LinkButton, Moment, Money, Row, Tone};
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
    let (listing, after) = Listing::asked(&visit, PATH, filter.to_address(), TimePlace::parse);
    // A campaign is chosen where its orders are counted; the form only keeps it.
    let listing = listing.keeping("campaign", &filter.campaign);
    let wanted = filter.clone();
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { search_orders(tx, &vendor_id, &wanted, after.as_ref(), LIMIT).await }));
    let mut found = found.await?;
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
    let content = Content {
        title: text::ORDERS,
        lead: text::ORDERS_LEAD,
        columns,
        rows: found.iter().map(|it| row(it, now)).collect(),
        pages,
        none_yet: view! { <EmptyState text=text::NO_ORDERS /> }.into_any(),
        has_csv: true,
    };
    Ok(listing.page(content, move || questions(&filter)))
}

fn questions(filter: &OrderFilter) -> AnyView {
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
    view! {
        <Field name="status" label=text::STATUS control=status value=status_value may_be_empty=true />
        <Field name="payment" label=text::PAYMENT control=payment value=payment_value may_be_empty=true />
        <Field name="kind" label=text::KIND control=kind value=kind_value may_be_empty=true />
        <Field name="from" label=text::FROM control=Control::Day value=from may_be_empty=true />
        <Field name="to" label=text::TO control=Control::Day value=to may_be_empty=true />
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
    let what = format!("{}, {} · {}", it.product_name, it.plan_name, buying::count_of_seats(it.seats));
    let license = it.license_id.as_ref().map(|id| {
        let href = format!("{}/{id}", staff_licenses::PATH);
        view! { " " <LinkButton href label=text::ITS_LICENSE about=it.id.to_string() emphasis=Emphasis::Quiet /> }
    });
    let code = it.promotion_code.as_deref().map(|code| view! { " " <small>{text::with_code(code)}</small> });
    Row::new()
        .cell(view! { {words::kind(it.kind)} " " <small>{what}</small> {license} })
        .cell(view! {
            <a href=format!("{}/{}", staff_customers::PATH, it.account_id)>{it.company.clone()}</a>
        })
        .cell(
            view! { <Moment datetime=moments::rfc3339(it.created_at) absolute=moments::moment(it.created_at, now) /> },
        )
        .cell(view! { <Badge tone=tone(it.status) word=console::order_status(it.status) /> })
        .cell(view! { {text::payment(it.payment)} {code} })
        .cell(view! { <Money minor=it.amount_minor currency=it.currency.as_str() /> })
}
