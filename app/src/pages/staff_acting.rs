//! Beginning to act for a customer: a card of the console's page of the customer.

use backend::accounts::Account;
use backend::text::en::{acting as text, portal};
use leptos::prelude::*;

use crate::api::acting_staff::{START, reason_errors};
use crate::api::form::take_refused;
use crate::components::{Card, Control, Emphasis, Field, Form};

/// The card, for staff who may.
pub(super) async fn card(account: &Account, vendor: &str) -> AnyView {
    let refused = take_refused(START).await;
    let errors = reason_errors(&refused);
    let hidden = vec![("account_id".to_owned(), account.id.to_string())];
    view! {
        <Card title=text::TITLE lead=text::lead(vendor) id="act">
            <Form
                action="/act/start-acting"
                id="act-form"
                submit=text::START
                emphasis=Emphasis::Plain
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field
                    name="reason"
                    label=text::REASON
                    control=Control::Textarea { rows: 2 }
                    value=refused.typed("reason")
                    hint=text::REASON_HINT
                />
            </Form>
        </Card>
    }
    .into_any()
}
