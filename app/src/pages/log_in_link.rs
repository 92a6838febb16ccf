//! `/log-in/link?next=`: asks for a link that logs in. `?mail=sent` is the answer to every address.

use backend::accounts::Field as Person;
use backend::text::en::{accounts as fields, portal, sign_in_link as text};
use leptos::prelude::*;

use super::sign_up::mail_sent;
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
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
    if visit.query("mail").is_some() {
        return Ok(mail_sent(text::ACCEPTED, ASK_FOR_LINK, "/log-in"));
    }
    let next = visit.query("next").unwrap_or_default();
    let refused = take_refused("request-sign-in-link").await;
    let errors = errors_of(&refused);
    let back = with_next("/log-in", &next);
    let body = view! {
        <div class="column">
            <PageHead title=text::ASK lead=text::ASK_LEAD />
            <Form
                action="/act/request-sign-in-link"
                submit=text::MAIL_LINK
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden=vec![("next".to_owned(), next)]
                beside=move || view! { <a href=back.clone()>{text::BACK}</a> }
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
    Ok(Page::new(text::ASK, body))
}
