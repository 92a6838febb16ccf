//! `/account/email/confirm?token=`: what the link to a new address opens, for whoever has asked for it. Opening it changes
//! nothing, because mail scanners open links before people do.

use backend::accounts::email_change::{EmailChange, find_change_to_confirm};
use backend::text::en::{email_change as text, portal, portal_accounts};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::refusal::errors_of;
use crate::components::{Emphasis, Form, LinkButton, PageHead};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let token = visit.query("token").unwrap_or_default();
    let (cx, secret) = (visit.viewer_cx(), token.clone());
    let found =
        visit.state.db.read(move |tx| Box::pin(async move { find_change_to_confirm(tx, &cx, &secret).await })).await?;
    Ok(match found {
        Some(change) => confirm(&change, token).await,
        None => spent(),
    })
}

async fn confirm(change: &EmailChange, token: String) -> Page {
    let errors = errors_of(&take_refused("confirm-email-change").await);
    let body = view! {
        <div class="column">
            <PageHead title=text::CONFIRM lead=text::confirm_lead(change) />
            <Form
                action="/act/confirm-email-change"
                submit=text::CONFIRM_ACT
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden=vec![("token".to_owned(), token)]
                beside=|| view! { <LinkButton href="/account" label=portal::CANCEL /> }
            />
        </div>
    };
    Page::new(text::CONFIRM, body)
}

fn spent() -> Page {
    let body = view! {
        <div class="column">
            <PageHead title=portal_accounts::LINK_SPENT lead=text::CONFIRM_SPENT_LEAD />
            <div class="acts">
                <LinkButton href="/account" label=text::TO_ACCOUNT emphasis=Emphasis::Primary />
            </div>
        </div>
    };
    Page::new(portal_accounts::LINK_SPENT, body)
}
