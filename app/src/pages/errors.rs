//! What is shown where there is no page.

use backend::text::en::portal as text;
use http::StatusCode;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::{NoPage, Page, render};
use crate::components::PageHead;
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
        NoPage::NotFound => (StatusCode::NOT_FOUND, text::NOT_FOUND_TITLE, text::NOT_FOUND_LEAD.to_owned()),
        NoPage::Failed(error) => {
            tracing::error!(request_id = visit.request_id, error, "a page failed");
            (StatusCode::INTERNAL_SERVER_ERROR, text::FAILED_TITLE, text::failed_lead(&visit.request_id))
        }
    };
    options.set_status(status);
    Page::new(title, view! { <PageHead title=title lead=lead /> })
}
