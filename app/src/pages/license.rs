//! `/licenses/{id}`: what a license is, how it is used, its key, its instances, and what happened.
//!
//! What needs attention stands on top; then what it is and how much of it is in use, who runs, the key, and what
//! one looks up now and then. Lists on it page by the address: `?find=` and `?after=` the instances, `?events=` and
//! `?before=` the history, `?instance=` and `?at=` what happens when the connection dies.

mod history;
mod instances;
mod key;
mod outlook;
mod start;
mod uses;

use backend::accounts::Act;
use backend::billing::Subscription;
use backend::billing::conversion::perpetual_plan;
use backend::billing::maintenance::AutoRenewal;
use backend::billing::unpaid_changes::{UnpaidChange, find_unpaid_change};
use backend::catalog::{self, Composition, Plan, PlanKind, Release};
use backend::clock::UnixMs;
use backend::handovers::{Handover, find_open_handover};
use backend::invoices::{Invoice, InvoiceStatus, list_invoices};
use backend::leases::surge::Surge;
use backend::leases::{self, instance_list};
use backend::licenses::rules::{standing, updates_after_renewal};
use backend::licenses::{LicenseStatus, OldKey, list_old_keys};
use backend::money::Money;
use backend::orders::continuing::rules::is_in_time;
use backend::text::en::license_instances as instance_words;
use backend::text::en::{
    auto_renewal as auto_words, buying, cards as card_words, changes, continuing, conversion as conversion_words,
    deletion, handovers, license_events, license_page as text, licenses as words, moments, options, packs,
    partner_relations, portal, transfers, vouchers,
};
use backend::vouchers::find_origin;
use leptos::prelude::*;

pub(super) use self::history::{Asked as AskedHistory, History};
pub(super) use self::instances::{
    Asked as AskedInstances, Instances, Viewer, can_be_freed, free, hidden, moment, tone as presence_tone,
};
pub(super) use self::outlook::{Asked as AskedOutlook, card as outlook_card};
pub(super) use self::uses::Uses;
use super::own_license::{OwnLicense, PaidBy, tone};
use super::updates::{auto_renewal, updates_offer};
use super::{NoPage, Page, render};
use crate::api::billing::{LICENSE, change_page};
use crate::api::form::take_refused;
use crate::api::licenses::RENAME;
use crate::api::refusal::errors_of;
use crate::components::{
    Badge, Breadcrumb, Card, Crumb, Emphasis, Fact, Facts, Field, Form, LinkButton, Moment, Notice, PageHead,
    PostButton, Tone,
};
use crate::request::Visit;

/// Among the account's latest invoices, those of this license that are open are shown.
const INVOICES: i64 = 50;
/// Conflicts that are shown on top.
const CONFLICTS: i64 = 5;

/// The page of a license.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// What the page shows beside the license itself.
struct Found {
    uses: Uses,
    instances: Instances,
    conflicts: Vec<instance_list::ListedInstance>,
    old_keys: Vec<OldKey>,
    history: History,
    plans: Vec<Plan>,
    newest: Option<Release>,
    unpaid: Vec<Invoice>,
    /// The change that waits for its transfer.
    change: Option<UnpaidChange>,
    /// The offer of the license to another account.
    handover: Option<Handover>,
    /// The partner of whose vouchers it was one.
    origin: Option<String>,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let own = OwnLicense::of_path(&visit).await?;
    let found = find(&visit, &own).await?;
    let key = key::load(&visit, &own).await?;
    let refused = take_refused(LICENSE).await;
    let not_now = refused.code("").map(|code| {
        let closes_at = own.account.closes_at.filter(|_| code == "account_closes");
        let sentence = closes_at.map_or_else(|| changes::NOT_NOW.to_owned(), deletion::keep_first);
        view! { <Notice tone=Tone::Bad title=sentence /> }
    });
    let name = name_form(&own).await;
    let updates = match own.license().kind {
        PlanKind::Perpetual => {
            let renewal = auto_renewal(&visit, &own).await?;
            let year = updates_offer(&visit, &own, 1).await?.map(|(_, quote)| quote.total);
            Some(updates(&own, &found, year, renewal.as_ref()))
        }
        PlanKind::Subscription => None,
    };
    // What has ended need not be bought anew, under another key, where its owner can go on with it.
    let ended_at = own.over_at.filter(|at| *at <= own.now && is_in_time(*at, own.now));
    let lead = ended_at
        .map_or_else(|| words::lead(&own.view, own.subscription.as_ref(), own.now), |at| continuing::lead(at, own.now));
    let acting = own.clone();
    let version = found.newest.as_ref().map_or("1.0.0", |release| release.version.as_str());
    let start = start::card(&own, &visit.vendor.origin, version, key.revealed().as_deref());
    let holders: Vec<_> = found.instances.holders().collect();
    let outlook = outlook::card(own.license(), &holders, &AskedOutlook::of(&visit), &own.href(), own.now);
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs=vec![Crumb::to(words::TITLE, "/licenses"), Crumb::here(own.name())] />
        <PageHead title=own.name() lead=lead actions=move || actions(&acting) />
        {not_now}
        {notices(&own, &found)}
        <div class="row">{facts(&own, &found.plans, found.origin.as_deref())} {found.uses.card(own.license(), own.now)}</div>
        {found.instances.card()}
        {key.view(&own, &found.old_keys)}
        {updates}
        {start}
        {outlook}
        {found.history.card(license_events::TITLE, own.license(), &found.plans)}
        {name}
    };
    Ok(Page::new(own.name(), body))
}

async fn find(visit: &Visit, own: &OwnLicense) -> Result<Found, NoPage> {
    let (vendor_id, own, cx) = (visit.vendor.id.clone(), own.clone(), visit.viewer_cx());
    let (instances, history) = (AskedInstances::of(visit), AskedHistory::of(visit));
    let manages = own.may(Act::ManageInstances);
    let viewer = if manages { Viewer::MemberWhoManages } else { Viewer::Member };
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let (license, now) = (&own.view.license, own.now);
            // A release that is only announced is not there to be run.
            let day = license.updates_until.map_or(now.date(), |until| until.date().min(now.date()));
            let mut unpaid = Vec::new();
            if own.may(Act::SeeInvoices) {
                unpaid = list_invoices(tx, &vendor_id, &own.account.id, None, INVOICES).await?;
                unpaid.retain(|it| it.status == InvoiceStatus::Open && it.license_id.as_ref() == Some(&license.id));
            }
            let history = History::read(tx, license, None, &history, own.href(), now).await?;
            let mut conflicts = instance_list::list_in_conflict(tx, &vendor_id, &license.id, CONFLICTS).await?;
            conflicts.retain(|instance| instance.conflict_since(now).is_some());
            Ok::<_, NoPage>(Found {
                uses: Uses {
                    held: leases::count_seats(tx, &license.id, license.license_type, now).await?,
                    used: leases::license_usage(tx, &vendor_id, &own.view, now).await?,
                },
                instances: Instances::read(tx, license, &instances, own.href(), viewer, now).await?,
                conflicts,
                old_keys: list_old_keys(tx, &vendor_id, &license.id, now).await?,
                history: if own.may(Act::SeeInvoices) { history } else { history.without_money() },
                plans: catalog::list_plans(tx, &vendor_id, &license.product_id).await?,
                newest: catalog::newest_covered_release(tx, &vendor_id, &license.product_id, day).await?,
                unpaid,
                change: find_unpaid_change(tx, &vendor_id, &license.id)
                    .await?
                    .filter(|it| it.account_id == own.account.id),
                handover: find_open_handover(tx, &cx, &license.id).await?,
                origin: find_origin(tx, &vendor_id, &license.id).await?,
            })
        })
    });
    found.await
}

/// What can be done with the license as a whole.
fn actions(own: &OwnLicense) -> AnyView {
    if !own.may(Act::Buy) || own.license().status == LicenseStatus::Pending {
        return ().into_any();
    }
    let (license, href) = (own.license(), own.href());
    let hand_over = (own.may(Act::TransferLicenses) && own.living_subscription().is_none() && own.paid_by.is_none())
        .then(|| standing(license, own.now).is_ok())
        .filter(|is_active| *is_active)
        .map(|_| {
            let href = format!("{href}/hand-over");
            view! { <LinkButton href label=handovers::LINK emphasis=Emphasis::Quiet /> }
        });
    if license.kind == PlanKind::Perpetual && standing(license, own.now).is_ok() {
        return view! {
            {hand_over}
            <LinkButton href=format!("{href}/seats") label=text::add_seats(license.license_type) />
            <LinkButton href=format!("{href}/updates") label=text::RENEW_UPDATES emphasis=Emphasis::Primary />
        }
        .into_any();
    }
    if own.paid_by.is_some() {
        return ().into_any();
    }
    let Some(subscription) = own.living_subscription() else {
        return view! { {hand_over} <LinkButton href="/" label=words::TO_PRICES emphasis=Emphasis::Primary /> }
            .into_any();
    };
    let cancel = (!subscription.cancel_at_period_end)
        .then(|| view! { <LinkButton href=format!("{href}/cancel") label=text::CANCEL emphasis=Emphasis::Quiet /> });
    let mut to = subscription.composition();
    to.seats += 1;
    let one_more = change_page(license.id.as_str(), &own.view.plan_code, &to);
    view! {
        {cancel}
        <LinkButton href=format!("{href}/change") label=text::CHANGE_PLAN />
        <LinkButton href=one_more label=text::add_seats(license.license_type) emphasis=Emphasis::Primary />
    }
    .into_any()
}

/// What the reader should know first: unpaid, cancelled, planned.
fn notices(own: &OwnLicense, found: &Found) -> impl IntoView + use<> {
    // What an overdue renewal means stands on top of every page.
    let is_behind = own.living_subscription().is_some_and(|it| it.past_due_since.is_some());
    let is_of_change = |invoice: &Invoice| {
        let id = found.change.as_ref().and_then(|change| change.stripe_invoice_id.as_ref());
        id == Some(&invoice.stripe_invoice_id)
    };
    let of_change = found.unpaid.iter().find(|invoice| is_of_change(invoice));
    let change = found.change.as_ref().map(|change| change_notice(own, change, of_change, &found.plans));
    let unpaid = found.unpaid.iter().filter(|invoice| !is_behind && !is_of_change(invoice));
    let unpaid = unpaid.map(|invoice| unpaid_notice(own, invoice)).collect_view();
    let conflicts = found.conflicts.iter().map(|instance| conflict_notice(own, instance)).collect_view();
    let exceeded = found.uses.exceeded(own.license()).into_iter().map(|(name, used, limit)| {
        let change = own.living_subscription().filter(|_| own.may(Act::Buy));
        let href = change.map(|_| format!("{}/change", own.href()));
        let act = move || href.clone().map(|href| view! { <LinkButton href label=text::CHANGE_PLAN /> });
        view! { <Notice tone=Tone::Warn title=text::exceeded(&name, used, limit) text=text::EXCEEDED_NEXT action=act /> }
    });
    let exceeded = exceeded.collect_view();
    let surge = Surge::of(own.license());
    let surge = surge.closes_at(own.now).map(|closes_at| {
        let title = text::surge_open(own.license().license_type, surge.seats, closes_at, own.now);
        view! { <Notice tone=Tone::Warn title text=text::SURGE_NEXT /> }
    });
    let trial = own.license().trial_until.filter(|until| *until > own.now);
    let trial = trial.map(|until| view! { <Notice title=text::trial(until) text=text::TRIAL_NEXT /> });
    let subscription = own.living_subscription();
    let cancelled = subscription.filter(|it| it.cancel_at_period_end).map(|it| {
        let undo = undo(own, "/act/resume-subscription", text::KEEP);
        view! { <Notice tone=Tone::Warn title=text::cancelled(it) text=text::CANCELLED_NEXT action=undo /> }
    });
    let planned = subscription.and_then(|it| planned_notice(own, it, &found.plans));
    let over = own.over_at.filter(|at| is_in_time(*at, own.now)).map(|at| over_notice(own, at));
    let handover = found.handover.as_ref().map(|it| handover_notice(own, it));
    view! { {handover} {conflicts} {unpaid} {change} {exceeded} {surge} {over} {cancelled} {planned} {trial} }
}

fn unpaid_notice(own: &OwnLicense, invoice: &Invoice) -> impl IntoView + use<> {
    if invoice.parties.0.pays_to.is_some() {
        let href = format!("/invoices/{}/transfer", invoice.id);
        let how = move || {
            let href = href.clone();
            view! { <LinkButton href label=transfers::HOW_TO_PAY emphasis=Emphasis::Plain /> }
        };
        let title = transfers::to_arrive(&invoice.number, invoice.due(), invoice.due_at);
        // What works already is not given up.
        let void_at = invoice.parties.0.void_at.filter(|_| own.license().status == LicenseStatus::Pending);
        return view! { <Notice tone=Tone::Warn title text=transfers::awaited_next(void_at) action=how /> }.into_any();
    }
    let href = invoice.payment_url.clone().filter(|_| own.may(Act::Buy));
    let pay = move || href.clone().map(|href| view! { <LinkButton href label=text::PAY emphasis=Emphasis::Plain /> });
    let title = text::unpaid(&invoice.number, &words::amount(invoice.due()));
    view! { <Notice tone=Tone::Bad title text=text::UNPAID_NEXT action=pay /> }.into_any()
}

/// A change that takes effect when its transfer has arrived: how to pay it, and how to drop it.
fn change_notice(
    own: &OwnLicense,
    change: &UnpaidChange,
    invoice: Option<&Invoice>,
    plans: &[Plan],
) -> impl IntoView + use<> {
    let wanted = &change.wanted.0;
    let (plan, seats) = in_words(own, wanted, plans);
    let title = transfers::change_awaited(&plan, &seats);
    let href = invoice.map(|invoice| format!("/invoices/{}/transfer", invoice.id));
    let withdraw = undo(own, "/act/withdraw-change", transfers::WITHDRAW);
    let acts = move || {
        let how = href.clone().map(|href| view! { <LinkButton href label=transfers::HOW_TO_PAY /> });
        view! { {how} {withdraw.run()} }
    };
    view! { <Notice tone=Tone::Warn title text=transfers::change_awaited_next(change.give_up_at) action=acts /> }
}

/// The offer of the license to another account: to be withdrawn, or to be decided where staff made it.
fn handover_notice(own: &OwnLicense, handover: &Handover) -> impl IntoView + use<> {
    let (may, is_asked) = (own.may(Act::TransferLicenses), handover.given_at.is_none());
    let (href, back) = (format!("/handovers/{}", handover.id), own.href());
    let hidden = vec![("handover_id".to_owned(), handover.id.to_string()), ("back".to_owned(), back)];
    let act = move || {
        let (href, hidden) = (href.clone(), hidden.clone());
        if !may {
            ().into_any()
        } else if is_asked {
            view! { <LinkButton href label=handovers::DECIDE /> }.into_any()
        } else {
            view! { <PostButton action="/act/end-handover" label=handovers::WITHDRAW hidden /> }.into_any()
        }
    };
    view! { <Notice title=handovers::waits(handover) text=handovers::waits_next(handover) action=act /> }
}

/// That somebody else does not go on paying, and the way to go on at one's own expense.
fn over_notice(own: &OwnLicense, over_at: UnixMs) -> impl IntoView + use<> {
    let (may, href) = (own.may(Act::Buy), format!("{}/continue", own.href()));
    let go_on = move || {
        may.then(|| {
            let href = href.clone();
            view! { <LinkButton href label=continuing::TITLE emphasis=Emphasis::Primary /> }
        })
    };
    let title = continuing::ends(over_at, own.now);
    view! { <Notice tone=Tone::Warn title text=continuing::ENDS_NEXT action=go_on /> }
}

fn conflict_notice(own: &OwnLicense, instance: &instance_list::ListedInstance) -> impl IntoView + use<> {
    let href = format!("{}/instances/{}", own.href(), instance.id);
    let decide = move || {
        let href = href.clone();
        view! { <LinkButton href label=instance_words::DECIDE emphasis=Emphasis::Primary /> }
    };
    let title = instance_words::conflict_notice(&instance_words::name(instance));
    view! { <Notice tone=Tone::Bad title text=instance_words::CONFLICT_NEXT action=decide /> }
}

fn planned_notice(own: &OwnLicense, subscription: &Subscription, plans: &[Plan]) -> Option<impl IntoView + use<>> {
    let planned = &subscription.scheduled.as_ref()?.0;
    let (plan, seats) = in_words(own, &planned.to, plans);
    let price = Money::new(planned.recurring_minor, subscription.currency);
    let next = text::planned_next(&words::amount(price), words::per(planned.to.interval));
    let undo = undo(own, "/act/keep-plan", text::DROP_PLANNED);
    Some(view! { <Notice title=text::planned(&plan, &seats, planned.at) text=next action=undo /> })
}

/// What is to come: its plan, and its seats with the add-ons.
fn in_words(own: &OwnLicense, to: &Composition, plans: &[Plan]) -> (String, String) {
    let seats = buying::seats(own.license().license_type, to.seats);
    match plans.iter().find(|plan| plan.id == to.plan_id) {
        Some(plan) => (plan.name.clone(), options::with_seats(seats, plan, to)),
        None => (own.view.plan_name.clone(), seats),
    }
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

fn facts(own: &OwnLicense, plans: &[Plan], origin: Option<&str>) -> impl IntoView + use<> {
    let (license, subscription) = (own.license(), own.subscription.as_ref());
    let tone = tone(license, subscription, own.now);
    let status = words::status(license, subscription, own.now);
    let mut facts = vec![
        Fact::new(words::STATUS, view! { <Badge tone word=status /> }),
        Fact::new(words::PLAN, own.view.plan_name.clone()),
    ];
    if !license.terms.addons.is_empty() {
        let names: Vec<&str> = license.terms.addons.values().map(String::as_str).collect();
        facts.push(Fact::new(options::LABEL, names.join(", ")));
    }
    if !license.terms.packs.is_empty() {
        facts.push(Fact::new(packs::LABEL, packs::held(&license.terms.packs)));
    }
    if let Some(subscription) = own.living_subscription() {
        let is_paid = license.status != LicenseStatus::Pending;
        let for_ever = perpetual_plan(plans, license.license_type, subscription)
            .filter(|_| own.may(Act::Buy) && is_paid)
            .map(|_| {
                let href = format!("{}/for-ever", own.href());
                view! { " " <LinkButton href label=conversion_words::LINK emphasis=Emphasis::Quiet /> }
            });
        facts.push(Fact::new(words::PRICE, view! { {words::price(subscription)} {for_ever} }));
        if let Some(card) = subscription.card.as_ref().filter(|_| own.may(Act::SeeInvoices)) {
            let change = own.may(Act::Buy).then(|| {
                let href = format!("{}/card", own.href());
                view! { " " <LinkButton href label=card_words::CARD_LINK emphasis=Emphasis::Quiet /> }
            });
            facts.push(Fact::new(card_words::FACT, view! { {card_words::fact(&card.0)} {change} }));
        }
        facts.push(Fact::new(words::VERSIONS, words::EVERY_VERSION));
    }
    if let Some(paid_by) = &own.paid_by {
        let payer = match paid_by {
            PaidBy::Partner(company) => partner_relations::pays(company),
            PaidBy::FormerPartner => partner_relations::FORMER_PAYER.to_owned(),
        };
        facts.push(Fact::new(partner_relations::PAYER, payer));
    }
    facts.extend(origin.map(|partner| Fact::new(vouchers::ORIGIN, vouchers::origin(partner))));
    facts.push(Fact::new(words::TYPE, words::license_type(license.license_type, &license.terms)));
    if let Some(surge) = text::surge(license.license_type, &license.terms) {
        facts.push(Fact::new(text::SURGE, surge));
    }
    facts.push(Fact::new(words::IF_UNREACHABLE, words::enforcement(&license.terms.enforcement)));
    facts.push(Fact::new(words::LICENSE_ID, license.id.to_string()));
    view! {
        <Card title=words::FACTS_TITLE>
            <Facts facts />
        </Card>
    }
}

fn updates(
    own: &OwnLicense,
    found: &Found,
    next: Option<Money>,
    renewal: Option<&AutoRenewal>,
) -> impl IntoView + use<> {
    let mut facts = Vec::new();
    if let Some(until) = own.license().updates_until {
        let day = view! { <Moment datetime=until.date().to_string() absolute=moments::day(until) /> };
        facts.push(Fact::new(text::UPDATES_UNTIL, day));
        let newest = found.newest.as_ref().map(|it| text::release(&it.version, it.released_on));
        facts.push(Fact::new(text::NEWEST_COVERED, newest.unwrap_or_else(|| text::NO_RELEASE.to_owned())));
        if let Some(next) = next {
            let then = updates_after_renewal(until, 1);
            facts.push(Fact::new(auto_words::FACT, auto_words::fact(renewal)));
            facts.push(Fact::new(text::NEXT_YEAR, text::next_year(&words::amount(next), then)));
        }
    }
    view! {
        <Card title=text::UPDATES_TITLE lead=text::UPDATES_LEAD>
            <Facts facts />
        </Card>
    }
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
