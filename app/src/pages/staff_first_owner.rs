//! Asking for a first owner: a card of the console's page of a customer that nobody belongs to.

use backend::accounts::Account;
use backend::text::en::{console_customers as text, portal};
use leptos::prelude::*;

use crate::api::form::take_refused;
use crate::api::refusal::errors_of;
use crate::api::staff_first_owner::ASK;
use crate::components::{Card, Control, Emphasis, Field, Form};

/// The card, for staff who may.
pub(super) async fn card(account: &Account) -> AnyView {
    let refused = take_refused(ASK).await;
    let errors = errors_of(&refused);
    let hidden = vec![("account_id".to_owned(), account.id.to_string())];
    view! {
        <Card title=text::FIRST_OWNER lead=text::FIRST_OWNER_LEAD id="first-owner">
            <Form
                action="/act/ask-first-owner"
                id="first-owner-form"
                submit=text::ASK_FIRST_OWNER
                emphasis=Emphasis::Plain
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field
                    name="email"
                    label=text::FIRST_OWNER_EMAIL
                    control=Control::Email
                    value=refused.typed("email")
                    autocomplete="off"
                />
            </Form>
        </Card>
    }
    .into_any()
}
