//! `/not-me?token=`: what the link opens in the mails that tell the old address of a change. Opening it changes nothing,
//! because mail scanners open links before people do.

use backend::accounts::email_change::{EmailChange, find_change_to_disown};
use backend::text::en::{email_change as text, portal_accounts};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::components::{Emphasis, LinkButton, PageHead, PostButton};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let token = visit.query("token").unwrap_or_default();
    let (cx, secret) = (visit.viewer_cx(), token.clone());
    let found =
        visit.state.db.read(move |tx| Box::pin(async move { find_change_to_disown(tx, &cx, &secret).await })).await?;
    Ok(match found {
        Some(change) => disown(&change, token),
        None => spent(),
    })
}

fn disown(change: &EmailChange, token: String) -> Page {
    let hidden = vec![("token".to_owned(), token)];
    let body = view! {
        <div class="column">
            <PageHead title=text::NOT_ME lead=text::not_me_lead(change) />
            <p>{text::not_me_does(change)} " " {text::FACTOR_STAYS}</p>
            <p>{text::WAS_ME}</p>
            <div class="acts">
                <PostButton
                    action="/act/disown-email-change"
                    label=text::NOT_ME_ACT
                    hidden
                    emphasis=Emphasis::Danger
                />
            </div>
        </div>
    };
    Page::new(text::NOT_ME, body)
}

fn spent() -> Page {
    let body = view! {
        <div class="column">
            <PageHead title=portal_accounts::LINK_SPENT lead=text::NOT_ME_SPENT_LEAD />
            <div class="acts">
                <LinkButton href="/forgot-password" label=text::SET_PASSWORD emphasis=Emphasis::Primary />
            </div>
        </div>
    };
    Page::new(portal_accounts::LINK_SPENT, body)
}
