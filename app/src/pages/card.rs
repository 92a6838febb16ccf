//! `/licenses/{id}/card`: the card that is charged, and the way to give another. `?update=` is what Stripe's page
//! leads back to.

use backend::accounts::Act;
use backend::billing::Subscription;
use backend::billing::cards::{CardUpdateProgress, finish_card_update};
use backend::ids::CardUpdateId;
use backend::text::en::{cards as text, changes, license_page, licenses as words, moments};
use leptos::prelude::*;

use super::own_license::OwnLicense;
use super::{NoPage, Page, render};
use crate::api::cards::CARD;
use crate::api::form::take_refused;
use crate::components::{
    Breadcrumb, Card, Control, Emphasis, EmptyState, Fact, Facts, Field, Form, LinkButton, Moment, Notice, PageHead,
    Tone,
};
use crate::request::Visit;

/// The page of the card.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let given = match visit.query("update") {
        Some(id) => Some(progress(&visit, &id).await?),
        None => None,
    };
    // After the change was finished, so that the page shows the card that it brought.
    let own = OwnLicense::of_payer(&visit).await?;
    let Some(subscription) = own.living_subscription() else { return Err(NoPage::NotFound) };
    let (crumbs, href) = (own.crumbs(text::TITLE), own.back());
    let card = subscription.card.as_ref().map(|card| &card.0);
    let refused = take_refused(CARD).await;
    let not_now = refused.code("").map(|_| view! { <Notice tone=Tone::Bad title=text::NOT_NOW /> });
    if !own.may(Act::Buy) {
        let back = move || view! { <LinkButton href=href.clone() label=text::BACK /> };
        let body = view! {
            <Breadcrumb label=words::YOU_ARE_HERE crumbs />
            <PageHead title=text::TITLE />
            <EmptyState text=changes::MAY_NOT_BUY action=back />
        };
        return Ok(Page::new(text::TITLE, body));
    }
    let charged_at = (!subscription.cancel_at_period_end).then_some(subscription.period_end);
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::TITLE lead=text::lead(&own.name(), card, charged_at) />
        {not_now}
        {given.map(|given| outcome(&given, &visit))}
        <div class="row apart">{present(subscription)} {change(&own)}</div>
    };
    Ok(Page::new(text::TITLE, body))
}

async fn progress(visit: &Visit, id: &str) -> Result<CardUpdateProgress, NoPage> {
    let id = CardUpdateId::from_untrusted(id);
    match finish_card_update(&visit.state.commerce(), &visit.viewer_cx(), &id).await {
        Ok(CardUpdateProgress::NotFound) => Err(NoPage::NotFound),
        Ok(progress) => Ok(progress),
        Err(error) => {
            tracing::warn!(%error, %id, "the return page could not finish a change of card; its webhook will");
            Ok(CardUpdateProgress::Waiting)
        }
    }
}

fn outcome(progress: &CardUpdateProgress, visit: &Visit) -> AnyView {
    match progress {
        CardUpdateProgress::Waiting | CardUpdateProgress::NotFound => {
            let href = format!("{}?{}", visit.path, visit.query);
            let again = move || view! { <LinkButton href=href.clone() label=text::LOOK_AGAIN /> };
            view! { <Notice title=text::WAITING action=again /> }.into_any()
        }
        CardUpdateProgress::Dropped => view! { <Notice title=text::DROPPED /> }.into_any(),
        CardUpdateProgress::Finished { outcome, payment_url } => {
            let (title, next) = text::outcome(*outcome);
            let tone = if next.is_some() { Tone::Warn } else { Tone::Good };
            let href = payment_url.clone();
            let pay = move || {
                let href = href.clone()?;
                Some(view! { <LinkButton href label=text::PAY emphasis=Emphasis::Plain /> })
            };
            view! { <Notice tone title text=next.unwrap_or_default() action=pay /> }.into_any()
        }
    }
}

fn present(subscription: &Subscription) -> impl IntoView + use<> {
    let content = match subscription.card.as_ref() {
        None => view! { <EmptyState text=text::NONE /> }.into_any(),
        Some(card) => {
            let [name, ends, next] = text::LABELS;
            let mut facts = vec![Fact::new(name, text::name(&card.0)), Fact::new(ends, text::month(&card.0))];
            if !subscription.cancel_at_period_end {
                let at = subscription.period_end;
                let day = view! { <Moment datetime=at.date().to_string() absolute=moments::day(at) /> };
                let amount = words::amount(words::next_charge(subscription));
                facts.push(Fact::new(next, view! { {day} {license_page::next_amount(&amount)} }));
            }
            view! { <Facts facts /> }.into_any()
        }
    };
    view! { <Card title=text::PRESENT_TITLE>{content}</Card> }
}

fn change(own: &OwnLicense) -> impl IntoView + use<> {
    let href = own.back();
    let hidden = vec![("license_id".to_owned(), own.license().id.to_string())];
    view! {
        <Card title=text::CHANGE_TITLE lead=text::CHANGE_LEAD>
            <Form
                action="/act/change-card"
                id="card"
                submit=text::CHANGE
                hidden
                beside=move || view! { <LinkButton href=href.clone() label=text::BACK emphasis=Emphasis::Quiet /> }
            >
                <Field
                    name="for_all"
                    label=text::FOR_ALL
                    control=Control::Checkbox
                    hint=text::FOR_ALL_HINT
                    may_be_empty=true
                />
            </Form>
        </Card>
    }
}
