//! `/staff/orders`: the orders of all customers, filtered by what the address says, paged by key.

use backend::clock::UnixMs;
use backend::db::DbError;
use backend::listing::TimePlace;
use backend::money::Currency;
use backend::orders::search::{ListedOrder, OrderFilter, SoldBy, search_orders};
use backend::orders::{OrderKind, OrderStatus, Payment};
use backend::partners::{PartnerName, list_partner_names};
use backend::text::en::{console, console_campaigns, console_lists as text, moments, orders as words};
use leptos::prelude::*;

use super::staff_list::{Content, LIMIT, Listing, address, any_of, any_word, customer_question, day_questions};
use super::{NoPage, Page, render, staff_customers, staff_licenses, staff_role};
use crate::components::{Badge, Column, Emphasis, EmptyState, Field, LinkButton, Moment, Money, Row, Tone};
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
    // Campaign and currency are chosen where their orders are counted; the form only keeps them.
    let currency = filter.currency.as_ref().map_or("", Currency::as_str);
    let listing = listing.keeping("campaign", &filter.campaign).keeping("currency", currency);
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
    let content = Content {
        title: text::ORDERS,
        lead: text::ORDERS_LEAD,
        columns,
        rows: found.iter().map(|it| row(it, now)).collect(),
        pages,
        none_yet: view! { <EmptyState text=text::NO_ORDERS /> }.into_any(),
        has_csv: true,
    };
    Ok(listing.page(content, move || questions(&filter, &partners)))
}

/// The list narrowed to the account with this id.
pub(super) fn of_customer(id: &str) -> String {
    address(PATH, [("customer", id.to_owned())])
}

fn questions(filter: &OrderFilter, partners: &[PartnerName]) -> AnyView {
    let status = any_word(OrderStatus::ALL, OrderStatus::as_str, words::status);
    let payment = any_word(Payment::ALL, Payment::as_str, text::payment);
    let kind = any_word(OrderKind::ALL, OrderKind::as_str, words::kind);
    let (status_value, payment_value, kind_value) = (
        filter.status.map_or("", OrderStatus::as_str),
        filter.payment.map_or("", Payment::as_str),
        filter.kind.map_or("", OrderKind::as_str),
    );
    view! {
        {customer_question(filter.customer.clone())}
        <Field name="status" label=text::STATUS control=status value=status_value may_be_empty=true />
        <Field name="payment" label=text::PAYMENT control=payment value=payment_value may_be_empty=true />
        <Field name="kind" label=text::KIND control=kind value=kind_value may_be_empty=true />
        {day_questions(filter.days)}
        {(!partners.is_empty()).then(|| sold_by(filter, partners))}
    }
    .into_any()
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
        .cell(view! { <a href=format!("{PATH}/{}", it.id)>{words::kind(it.kind)}</a> " " <small>{what}</small> {license} })
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
