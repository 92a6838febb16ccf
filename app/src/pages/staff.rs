//! `/staff`: what the vendor's staff look at first: how much business there is, what was ordered, and what needs a hand.

use backend::accounts::{StaffAct, StaffRole, staff_may};
use backend::billing::{self, FailedEvent};
use backend::clock::UnixMs;
use backend::db::DbError;
use backend::invoices::transfers::{Leftover, list_leftovers};
use backend::jobs::{self, DeadJob};
use backend::orders::{self, LatestOrder, OrderStatus};
use backend::text::en::{buying, console as text, events as happenings, transfers};
use backend::vendors::{self, Counts};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::components::{
    Badge, Card, Column, Emphasis, EmptyState, Fact, Facts, LinkButton, Moment, Money, PageHead, PostButton, Row,
    Table, Tone,
};
use crate::request::Visit;

/// Rows of each list.
const ROWS: i64 = 20;

/// The console.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    // The guard has asked already; a page must not rely on it alone.
    let Some(role) = visit.viewer.as_ref().and_then(|viewer| viewer.staff) else { return Err(NoPage::NotFound) };
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let (counts, latest, failed, dead, leftovers) = visit
        .state
        .db
        .read(move |tx| {
            Box::pin(async move {
                let counts = vendors::count_business(tx, &vendor_id, now).await?;
                let latest = orders::list_latest_orders(tx, &vendor_id, ROWS).await?;
                let failed = billing::list_failed_events(tx, &vendor_id, ROWS).await?;
                let dead = jobs::list_dead(tx, &vendor_id, ROWS).await?;
                let leftovers = list_leftovers(tx, &vendor_id, ROWS).await?;
                Ok::<_, DbError>((counts, latest, failed, dead, leftovers))
            })
        })
        .await?;
    let lead = text::lead(failed.len(), dead.len());
    let attention = (!failed.is_empty() || !dead.is_empty()).then(|| {
        view! {
            {failed_events(&failed, role, now)}
            {dead_jobs(&dead, role, now)}
        }
    });
    let (vendor, latest) = (visit.vendor.name.clone(), latest_orders(&latest, now));
    let leftovers = (!leftovers.is_empty()).then(|| money_without_invoice(&leftovers, now));
    let body = view! {
        <PageHead title=text::TITLE lead=lead />
        {attention}
        <Card title=vendor>{numbers(counts)}</Card>
        {leftovers}
        <Card title=text::ORDERS_TITLE>{latest}</Card>
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

fn failed_events(events: &[FailedEvent], role: StaffRole, now: UnixMs) -> impl IntoView + use<> {
    let [event, about, received, reason, act] = text::EVENT_COLUMNS;
    let rows = events
        .iter()
        .map(|event| {
            let row = Row::new()
                .cell(view! { {event.event_type.clone()} <small>{event.id.clone()}</small> })
                .cell(event.object_id.clone())
                .cell(moment(event.received_at, now))
                .cell(event.error.clone().unwrap_or_else(|| text::NO_REASON.to_owned()));
            replay(row, role, "/act/replay-event", ("event_id", &event.id))
        })
        .collect();
    let columns =
        vec![Column::text(event), Column::text(about), Column::text(received), Column::text(reason), Column::act(act)];
    view! {
        <Card title=text::EVENTS_TITLE lead=text::EVENTS_LEAD>
            <Table
                caption=text::EVENTS_TITLE
                caption_hidden=true
                columns=columns
                rows=rows
                empty=|| view! { <EmptyState text=text::NO_EVENTS /> }
            />
        </Card>
    }
}

fn dead_jobs(jobs: &[DeadJob], role: StaffRole, now: UnixMs) -> impl IntoView + use<> {
    let [work, tried, given_up, reason, act] = text::JOB_COLUMNS;
    let rows = jobs
        .iter()
        .map(|job| {
            let row = Row::new()
                .cell(view! { {job.kind.clone()} <small>{job.id.to_string()}</small> })
                .cell(job.attempts.to_string())
                .cell(moment(job.finished_at.unwrap_or(job.created_at), now))
                .cell(job.last_error.clone().unwrap_or_else(|| text::NO_REASON.to_owned()));
            replay(row, role, "/act/replay-job", ("job_id", job.id.as_str()))
        })
        .collect();
    let columns =
        vec![Column::text(work), Column::number(tried), Column::text(given_up), Column::text(reason), Column::act(act)];
    view! {
        <Card title=text::JOBS_TITLE lead=text::JOBS_LEAD>
            <Table
                caption=text::JOBS_TITLE
                caption_hidden=true
                columns=columns
                rows=rows
                empty=|| view! { <EmptyState text=text::NO_JOBS /> }
            />
        </Card>
    }
}

/// Ends a row with the button that replays it, for those who may.
fn replay(row: Row, role: StaffRole, action: &'static str, (name, id): (&str, &str)) -> Row {
    if !staff_may(role, StaffAct::Replay) {
        return row.blank();
    }
    let (hidden, about) = (vec![(name.to_owned(), id.to_owned())], id.to_owned());
    row.cell(
        view! { <PostButton action=action label=text::REPLAY hidden=hidden about=about emphasis=Emphasis::Quiet /> },
    )
}
