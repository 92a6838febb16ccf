//! `/reset-password?token=`: what a reset link opens. Opening it changes nothing.

use backend::accounts::{LinkState, check_reset_link};
use backend::text::en::{portal, portal_accounts as text};
use leptos::prelude::*;

use super::sign_up::password;
use super::{NoPage, Page, mailed_link, render};
use crate::api::form::take_refused;
use crate::api::refusal::errors_of;
use crate::components::{Emphasis, Field, Form, LinkButton};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let (token, state) = mailed_link::read(&visit, |tx, cx, secret| Box::pin(check_reset_link(tx, cx, secret))).await?;
    Ok(match state {
        LinkState::Good => form(token).await,
        LinkState::Spent => spent(),
    })
}

async fn form(token: String) -> Page {
    let errors = errors_of(&take_refused("reset-password").await);
    let content = view! {
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
    };
    mailed_link::page(text::RESET_PASSWORD, text::RESET_PASSWORD_LEAD, content)
}

fn spent() -> Page {
    let way = view! { <LinkButton href="/forgot-password" label=text::NEW_LINK emphasis=Emphasis::Primary /> };
    mailed_link::one_way(text::LINK_SPENT, text::RESET_LINK_SPENT_LEAD, way)
}
