//! How long a license goes, and moving that further away: a card of the staff's page of a license.

use backend::billing::Subscription;
use backend::clock::UnixMs;
use backend::licenses::License;
use backend::licenses::rules::by_hand::extendable;
use backend::text::en::{by_hand as text, console_licenses, portal};
use leptos::prelude::*;

use crate::api::form::take_refused;
use crate::api::staff_issue::{EXTEND, fault_errors};
use crate::components::{Card, Control, Emphasis, Field, Form};

/// The card; `may` says whether the one who looks may extend licenses.
pub(super) async fn term_card(
    license: &License,
    subscription: Option<&Subscription>,
    may: bool,
    now: UnixMs,
) -> AnyView {
    let refused = take_refused(EXTEND).await;
    let (lead, content) = match extendable(license, subscription.is_some(), now) {
        Err(why) => (None, view! { <p>{text::not_extendable(why)}</p> }.into_any()),
        Ok(last) if !may => {
            (Some(text::extend_lead(license.kind, last)), view! { <p>{console_licenses::LOOK_ONLY}</p> }.into_any())
        }
        Ok(last) => {
            let errors = fault_errors(&refused);
            let hidden = vec![("license_id".to_owned(), license.id.to_string())];
            let form = view! {
                <Form
                    action="/act/extend-license"
                    id="extend-form"
                    submit=text::EXTEND_SUBMIT
                    emphasis=Emphasis::Plain
                    errors_title=portal::refused_answers(errors.len())
                    errors
                    hidden
                >
                    <Field name="until" label=text::LAST_DAY control=Control::Day value=refused.typed("until") />
                    <Field name="reason" label=text::REASON value=refused.typed("reason") hint=text::REASON_HINT />
                </Form>
            };
            (Some(text::extend_lead(license.kind, last)), form.into_any())
        }
    };
    view! { <Card title=text::EXTEND_TITLE lead=lead id="extend">{content}</Card> }.into_any()
}
