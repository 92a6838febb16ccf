//! `/licenses/{id}/seats`: more seats for a perpetual license. `?more=` says how many.

use backend::accounts::Act;
use backend::catalog::PlanKind;
use backend::licenses::License;
use backend::orders::Purchase;
use backend::orders::rules::{ChoiceProblem, Quote};
use backend::text::en::{additions as text, buying, changes, licenses as words};
use leptos::prelude::*;

use super::additions::{Offer, offer, order_lines, pay_by_card, pay_by_transfer, problem};
use super::own_license::OwnLicense;
use super::updates::auto_renewal;
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::perpetual::SEATS;
use crate::components::{
    Breadcrumb, Card, Emphasis, EmptyState, Fact, Facts, FieldError, Form, LinkButton, Method, Notice, PageHead,
    Stepper,
};
use crate::request::Visit;

const ACTION: &str = "/act/add-seats";

/// The page that adds seats.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let own = OwnLicense::of_path(&visit).await?;
    let license = own.license();
    if license.kind != PlanKind::Perpetual {
        return Err(NoPage::NotFound);
    }
    let title = text::seats_title(license.license_type);
    let (crumbs, href) = (own.crumbs(&title), own.href());
    let head = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead
            title=title.clone()
            lead=text::seats_lead(license.license_type, license.seats, license.updates_until)
        />
    };
    let more = asked_more(&visit);
    let id = license.id.clone();
    let offered = offer(&visit, &own, move |currency| Purchase::Seats { license_id: id, more, currency }).await?;
    let may_not = (!own.may(Act::Buy)).then_some(changes::MAY_NOT_BUY);
    let sentence = may_not.or_else(|| not_offered(offered.as_ref(), license.seats));
    let (Some(offer), None) = (offered, sentence) else {
        let back = move || view! { <LinkButton href=href.clone() label=text::BACK /> };
        let body = view! { {head} <EmptyState text=sentence.unwrap_or(text::SEATS_NOT_OFFERED) action=back /> };
        return Ok(Page::new(title, body));
    };
    let refused = take_refused(SEATS).await;
    let problem = problem(&refused, own.account.closes_at);
    let product = own.view.product_name.as_str();
    let lines = offer.quote.as_ref().ok().map(|quote| order_lines(product, &offer.plan, quote));
    let how_many = how_many(&own.href(), license, &offer, more, None);
    let ends_renewal = auto_renewal(&visit, &own).await?.map(|renewal| text::ends_auto_renewal(renewal.amount()));
    let pay = offer.quote.as_ref().ok().map(|quote| pay(&own, quote, &offer, more, ends_renewal));
    let body = view! {
        {head}
        {problem}
        <Card title=text::seats_order(license.license_type, more)>{lines} {how_many}</Card>
        {pay}
    };
    Ok(Page::new(title, body))
}

/// What there is then, and the two ways to pay it.
fn pay(
    own: &OwnLicense,
    quote: &Quote,
    offer: &Offer,
    more: i64,
    ends_renewal: Option<String>,
) -> impl IntoView + use<> {
    let license = own.license();
    let hidden = vec![
        ("license_id".to_owned(), license.id.to_string()),
        ("more".to_owned(), more.to_string()),
        ("currency".to_owned(), quote.total.currency.as_str().to_owned()),
        ("agreed_minor".to_owned(), quote.total.amount_minor.to_string()),
    ];
    let facts = vec![
        Fact::new(text::LICENSE, own.name()),
        Fact::new(text::then_label(license.license_type), (license.seats + more).to_string()),
    ];
    let lead = offer.by_transfer.map(|(due, void)| text::seats_instead(due.date(), void.date()));
    let instead = pay_by_transfer(ACTION, lead, &hidden);
    let by_card = pay_by_card(ACTION, quote, hidden, own.href());
    view! {
        <Card title=buying::NEXT_TITLE>
            <Facts facts />
            {ends_renewal.map(|sentence| view! { <Notice title=sentence /> })}
            {by_card}
        </Card>
        {instead}
    }
}

/// How many seats are asked for.
pub(super) fn asked_more(visit: &Visit) -> i64 {
    visit.query("more").and_then(|typed| typed.trim().parse().ok()).unwrap_or(1)
}

/// Why none can be added to so many seats, whatever the number.
pub(super) fn not_offered(offered: Option<&Offer>, seats: i64) -> Option<&'static str> {
    match offered {
        None => Some(text::SEATS_NOT_OFFERED),
        Some(offer) if offer.plan.max_seats <= seats => Some(text::FULL),
        Some(Offer { quote: Err(problem), .. }) if !is_of_number(problem) => Some(text::SEATS_NOT_OFFERED),
        Some(_) => None,
    }
}

/// Whether another number can be ordered.
fn is_of_number(problem: &ChoiceProblem) -> bool {
    matches!(
        problem,
        ChoiceProblem::TooFewSeats { .. } | ChoiceProblem::TooManySeats { .. } | ChoiceProblem::AmountTooLarge
    )
}

/// Asks the page of the license at `href` again with another number, and what `payer` asks; works without a script.
pub(super) fn how_many(
    href: &str,
    license: &License,
    offer: &Offer,
    more: i64,
    payer: Option<AnyView>,
) -> impl IntoView + use<> {
    let (license_type, seats) = (license.license_type, license.seats);
    let problem = offer.quote.as_ref().err();
    let errors: Vec<_> =
        problem.map(|it| FieldError::new("more", text::cannot_add(it, license_type, seats))).into_iter().collect();
    let number = |count: i64| u32::try_from(count.max(0)).unwrap_or(u32::MAX);
    let (value, max) = (number(more), number(offer.plan.max_seats - seats));
    view! {
        <div class="across">
            <Form
                action=format!("{href}/seats")
                method=Method::Get
                id="how-many"
                submit=buying::UPDATE_PRICE
                emphasis=Emphasis::Plain
                errors
                errors_title=text::CANNOT_ORDER
            >
                <Stepper
                    name="more"
                    label=text::more_label(license_type)
                    value
                    min=1
                    max
                    fewer=buying::fewer(license_type)
                    more=buying::more(license_type)
                />
                {payer}
            </Form>
        </div>
    }
}
