//! `/verify-email?token=`: what a verification link opens. Opening it changes nothing, because mail scanners
//! open links before people do; the button does. `?result=` says what came of it.

use backend::text::en::portal_accounts as text;
use leptos::prelude::*;

use super::{NoPage, Page, mailed_link, render};
use crate::components::{Emphasis, LinkButton, PostButton};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let token = visit.query("token").unwrap_or_default();
    let result = visit.query("result");
    let (title, lead, act) = match result.as_deref() {
        Some("verified") => (text::EMAIL_VERIFIED, text::EMAIL_VERIFIED_LEAD, link("/log-in", text::LOG_IN)),
        None if !token.is_empty() => (text::VERIFY_EMAIL, text::VERIFY_EMAIL_LEAD, confirm(token)),
        _ => (text::LINK_SPENT, text::VERIFY_LINK_SPENT_LEAD, new_mail(&visit)),
    };
    Ok(mailed_link::one_way(title, lead, act))
}

fn confirm(token: String) -> AnyView {
    let hidden = vec![("token".to_owned(), token)];
    view! {
        <PostButton action="/act/verify-email" label=text::CONFIRM_ADDRESS hidden emphasis=Emphasis::Primary />
    }
    .into_any()
}

fn new_mail(visit: &Visit) -> AnyView {
    if visit.viewer.is_none() {
        return link("/log-in?next=%2Faccount", text::LOG_IN_FOR_MAIL);
    }
    view! { <PostButton action="/act/send-verification" label=text::SEND_AGAIN emphasis=Emphasis::Primary /> }
        .into_any()
}

fn link(href: &'static str, label: &'static str) -> AnyView {
    view! { <LinkButton href label emphasis=Emphasis::Primary /> }.into_any()
}
