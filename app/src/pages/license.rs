//! `/licenses/{id}`: what a license is, how it is used, its key, its instances, and what happened.

mod instances;
mod key;

use std::collections::BTreeMap;

use backend::accounts::Act;
use backend::billing::Subscription;
use backend::catalog::{self, Plan, PlanKind, Release};
use backend::events::{self, Event};
use backend::invoices::{Invoice, InvoiceStatus, list_invoices};
use backend::leases::{self, Instance};
use backend::licenses::rules::{standing, updates_after_renewal};
use backend::text::en::{buying, changes, license_events, license_page as text, licenses as words, moments, portal};
use leptos::prelude::*;

use super::own_license::{OwnLicense, tone};
use super::updates::{YearOfUpdates, year_of_updates};
use super::{NoPage, Page, render};
use crate::api::billing::{LICENSE, change_page};
use crate::api::form::take_refused;
use crate::api::licenses::RENAME;
use crate::api::refusal::errors_of;
use crate::components::{
    Badge, Breadcrumb, Card, Crumb, Emphasis, EmptyState, Fact, Facts, Field, Form, Happening, LinkButton, Meter,
    Moment, Notice, PageHead, PostButton, Snippet, Timeline, Tone,
};
use crate::request::Visit;

/// Instances on the page; those that hold seats come first.
const INSTANCES: usize = 100;
/// Events that are read, of which [`SHOWN_EVENTS`] are shown: not all of them say something.
const EVENTS: i64 = 60;
const SHOWN_EVENTS: usize = 12;
/// Among the account's latest invoices, those of this license that are open are shown.
const INVOICES: i64 = 50;

/// The page of a license.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// What the page shows beside the license itself.
struct Found {
    held: i64,
    instances: Vec<Instance>,
    events: Vec<Event>,
    plans: Vec<Plan>,
    newest: Option<Release>,
    unpaid: Vec<Invoice>,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let own = OwnLicense::of_path(&visit).await?;
    let found = find(&visit, &own).await?;
    let key = key::load(&visit, &own).await?;
    let refused = take_refused(LICENSE).await;
    let not_now = refused.code("").map(|_| view! { <Notice tone=Tone::Bad title=changes::NOT_NOW /> });
    let name = name_form(&own).await;
    let updates = match own.license().kind {
        PlanKind::Perpetual => Some(updates(&own, &found, year_of_updates(&visit, &own).await?)),
        PlanKind::Subscription => None,
    };
    let lead = words::lead(&own.view, own.subscription.as_ref(), own.now);
    let acting = own.clone();
    let start = start(&visit, &own, key.revealed());
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs=vec![Crumb::to(words::TITLE, "/licenses"), Crumb::here(own.name())] />
        <PageHead title=own.name() lead=lead actions=move || actions(&acting) />
        {not_now}
        {notices(&own, &found)}
        <div class="row">{facts(&own)} {meters(&own, &found)}</div>
        {key.view(&own)}
        {instances::card(&own, &found.instances, found.instances.len() >= INSTANCES)}
        {updates}
        {start}
        <div class="row">{history(&own, &found)} {name}</div>
    };
    Ok(Page::new(own.name(), body))
}

async fn find(visit: &Visit, own: &OwnLicense) -> Result<Found, NoPage> {
    let (vendor_id, own) = (visit.vendor.id.clone(), own.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let (license, now) = (&own.view.license, own.now);
            let limit = i64::try_from(INSTANCES).unwrap_or(i64::MAX);
            let newest = match license.updates_until {
                // A release that is only announced is not there to be run.
                Some(until) => {
                    let day = until.date().min(now.date());
                    catalog::newest_covered_release(tx, &vendor_id, &license.product_id, day).await?
                }
                None => None,
            };
            let mut unpaid = Vec::new();
            if own.may(Act::SeeInvoices) {
                unpaid = list_invoices(tx, &vendor_id, &own.account.id, None, INVOICES).await?;
                unpaid.retain(|it| it.status == InvoiceStatus::Open && it.license_id.as_ref() == Some(&license.id));
            }
            Ok::<_, NoPage>(Found {
                held: leases::count_seats(tx, &license.id, license.license_type, now).await?,
                instances: leases::list_instances(tx, &vendor_id, &license.id, now, limit).await?,
                events: events::list_by_license(tx, &vendor_id, &license.id, EVENTS).await?,
                plans: catalog::list_plans(tx, &vendor_id, &license.product_id).await?,
                newest,
                unpaid,
            })
        })
    });
    found.await
}

/// What can be done with the license as a whole.
fn actions(own: &OwnLicense) -> AnyView {
    if !own.may(Act::Buy) {
        return ().into_any();
    }
    let (license, href) = (own.license(), own.href());
    if license.kind == PlanKind::Perpetual && standing(license, own.now).is_ok() {
        return view! {
            <LinkButton href=format!("{href}/updates") label=text::RENEW_UPDATES emphasis=Emphasis::Primary />
        }
        .into_any();
    }
    let Some(subscription) = own.living_subscription() else {
        return view! { <LinkButton href="/" label=words::TO_PRICES emphasis=Emphasis::Primary /> }.into_any();
    };
    let cancel = (!subscription.cancel_at_period_end)
        .then(|| view! { <LinkButton href=format!("{href}/cancel") label=text::CANCEL emphasis=Emphasis::Quiet /> });
    let one_more =
        change_page(license.id.as_str(), &own.view.plan_code, subscription.billing_interval, subscription.seats + 1);
    view! {
        {cancel}
        <LinkButton href=format!("{href}/change") label=text::CHANGE_PLAN />
        <LinkButton href=one_more label=text::add_seats(license.license_type) emphasis=Emphasis::Primary />
    }
    .into_any()
}

/// What the reader should know first: unpaid, cancelled, planned.
fn notices(own: &OwnLicense, found: &Found) -> impl IntoView + use<> {
    let unpaid = found.unpaid.iter().map(|invoice| unpaid_notice(own, invoice)).collect_view();
    let subscription = own.living_subscription();
    let cancelled = subscription.filter(|it| it.cancel_at_period_end).map(|it| {
        let undo = undo(own, "/act/resume-subscription", text::KEEP);
        view! { <Notice tone=Tone::Warn title=text::cancelled(it) text=text::CANCELLED_NEXT action=undo /> }
    });
    let planned = subscription.and_then(|it| planned_notice(own, it, &found.plans));
    view! { {unpaid} {cancelled} {planned} }
}

fn unpaid_notice(own: &OwnLicense, invoice: &Invoice) -> impl IntoView + use<> {
    let href = invoice.payment_url.clone().filter(|_| own.may(Act::Buy));
    let pay = move || href.clone().map(|href| view! { <LinkButton href label=text::PAY emphasis=Emphasis::Plain /> });
    let title = text::unpaid(&invoice.number, &words::amount(invoice.due()));
    view! { <Notice tone=Tone::Bad title text=text::UNPAID_NEXT action=pay /> }
}

fn planned_notice(own: &OwnLicense, subscription: &Subscription, plans: &[Plan]) -> Option<impl IntoView + use<>> {
    let planned = &subscription.scheduled.as_ref()?.0;
    let plan = plans.iter().find(|plan| plan.id == planned.plan_id);
    let plan = plan.map_or_else(|| own.view.plan_name.clone(), |plan| plan.name.clone());
    let seats = buying::seats(own.license().license_type, planned.seats);
    let price = backend::money::Money::new(planned.recurring_minor, subscription.currency);
    let next = text::planned_next(&words::amount(price), words::per(planned.billing_interval));
    let undo = undo(own, "/act/keep-plan", text::DROP_PLANNED);
    Some(view! { <Notice title=text::planned(&plan, &seats, planned.at) text=next action=undo /> })
}

/// A button that takes something back, for those who may.
fn undo(own: &OwnLicense, action: &'static str, label: &'static str) -> ViewFn {
    let id = own.license().id.to_string();
    let may = own.may(Act::Buy);
    ViewFn::from(move || {
        let hidden = vec![("license_id".to_owned(), id.clone())];
        may.then(|| view! { <PostButton action label hidden /> })
    })
}

fn facts(own: &OwnLicense) -> impl IntoView + use<> {
    let (license, subscription) = (own.license(), own.subscription.as_ref());
    let tone = tone(license, subscription, own.now);
    let status = words::status(license, subscription, own.now);
    let mut facts = vec![
        Fact::new(words::STATUS, view! { <Badge tone word=status /> }),
        Fact::new(words::PLAN, own.view.plan_name.clone()),
    ];
    if let Some(subscription) = own.living_subscription() {
        facts.push(Fact::new(words::PRICE, words::price(subscription)));
        facts.push(Fact::new(words::VERSIONS, words::EVERY_VERSION));
    }
    facts.push(Fact::new(words::TYPE, words::license_type(license.license_type, &license.terms)));
    if !license.terms.features.is_empty() {
        facts.push(Fact::new(words::FEATURES, words::features(&license.terms)));
    }
    facts.push(Fact::new(words::IF_UNREACHABLE, words::enforcement(&license.terms.enforcement)));
    facts.push(Fact::new(words::LICENSE_ID, license.id.to_string()));
    view! {
        <Card title=words::FACTS_TITLE>
            <Facts facts />
        </Card>
    }
}

fn meters(own: &OwnLicense, found: &Found) -> impl IntoView + use<> {
    let license = own.license();
    let holding = found.instances.iter().filter(|instance| instance.holds_seat(own.now));
    let used = leases::rules::usage(&license.terms, holding.map(|instance| &instance.levels.0));
    // What is reported without being licensed is shown too: it is over a limit of none.
    let mut limits: BTreeMap<&String, i64> = used.keys().map(|name| (name, 0)).collect();
    limits.extend(license.terms.limits.iter().map(|(name, limit)| (name, *limit)));
    let meters = limits
        .into_iter()
        .map(|(name, limit)| {
            let used = used.get(name).copied().unwrap_or(0);
            view! { <Meter label=words::humanised(name) text=words::meter(used, limit) used limit /> }
        })
        .collect_view();
    let (held, seats, license_type) = (found.held, license.seats, license.license_type);
    view! {
        <Card title=words::USE_TITLE lead=words::use_lead(license_type, held, seats)>
            <div class="meters">
                <Meter
                    label=buying::seats_label(license_type)
                    text=words::meter(held, seats)
                    used=held
                    limit=seats
                />
                {meters}
            </div>
        </Card>
    }
}

fn updates(own: &OwnLicense, found: &Found, next: Option<YearOfUpdates>) -> impl IntoView + use<> {
    let mut facts = Vec::new();
    if let Some(until) = own.license().updates_until {
        let day = view! { <Moment datetime=until.date().to_string() absolute=moments::day(until) /> };
        facts.push(Fact::new(text::UPDATES_UNTIL, day));
        let newest = found.newest.as_ref().map(|it| text::release(&it.version, it.released_on));
        facts.push(Fact::new(text::NEWEST_COVERED, newest.unwrap_or_else(|| text::NO_RELEASE.to_owned())));
        if let Some(next) = next {
            let then = updates_after_renewal(until, 1);
            facts.push(Fact::new(text::NEXT_YEAR, text::next_year(&words::amount(next.total), then)));
        }
    }
    view! {
        <Card title=text::UPDATES_TITLE lead=text::UPDATES_LEAD>
            <Facts facts />
        </Card>
    }
}

fn start(visit: &Visit, own: &OwnLicense, key: Option<String>) -> impl IntoView + use<> {
    let (compose, unit) = (text::compose(&own.view.product_code), text::systemd(&own.view.product_code));
    // With the key still masked the lines would not start anything, so there is nothing to copy yet.
    let copy = key.is_some().then(instances::copy_lines);
    let env = text::env_file(&visit.vendor.origin, key.as_deref().unwrap_or(text::KEY_PLACE));
    view! {
        <Card title=text::START_TITLE lead=text::START_LEAD>
            <div class="row">
                <Snippet label=text::ENV_FILE code=env copy />
                <Snippet label=text::COMPOSE code=compose copy=Some(instances::copy_lines()) />
                <Snippet label=text::SYSTEMD code=unit copy=Some(instances::copy_lines()) />
            </div>
        </Card>
    }
}

fn history(own: &OwnLicense, found: &Found) -> impl IntoView + use<> {
    let plan_name = |id: &str| {
        let plan = found.plans.iter().find(|plan| plan.id.as_str() == id);
        plan.map(|plan| plan.name.clone())
    };
    let happenings: Vec<Happening> = found
        .events
        .iter()
        .filter_map(|event| {
            let sentence = license_events::sentence(event, own.license().license_type, &plan_name)?;
            let (datetime, when) = (moments::rfc3339(event.last_at), moments::moment(event.last_at, own.now));
            Some(Happening { datetime, when, sentence })
        })
        .take(SHOWN_EVENTS)
        .collect();
    let content = if happenings.is_empty() {
        view! { <EmptyState text=text::NO_HISTORY /> }.into_any()
    } else {
        view! { <Timeline happenings /> }.into_any()
    };
    view! { <Card title=text::HISTORY_TITLE>{content}</Card> }
}

/// The form that names the license, for those who may.
async fn name_form(own: &OwnLicense) -> Option<AnyView> {
    if !own.may(Act::ManageInstances) {
        return None;
    }
    let refused = take_refused(RENAME).await;
    let errors = errors_of(&refused);
    let name = if errors.is_empty() { own.license().name.clone() } else { refused.typed("name") };
    let hidden = vec![("license_id".to_owned(), own.license().id.to_string())];
    let form = view! {
        <Card title=text::NAME_TITLE id="name">
            <Form
                action="/act/rename-license"
                id="rename"
                submit=text::NAME_SUBMIT
                emphasis=Emphasis::Plain
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field name="name" label=text::NAME_LABEL value=name hint=text::NAME_HINT optional=text::OPTIONAL />
            </Form>
        </Card>
    };
    Some(form.into_any())
}
