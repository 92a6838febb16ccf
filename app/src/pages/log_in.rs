//! `/log-in?next=`.

use backend::accounts::Field as Person;
use backend::text::en::{accounts as fields, portal, portal_accounts as text, sign_in_link};
use leptos::prelude::*;

use super::sign_up::password;
use super::{NoPage, Page, passkey_use, render};
use crate::api::form::take_refused;
use crate::api::key_recovery::RECOVER;
use crate::api::next::with_next;
use crate::api::refusal::errors_of;
use crate::api::sign_in_link::ASK_FOR_LINK;
use crate::components::{Control, Field, Form, PageHead};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let next = visit.query("next").unwrap_or_default();
    let refused = take_refused("log-in").await;
    let errors = errors_of(&refused);
    let lead = text::log_in_lead(&visit.vendor.name, !next.is_empty());
    let passkey = passkey_use::log_in(&visit, &next);
    let sign_up = with_next("/sign-up", &next);
    let by_mail = with_next(ASK_FOR_LINK, &next);
    let body = view! {
        <div class="column">
            <PageHead title=text::LOG_IN lead=lead />
            <Form
                action="/act/log-in"
                submit=text::LOG_IN
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden=vec![("next".to_owned(), next)]
                beside=|| view! { <a href="/forgot-password">{text::FORGOTTEN}</a> }
            >
                <Field
                    name="email"
                    label=fields::field(Person::Email)
                    control=Control::Email
                    value=refused.typed("email")
                    autocomplete="username"
                />
                <Field
                    name="password"
                    label=fields::field(Person::Password)
                    control=password()
                    autocomplete="current-password"
                />
            </Form>
            {passkey}
            <p><a href=by_mail>{sign_in_link::MAIL_ME_A_LINK}</a></p>
            <p>{text::NEW_HERE} " " <a href=sign_up>{text::SIGN_UP}</a></p>
            <p><a href=RECOVER>{text::KEYS_LOST}</a></p>
        </div>
    };
    Ok(Page::new(text::LOG_IN, body))
}
