//! `/staff`: what the vendor's staff look at first: what waits for somebody, how the business stands, and what a new vendor
//! begins with. Each number leads to the list of what it counts.

use backend::accounts::{StaffAct, StaffRole, staff_may};
use backend::clock::UnixMs;
use backend::dashboard::{Beginnings, Dashboard, read_dashboard};
use backend::invoices::transfers::{Leftover, list_leftovers};
use backend::text::en::{
    audit, console as words, console_dashboard as text, console_inbox, events as happenings, transfers,
};
use leptos::prelude::*;

use super::staff_numbers::{denials_card, licenses_card, number, orders_card, revenue_card};
use super::staff_partner_sales::partner_sales_card;
use super::{
    NoPage, Page, render, staff_audit, staff_customers, staff_failed, staff_messages, staff_payments, staff_refunds,
    staff_role,
};
use crate::api::staff_people::PEOPLE;
use crate::components::{
    Card, Column, Emphasis, Fact, Facts, LinkButton, Moment, Money, Notice, PageHead, Progress, Row, Step, Steps,
    Table, Tone,
};
use crate::request::Visit;

/// Rows of what transfers have left over.
const LEFTOVERS: i64 = 20;

/// The console.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let (cx, now) = (visit.viewer_cx(), visit.state.clock.now());
    let found = visit.state.db.read(move |tx| {
        Box::pin(async move {
            let Some(dashboard) = read_dashboard(tx, &cx).await? else { return Err(NoPage::NotFound) };
            let leftovers = list_leftovers(tx, &cx.vendor_id, LEFTOVERS).await?;
            Ok((dashboard, leftovers))
        })
    });
    let (dashboard, leftovers) = found.await?;
    let has_stripe = visit.state.stripe.of(&visit.vendor.id).is_some();
    let failed = dashboard.failed_work();
    let lead = dashboard.is_calm().then_some(words::ALL_IS_WELL);
    let attention = (failed > 0).then(|| attention(&dashboard));
    let first =
        (!dashboard.beginnings.are_made() || !has_stripe).then(|| first_steps(dashboard.beginnings, has_stripe, role));
    let revenue = dashboard.revenue.as_deref().map(revenue_card);
    let partner_sales = dashboard.partner_sales.as_deref().map(|sales| partner_sales_card(sales, now));
    let leftovers = (!leftovers.is_empty()).then(|| money_without_invoice(&leftovers, now));
    let log = staff_may(role, StaffAct::SeeAudit).then(|| {
        view! { <p class="acts"><LinkButton href=staff_audit::PATH label=audit::OPEN emphasis=Emphasis::Quiet /></p> }
    });
    let body = view! {
        <PageHead title=words::TITLE lead=lead />
        {attention}
        {first}
        {waiting(&dashboard)}
        {revenue}
        {partner_sales}
        {licenses_card(&dashboard)}
        {denials_card(&dashboard)}
        {leftovers}
        {orders_card(&dashboard)}
        {log}
    };
    Ok(Page::new(words::TITLE, body))
}

fn attention(dashboard: &Dashboard) -> AnyView {
    let events = usize::try_from(dashboard.failures.event_count).unwrap_or(usize::MAX);
    let title = words::waiting(events, dashboard.failures.jobs.len());
    let to = || view! { <LinkButton href=staff_failed::PATH label=console_inbox::TO_FAILURES /> };
    view! { <Notice tone=Tone::Bad title text=words::WAITING_NEXT action=to /> }.into_any()
}

/// What waits for somebody, by where it is done.
fn waiting(dashboard: &Dashboard) -> AnyView {
    let of_kind = |kind: &str| format!("{}?kind={kind}&undecided=true", staff_refunds::PATH);
    let facts = [
        (text::FAILED_WORK, dashboard.failed_work(), staff_failed::PATH.to_owned()),
        (text::MESSAGES, dashboard.open_messages, format!("{}?status=open", staff_messages::PATH)),
        (text::OVERDUE, dashboard.overdue_payments, staff_payments::PATH.to_owned()),
        (text::DISPUTES, dashboard.undecided.disputes, of_kind("dispute")),
        (text::REFUNDS, dashboard.undecided.refunds, of_kind("refund")),
    ];
    let facts = facts.into_iter().map(|(name, count, href)| Fact::new(name, number(count, href, name))).collect();
    view! {
        <Card title=text::WAITING lead=text::WAITING_LEAD id="waiting">
            <Facts facts />
        </Card>
    }
    .into_any()
}

/// What a new vendor does first.
fn first_steps(made: Beginnings, has_stripe: bool, role: StaffRole) -> AnyView {
    let step = |label: &str, is_done: bool, how: &str| Step {
        progress: if is_done { Progress::Done } else { Progress::Next },
        label: label.to_owned(),
        state: (if is_done { text::DONE } else { text::TO_DO }).to_owned(),
        note: (!is_done).then(|| how.to_owned()),
    };
    let steps = vec![
        step(text::OFFER, made.has_offer, text::OFFER_HOW),
        step(text::STRIPE, has_stripe, text::STRIPE_HOW),
        step(text::STAFF, made.has_colleagues, text::STAFF_HOW),
        step(text::FIRST_ORDER, made.has_order, text::FIRST_ORDER_HOW),
    ];
    let invite = (!made.has_colleagues && staff_may(role, StaffAct::ManageStaff))
        .then(|| view! { <LinkButton href=PEOPLE label=text::TO_STAFF /> });
    let look = (!made.has_order).then(|| view! { <LinkButton href="/" label=text::TO_PRICE_LIST /> });
    view! {
        <Card title=text::FIRST_STEPS lead=text::FIRST_STEPS_LEAD>
            <Steps steps />
            <div class="acts">{invite} {look}</div>
        </Card>
    }
    .into_any()
}

/// What customers' transfers have left over.
fn money_without_invoice(leftovers: &[Leftover], now: UnixMs) -> AnyView {
    let [customer, since, amount] = transfers::LEFTOVER_COLUMNS;
    let rows = leftovers
        .iter()
        .map(|it| {
            let since = it.updated_at.timestamp().to_string();
            let customer = format!("{}/{}", staff_customers::PATH, it.account_id);
            Row::new()
                .cell(view! { <a href=customer>{it.company.clone()}</a> })
                .cell(view! { <Moment datetime=since absolute=happenings::when(it.updated_at, now) /> })
                .cell(view! { <Money minor=it.available_minor currency=it.currency.as_str() /> })
        })
        .collect();
    let columns = vec![Column::text(customer), Column::text(since), Column::number(amount)];
    view! {
        <Card title=transfers::LEFTOVERS_TITLE lead=transfers::LEFTOVERS_LEAD>
            <Table caption=transfers::LEFTOVERS_TITLE caption_hidden=true columns rows />
        </Card>
    }
    .into_any()
}
