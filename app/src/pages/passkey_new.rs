//! `/account/passkeys/new`: adds a passkey, for whoever showed a moment ago who it is.

use backend::accounts::RelyingParty;
use backend::text::en::{passkeys as text, portal_accounts};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::next::with_next;
use crate::api::passkeys::{NEW_PASSKEY, PASSKEYS};
use crate::api::refusal::errors_of;
use crate::api::step_up::{confirm_first, fresh_authentication};
use crate::components::{Breadcrumb, Crumb, Notice, PageHead, PostButton, Tone};
use crate::islands::{PasskeyButton, PasskeyWords};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some(relying_party) = RelyingParty::of(&visit.vendor) else { return Err(NoPage::NotFound) };
    let next = visit.query("next").unwrap_or_default();
    let fresh = fresh_authentication(&visit).await.map_err(|_| NoPage::Failed("no session".to_owned()))?;
    if fresh.is_none() {
        redirect(&confirm_first(&with_next(NEW_PASSKEY, &next)));
        return Ok(Page::new(text::ADD_TITLE, ()));
    }
    let refused = take_refused("add-passkey").await;
    let is_proven = visit.viewer.as_ref().is_some_and(|viewer| viewer.user.email_verified_at.is_some());
    if !is_proven {
        return Ok(Page::new(text::ADD_TITLE, unproven()));
    }
    let error = errors_of(&refused).into_iter().next();
    let error = error.map(|error| view! { <Notice tone=Tone::Bad title=error.message /> });
    let typed = refused.typed("name");
    let called = if typed.is_empty() { portal_accounts::browser(&visit.user_agent) } else { typed };
    let words = PasskeyWords {
        act: text::ADD_SUBMIT.to_owned(),
        not_done: text::NOT_DONE.to_owned(),
        present: text::PRESENT_HERE.to_owned(),
        cannot: text::ADD_CANNOT.to_owned(),
    };
    let name = Some((text::NAME.to_owned(), called));
    let (begin, action) = ("/act/begin-passkey".to_owned(), "/act/add-passkey".to_owned());
    let (origin, hidden) = (relying_party.origin().to_owned(), vec![("next".to_owned(), next)]);
    let body = view! {
        <Breadcrumb label=text::YOU_ARE_HERE crumbs=crumbs() />
        <div class="column">
            <PageHead title=text::ADD_TITLE lead=text::ADD_LEAD />
            {error}
            <PasskeyButton make=true begin action origin hidden name words />
        </div>
    };
    Ok(Page::new(text::ADD_TITLE, body))
}

fn crumbs() -> Vec<Crumb> {
    vec![
        Crumb::to(portal_accounts::ACCOUNT, "/account"),
        Crumb::to(text::PASSKEYS, PASSKEYS),
        Crumb::here(text::ADD_TITLE),
    ]
}

/// For those whose address is not confirmed: what to do first.
fn unproven() -> AnyView {
    view! {
        <Breadcrumb label=text::YOU_ARE_HERE crumbs=crumbs() />
        <PageHead title=text::ADD_TITLE lead=text::ADD_LEAD />
        <Notice
            tone=Tone::Warn
            title=text::UNPROVEN
            text=text::UNPROVEN_WHY
            action=|| view! { <PostButton action="/act/send-verification" label=portal_accounts::SEND_AGAIN /> }
        />
    }
    .into_any()
}
