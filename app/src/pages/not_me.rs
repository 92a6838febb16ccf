//! `/not-me?token=`: what the link opens in the mails that tell the old address of a change. Opening it changes nothing,
//! because mail scanners open links before people do.

use backend::accounts::email_change::{EmailChange, find_change_to_disown};
use backend::text::en::{email_change as text, portal_accounts};
use leptos::prelude::*;

use super::{NoPage, Page, mailed_link, render};
use crate::components::{Emphasis, LinkButton, PostButton};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let (token, found) =
        mailed_link::read(&visit, |tx, cx, secret| Box::pin(find_change_to_disown(tx, cx, secret))).await?;
    Ok(match found {
        Some(change) => disown(&change, token),
        None => spent(),
    })
}

fn disown(change: &EmailChange, token: String) -> Page {
    let hidden = vec![("token".to_owned(), token)];
    let content = view! {
        <p>{text::not_me_does(change)} " " {text::FACTOR_STAYS}</p>
        <p>{text::WAS_ME}</p>
        <div class="acts">
            <PostButton action="/act/disown-email-change" label=text::NOT_ME_ACT hidden emphasis=Emphasis::Danger />
        </div>
    };
    mailed_link::page(text::NOT_ME, text::not_me_lead(change), content)
}

fn spent() -> Page {
    let way = view! { <LinkButton href="/forgot-password" label=text::SET_PASSWORD emphasis=Emphasis::Primary /> };
    mailed_link::one_way(portal_accounts::LINK_SPENT, text::NOT_ME_SPENT_LEAD, way)
}
