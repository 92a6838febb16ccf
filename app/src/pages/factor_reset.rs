//! `/factor-reset?token=`: what the link opens in the mail that says that a second factor is to be reset. Opening it changes
//! nothing, because mail scanners open links before people do.

use backend::accounts::factor_resets::{PlannedReset, find_reset_to_refuse};
use backend::text::en::factor_resets as text;
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
        visit.state.db.read(move |tx| Box::pin(async move { find_reset_to_refuse(tx, &cx, &secret).await })).await?;
    Ok(match found {
        Some(reset) => refuse(&reset, token),
        None => spent(),
    })
}

fn refuse(reset: &PlannedReset, token: String) -> Page {
    let hidden = vec![("token".to_owned(), token)];
    let body = view! {
        <div class="column">
            <PageHead title=text::TO_BE_RESET lead=text::to_be_reset(reset) />
            <p>{text::ASKED_FOR}</p>
            <p>{text::NOT_ASKED_FOR}</p>
            <div class="acts">
                <PostButton
                    action="/act/refuse-factor-reset"
                    label=text::REFUSE
                    hidden
                    emphasis=Emphasis::Primary
                />
            </div>
        </div>
    };
    Page::new(text::TO_BE_RESET, body)
}

fn spent() -> Page {
    let body = view! {
        <div class="column">
            <PageHead title=text::SPENT lead=text::SPENT_LEAD />
            <div class="acts">
                <LinkButton href="/forgot-password" label=text::SET_PASSWORD />
            </div>
        </div>
    };
    Page::new(text::SPENT, body)
}
