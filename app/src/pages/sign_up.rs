//! `/sign-up?next=`: a login in two fields. `?mail=sent` is the answer to addresses that have one already.

use backend::accounts::Field as Person;
use backend::text::en::{accounts as fields, portal, portal_accounts as text};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::next::{local_path, with_next};
use crate::api::refusal::errors_of;
use crate::components::{Control, Field, Form, LinkButton, PageHead};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let next = visit.query("next").unwrap_or_default();
    if visit.query("mail").is_some() {
        return Ok(mail_sent(fields::CHECK_MAIL, &with_next("/sign-up", &next), &with_next("/log-in", &next)));
    }
    let refused = take_refused("sign-up").await;
    let errors = errors_of(&refused);
    let log_in = with_next("/log-in", &next);
    let body = view! {
        <div class="column">
            <PageHead title=text::SIGN_UP lead=text::sign_up_lead(is_buying(&next)) />
            <Form
                action="/act/sign-up"
                submit=text::SIGN_UP_ACT
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden=vec![("next".to_owned(), next)]
            >
                <Field
                    name="email"
                    label=fields::field(Person::Email)
                    control=Control::Email
                    value=refused.typed("email")
                    hint=text::EMAIL_HINT
                    autocomplete="email"
                />
                <Field
                    name="password"
                    label=fields::field(Person::Password)
                    control=password()
                    hint=text::password_hint()
                    autocomplete="new-password"
                />
                <Field
                    name="name"
                    label=fields::field(Person::Name)
                    value=refused.typed("name")
                    optional=portal::OPTIONAL
                    autocomplete="name"
                />
            </Form>
            <p>{text::HAVE_LOGIN} " " <a href=log_in>{text::LOG_IN}</a></p>
        </div>
    };
    Ok(Page::new(text::SIGN_UP, body))
}

/// Whether `next` goes on with a purchase.
pub(super) fn is_buying(next: &str) -> bool {
    let path = local_path(next);
    path == "/buy" || path.starts_with("/buy?")
}

/// A password field that can be made readable.
pub(super) fn password() -> Control {
    Control::Password { show: portal::SHOW.to_owned(), hide: portal::HIDE.to_owned() }
}

/// The page that sends people to their mailbox, with the ways back.
pub(super) fn mail_sent(lead: &'static str, again: &str, log_in: &str) -> Page {
    let (again, log_in) = (again.to_owned(), log_in.to_owned());
    let body = view! {
        <div class="column">
            <PageHead title=text::LOOK_INTO_MAILBOX lead=lead />
            <p>{text::NO_MAIL}</p>
            <div class="acts">
                <LinkButton href=log_in label=text::LOG_IN />
                <LinkButton href=again label=text::TRY_AGAIN />
            </div>
        </div>
    };
    Page::new(text::LOOK_INTO_MAILBOX, body)
}
