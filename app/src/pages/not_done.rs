//! `/not-done?code=&request=`: why a form came to nothing, for what no change of the form would mend.

use backend::text::en::{portal, portal_accounts as text};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::{NoPage, Page, render};
use crate::api::form::FailureCode;
use crate::components::{LinkButton, PageHead};
use crate::request::Visit;

/// A request id is not longer than this; what else stands in the address is not repeated.
const REQUEST_ID_MAX_CHARS: usize = 64;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let code = FailureCode::named(&visit.query("code").unwrap_or_default());
    let (title, lead) = match code {
        FailureCode::Malformed => (text::MALFORMED, text::MALFORMED_LEAD.to_owned()),
        FailureCode::NotAllowed => (text::NOT_ALLOWED, text::NOT_ALLOWED_LEAD.to_owned()),
        FailureCode::OtherAccount => (text::OTHER_ACCOUNT, text::OTHER_ACCOUNT_LEAD.to_owned()),
        FailureCode::Failed => {
            (portal::FAILED_TITLE, portal::failed_lead(&request_id(&visit.query("request").unwrap_or_default())))
        }
    };
    let options: ResponseOptions = expect_context();
    options.set_status(code.status());
    let (href, label) =
        if visit.viewer.is_some() { ("/overview", text::TO_OVERVIEW) } else { ("/log-in", text::LOG_IN) };
    let body = view! {
        <div class="column">
            <PageHead title=title lead=lead />
            <div class="acts">
                <LinkButton href label />
            </div>
        </div>
    };
    Ok(Page::new(title, body))
}

fn request_id(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(REQUEST_ID_MAX_CHARS).collect()
}
