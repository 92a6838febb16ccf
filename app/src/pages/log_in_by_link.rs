//! `/log-in/by-link?token=`: what a mailed link opens: whom it logs in, and the button that does. Opening it changes
//! nothing, because mail scanners open links before people do.

use backend::accounts::find_sign_in_link;
use backend::text::en::{portal_accounts, sign_in_link as text};
use leptos::prelude::*;

use super::{NoPage, Page, mailed_link, render};
use crate::api::sign_in_link::ASK_FOR_LINK;
use crate::components::{Emphasis, LinkButton, PostButton};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let (token, found) =
        mailed_link::read(&visit, |tx, cx, secret| Box::pin(find_sign_in_link(tx, cx, secret))).await?;
    let Some(user) = found else { return Ok(spent()) };
    let other = visit.viewer.as_ref().filter(|viewer| viewer.user.id != user.id);
    let other = other.map(|viewer| view! { <p>{text::logged_in_as(&viewer.user.email)}</p> });
    let hidden = vec![("token".to_owned(), token)];
    let content = view! {
        {other}
        <div class="acts">
            <PostButton action="/act/sign-in-by-link" label=portal_accounts::LOG_IN hidden emphasis=Emphasis::Primary />
        </div>
    };
    Ok(mailed_link::page(text::GO_IN, text::go_in_lead(&user.email), content))
}

fn spent() -> Page {
    let way = view! { <LinkButton href=ASK_FOR_LINK label=portal_accounts::NEW_LINK emphasis=Emphasis::Primary /> };
    mailed_link::one_way(portal_accounts::LINK_SPENT, text::SPENT_LEAD, way)
}
