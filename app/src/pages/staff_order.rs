//! `/staff/orders/{id}`: an order: what was ordered and by whom, where it stands since when, what has paid it, and what became
//! of it.

use backend::accounts::{Account, User, find_account, find_user};
use backend::audit::list_acts_on;
use backend::catalog::{find_plan, find_product};
use backend::clock::UnixMs;
use backend::db::{DbError, Tx};
use backend::ids::{AccountId, OrderId, VendorId};
use backend::invoices::search::list_invoices_of_order;
use backend::invoices::transfers::{Transfer, find_transfer};
use backend::invoices::{Invoice, InvoiceStatus};
use backend::orders::{Order, find_order};
use backend::text::en::{
    audit, console, console_lists, console_orders as text, events as happenings, invoice_list,
    invoices as invoice_words, licenses, moments, orders as words,
};
use leptos::prelude::*;

use super::invoices::{day, tone as invoice_tone};
use super::staff_orders::{PATH, tone};
use super::{NoPage, Page, render, staff_customers, staff_invoices, staff_licenses, staff_role};
use crate::components::{
    Badge, Breadcrumb, Card, Column, Crumb, Emphasis, EmptyState, Fact, Facts, Happening, LinkButton, Moment, Money,
    PageHead, Row, Table, Timeline,
};
use crate::request::Visit;

/// Invoices that are shown: those of a subscription that has been renewed for years.
const INVOICES: i64 = 100;
/// Acts that are shown.
const ACTS: i64 = 50;

/// The page of an order.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

struct Found {
    order: Order,
    /// Product and plan.
    what: String,
    payer: Option<Account>,
    licensee: Option<Account>,
    partner: Option<Account>,
    person: Option<User>,
    invoices: Vec<Invoice>,
    transfer: Option<Transfer>,
    acts: Vec<(String, UnixMs)>,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let id = OrderId::from_untrusted(visit.path.split('/').nth(3).unwrap_or_default());
    let found = visit.state.db.read(|tx| Box::pin(async move { find(tx, &vendor_id, &id).await }));
    let found = found.await?.ok_or(NoPage::NotFound)?;
    let title = words::kind(found.order.kind);
    let id = found.order.id.to_string();
    let crumbs = vec![Crumb::to(console_lists::ORDERS, PATH), Crumb::here(id.clone())];
    let body = view! {
        <Breadcrumb label=licenses::YOU_ARE_HERE crumbs />
        <PageHead title=title lead=id />
        {facts(&found, now)}
        {invoices(&found.invoices)}
        {acts(&found.acts, now)}
    };
    Ok(Page::new(title, body))
}

async fn find(tx: &mut Tx, vendor_id: &VendorId, id: &OrderId) -> Result<Option<Found>, DbError> {
    let Some(order) = find_order(tx, vendor_id, id).await? else { return Ok(None) };
    let plan = find_plan(tx, vendor_id, &order.plan_id).await?;
    let what = match plan {
        Some(plan) => {
            let product = find_product(tx, vendor_id, &plan.product_id).await?;
            format!("{}, {}", product.map(|it| it.name).unwrap_or_default(), plan.name)
        }
        None => String::new(),
    };
    let transfer = match &order.stripe_invoice_id {
        Some(invoice_id) => find_transfer(tx, vendor_id, invoice_id).await?,
        None => None,
    };
    Ok(Some(Found {
        what,
        payer: find_account(tx, vendor_id, &order.account_id).await?,
        licensee: find_named(tx, vendor_id, order.licensee_id.as_ref()).await?,
        partner: find_named(tx, vendor_id, order.partner_id.as_ref()).await?,
        person: find_user(tx, vendor_id, &order.user_id).await?,
        invoices: list_invoices_of_order(tx, vendor_id, &order.id, INVOICES).await?,
        transfer,
        acts: list_acts_on(tx, vendor_id, &order.account_id, order.id.as_str(), ACTS).await?,
        order,
    }))
}

async fn find_named(tx: &mut Tx, vendor_id: &VendorId, id: Option<&AccountId>) -> Result<Option<Account>, DbError> {
    match id {
        Some(id) => find_account(tx, vendor_id, id).await,
        None => Ok(None),
    }
}

fn facts(found: &Found, now: UnixMs) -> impl IntoView + use<> {
    let order = &found.order;
    let customer = |account: &Account| {
        let href = format!("{}/{}", staff_customers::PATH, account.id);
        view! { <a href=href>{account.company.clone()}</a> }
    };
    let moment = |at: UnixMs| view! { <Moment datetime=moments::rfc3339(at) absolute=moments::moment(at, now) /> };
    let money = |minor: i64| view! { <Money minor=minor currency=order.currency.as_str() /> };
    let what = format!("{} · {}", found.what, words::number(order.kind, order.seats));
    let mut facts = vec![
        Fact::new(text::STATUS, view! { <Badge tone=tone(order.status) word=console::order_status(order.status) /> }),
        Fact::new(text::WHAT, what),
        Fact::new(
            text::AMOUNT,
            view! { {money(order.amount_minor)} " " <small>{words::per(order.billing_interval)}</small> },
        ),
    ];
    facts.extend(found.payer.as_ref().map(|it| Fact::new(text::CUSTOMER, customer(it))));
    facts.extend(found.licensee.as_ref().map(|it| Fact::new(text::LICENSEE, customer(it))));
    let person = found.person.as_ref().filter(|person| !person.is_deleted());
    facts.extend(person.map(|it| Fact::new(text::PERSON, it.email.clone())));
    facts.extend(found.partner.as_ref().map(|it| Fact::new(text::PARTNER, customer(it))));
    facts.push(Fact::new(text::PLACED, moment(order.created_at)));
    facts.extend(order.paid_at.map(|at| Fact::new(text::PAID, moment(at))));
    facts.push(Fact::new(text::PAYMENT, console_lists::payment(order.payment)));
    if let Some(transfer) = &found.transfer {
        let (arrived, due) = (money(transfer.arrived_minor), money(transfer.total_minor));
        facts.push(Fact::new(text::ARRIVED, view! { {arrived} {text::OF} {due} }));
        facts.push(Fact::new(text::DUE, day(transfer.due_at)));
    }
    facts.extend(order.promotion_code.clone().map(|code| Fact::new(text::CODE, code)));
    if let Some(id) = &order.license_id {
        let (href, id) = (format!("{}/{id}", staff_licenses::PATH), id.to_string());
        facts.push(Fact::new(text::LICENSE, view! { <a href=href>{id}</a> }));
    }
    let at_stripe = [&order.stripe_session_id, &order.stripe_subscription_id, &order.stripe_invoice_id];
    facts.extend(at_stripe.into_iter().flatten().map(|id| Fact::new(text::AT_STRIPE, id.clone())));
    view! { <Card title=text::FACTS><Facts facts /></Card> }
}

fn invoices(invoices: &[Invoice]) -> impl IntoView + use<> {
    let [number, issued, status, amount, documents] = text::INVOICE_COLUMNS;
    let columns = vec![
        Column::text(number),
        Column::text(issued),
        Column::text(status),
        Column::number(amount),
        Column::text(documents),
    ];
    let row = |invoice: &Invoice| {
        let page = format!("{}/{}", staff_invoices::PATH, invoice.id);
        let link = |file: &str, label: &'static str| {
            let (href, about) = (format!("{page}/{file}"), invoice_list::of(&invoice.number));
            view! { <LinkButton href label about emphasis=Emphasis::Quiet /> }
        };
        let receipt = (invoice.status == InvoiceStatus::Paid).then(|| link("receipt.pdf", invoice_list::RECEIPT));
        let pdf = link("invoice.pdf", invoice_list::PDF);
        let word = invoice_words::status(invoice.status);
        Row::new()
            .cell(view! { <a href=page.clone()>{invoice.number.clone()}</a> })
            .cell(day(invoice.issued_at))
            .cell(view! { <Badge tone=invoice_tone(invoice.status) word=word /> })
            .cell(view! { <Money minor=invoice.total_minor currency=invoice.currency.as_str() /> })
            .cell(view! { <span class="acts">{pdf} {receipt}</span> })
    };
    let rows = invoices.iter().map(row).collect();
    let empty = || view! { <EmptyState text=text::NO_INVOICES /> };
    view! {
        <Card title=text::INVOICES>
            <Table caption=text::INVOICES caption_hidden=true columns rows empty=empty />
        </Card>
    }
}

/// What was done about it, newest first.
fn acts(acts: &[(String, UnixMs)], now: UnixMs) -> impl IntoView + use<> {
    let happening = |(act, at): &(String, UnixMs)| Happening {
        datetime: moments::rfc3339(*at),
        when: happenings::when(*at, now),
        sentence: audit::done(act).to_owned(),
    };
    let happenings: Vec<Happening> = acts.iter().rev().map(happening).collect();
    view! { <Card title=text::ACTS><Timeline happenings /></Card> }
}
