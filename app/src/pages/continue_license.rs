//! `/licenses/{id}/continue`: goes on with a license that somebody else has paid for until now.

use backend::accounts::Act;
use backend::catalog::PlanKind;
use backend::clock::UnixMs;
use backend::orders::Purchase;
use backend::orders::continuing::rules::{Obstacle, begins_at};
use backend::orders::rules::{ChoiceProblem, Quote};
use backend::text::en::{buying, continuing as text, licenses as words, orders};
use leptos::prelude::*;

use super::additions::{Offer, offer, order_lines, problem};
use super::own_license::OwnLicense;
use super::tax_note::is_taxed;
use super::{NoPage, Page, render};
use crate::api::continuing::CONTINUE;
use crate::api::form::take_refused;
use crate::components::{Breadcrumb, Card, Emphasis, EmptyState, Fact, Facts, Form, LinkButton, PageHead};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let own = OwnLicense::of_path(&visit).await?;
    if own.license().kind != PlanKind::Subscription {
        return Err(NoPage::NotFound);
    }
    let id = own.license().id.clone();
    let asked = move |currency| Purchase::Continuation { license_id: id, currency, begins_at: None };
    let offered = offer(&visit, &own, asked).await?;
    let sentence = match &offered {
        _ if !own.may(Act::Buy) => Some(text::MAY_NOT_BUY.to_owned()),
        None => Some(text::NOT_OFFERED.to_owned()),
        Some(Offer { quote: Err(problem), .. }) => Some(orders::choice_problem(problem)),
        Some(_) => None,
    };
    let crumbs = own.crumbs(text::TITLE);
    let (Some(Offer { plan, quote: Ok(quote), .. }), None, Some(over_at)) = (&offered, &sentence, own.over_at) else {
        let next = next_step(&own, offered.as_ref());
        let body = view! {
            <Breadcrumb label=words::YOU_ARE_HERE crumbs />
            <PageHead title=text::TITLE />
            <EmptyState text=sentence.unwrap_or_else(|| text::NOT_OFFERED.to_owned()) action=next />
        };
        return Ok(Page::new(text::TITLE, body));
    };
    let refused = take_refused(CONTINUE).await;
    let problem = problem(&refused, own.account.closes_at);
    let lines = order_lines(&own.view.product_name, plan, quote);
    let points = text::POINTS.map(|point| view! { <li>{point}</li> }).collect_view();
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::TITLE lead=text::lead(over_at, own.now) />
        {problem}
        <Card title=text::ORDER>{lines}</Card>
        {pay(&own, quote, over_at)}
        <Card title=buying::NEXT_TITLE>
            <ul class="points">{points}</ul>
        </Card>
    };
    Ok(Page::new(text::TITLE, body))
}

/// Where it cannot be ordered: the order that waits, the price list, or back.
fn next_step(own: &OwnLicense, offered: Option<&Offer>) -> ViewFn {
    let why = offered.and_then(|offer| offer.quote.as_ref().err());
    let (href, label) = match why {
        Some(ChoiceProblem::CannotContinue { why: Obstacle::OpenOrder { order_id } }) if own.may(Act::Buy) => {
            (format!("/orders/{order_id}?left=1"), text::TO_ORDER)
        }
        Some(
            ChoiceProblem::NotForSale
            | ChoiceProblem::NotOffered
            | ChoiceProblem::CannotContinue { why: Obstacle::TooLate },
        ) => ("/".to_owned(), words::TO_PRICES),
        _ => (own.href(), buying::TO_LICENSE),
    };
    ViewFn::from(move || view! { <LinkButton href=href.clone() label emphasis=Emphasis::Primary /> })
}

/// When is charged what, and the button.
fn pay(own: &OwnLicense, quote: &Quote, over_at: UnixMs) -> impl IntoView + use<> {
    let is_free = quote.total.amount_minor == 0;
    let begins_at = begins_at(over_at, own.now).filter(|_| !is_free);
    let mut hidden = vec![
        ("license_id".to_owned(), own.license().id.to_string()),
        ("currency".to_owned(), quote.total.currency.as_str().to_owned()),
        ("agreed_minor".to_owned(), quote.total.amount_minor.to_string()),
    ];
    hidden.extend(begins_at.map(|at| ("begins_at".to_owned(), at.0.to_string())));
    let facts = vec![
        Fact::new(text::LICENSE, own.name()),
        Fact::new(text::FIRST_CHARGE, text::first_charge(begins_at, is_free)),
    ];
    let note = match begins_at {
        _ if is_free => None,
        Some(_) => Some(text::card_note(is_taxed())),
        None => Some(buying::tax_note(is_taxed())),
    };
    let note = note.map(|note| view! { <p class="hint">{note}</p> });
    let (submit, href) = (text::submit(quote.total, quote.interval, begins_at), own.href());
    view! {
        <Card title=text::PAY_TITLE>
            <Facts facts />
            <Form
                action="/act/continue-license"
                submit=submit
                emphasis=Emphasis::Primary
                hidden
                beside=move || view! { <LinkButton href=href.clone() label=buying::TO_LICENSE /> }
            />
            {note}
        </Card>
    }
}
