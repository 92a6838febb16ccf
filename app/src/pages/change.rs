//! `/licenses/{id}/change`: another plan, interval or number of seats. `?plan=&interval=&seats=` shows what that
//! costs, line by line; the button below it agrees to exactly that.

use std::collections::{BTreeMap, BTreeSet};

use backend::accounts::Act;
use backend::billing::{self, ChangePreview, ChangeRefusal, ChangeRequest, ChargeNow, PlannedForLater, Subscription};
use backend::catalog::{self, BillingInterval, Composition, Plan, PlanKind, PriceRole, Terms};
use backend::invoices::transfers::PaysFor;
use backend::orders::rules;
use backend::text::en::{
    billing as terms, buying, changes as text, license_page, licenses as words, moments, options, packs as pack_words,
    transfers,
};
use leptos::prelude::*;

use super::addons::addon_cards;
use super::own_license::OwnLicense;
use super::packs::{asked as asked_packs, pack_fields};
use super::{NoPage, Page, render};
use crate::api::billing::CHANGE;
use crate::api::form::{Refused, take_refused};
use crate::api::orders::{send_addons, send_packs};
use crate::components::{
    Breadcrumb, Card, ChoiceCard, ChoiceCards, Column, Emphasis, EmptyState, Form, LinkButton, Method, Money, Notice,
    PageHead, PostButton, Row, Stepper, Table, Tone,
};
use crate::request::Visit;

/// The page that changes a subscription.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// What the license shall become.
struct Wanted {
    plan: Plan,
    to: Composition,
    /// The plan includes more seats than were asked for.
    is_raised: bool,
    /// What becomes of the add-ons and packs that are not taken along.
    left: Vec<String>,
}

impl Wanted {
    fn seats_words(&self) -> String {
        options::with_seats(buying::seats(self.plan.license_type, self.to.seats), &self.plan, &self.to)
    }

    fn hidden(&self, own: &OwnLicense) -> Vec<(String, String)> {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![
            pair("license_id", own.license().id.as_str()),
            pair("plan", &self.plan.code),
            pair("interval", self.to.interval.as_str()),
            pair("seats", &self.to.seats.to_string()),
            pair("addons", &send_addons(&self.to.addons)),
            pair("packs", &send_packs(&self.to.packs)),
        ]
    }
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let own = OwnLicense::of_payer(&visit).await?;
    let Some(subscription) = own.living_subscription() else { return Err(NoPage::NotFound) };
    let crumbs = own.crumbs(text::CHANGE_TITLE);
    if !own.may(Act::Buy) {
        let href = own.back();
        let back = move || view! { <LinkButton href=href.clone() label=text::BACK /> };
        let body = view! {
            <Breadcrumb label=words::YOU_ARE_HERE crumbs />
            <PageHead title=text::CHANGE_TITLE />
            <EmptyState text=text::MAY_NOT_BUY action=back />
        };
        return Ok(Page::new(text::CHANGE_TITLE, body));
    }
    let plans = plans(&visit, &own, subscription).await?;
    let asked = visit.query("plan").is_some();
    let Some(wanted) = wanted(&visit, &plans, subscription) else { return Err(NoPage::NotFound) };
    let refused = take_refused(CHANGE).await;
    let preview = if asked { preview(&visit, &own, subscription, &wanted).await? } else { nothing_chosen() };
    let seats = buying::seats(own.license().license_type, subscription.seats);
    let bought = match plans.iter().find(|plan| plan.id == subscription.plan_id) {
        Some(plan) => options::with_seats(seats, plan, &subscription.composition()),
        None => seats,
    };
    let lead = text::change_lead(&own.view.plan_name, &bought, subscription);
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::CHANGE_TITLE lead=lead />
        {refusal(&refused)}
        <div class="row apart">{choice(&own, &plans, subscription, &wanted, asked)} {preview}</div>
    };
    Ok(Page::new(text::CHANGE_TITLE, body))
}

/// The plans that the license could be under: those of its license type for sale in its currency, and its own.
async fn plans(visit: &Visit, own: &OwnLicense, subscription: &Subscription) -> Result<Vec<Plan>, NoPage> {
    let (vendor_id, product_id) = (visit.vendor.id.clone(), own.license().product_id.clone());
    let license_type = own.license().license_type;
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { Ok::<_, NoPage>(catalog::list_plans(tx, &vendor_id, &product_id).await?) }));
    let mut plans = found.await?;
    plans.retain(|plan| {
        let is_sold = plan.published && !rules::intervals(plan, subscription.currency).is_empty();
        plan.kind == PlanKind::Subscription
            && (is_sold || plan.id == subscription.plan_id)
            && billing::rules::keeps_license_type(license_type, &subscription.plan_id, plan)
    });
    Ok(plans)
}

fn wanted(visit: &Visit, plans: &[Plan], present: &Subscription) -> Option<Wanted> {
    let code = visit.query("plan");
    let asked = plans.iter().find(|plan| code.as_deref() == Some(plan.code.as_str()));
    let plan = asked.or_else(|| plans.iter().find(|plan| plan.id == present.plan_id))?.clone();
    let interval = visit.query("interval").and_then(|word| BillingInterval::parse(&word));
    let seats = visit.query("seats").and_then(|typed| typed.trim().parse().ok()).unwrap_or(present.seats);
    // Whoever goes up to a plan that includes more gets what it includes.
    let is_raised = seats < plan.included_seats && plan.id != present.plan_id;
    let seats = if is_raised { plan.included_seats } else { seats };
    let interval = interval.unwrap_or(present.billing_interval);
    let to = Composition::new(plan.id.clone(), interval, seats, present.currency);
    let to = to.with_addons(addons(visit, &plan, present)).with_packs(packs(visit, &plan, present));
    let now = plans.iter().find(|plan| plan.id == present.plan_id)?;
    let left = catalog::fates(now, &present.addons.0, &plan, &to);
    let left = left.into_iter().map(|(addon, fate)| options::fate(addon, fate, &plan));
    let left = left.chain(fewer_packs(now, present, &plan, &to)).collect();
    Some(Wanted { plan, to, is_raised, left })
}

/// The add-ons that are asked for, as far as the plan has them; before anything is asked for, the present ones.
fn addons(visit: &Visit, plan: &Plan, present: &Subscription) -> BTreeSet<String> {
    let had = &present.addons.0;
    if visit.query("plan").is_none() {
        return had.clone();
    }
    let keeps = |code: &String| plan.id == present.plan_id && had.contains(code);
    let offered = |code: &String| plan.addon(code).is_some_and(|addon| addon.offered);
    visit.queries("addon").into_iter().filter(|code| offered(code) || keeps(code)).collect()
}

/// The packs that are asked for, as far as the plan has them; before anything is asked for, the present ones.
fn packs(visit: &Visit, plan: &Plan, present: &Subscription) -> BTreeMap<String, i64> {
    if visit.query("plan").is_none() {
        return present.packs.0.clone();
    }
    let mut asked = asked_packs(visit);
    let keeps = |limit: &String| plan.id == present.plan_id && present.packs.0.contains_key(limit);
    asked.retain(|limit, _| plan.pack(limit).is_some_and(|pack| pack.offered) || keeps(limit));
    asked
}

/// What becomes of the limits of which there would be fewer packs.
fn fewer_packs(now: &Plan, present: &Subscription, plan: &Plan, to: &Composition) -> Vec<String> {
    let (had, gets) = (now.as_bought(&present.composition()).terms, plan.as_bought(to).terms);
    let limit = |terms: &Terms, name: &String| terms.limits.get(name).copied().unwrap_or(0);
    let fewer = present.packs.0.iter().filter(|(name, count)| to.packs.get(*name).is_none_or(|left| left < *count));
    fewer.map(|(name, _)| pack_words::given_up(name, limit(&had, name), limit(&gets, name))).collect()
}

fn refusal(refused: &Refused) -> Option<AnyView> {
    let (tone, sentence) = match refused.code("")? {
        "awaiting_payment" => (Tone::Warn, terms::AWAITING_PAYMENT),
        "declined" => (Tone::Bad, terms::DECLINED),
        "outdated" => (Tone::Warn, terms::OUTDATED),
        _ => (Tone::Bad, text::NOT_NOW),
    };
    let href = refused.typed("payment_url");
    let confirm = move || {
        let href = href.clone();
        (!href.is_empty()).then(|| view! { <LinkButton href label=text::CONFIRM_PAYMENT emphasis=Emphasis::Primary /> })
    };
    Some(view! { <Notice tone title=sentence action=confirm /> }.into_any())
}

fn choice(
    own: &OwnLicense,
    plans: &[Plan],
    present: &Subscription,
    wanted: &Wanted,
    asked: bool,
) -> impl IntoView + use<> {
    let price = |plan: &Plan, interval| {
        let price = plan.price(PriceRole::Base, interval, present.currency)?.unit_amount;
        Some(text::plan_price(price, interval))
    };
    let plan_cards = plans
        .iter()
        .map(|plan| ChoiceCard {
            value: plan.code.clone(),
            name: plan.name.clone(),
            price: price(plan, wanted.to.interval),
            detail: Some(plan_detail(plan, present)),
            chosen: plan.id == wanted.plan.id,
        })
        .collect();
    let mut intervals: Vec<BillingInterval> =
        plans.iter().flat_map(|plan| rules::intervals(plan, present.currency)).collect();
    intervals.sort_by_key(|interval| interval.as_str());
    intervals.dedup();
    let interval_cards = intervals
        .into_iter()
        .map(|interval| ChoiceCard {
            value: interval.as_str().to_owned(),
            name: text::interval(interval).to_owned(),
            price: price(&wanted.plan, interval),
            detail: None,
            chosen: interval == wanted.to.interval,
        })
        .collect();
    let seats = |number: i64| u32::try_from(number).unwrap_or(1);
    let value = seats(wanted.to.seats);
    let max = seats(plans.iter().map(|plan| plan.max_seats).max().unwrap_or(1));
    let (license_type, href, back) = (own.license().license_type, own.href(), own.back());
    let addons = addon_cards(&wanted.plan, &wanted.to);
    let nothing = BTreeMap::new();
    let had = if wanted.plan.id == present.plan_id { &present.packs.0 } else { &nothing };
    let packs = pack_fields(&wanted.plan, &wanted.to, had);
    let hint = wanted.is_raised.then(|| text::raised(&wanted.plan));
    // Once the price is there, agreeing to it is the one thing that this view is for.
    let emphasis = if asked { Emphasis::Plain } else { Emphasis::Primary };
    view! {
        <Card title=text::CHOICE_TITLE>
            <Form
                action=format!("{href}/change#price")
                method=Method::Get
                id="change"
                submit=text::SHOW_PRICE
                emphasis
                beside=move || view! { <LinkButton href=back.clone() label=text::BACK emphasis=Emphasis::Quiet /> }
            >
                <ChoiceCards name="plan" legend=text::PLAN_LABEL options=plan_cards />
                <ChoiceCards name="interval" legend=text::INTERVAL_LABEL options=interval_cards />
                <Stepper
                    name="seats"
                    label=buying::seats_label(license_type)
                    value=value
                    min=1
                    max=max
                    fewer=buying::fewer(license_type)
                    more=buying::more(license_type)
                    hint
                />
                {packs}
                {addons}
            </Form>
        </Card>
    }
}

fn plan_detail(plan: &Plan, present: &Subscription) -> String {
    let contains = text::plan_contains(plan);
    if plan.id == present.plan_id { format!("{} · {contains}", text::PRESENT) } else { contains }
}

fn nothing_chosen() -> AnyView {
    view! {
        <Card title=text::PREVIEW_TITLE id="price">
            <EmptyState text=text::NOTHING_CHOSEN />
        </Card>
    }
    .into_any()
}

async fn preview(visit: &Visit, own: &OwnLicense, present: &Subscription, wanted: &Wanted) -> Result<AnyView, NoPage> {
    let request = ChangeRequest { license_id: own.license().id.clone(), to: wanted.to.clone() };
    let content = match billing::preview_change(&visit.state.commerce(), &visit.viewer_cx(), &request).await {
        Ok(ChangePreview::Now(charge)) => charged_now(own, wanted, &charge),
        Ok(ChangePreview::Later(later)) => planned(own, wanted, &later),
        Ok(ChangePreview::Unchanged) => unchanged(own, present),
        Ok(ChangePreview::Refused(refusal)) => refused(own, &refusal),
        Err(error) if error.may_pass() => {
            tracing::warn!(%error, "a change could not be previewed for now");
            view! { <Notice tone=Tone::Bad title=text::NOT_NOW /> }.into_any()
        }
        Err(error) => return Err(NoPage::Failed(error.to_string())),
    };
    Ok(view! {
        <Card title=text::PREVIEW_TITLE id="price">
            {content}
        </Card>
    }
    .into_any())
}

fn charged_now(own: &OwnLicense, wanted: &Wanted, charge: &ChargeNow) -> AnyView {
    let money = |minor: i64| view! { <Money minor currency=charge.total.currency.as_str() /> };
    let rows = charge.lines.iter().map(|line| Row::new().cell(line.description.clone()).cell(money(line.amount_minor)));
    let sum = |label: &str, minor: i64| Row::new().cell(label.to_owned()).cell(money(minor));
    let mut foot = Vec::new();
    if charge.discount.amount_minor != 0 || charge.tax.amount_minor != 0 {
        foot.push(sum(text::SUBTOTAL, charge.subtotal.amount_minor));
    }
    if charge.discount.amount_minor != 0 {
        foot.push(sum(text::DISCOUNT, -charge.discount.amount_minor));
    }
    if charge.tax.amount_minor != 0 {
        foot.push(sum(text::TAX, charge.tax.amount_minor));
    }
    if charge.total != charge.amount_due {
        foot.push(sum(text::CREDIT, charge.amount_due.amount_minor - charge.total.amount_minor));
    }
    let due_label = if charge.by_transfer.is_some() { text::TO_TRANSFER } else { text::CHARGED_NOW };
    foot.push(sum(due_label, charge.amount_due.amount_minor));
    let [what, amount] = text::LINE_COLUMNS;
    let mut hidden = wanted.hidden(own);
    hidden.push(("proration_date".to_owned(), charge.proration_date.seconds().to_string()));
    hidden.push(("amount_due_minor".to_owned(), charge.amount_due.amount_minor.to_string()));
    let lead = text::now_lead(charge, &wanted.plan.name, &wanted.seats_words(), wanted.to.interval);
    view! {
        <p class="lead">{lead}</p>
        <Table
            caption=text::LINES
            caption_hidden=true
            columns=vec![Column::text(what), Column::number(amount)]
            rows=rows.collect()
            foot
        />
        {left(wanted)}
        {charge.drops_planned_change.then(|| view! { <p>{terms::DROPS_PLANNED}</p> })}
        {charge.by_transfer.map(|at| view! { <p>{transfers::given_up_on(at.date(), PaysFor::Change)}</p> })}
        {charge.still_cancelling.then(|| view! { <p>{text::STILL_CANCELLING}</p> })}
        <Form action="/act/change-subscription" submit=text::agree_now(charge.amount_due, charge.by_transfer.is_some()) hidden />
    }
    .into_any()
}

fn planned(own: &OwnLicense, wanted: &Wanted, later: &PlannedForLater) -> AnyView {
    let mut hidden = wanted.hidden(own);
    hidden.push(("recurring_minor".to_owned(), later.recurring.amount_minor.to_string()));
    let lead = text::later_lead(later, &wanted.plan.name, &wanted.seats_words(), wanted.to.interval);
    view! {
        <p class="lead">{lead}</p>
        {left(wanted)}
        {later.drops_planned_change.then(|| view! { <p>{terms::DROPS_PLANNED}</p> })}
        <Form action="/act/change-subscription" submit=text::agree_later(later.at) hidden />
    }
    .into_any()
}

/// What becomes of the add-ons that are not taken along.
fn left(wanted: &Wanted) -> Vec<AnyView> {
    wanted.left.iter().map(|sentence| view! { <p>{sentence.clone()}</p> }.into_any()).collect()
}

fn unchanged(own: &OwnLicense, present: &Subscription) -> AnyView {
    if present.scheduled.is_none() {
        return view! { <EmptyState text=text::UNCHANGED /> }.into_any();
    }
    let hidden = vec![("license_id".to_owned(), own.license().id.to_string())];
    view! {
        <p>{text::UNCHANGED_DROPS}</p>
        <PostButton action="/act/keep-plan" label=license_page::DROP_PLANNED hidden />
    }
    .into_any()
}

/// Why it cannot be made; who holds seats, where that is why.
fn refused(own: &OwnLicense, refusal: &ChangeRefusal) -> AnyView {
    let (holders, more) = match refusal {
        ChangeRefusal::SeatsInUse { holders, .. } => (holders.listed.as_slice(), holders.unlisted()),
        _ => (Default::default(), 0),
    };
    let holders = holders
        .iter()
        .map(|holder| {
            let name = holder.identity.name.clone().unwrap_or_else(|| holder.identity.id.clone());
            let contact = moments::ago(holder.last_contact_at.into(), own.now);
            view! { <li>{license_page::holder(&name, &contact)}</li> }
        })
        .collect::<Vec<_>>();
    let listed = (!holders.is_empty()).then(|| {
        let href = own.instances();
        view! {
            <h3>{text::HOLDERS_TITLE}</h3>
            <ul class="points">{holders}</ul>
            {(more > 0).then(|| view! { <p>{text::more_holders(more)}</p> })}
            <p>
                <LinkButton href label=license_page::TO_INSTANCES />
            </p>
        }
    });
    view! {
        <Notice tone=Tone::Bad title=text::REFUSED_TITLE text=terms::change_refusal(refusal) />
        {listed}
    }
    .into_any()
}
