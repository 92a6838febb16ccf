//! `/licenses/recover`: asks for the way to lost license keys. `?mail=sent` is the answer to every address.

use backend::accounts::Field as Person;
use backend::text::en::{accounts as fields, portal, portal_accounts as text};
use leptos::prelude::*;

use super::sign_up::mail_sent;
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::key_recovery::RECOVER;
use crate::api::refusal::errors_of;
use crate::components::{Control, Field, Form, PageHead};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    if visit.query("mail").is_some() {
        return Ok(mail_sent(text::KEYS_REQUESTED, RECOVER, "/log-in"));
    }
    let refused = take_refused("recover-keys").await;
    let errors = errors_of(&refused);
    let body = view! {
        <div class="column">
            <PageHead title=text::RECOVER_KEYS lead=text::RECOVER_KEYS_LEAD />
            <Form
                action="/act/recover-keys"
                submit=text::MAIL_ME
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
    Ok(Page::new(text::RECOVER_KEYS, body))
}
