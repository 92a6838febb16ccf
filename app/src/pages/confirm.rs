//! `/confirm?next=`: asks for the password again, and for a code where there is a second factor, or for the passkey that is
//! the second factor, and goes on.

use backend::accounts::{Field as Person, confirms_by_passkey, has_second_factor, list_passkeys};
use backend::db::DbError;
use backend::text::en::{accounts as fields, passkeys, portal, portal_accounts as text, second_factor};
use leptos::prelude::*;

use super::sign_up::password;
use super::{NoPage, Page, passkey_use, render};
use crate::api::form::take_refused;
use crate::api::next::local_path;
use crate::api::refusal::errors_of;
use crate::components::{Field, FieldError, Form, Notice, PageHead, Tone};
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
    let Some(viewer) = visit.viewer.clone() else { return Err(NoPage::NotFound) };
    let (cx, email) = (visit.viewer_cx(), viewer.user.email.clone());
    let read = visit.state.db.read(move |tx| {
        Box::pin(async move {
            let has_passkey = !list_passkeys(tx, &cx, &viewer.user.id).await?.is_empty();
            let has_factor = has_second_factor(tx, &cx.vendor_id, &viewer.user.id).await?;
            Ok::<_, DbError>((has_factor, has_passkey, confirms_by_passkey(tx, &viewer.user).await?))
        })
    });
    let (has_factor, has_passkey, by_passkey_alone) = read.await?;
    let passkey = if has_passkey { passkey_use::confirm(&visit, &next) } else { None };
    if by_passkey_alone {
        return Ok(Page::new(passkeys::SHOW_TITLE, show_passkey(&email, errors, passkey)));
    }
    let title = if has_factor { second_factor::CONFIRM_BOTH } else { text::CONFIRM_PASSWORD };
    let body = view! {
        <div class="column">
            <PageHead title lead=text::confirm_password_lead(&email) />
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
                {has_factor.then(code)}
            </Form>
            {passkey}
            <p><a href="/forgot-password">{text::FORGOTTEN}</a></p>
        </div>
    };
    Ok(Page::new(title, body))
}

/// For those whose second factor a passkey is, after the password and whenever they show again who they are: nothing but
/// showing it, or leaving.
fn show_passkey(email: &str, errors: Vec<FieldError>, passkey: Option<AnyView>) -> AnyView {
    let errors = errors.into_iter().map(|error| view! { <Notice tone=Tone::Bad title=error.message /> }).collect_view();
    view! {
        <div class="column">
            <PageHead title=passkeys::SHOW_TITLE lead=passkeys::show_lead(email) />
            {errors}
            {passkey}
            <p class="hint">{passkeys::SHOW_HINT}</p>
        </div>
    }
    .into_any()
}

/// Made within the form, which tells its fields what was refused.
fn code() -> impl IntoView {
    view! {
        <Field
            name="code"
            label=second_factor::CODE
            hint=second_factor::CODE_HINT
            autocomplete="one-time-code"
        />
    }
}
