//! `/confirm?next=`: asks for the password again, and goes on.

use backend::accounts::Field as Person;
use backend::text::en::{accounts as fields, portal, portal_accounts as text};
use leptos::prelude::*;

use super::sign_up::password;
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::next::local_path;
use crate::api::refusal::errors_of;
use crate::components::{Field, Form, PageHead};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let next = visit.query("next").unwrap_or_default();
    let refused = take_refused("confirm-password").await;
    let errors = errors_of(&refused);
    let back = local_path(&next);
    let email = visit.viewer.as_ref().map(|viewer| viewer.user.email.clone()).unwrap_or_default();
    let body = view! {
        <div class="column">
            <PageHead title=text::CONFIRM_PASSWORD lead=text::confirm_password_lead(&email) />
            <Form
                action="/act/confirm-password"
                submit=text::CONFIRM_PASSWORD_ACT
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden=vec![("next".to_owned(), next)]
                beside=move || view! { <a href=back.clone()>{portal::CANCEL}</a> }
            >
                <Field
                    name="password"
                    label=fields::field(Person::Password)
                    control=password()
                    autocomplete="current-password"
                />
            </Form>
            <p><a href="/forgot-password">{text::FORGOTTEN}</a></p>
        </div>
    };
    Ok(Page::new(text::CONFIRM_PASSWORD, body))
}
