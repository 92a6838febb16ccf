//! `/staff/customers/{id}`: one customer: who it is, who belongs to it, what it has and what it owes.

use backend::accounts::customers::{LicenseCount, count_licenses};
use backend::accounts::{Account, Role, StaffAct, User, find_account, list_members, staff_may};
use backend::clock::UnixMs;
use backend::db::DbError;
use backend::events::{Event, list_by_account};
use backend::ids::AccountId;
use backend::invoices::{Invoice, InvoiceStatus, list_invoices};
use backend::licenses::{LicenseView, list_by_account as list_licenses};
use backend::orders::{Order, list_orders};
use backend::text::en::{
    audit as audit_text, by_hand, console, console_activity, console_customers as text, console_partners, deletion,
    events as happenings, factor_resets, invoices as invoice_words, licenses as words, moments, portal,
};
use leptos::prelude::*;

use super::invoices::{day, tone as invoice_tone};
use super::own_license::{name_of, tone};
use super::staff_customers::PATH;
use super::{
    NoPage, Page, render, staff_acting, staff_activity, staff_audit, staff_first_owner, staff_invoices, staff_licenses,
    staff_orders, staff_role,
};
use crate::api::factor_resets::factor_page;
use crate::api::partners::partner_page;
use crate::api::staff_issue::issue_page;
use crate::components::{
    Badge, Breadcrumb, Card, Column, Crumb, Emphasis, EmptyState, Fact, Facts, Happening, LinkButton, Money, Notice,
    PageHead, Row, Table, Timeline, Tone,
};
use crate::request::Visit;

/// Rows of each list.
const ROWS: i64 = 10;
/// Invoices among which the open ones are looked for.
const INVOICES: i64 = 50;
/// Events that are read; not all of them say something.
const EVENTS: i64 = 30;

/// The page of a customer.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

struct Found {
    account: Account,
    members: Vec<(User, Role)>,
    licenses: Vec<LicenseView>,
    license_count: LicenseCount,
    invoices: Vec<Invoice>,
    orders: Vec<Order>,
    events: Vec<Event>,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let now = visit.state.clock.now();
    let found = find(&visit, now).await?.ok_or(NoPage::NotFound)?;
    let company = found.account.company.clone();
    let crumbs = vec![Crumb::to(text::TITLE, PATH), Crumb::here(company.clone())];
    let is_open = found.account.closed_at.is_none();
    let issue = (is_open && staff_may(role, StaffAct::ManageLicenses)).then(|| issue_page(found.account.id.as_str()));
    let acting = if is_open && staff_may(role, StaffAct::ActAsCustomer) {
        Some(staff_acting::card(&found.account, &visit.vendor.name).await)
    } else {
        None
    };
    let nobodys = is_open && found.account.closes_at.is_none() && found.members.is_empty();
    let first_owner = if nobodys && staff_may(role, StaffAct::ManageLicenses) {
        Some(staff_first_owner::card(&found.account).await)
    } else {
        None
    };
    let partner = partner_page(&found.account.id);
    let audit = staff_may(role, StaffAct::SeeAudit).then(|| staff_audit::of_customer(found.account.id.as_str()));
    let acts = move || {
        let audit = audit.clone().map(|href| view! { <LinkButton href label=audit_text::OF_CUSTOMER /> });
        let issue = issue.clone().map(|href| view! { <LinkButton href label=by_hand::ISSUE /> });
        view! { <LinkButton href=partner.clone() label=console_partners::TITLE /> {audit} {issue} }
    };
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=company.clone() lead=text::lead(&found.account) actions=acts />
        {closing(&found.account)}
        {facts(&found.account)}
        {members(&found.members, staff_may(role, StaffAct::ResetSecondFactors))}
        {first_owner}
        {licenses(&found, now)}
        {invoices(&found.account.id, &found.invoices)}
        {orders(&found.account.id, &found.orders)}
        {events(&found.account.id, &found.events, now)}
        {acting}
    };
    Ok(Page::new(company, body))
}

async fn find(visit: &Visit, now: UnixMs) -> Result<Option<Found>, NoPage> {
    let vendor_id = visit.vendor.id.clone();
    let id = AccountId::from_untrusted(visit.path.split('/').nth(3).unwrap_or_default());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let Some(account) = find_account(tx, &vendor_id, &id).await? else { return Ok(None) };
            let mut invoices = list_invoices(tx, &vendor_id, &id, None, INVOICES).await?;
            // What is open comes first; within both, the newest.
            invoices.sort_by_key(|invoice| invoice.status != InvoiceStatus::Open);
            Ok::<_, DbError>(Some(Found {
                members: list_members(tx, &vendor_id, &id).await?,
                licenses: list_licenses(tx, &vendor_id, &id, None, ROWS).await?,
                license_count: count_licenses(tx, &vendor_id, &id, now).await?,
                invoices,
                // One more than is shown tells whether there are more.
                orders: list_orders(tx, &vendor_id, &id, None, ROWS + 1).await?,
                events: list_by_account(tx, &vendor_id, &id, EVENTS).await?,
                account,
            }))
        })
    });
    Ok(found.await?)
}

/// That the account closes, or is closed.
fn closing(account: &Account) -> Option<AnyView> {
    let (title, text) = match (account.closed_at, account.closes_at) {
        (Some(closed_at), _) => (deletion::closed_for_staff(closed_at), deletion::CLOSED_FOR_STAFF_TEXT),
        (None, Some(closes_at)) => (deletion::closes_for_staff(closes_at), deletion::CLOSES_FOR_STAFF_TEXT),
        (None, None) => return None,
    };
    Some(view! { <Notice tone=Tone::Warn title=title text=text /> }.into_any())
}

fn facts(account: &Account) -> impl IntoView + use<> {
    let address = &account.address;
    let city = format!("{} {}", address.postal_code, address.city);
    let lines = [address.line1.as_str(), &address.line2, city.trim(), &address.state];
    let country = text::country(&account.country);
    let lines = lines.into_iter().chain([country.as_str()]).filter(|line| !line.is_empty());
    let mut facts = vec![Fact::new(text::ADDRESS, lines.collect::<Vec<_>>().join(", "))];
    // A closed account has none.
    if !account.billing_email.is_empty() {
        let mail = format!("mailto:{}", account.billing_email);
        facts.push(Fact::new(text::BILLING, view! { <a href=mail>{account.billing_email.clone()}</a> }));
    }
    facts.extend(account.vat_id.clone().map(|vat_id| Fact::new(text::VAT_ID, vat_id)));
    if !account.purchase_order.is_empty() {
        facts.push(Fact::new(text::PURCHASE_ORDER, account.purchase_order.clone()));
    }
    let at_stripe = account.stripe_customer_id.clone();
    facts.push(Fact::new(text::STRIPE, at_stripe.unwrap_or_else(|| text::NOT_AT_STRIPE.to_owned())));
    facts.push(Fact::new(text::ID, account.id.to_string()));
    view! { <Card title=text::FACTS><Facts facts /></Card> }
}

/// `resets` is whether the reader may reset second factors.
fn members(members: &[(User, Role)], resets: bool) -> impl IntoView + use<> {
    let [person, role, confirmed] = text::MEMBER_COLUMNS;
    let mut columns = vec![Column::text(person), Column::text(role), Column::text(confirmed)];
    if resets {
        columns.push(Column::act(factor_resets::TITLE));
    }
    let row = |(user, role): &(User, Role)| {
        let name = (!user.name.is_empty()).then(|| view! { " " <small>{user.name.clone()}</small> });
        let is_confirmed = user.email_verified_at.is_some();
        let row = Row::new()
            .cell(view! { <a href=format!("mailto:{}", user.email)>{user.email.clone()}</a> {name} })
            .cell(portal::role_name(*role))
            .cell(if is_confirmed { text::CONFIRMED } else { text::NOT_CONFIRMED });
        if !resets {
            return row;
        }
        let (href, about) = (factor_page(&user.id), user.email.clone());
        row.cell(view! { <LinkButton href label=factor_resets::TITLE about emphasis=Emphasis::Quiet /> })
    };
    let rows = members.iter().map(row).collect();
    let empty = || view! { <EmptyState text=text::NO_MEMBERS /> };
    view! {
        <Card title=text::MEMBERS>
            <Table caption=text::MEMBERS caption_hidden=true columns rows empty=empty />
        </Card>
    }
}

fn licenses(found: &Found, now: UnixMs) -> impl IntoView + use<> {
    let [license, status, seats, since] = text::LICENSE_COLUMNS;
    let columns = vec![Column::text(license), Column::text(status), Column::number(seats), Column::text(since)];
    let row = |view: &LicenseView| {
        let license = &view.license;
        let (href, name) = (format!("{}/{}", staff_licenses::PATH, license.id), name_of(view));
        // Without a name of its own it is called after product and plan already.
        let below = if license.name.is_empty() {
            license.key_hint.clone()
        } else {
            format!("{}, {} · {}", view.product_name, view.plan_name, license.key_hint)
        };
        Row::new()
            .cell(view! { <a href=href>{name}</a> <small>{below}</small> })
            .cell(view! { <Badge tone=tone(license, None, now) word=words::status(license, None, now) /> })
            .cell(words::number(license.seats))
            .cell(day(license.created_at))
    };
    let rows = found.licenses.iter().map(row).collect();
    let LicenseCount { active, total } = found.license_count;
    let query = serde_urlencoded::to_string([("find", found.account.id.as_str())]).unwrap_or_default();
    let all = format!("{}?{query}", staff_licenses::PATH);
    let all = (total > ROWS).then(|| view! { <p><a href=all>{text::ALL_LICENSES}</a></p> });
    let empty = || view! { <EmptyState text=text::NO_LICENSES /> };
    view! {
        <Card title=text::LICENSES lead=text::license_count(active, total) id="licenses">
            <Table caption=text::LICENSES caption_hidden=true columns rows empty=empty />
            {all}
        </Card>
    }
}

/// The rows of a list that are shown, and the way to all of them where that is not all.
fn shown<'a, T>(rows: &'a [T], all: String, label: &'static str) -> (&'a [T], Option<AnyView>) {
    let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let all = (rows.len() > most).then(|| view! { <p><a href=all>{label}</a></p> }.into_any());
    (&rows[..rows.len().min(most)], all)
}

fn invoices(account_id: &AccountId, invoices: &[Invoice]) -> impl IntoView + use<> {
    let [number, issued, status, amount] = text::INVOICE_COLUMNS;
    let columns = vec![Column::text(number), Column::text(issued), Column::text(status), Column::number(amount)];
    let row = |invoice: &Invoice| {
        let href = format!("{}/{}", staff_invoices::PATH, invoice.id);
        let word = invoice_words::status(invoice.status);
        Row::new()
            .cell(view! { <a href=href>{invoice.number.clone()}</a> })
            .cell(day(invoice.issued_at))
            .cell(view! { <Badge tone=invoice_tone(invoice.status) word=word /> })
            .cell(view! { <Money minor=invoice.total_minor currency=invoice.currency.as_str() /> })
    };
    let (invoices, all) = shown(invoices, staff_invoices::of_customer(account_id.as_str()), text::ALL_INVOICES);
    let rows = invoices.iter().map(row).collect();
    let empty = || view! { <EmptyState text=text::NO_INVOICES /> };
    view! {
        <Card title=text::INVOICES lead=text::newest(ROWS)>
            <Table caption=text::INVOICES caption_hidden=true columns rows empty=empty />
            {all}
        </Card>
    }
}

fn orders(account_id: &AccountId, orders: &[Order]) -> impl IntoView + use<> {
    let [order, placed, status, amount] = text::ORDER_COLUMNS;
    let columns = vec![Column::text(order), Column::text(placed), Column::text(status), Column::number(amount)];
    let row = |order: &Order| {
        let (href, word) = (format!("{}/{}", staff_orders::PATH, order.id), console::order_status(order.status));
        Row::new()
            .cell(view! { <a href=href>{order.id.to_string()}</a> })
            .cell(day(order.created_at))
            .cell(view! { <Badge tone=Tone::Neutral word=word /> })
            .cell(view! { <Money minor=order.amount_minor currency=order.currency.as_str() /> })
    };
    let (orders, all) = shown(orders, staff_orders::of_customer(account_id.as_str()), text::ALL_ORDERS);
    let rows = orders.iter().map(row).collect();
    let empty = || view! { <EmptyState text=text::NO_ORDERS /> };
    view! {
        <Card title=text::ORDERS lead=text::newest(ROWS)>
            <Table caption=text::ORDERS caption_hidden=true columns rows empty=empty />
            {all}
        </Card>
    }
}

fn events(account_id: &AccountId, events: &[Event], now: UnixMs) -> impl IntoView + use<> {
    let happenings: Vec<Happening> = events
        .iter()
        .filter_map(|event| {
            let sentence = happenings::sentence(event)?;
            let (datetime, when) = (moments::rfc3339(event.occurred_at), happenings::when(event.occurred_at, now));
            Some(Happening { datetime, when, sentence })
        })
        .collect();
    let content = if happenings.is_empty() {
        view! { <EmptyState text=text::NO_EVENTS /> }.into_any()
    } else {
        view! { <Timeline happenings /> }.into_any()
    };
    let all = staff_activity::of_customer(account_id.as_str());
    view! {
        <Card title=text::EVENTS>
            {content} <p>
                <a href=all>{console_activity::ALL_OF_CUSTOMER}</a>
            </p>
        </Card>
    }
}
