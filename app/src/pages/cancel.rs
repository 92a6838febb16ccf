//! `/licenses/{id}/cancel`: what cancelling means, and the button that does it.

use backend::accounts::Act;
use backend::text::en::{changes as text, licenses as words};
use leptos::prelude::*;

use super::own_license::OwnLicense;
use super::{NoPage, Page, render};
use crate::api::billing::CANCEL;
use crate::api::form::take_refused;
use crate::components::{
    Breadcrumb, Card, Choice, Control, Emphasis, EmptyState, Field, Form, LinkButton, Notice, PageHead, Tone,
};
use crate::request::Visit;

/// The page that cancels a subscription.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let own = OwnLicense::of_payer(&visit).await?;
    let href = own.back();
    let crumbs = own.crumbs(text::CANCEL_TITLE);
    let Some(subscription) = own.living_subscription() else { return Err(NoPage::NotFound) };
    let stands_in_the_way = if !own.may(Act::Buy) {
        Some(text::MAY_NOT_BUY)
    } else {
        subscription.cancel_at_period_end.then_some(text::CANCELLED_ALREADY)
    };
    if let Some(sentence) = stands_in_the_way {
        let body = view! {
            <Breadcrumb label=words::YOU_ARE_HERE crumbs />
            <PageHead title=text::CANCEL_TITLE />
            <EmptyState
                text=sentence
                action=move || view! { <LinkButton href=href.clone() label=text::BACK emphasis=Emphasis::Primary /> }
            />
        };
        return Ok(Page::new(text::CANCEL_TITLE, body));
    }
    let refused = take_refused(CANCEL).await;
    let not_now = refused.code("").map(|_| view! { <Notice tone=Tone::Bad title=text::NOT_NOW /> });
    let reasons = text::REASONS.iter().map(|(code, words)| Choice::new(*code, *words)).collect();
    let enforcement = words::enforcement(&own.license().terms.enforcement);
    let points = text::cancel_points(subscription, &enforcement);
    let points = points.into_iter().map(|point| view! { <li>{point}</li> }).collect_view();
    let (lead, submit) = (text::cancel_lead(subscription), text::cancel_submit(subscription));
    let hidden = vec![("license_id".to_owned(), own.license().id.to_string())];
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::CANCEL_TITLE lead=lead />
        {not_now}
        <Card title=text::CANCEL_MEANS>
            <ul class="points">{points}</ul>
            <Form
                action="/act/cancel-subscription"
                id="cancel"
                submit=submit
                emphasis=Emphasis::Danger
                hidden
                beside=move || view! { <LinkButton href=href.clone() label=text::CANCEL_BACK /> }
            >
                <Field
                    name="reason"
                    label=text::REASON_LABEL
                    control=Control::Select(reasons)
                    hint=text::REASON_HINT
                    optional=text::OPTIONAL
                />
                <Field
                    name="comment"
                    label=text::COMMENT_LABEL
                    control=Control::Textarea { rows: 3 }
                    hint=text::COMMENT_HINT
                    optional=text::OPTIONAL
                />
                <Field
                    name="may_contact"
                    label=text::MAY_CONTACT
                    control=Control::Checkbox
                    hint=text::MAY_CONTACT_HINT
                    may_be_empty=true
                />
            </Form>
        </Card>
    };
    Ok(Page::new(text::CANCEL_TITLE, body))
}
