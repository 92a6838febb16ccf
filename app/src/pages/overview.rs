//! `/overview`: what is true now for the account: its licenses and their use, what is charged next, what is unpaid, and
//! what happened last.

use backend::accounts::{Account, Act, ActsAs, may};
use backend::billing::{self, Subscription};
use backend::clock::UnixMs;
use backend::db::{DbError, Tx};
use backend::events::{self, Event};
use backend::ids::{LicenseId, VendorId};
use backend::invoices::{self, Invoice, InvoiceStatus};
use backend::leases;
use backend::licenses::{self, LicenseView};
use backend::money::Money;
use backend::orders::{OrderStatus, Payment, UnfinishedOrder};
use backend::text::en::{events as happenings, licenses as license_words, overview as text, transfers};
use leptos::prelude::*;

use super::unfinished::{read_unfinished, unfinished_notices};
use super::verify_banner::verify_banner;
use super::{NoPage, Page, render};
use crate::components::{
    Card, Emphasis, EmptyState, Fact, Facts, Happening, LinkButton, Meter, Notice, PageHead, Timeline, Tone,
};
use crate::request::Visit;

/// Licenses shown here; the rest are on their own page.
const LICENSES: i64 = 10;
/// Invoices looked through for open ones.
const INVOICES: i64 = 20;
/// Events read, and of those that have something to say, shown.
const EVENTS: i64 = 40;
const SHOWN_EVENTS: usize = 8;

/// The overview.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// A license with what is in use of it and what pays for it.
struct Held {
    view: LicenseView,
    used: i64,
    subscription: Option<Subscription>,
}

struct Facets {
    held: Vec<Held>,
    open: Vec<Invoice>,
    overdue: Vec<LicenseId>,
    unfinished: Vec<UnfinishedOrder>,
    events: Vec<Event>,
}

impl Held {
    fn is_behind(&self) -> bool {
        self.subscription.as_ref().is_some_and(|it| it.past_due_since.is_some() && it.ended_at.is_none())
    }
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let (vendor_id, of, now) = (visit.vendor.id.clone(), account.clone(), visit.state.clock.now());
    let facets =
        visit.state.db.read(move |tx| Box::pin(async move { read(tx, &vendor_id, &of, role, now).await })).await?;
    let banner = verify_banner(&visit);
    let unfinished = unfinished_notices(&facets.unfinished);
    if facets.held.is_empty() && facets.open.is_empty() {
        let body = view! {
            {banner}
            <PageHead title=account.company />
            {unfinished}
            <Card title=text::LICENSES_TITLE>
                <EmptyState
                    text=text::NOTHING_YET
                    action=|| view! { <LinkButton href="/" label=text::TO_PRICE_LIST emphasis=Emphasis::Primary /> }
                />
            </Card>
        };
        return Ok(Page::new(text::TITLE, body));
    }
    let next = next_charge(&facets.held);
    let running = facets.held.iter().map(|held| held.used).sum();
    let lead = text::lead(&account.company, facets.held.len(), running, next.map(|(amount, at)| (amount, at.date())));
    // What an overdue renewal means stands on top of every page already.
    let is_told = |invoice: &Invoice| invoice.license_id.as_ref().is_some_and(|id| facets.overdue.contains(id));
    let unpaid = facets.open.iter().filter(|it| !is_told(it)).map(|it| unpaid(it, may(role, Act::Buy))).collect_view();
    let uses = facets.held.iter().map(use_of).collect_view();
    let payments = may(role, Act::SeeInvoices).then(|| payments(next, &facets.open));
    let latest = latest(&facets.events, now);
    let body = view! {
        {banner}
        <PageHead
            title=text::TITLE
            lead=lead
            actions=|| view! { <LinkButton href="/" label=text::BUY_MORE /> }
        />
        {unpaid}
        {unfinished}
        <div class="row">
            <Card
                title=text::LICENSES_TITLE
                aside=|| view! { <LinkButton href="/licenses" label=text::ALL_LICENSES emphasis=Emphasis::Quiet /> }
            >
                {uses}
            </Card>
            {payments}
        </div>
        <Card title=text::LATEST_TITLE>{latest}</Card>
    };
    Ok(Page::new(text::TITLE, body))
}

async fn read(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account: &Account,
    role: ActsAs,
    now: UnixMs,
) -> Result<Facets, DbError> {
    let mut held = Vec::new();
    for view in licenses::list_by_account(tx, vendor_id, &account.id, None, LICENSES).await? {
        let license = &view.license;
        let used = leases::count_seats(tx, &license.id, license.license_type, now).await?;
        let subscription = billing::find_subscription_of_license(tx, vendor_id, &license.id).await?;
        // What a partner pays is not this account's business.
        let subscription = subscription.filter(|it| it.account_id == account.id);
        held.push(Held { view, used, subscription });
    }
    let (mut open, mut overdue, mut unfinished) = (Vec::new(), Vec::new(), Vec::new());
    let mut events = events::list_by_account(tx, vendor_id, &account.id, EVENTS).await?;
    if may(role, Act::SeeInvoices) {
        open = invoices::list_invoices(tx, vendor_id, &account.id, None, INVOICES).await?;
        open.retain(|invoice| invoice.status == InvoiceStatus::Open && invoice.due_minor > 0);
        overdue = held.iter().filter(|held| held.is_behind()).map(|held| held.view.license.id.clone()).collect();
        if may(role, Act::Buy) {
            unfinished = read_unfinished(tx, vendor_id, &account.id, now).await?;
        }
        // What waits for a transfer is told of by its invoice.
        unfinished
            .retain(|order| order.payment != Payment::Transfer || order.status != OrderStatus::Open || open.is_empty());
    } else {
        let of_money = ["order.", "invoice.", "payment."];
        events.retain(|event| !of_money.iter().any(|prefix| event.event_type.starts_with(prefix)));
    }
    Ok(Facets { held, open, overdue, unfinished, events })
}

/// The earliest charge to come, and when. What costs nothing is not charged.
fn next_charge(held: &[Held]) -> Option<(Money, UnixMs)> {
    held.iter()
        .filter_map(|held| held.subscription.as_ref())
        .filter(|subscription| !subscription.cancel_at_period_end && subscription.ended_at.is_none())
        .map(|subscription| (license_words::next_charge(subscription), subscription.period_end))
        .filter(|(amount, _)| amount.amount_minor > 0)
        .min_by_key(|(_, at)| *at)
}

fn use_of(held: &Held) -> impl IntoView + use<> {
    let license = &held.view.license;
    let name = text::license_name(&license.name, &held.view.product_name, &held.view.plan_name);
    let href = format!("/licenses/{}", license.id);
    view! {
        <div class="stack">
            <a href=href>{name.clone()}</a>
            <Meter label=text::seats_in_use(license.license_type) text=text::in_use(held.used, license.seats) used=held.used limit=license.seats />
        </div>
    }
}

fn unpaid(invoice: &Invoice, pays: bool) -> impl IntoView + use<> {
    let title = text::unpaid(&invoice.number, invoice.due(), invoice.due_at.map(|at| at.date()));
    let by_transfer = invoice.parties.0.pays_to.is_some();
    let (pay, label) = if by_transfer {
        (Some(format!("/invoices/{}/transfer", invoice.id)), transfers::HOW_TO_PAY)
    } else {
        (invoice.payment_url.clone().filter(|_| pays), text::PAY)
    };
    let action =
        move || pay.clone().map(|href| view! { <LinkButton href=href label=label emphasis=Emphasis::Primary /> });
    view! { <Notice tone=Tone::Warn title=title action=action /> }
}

fn payments(next: Option<(Money, UnixMs)>, open: &[Invoice]) -> impl IntoView + use<> {
    let next = next.map_or_else(|| text::NO_CHARGE.to_owned(), |(amount, at)| text::charge_on(amount, at.date()));
    let open = match open {
        [] => text::NOTHING_OPEN.to_owned(),
        open => open.iter().map(|invoice| invoice.number.clone()).collect::<Vec<_>>().join(", "),
    };
    view! {
        <Card
            title=text::PAYMENTS_TITLE
            aside=|| view! { <LinkButton href="/invoices" label=text::ALL_INVOICES emphasis=Emphasis::Quiet /> }
        >
            <Facts facts=vec![Fact::new(text::NEXT_CHARGE, next), Fact::new(text::OPEN_INVOICES, open)] />
        </Card>
    }
}

fn latest(events: &[Event], now: UnixMs) -> AnyView {
    let happened: Vec<Happening> = events
        .iter()
        .filter_map(|event| {
            let sentence = happenings::sentence(event)?;
            let datetime = event.last_at.timestamp().to_string();
            Some(Happening { datetime, when: happenings::when(event.last_at, now), sentence })
        })
        .take(SHOWN_EVENTS)
        .collect();
    if happened.is_empty() {
        return view! { <EmptyState text=text::NOTHING_HAPPENED /> }.into_any();
    }
    view! { <Timeline happenings=happened /> }.into_any()
}
