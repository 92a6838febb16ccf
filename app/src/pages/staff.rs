//! `/staff`: what the vendor's staff look at first: how much business there is, what was ordered, and what needs a hand.

use backend::accounts::{StaffAct, staff_may};
use backend::billing::inbox::list_failures;
use backend::clock::UnixMs;
use backend::db::DbError;
use backend::invoices::transfers::{Leftover, list_leftovers};
use backend::orders::{self, LatestOrder, OrderStatus};
use backend::text::en::{audit, buying, console as text, console_inbox, events as happenings, transfers};
use backend::vendors::{self, Counts};
use leptos::prelude::*;

use super::{NoPage, Page, render, staff_audit, staff_failed, staff_role};
use crate::components::{
    Badge, Card, Column, Emphasis, EmptyState, Fact, Facts, LinkButton, Moment, Money, Notice, PageHead, Row, Table,
    Tone,
};
use crate::request::Visit;

/// Rows of each list.
const ROWS: i64 = 20;

/// The console.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let (counts, latest, failures, leftovers) = visit
        .state
        .db
        .read(move |tx| {
            Box::pin(async move {
                let counts = vendors::count_business(tx, &vendor_id, now).await?;
                let latest = orders::list_latest_orders(tx, &vendor_id, ROWS).await?;
                let failures = list_failures(tx, &vendor_id, ROWS).await?;
                let leftovers = list_leftovers(tx, &vendor_id, ROWS).await?;
                Ok::<_, DbError>((counts, latest, failures, leftovers))
            })
        })
        .await?;
    let failed_events = usize::try_from(failures.event_count).unwrap_or(usize::MAX);
    let has_failed = failed_events > 0 || !failures.jobs.is_empty();
    let lead = (!has_failed).then_some(text::ALL_IS_WELL);
    let attention = has_failed.then(|| {
        let to = || view! { <LinkButton href=staff_failed::PATH label=console_inbox::TO_FAILURES /> };
        let title = text::waiting(failed_events, failures.jobs.len());
        view! { <Notice tone=Tone::Bad title text=text::WAITING_NEXT action=to /> }
    });
    let (vendor, latest) = (visit.vendor.name.clone(), latest_orders(&latest, now));
    let leftovers = (!leftovers.is_empty()).then(|| money_without_invoice(&leftovers, now));
    let log = staff_may(role, StaffAct::SeeAudit).then(|| {
        view! { <p class="acts"><LinkButton href=staff_audit::PATH label=audit::OPEN emphasis=Emphasis::Quiet /></p> }
    });
    let body = view! {
        <PageHead title=text::TITLE lead=lead />
        {attention}
        <Card title=vendor>{numbers(counts)}</Card>
        {leftovers}
        <Card title=text::ORDERS_TITLE>{latest}</Card>
        {log}
    };
    Ok(Page::new(text::TITLE, body))
}

fn numbers(counts: Counts) -> impl IntoView {
    let numbers = [counts.customers, counts.active_licenses, counts.running_instances];
    let facts = text::COUNTS.into_iter().zip(numbers).map(|(name, number)| Fact::new(name, number.to_string()));
    view! { <Facts facts=facts.collect() /> }
}

fn moment(at: UnixMs, now: UnixMs) -> impl IntoView {
    view! { <Moment datetime=at.timestamp().to_string() absolute=happenings::when(at, now) /> }
}

fn latest_orders(orders: &[LatestOrder], now: UnixMs) -> impl IntoView + use<> {
    let [customer, plan, placed, state, amount] = text::ORDER_COLUMNS;
    let rows = orders
        .iter()
        .map(|order| {
            let tone = match order.status {
                OrderStatus::Paid => Tone::Good,
                OrderStatus::Open | OrderStatus::Expired | OrderStatus::Cancelled => Tone::Neutral,
            };
            Row::new()
                .cell(order.company.clone())
                .cell(view! { {order.plan_name.clone()} <small>{buying::count_of_seats(order.seats)}</small> })
                .cell(moment(order.created_at, now))
                .cell(view! { <Badge tone=tone word=text::order_status(order.status) /> })
                .cell(view! { <Money minor=order.amount_minor currency=order.currency.as_str() /> })
        })
        .collect();
    let columns = vec![
        Column::text(customer),
        Column::text(plan),
        Column::text(placed),
        Column::text(state),
        Column::number(amount),
    ];
    let empty = || {
        view! {
            <EmptyState
                text=text::NO_ORDERS
                action=|| view! { <LinkButton href="/" label=text::TO_PRICE_LIST /> }
            />
        }
    };
    view! { <Table caption=text::ORDERS_TITLE caption_hidden=true columns=columns rows=rows empty=empty /> }
}

/// What customers' transfers have left over.
fn money_without_invoice(leftovers: &[Leftover], now: UnixMs) -> impl IntoView + use<> {
    let [customer, since, amount] = transfers::LEFTOVER_COLUMNS;
    let rows = leftovers
        .iter()
        .map(|it| {
            Row::new()
                .cell(it.company.clone())
                .cell(moment(it.updated_at, now))
                .cell(view! { <Money minor=it.available_minor currency=it.currency.as_str() /> })
        })
        .collect();
    let columns = vec![Column::text(customer), Column::text(since), Column::number(amount)];
    view! {
        <Card title=transfers::LEFTOVERS_TITLE lead=transfers::LEFTOVERS_LEAD>
            <Table caption=transfers::LEFTOVERS_TITLE caption_hidden=true columns=columns rows=rows />
        </Card>
    }
}
