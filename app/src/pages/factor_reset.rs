//! `/factor-reset?token=`: what the link opens in the mail that says that a second factor is to be reset. Opening it changes
//! nothing, because mail scanners open links before people do.

use backend::accounts::factor_resets::{PlannedReset, find_reset_to_refuse};
use backend::text::en::factor_resets as text;
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
        mailed_link::read(&visit, |tx, cx, secret| Box::pin(find_reset_to_refuse(tx, cx, secret))).await?;
    Ok(match found {
        Some(reset) => refuse(&reset, token),
        None => spent(),
    })
}

fn refuse(reset: &PlannedReset, token: String) -> Page {
    let hidden = vec![("token".to_owned(), token)];
    let content = view! {
        <p>{text::ASKED_FOR}</p>
        <p>{text::NOT_ASKED_FOR}</p>
        <div class="acts">
            <PostButton action="/act/refuse-factor-reset" label=text::REFUSE hidden emphasis=Emphasis::Primary />
        </div>
    };
    mailed_link::page(text::TO_BE_RESET, text::to_be_reset(reset), content)
}

fn spent() -> Page {
    let way = view! { <LinkButton href="/forgot-password" label=text::SET_PASSWORD /> };
    mailed_link::one_way(text::SPENT, text::SPENT_LEAD, way)
}
