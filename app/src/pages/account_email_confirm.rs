//! `/account/email/confirm?token=`: what the link to a new address opens, for whoever has asked for it. Opening it changes
//! nothing, because mail scanners open links before people do.

use backend::accounts::email_change::{EmailChange, find_change_to_confirm};
use backend::text::en::{email_change as text, portal, portal_accounts};
use leptos::prelude::*;

use super::{NoPage, Page, mailed_link, render};
use crate::api::form::take_refused;
use crate::api::refusal::errors_of;
use crate::components::{Emphasis, Form, LinkButton};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let (token, found) =
        mailed_link::read(&visit, |tx, cx, secret| Box::pin(find_change_to_confirm(tx, cx, secret))).await?;
    Ok(match found {
        Some(change) => confirm(&change, token).await,
        None => spent(),
    })
}

async fn confirm(change: &EmailChange, token: String) -> Page {
    let errors = errors_of(&take_refused("confirm-email-change").await);
    let content = view! {
        <Form
            action="/act/confirm-email-change"
            submit=text::CONFIRM_ACT
            errors_title=portal::refused_answers(errors.len())
            errors
            hidden=vec![("token".to_owned(), token)]
            beside=|| view! { <LinkButton href="/account" label=portal::CANCEL /> }
        />
    };
    mailed_link::page(text::CONFIRM, text::confirm_lead(change), content)
}

fn spent() -> Page {
    let way = view! { <LinkButton href="/account" label=text::TO_ACCOUNT emphasis=Emphasis::Primary /> };
    mailed_link::one_way(portal_accounts::LINK_SPENT, text::CONFIRM_SPENT_LEAD, way)
}
