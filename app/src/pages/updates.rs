//! `/licenses/{id}/updates`: more years of updates for a perpetual license. `?years=` says how many.

use backend::accounts::Act;
use backend::billing::maintenance::{
    AutoRenewal, AutoRenewalProgress, find_auto_renewal, finish_auto_renewal, rules as maintenance_rules,
};
use backend::catalog::PlanKind;
use backend::clock::UnixMs;
use backend::ids::AutoRenewalId;
use backend::licenses::rules::updates_after_renewal;
use backend::money::Money;
use backend::orders::Purchase;
use backend::orders::rules::Quote;
use backend::text::en::{
    additions as text, auto_renewal as auto_words, billing, changes, deletion, licenses as words, moments, transfers,
};
use leptos::prelude::*;

use super::additions::{Offer, offer, order_lines, pay_by_card, pay_by_transfer, problem};
use super::own_license::OwnLicense;
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::maintenance::AUTO;
use crate::api::perpetual::UPDATES;
use crate::components::{
    Breadcrumb, Card, Emphasis, EmptyState, Fact, Facts, Form, LinkButton, Moment, Notice, PageHead, PostButton,
    Segmented, Tone,
};
use crate::layout::NavLink;
use crate::request::Visit;

const ACTION: &str = "/act/renew-updates";

/// The page that renews updates.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// What so many more years of updates of a license cost; `None` where they are not sold.
pub(super) async fn updates_offer(
    visit: &Visit,
    own: &OwnLicense,
    years: i16,
) -> Result<Option<(Offer, Quote)>, NoPage> {
    let id = own.license().id.clone();
    let offered = offer(visit, own, move |currency| Purchase::Maintenance { license_id: id, years, currency }).await?;
    Ok(offered.and_then(|offer| offer.quote.clone().ok().map(|quote| (offer, quote))))
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let own = OwnLicense::of_path(&visit).await?;
    let license = own.license();
    let Some(until) = license.updates_until.filter(|_| license.kind == PlanKind::Perpetual) else {
        return Err(NoPage::NotFound);
    };
    let crumbs = own.crumbs(text::UPDATES_TITLE);
    let years = asked_years(&visit, until, own.now);
    let (then, href) = (updates_after_renewal(until, years), own.href());
    let head = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::UPDATES_TITLE lead=text::updates_lead(until, then, years, own.now) />
    };
    let offered = updates_offer(&visit, &own, years).await?.filter(|_| own.may(Act::Buy));
    let Some((Offer { plan, by_transfer, .. }, quote)) = offered else {
        let sentence = if own.may(Act::Buy) { text::UPDATES_NOT_OFFERED } else { changes::MAY_NOT_BUY };
        let back = move || view! { <LinkButton href=href.clone() label=text::BACK /> };
        let body = view! { {head} <EmptyState text=sentence action=back /> };
        return Ok(Page::new(text::UPDATES_TITLE, body));
    };
    let refused = take_refused(UPDATES).await;
    let problem = problem(&refused, own.account.closes_at);
    let day = |at: UnixMs| {
        view! { <Moment datetime=at.date().to_string() absolute=moments::day(at) /> }
    };
    let [now, later] = text::UPDATES_LABELS;
    let facts = vec![Fact::new(text::LICENSE, own.name()), Fact::new(now, day(until)), Fact::new(later, day(then))];
    let hidden = vec![
        ("license_id".to_owned(), license.id.to_string()),
        ("years".to_owned(), years.to_string()),
        ("currency".to_owned(), quote.total.currency.as_str().to_owned()),
        ("agreed_minor".to_owned(), quote.total.amount_minor.to_string()),
    ];
    let came_back = came_back(&visit).await?;
    let year = updates_offer(&visit, &own, 1).await?.map(|(_, quote)| quote.total);
    let auto = match year {
        Some(year) => Some(automatic(&visit, &own, until, year).await?),
        None => None,
    };
    let lead = by_transfer.map(|(due, void)| transfers::updates_instead(due.date(), void.date()));
    let instead = pay_by_transfer(ACTION, lead, &hidden);
    let lines = order_lines(&own.view.product_name, &plan, &quote);
    let options = choices(&own, years);
    let by_card = pay_by_card(ACTION, &quote, hidden, href);
    let body = view! {
        {head}
        {problem}
        {came_back}
        <Card title=text::updates_order(years)>
            <Segmented label=text::YEARS_LABEL options />
            <Facts facts />
            {lines}
            {by_card}
        </Card>
        {instead}
        {auto}
    };
    Ok(Page::new(text::UPDATES_TITLE, body))
}

/// How many years are asked for: `?years=`; at first as many as reach today, where updates have ended.
pub(super) fn asked_years(visit: &Visit, until: UnixMs, now: UnixMs) -> i16 {
    let asked = visit.query("years").and_then(|typed| typed.trim().parse().ok());
    let asked = asked.filter(|years| (1..=maintenance_rules::MAX_YEARS).contains(years));
    asked.unwrap_or_else(|| maintenance_rules::years_to_today(until, now).min(maintenance_rules::MAX_YEARS))
}

fn choices(own: &OwnLicense, chosen: i16) -> Vec<NavLink> {
    let choice = |years| NavLink {
        href: format!("{}/updates?years={years}", own.href()),
        label: text::years(years),
        current: years == chosen,
    };
    (1..=maintenance_rules::MAX_YEARS).map(choice).collect()
}

/// What agreeing to automatic renewal on Stripe's page came to: `?renewal=`.
async fn came_back(visit: &Visit) -> Result<Option<AnyView>, NoPage> {
    let Some(id) = visit.query("renewal") else { return Ok(None) };
    let id = AutoRenewalId::from_untrusted(&id);
    let progress = match finish_auto_renewal(&visit.state.commerce(), &visit.viewer_cx(), &id).await {
        Ok(AutoRenewalProgress::NotFound) => return Err(NoPage::NotFound),
        Ok(progress) => progress,
        Err(error) => {
            tracing::warn!(%error, %id, "the return page could not switch on a renewal; its webhook will");
            AutoRenewalProgress::Waiting
        }
    };
    let tone = if progress == AutoRenewalProgress::On { Tone::Good } else { Tone::Neutral };
    Ok(Some(view! { <Notice tone title=auto_words::progress(progress) /> }.into_any()))
}

/// The automatic renewal that is on.
pub(super) async fn auto_renewal(visit: &Visit, own: &OwnLicense) -> Result<Option<AutoRenewal>, NoPage> {
    let (vendor_id, id) = (visit.vendor.id.clone(), own.license().id.clone());
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { Ok::<_, NoPage>(find_auto_renewal(tx, &vendor_id, &id).await?) }));
    found.await
}

/// Switching automatic renewal on, with price and date, or off.
async fn automatic(visit: &Visit, own: &OwnLicense, until: UnixMs, year: Money) -> Result<AnyView, NoPage> {
    let refused = take_refused(AUTO).await;
    let problem = refused.code("").map(|code| {
        let sentence = if code == "outdated" { billing::OUTDATED } else { auto_words::NOT_NOW };
        view! { <Notice tone=Tone::Bad title=sentence /> }
    });
    let mut hidden = vec![("license_id".to_owned(), own.license().id.to_string())];
    let content = match (auto_renewal(visit, own).await?, own.account.closes_at) {
        (Some(renewal), _) => view! {
            <p>{auto_words::on(&renewal)}</p>
            <PostButton action="/act/stop-auto-renewal" label=auto_words::STOP hidden />
        }
        .into_any(),
        (None, Some(closes_at)) => view! { <p>{deletion::keep_first(closes_at)}</p> }.into_any(),
        (None, None) if !maintenance_rules::can_renew_by_itself(until, own.now) => {
            view! { <p>{auto_words::TOO_LATE}</p> }.into_any()
        }
        (None, None) => {
            hidden.push(("currency".to_owned(), year.currency.as_str().to_owned()));
            hidden.push(("agreed_minor".to_owned(), year.amount_minor.to_string()));
            view! {
                <p>{auto_words::offer(year, until)}</p>
                <Form
                    action="/act/start-auto-renewal"
                    id="auto"
                    submit=auto_words::submit(year, until)
                    emphasis=Emphasis::Plain
                    hidden
                />
            }
            .into_any()
        }
    };
    Ok(view! { <Card title=auto_words::TITLE id="automatic">{problem} {content}</Card> }.into_any())
}
