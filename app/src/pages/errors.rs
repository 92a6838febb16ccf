//! What is shown where there is no page.

use backend::accounts::Account;
use backend::text::en::{members, portal as text};
use http::StatusCode;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::{NoPage, Page, render};
use crate::components::{Emphasis, PageHead, PostButton};
use crate::request::Visit;

/// The page for addresses that nothing answers.
pub fn not_found() -> impl IntoView {
    render(async { Err(NoPage::NotFound) })
}

/// The page that says why there is none, with the status that fits.
#[must_use]
pub fn page_for(why: NoPage) -> Page {
    let visit = Visit::here();
    let options: ResponseOptions = expect_context();
    let (status, title, lead) = match why {
        NoPage::OtherAccount(account) => return other_account(&account, &visit.path),
        NoPage::NotFound => (StatusCode::NOT_FOUND, text::NOT_FOUND_TITLE, text::NOT_FOUND_LEAD.to_owned()),
        NoPage::Failed(error) => {
            tracing::error!(request_id = visit.request_id, error, "a page failed");
            (StatusCode::INTERNAL_SERVER_ERROR, text::FAILED_TITLE, text::failed_lead(&visit.request_id))
        }
    };
    options.set_status(status);
    Page::new(title, view! { <PageHead title=title lead=lead /> })
}

/// Offers to act for the account that has what the address names, and to come back.
fn other_account(account: &Account, path: &str) -> Page {
    let (title, label) = (members::belongs_to(&account.company), members::act_for(&account.company));
    let hidden = vec![("account_id".to_owned(), account.id.to_string()), ("next".to_owned(), path.to_owned())];
    let body = view! {
        <div class="column">
            <PageHead title=title.clone() lead=members::BELONGS_LEAD />
            <div class="acts">
                <PostButton action="/act/switch-account" label hidden emphasis=Emphasis::Primary />
            </div>
        </div>
    };
    Page::new(title, body)
}
