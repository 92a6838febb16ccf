//! `/log-in/by-link?token=`: what a mailed link opens: whom it logs in, and the button that does. Opening it changes
//! nothing, because mail scanners open links before people do.

use backend::accounts::find_sign_in_link;
use backend::text::en::{portal_accounts, sign_in_link as text};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::api::sign_in_link::ASK_FOR_LINK;
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
        visit.state.db.read(move |tx| Box::pin(async move { find_sign_in_link(tx, &cx, &secret).await })).await?;
    let Some(user) = found else { return Ok(spent()) };
    let other = visit.viewer.as_ref().filter(|viewer| viewer.user.id != user.id);
    let other = other.map(|viewer| view! { <p>{text::logged_in_as(&viewer.user.email)}</p> });
    let hidden = vec![("token".to_owned(), token)];
    let body = view! {
        <div class="column">
            <PageHead title=text::GO_IN lead=text::go_in_lead(&user.email) />
            {other}
            <div class="acts">
                <PostButton
                    action="/act/sign-in-by-link"
                    label=portal_accounts::LOG_IN
                    hidden
                    emphasis=Emphasis::Primary
                />
            </div>
        </div>
    };
    Ok(Page::new(text::GO_IN, body))
}

fn spent() -> Page {
    let body = view! {
        <div class="column">
            <PageHead title=portal_accounts::LINK_SPENT lead=text::SPENT_LEAD />
            <div class="acts">
                <LinkButton href=ASK_FOR_LINK label=portal_accounts::NEW_LINK emphasis=Emphasis::Primary />
            </div>
        </div>
    };
    Page::new(portal_accounts::LINK_SPENT, body)
}
