//! `/log-in/code?next=`: the second step of logging in.

use backend::accounts;
use backend::text::en::{portal, portal_accounts, second_factor as text};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::next::with_next;
use crate::api::refusal::errors_of;
use crate::components::{Emphasis, Field, Form, PageHead, PostButton};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let next = visit.query("next").unwrap_or_default();
    let cx = visit.viewer_cx();
    let half = accounts::half_log_in(&visit.session, &visit.vendor.id, cx.now).await;
    let half = half.map_err(|error| NoPage::Failed(error.to_string()))?;
    let user = match half {
        Some(half) => {
            let found = visit
                .state
                .db
                .read(move |tx| Box::pin(async move { accounts::find_user(tx, &cx.vendor_id, &half.user_id).await }));
            found.await?
        }
        None => None,
    };
    let Some(user) = user else {
        redirect(&with_next("/log-in", &next));
        return Ok(Page::new(portal_accounts::LOG_IN, ()));
    };
    let errors = errors_of(&take_refused("enter-code").await);
    let body = view! {
        <div class="column">
            <PageHead title=text::ENTER_CODE lead=text::enter_code_lead(&user.email) />
            <Form
                action="/act/enter-code"
                submit=text::ENTER_CODE_ACT
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden=vec![("next".to_owned(), next)]
            >
                <Field name="code" label=text::CODE hint=text::CODE_HINT autocomplete="one-time-code" />
            </Form>
            <p>{text::ALL_LOST}</p>
            <PostButton action="/act/sign-out" label=text::SOMEBODY_ELSE emphasis=Emphasis::Quiet />
        </div>
    };
    Ok(Page::new(text::ENTER_CODE, body))
}
