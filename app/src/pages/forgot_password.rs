//! `/forgot-password`: asks for a reset link. `?mail=sent` is the answer to every address.

use backend::accounts::Field as Person;
use backend::text::en::{accounts as fields, portal, portal_accounts as text};
use leptos::prelude::*;

use super::sign_up::mail_sent;
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::refusal::errors_of;
use crate::components::{Control, Field, Form, PageHead};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    if visit.query("mail").is_some() {
        return Ok(mail_sent(fields::RESET_ACCEPTED, "/forgot-password", "/log-in"));
    }
    let refused = take_refused("request-password-reset").await;
    let errors = errors_of(&refused);
    let body = view! {
        <div class="column">
            <PageHead title=text::FORGOT_PASSWORD lead=text::FORGOT_PASSWORD_LEAD />
            <Form
                action="/act/request-password-reset"
                submit=text::MAIL_RESET_LINK
                errors_title=portal::refused_answers(errors.len())
                errors
                beside=|| view! { <a href="/log-in">{text::BACK_TO_LOG_IN}</a> }
            >
                <Field
                    name="email"
                    label=fields::field(Person::Email)
                    control=Control::Email
                    value=refused.typed("email")
                    autocomplete="username"
                />
            </Form>
        </div>
    };
    Ok(Page::new(text::FORGOT_PASSWORD, body))
}
