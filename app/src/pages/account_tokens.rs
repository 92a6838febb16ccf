//! `/account/tokens`: the account's API tokens.

use backend::accounts::{Act, may};
use backend::text::en::tokens as text;
use backend::tokens::Holder;
use leptos::prelude::*;

use super::token_list::{Side, load_tokens};
use super::{NoPage, Page, render};
use crate::api::tokens::CREATE;
use crate::components::PageHead;
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    if !may(role, Act::ManageTokens) {
        return Ok(Page::new(text::TITLE, view! { <PageHead title=text::TITLE lead=text::NOT_YOURS /> }));
    }
    let side = Side {
        holder: Holder::Account(account.id),
        lead: text::ACCOUNT_LEAD,
        create: CREATE,
        revoke: "/act/revoke-token",
        days_hint: text::days_hint(),
    };
    load_tokens(&visit, side).await
}
