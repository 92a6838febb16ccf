//! `/account/email`: asking to log in with another address, and what is waited for.

use backend::accounts::email_change::{EmailChange, find_open_email_change};
use backend::text::en::{email_change as text, portal, portal_accounts, second_factor};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::{NoPage, Page, render};
use crate::api::email_change::EMAIL;
use crate::api::form::take_refused;
use crate::api::refusal::errors_of;
use crate::api::step_up::{confirm_first, fresh_authentication};
use crate::components::{Breadcrumb, Control, Crumb, Field, Form, LinkButton, PageHead, PostButton};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some(viewer) = visit.viewer.clone() else { return Err(NoPage::NotFound) };
    let (cx, user_id) = (visit.viewer_cx(), viewer.user.id.clone());
    let open =
        visit.state.db.read(move |tx| Box::pin(async move { find_open_email_change(tx, &cx, &user_id).await })).await?;
    let body = match open {
        Some(change) => waiting(&change),
        None => {
            let fresh = fresh_authentication(&visit).await.map_err(|_| NoPage::Failed("no session".to_owned()))?;
            if fresh.is_none() {
                redirect(&confirm_first(EMAIL));
                return Ok(Page::new(text::CHANGE, ()));
            }
            form(&viewer.user.email).await
        }
    };
    let crumbs = vec![Crumb::to(portal_accounts::ACCOUNT, "/account"), Crumb::here(text::CHANGE)];
    let body = view! {
        <Breadcrumb label=second_factor::YOU_ARE_HERE crumbs />
        <div class="column">{body}</div>
    };
    Ok(Page::new(text::CHANGE, body))
}

async fn form(email: &str) -> AnyView {
    let refused = take_refused("request-email-change").await;
    let errors = errors_of(&refused);
    view! {
        <PageHead title=text::CHANGE lead=text::change_lead(email) />
        <Form
            action="/act/request-email-change"
            submit=text::ASK
            errors_title=portal::refused_answers(errors.len())
            errors
            beside=|| view! { <LinkButton href="/account" label=portal::CANCEL /> }
        >
            <Field
                name="email"
                label=text::NEW_EMAIL
                control=Control::Email
                value=refused.typed("email")
                hint=text::INVOICES_STAY
                autocomplete="email"
            />
        </Form>
    }
    .into_any()
}

fn waiting(change: &EmailChange) -> AnyView {
    view! {
        <PageHead title=text::CHANGE lead=text::waiting(change) />
        <p>{portal_accounts::NO_MAIL}</p>
        <div class="acts">
            <PostButton action="/act/withdraw-email-change" label=text::WITHDRAW />
        </div>
    }
    .into_any()
}
