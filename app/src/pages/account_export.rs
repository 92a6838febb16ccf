//! `/account/export`: everything that is kept about a person and its company, to take along.

use backend::accounts::{Act, may};
use backend::text::en::{licenses as words, portal_accounts, takeout as text};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::components::{Breadcrumb, Card, Crumb, Emphasis, LinkButton, PageHead};
use crate::request::Visit;

/// The page's address, to which one comes back after typing the password.
pub const PATH: &str = "/account/export";

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(&Visit::here()) })
}

fn load(visit: &Visit) -> Result<Page, NoPage> {
    let company = visit.account().map(|(account, role)| {
        let act = if may(role, Act::CloseAccount) {
            let href = format!("{PATH}/company.zip");
            view! { <p class="acts"><LinkButton href label=text::COMPANY_ACT /></p> }.into_any()
        } else {
            view! { <p>{text::OWNERS_ONLY}</p> }.into_any()
        };
        view! { <Card title=account.company lead=text::COMPANY_LEAD id="company">{act}</Card> }
    });
    let crumbs = vec![Crumb::to(portal_accounts::ACCOUNT, "/account"), Crumb::here(text::TITLE)];
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::TITLE lead=text::LEAD />
        {company}
        <Card title=text::PERSON lead=text::PERSON_LEAD id="person">
            <p class="acts"><LinkButton href=format!("{PATH}/me.zip") label=text::PERSON_ACT /></p>
        </Card>
    };
    Ok(Page::new(text::TITLE, body))
}

/// The way here, on the page of the account.
pub(super) fn link_card() -> impl IntoView {
    view! {
        <Card title=text::TITLE lead=text::CARD_LEAD id="data">
            <p class="acts"><LinkButton href=PATH label=text::OPEN emphasis=Emphasis::Quiet /></p>
        </Card>
    }
}
