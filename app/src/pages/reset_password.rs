//! `/reset-password?token=`: what a reset link opens. Opening it changes nothing.

use backend::accounts::{LinkState, check_reset_link};
use backend::text::en::{portal, portal_accounts as text};
use leptos::prelude::*;

use super::sign_up::password;
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::refusal::errors_of;
use crate::components::{Emphasis, Field, Form, LinkButton, PageHead};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let token = visit.query("token").unwrap_or_default();
    let (cx, secret) = (visit.viewer_cx(), token.clone());
    let state =
        visit.state.db.read(move |tx| Box::pin(async move { check_reset_link(tx, &cx, &secret).await })).await?;
    Ok(match state {
        LinkState::Good => form(token).await,
        LinkState::Spent => spent(),
    })
}

async fn form(token: String) -> Page {
    let errors = errors_of(&take_refused("reset-password").await);
    let body = view! {
        <div class="column">
            <PageHead title=text::RESET_PASSWORD lead=text::RESET_PASSWORD_LEAD />
            <Form
                action="/act/reset-password"
                submit=text::SET_PASSWORD
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden=vec![("token".to_owned(), token)]
            >
                <Field
                    name="password"
                    label=text::NEW_PASSWORD
                    control=password()
                    hint=text::password_hint()
                    autocomplete="new-password"
                />
            </Form>
        </div>
    };
    Page::new(text::RESET_PASSWORD, body)
}

fn spent() -> Page {
    let body = view! {
        <div class="column">
            <PageHead title=text::LINK_SPENT lead=text::RESET_LINK_SPENT_LEAD />
            <div class="acts">
                <LinkButton href="/forgot-password" label=text::NEW_LINK emphasis=Emphasis::Primary />
            </div>
        </div>
    };
    Page::new(text::LINK_SPENT, body)
}
