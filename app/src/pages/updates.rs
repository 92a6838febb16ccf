//! `/licenses/{id}/updates`: one more year of updates for a perpetual license.

use backend::accounts::Act;
use backend::billing::maintenance::{
    AutoRenewal, AutoRenewalProgress, find_auto_renewal, finish_auto_renewal, rules as maintenance_rules,
};
use backend::catalog::{self, BillingInterval, PlanKind};
use backend::clock::UnixMs;
use backend::ids::AutoRenewalId;
use backend::licenses::rules::updates_after_renewal;
use backend::money::Money;
use backend::orders::{self, rules, terms};
use backend::text::en::{
    auto_renewal as auto_words, billing, buying, changes as text, licenses as words, moments, transfers,
};
use leptos::prelude::*;

use super::own_license::OwnLicense;
use super::{NoPage, Page, render};
use crate::api::billing::UPDATES;
use crate::api::form::take_refused;
use crate::api::maintenance::AUTO;
use crate::components::{
    Breadcrumb, Card, Emphasis, EmptyState, Fact, Facts, Form, LinkButton, Moment, Notice, PageHead, PostButton, Tone,
};
use crate::request::Visit;

/// Among the account's latest orders, the one that made the license tells in which currency it was bought.
const ORDERS: i64 = 100;

/// The page that renews updates.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// What one more year of updates costs.
#[derive(Clone, Copy)]
pub(super) struct YearOfUpdates {
    /// For all seats.
    pub(super) total: Money,
    /// For each.
    pub(super) each: Money,
    /// For the add-ons of it.
    pub(super) addons: Money,
    /// When an order of them by transfer would be due and given up, where it is offered.
    pub(super) by_transfer: Option<(UnixMs, UnixMs)>,
}

/// What one more year of updates of a license costs, in the currency in which it was bought; `None` where it is
/// not sold.
pub(super) async fn year_of_updates(visit: &Visit, own: &OwnLicense) -> Result<Option<YearOfUpdates>, NoPage> {
    let (vendor_id, own) = (visit.vendor.id.clone(), own.clone());
    let (profile, now) = (visit.vendor.profile.clone(), own.now);
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let license = own.license();
            let Some(plan) = catalog::find_plan(tx, &vendor_id, &license.plan_id).await? else { return Ok(None) };
            let orders = orders::list_orders(tx, &vendor_id, &own.account.id, None, ORDERS).await?;
            let bought = orders.iter().find(|order| order.license_id.as_ref() == Some(&license.id));
            let currency = bought.map(|order| order.currency).or_else(|| rules::currencies(&plan).first().copied());
            let bought = currency.map(|currency| license.composition(BillingInterval::Once, currency));
            let quote = bought.and_then(|bought| rules::quote_maintenance(&plan, &bought).ok());
            let transfer = quote.as_ref().and_then(|quote| terms::transfer_terms(&profile, &plan, quote, 0));
            Ok::<_, NoPage>(quote.map(|quote| (quote, transfer.map(|it| it.due_at(now)))))
        })
    });
    let quote = found.await?;
    Ok(quote.and_then(|(quote, due_at)| {
        let seats = quote.lines.first()?;
        let (each, total) = (seats.price.unit_amount, quote.total);
        let addons = Money::new(total.amount_minor - seats.amount_minor, total.currency);
        Some(YearOfUpdates { total, each, addons, by_transfer: due_at.map(|due| (due, terms::void_at(due))) })
    }))
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let own = OwnLicense::of_path(&visit).await?;
    let license = own.license();
    let Some(until) = license.updates_until.filter(|_| license.kind == PlanKind::Perpetual) else {
        return Err(NoPage::NotFound);
    };
    let crumbs = own.crumbs(text::UPDATES_TITLE);
    let (then, href) = (updates_after_renewal(until, 1), own.href());
    let head = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::UPDATES_TITLE lead=text::updates_lead(until, then, own.now) />
    };
    let year = year_of_updates(&visit, &own).await?.filter(|_| own.may(Act::Buy));
    let Some(YearOfUpdates { total, each, addons, by_transfer }) = year else {
        let sentence = if own.may(Act::Buy) { text::UPDATES_NOT_OFFERED } else { text::MAY_NOT_BUY };
        let back = move || view! { <LinkButton href=href.clone() label=text::UPDATES_BACK /> };
        let body = view! { {head} <EmptyState text=sentence action=back /> };
        return Ok(Page::new(text::UPDATES_TITLE, body));
    };
    let refused = take_refused(UPDATES).await;
    let problem = refused.code("").map(|code| {
        let sentence = if code == "outdated" { billing::OUTDATED } else { text::UPDATES_TRY_AGAIN };
        view! { <Notice tone=Tone::Bad title=sentence /> }
    });
    let day = |at: UnixMs| {
        view! { <Moment datetime=at.date().to_string() absolute=moments::day(at) /> }
    };
    let [of, now, later, price] = text::UPDATES_LABELS;
    let seats = buying::seats(license.license_type, license.seats);
    let facts = vec![
        Fact::new(of, own.name()),
        Fact::new(now, day(until)),
        Fact::new(later, day(then)),
        Fact::new(price, text::updates_price(total, each, &seats, addons)),
    ];
    let hidden = vec![
        ("license_id".to_owned(), license.id.to_string()),
        ("currency".to_owned(), total.currency.as_str().to_owned()),
        ("agreed_minor".to_owned(), total.amount_minor.to_string()),
    ];
    let came_back = came_back(&visit).await?;
    let auto = automatic(&visit, &own, until, total).await?;
    let instead = by_transfer.map(|(due, void)| {
        let hidden = [hidden.clone(), vec![("payment".to_owned(), "transfer".to_owned())]].concat();
        view! {
            <Card title=transfers::INSTEAD_TITLE lead=transfers::updates_instead(due.date(), void.date())>
                <Form action="/act/renew-updates" id="transfer" submit=transfers::ORDER emphasis=Emphasis::Plain hidden />
            </Card>
        }
    });
    let body = view! {
        {head}
        {problem}
        {came_back}
        <Card title=text::UPDATES_ORDER>
            <Facts facts />
            <Form
                action="/act/renew-updates"
                submit=text::updates_submit(total)
                emphasis=Emphasis::Primary
                hidden
                beside=move || view! { <LinkButton href=href.clone() label=text::UPDATES_BACK /> }
            />
            <p class="hint">{buying::TAX_NOTE}</p>
        </Card>
        {instead}
        {auto}
    };
    Ok(Page::new(text::UPDATES_TITLE, body))
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
    let content = match auto_renewal(visit, own).await? {
        Some(renewal) => view! {
            <p>{auto_words::on(&renewal)}</p>
            <PostButton action="/act/stop-auto-renewal" label=auto_words::STOP hidden />
        }
        .into_any(),
        None if !maintenance_rules::can_renew_by_itself(until, own.now) => {
            view! { <p>{auto_words::TOO_LATE}</p> }.into_any()
        }
        None => {
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
