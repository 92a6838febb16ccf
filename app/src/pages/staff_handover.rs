//! Handing a license over, as staff: a card of the staff's page of a license.

use backend::handovers::Handover;
use backend::handovers::rules::Obstacle;
use backend::licenses::License;
use backend::text::en::{handovers as text, portal};
use leptos::prelude::*;

use crate::api::form::take_refused;
use crate::api::handovers::{PROPOSE, handover_errors};
use crate::components::{Card, Control, Emphasis, Field, Form, Notice, PostButton};

/// The card; there is none for whoever may not ask for it.
pub(super) async fn handover_card(
    license: &License,
    waiting: Option<&Handover>,
    obstacle: Option<Obstacle>,
    may: bool,
) -> Option<AnyView> {
    if !may {
        return None;
    }
    let refused = take_refused(PROPOSE).await;
    let content = match (waiting, obstacle) {
        (Some(handover), _) => {
            let back = format!("/staff/licenses/{}#handover", license.id);
            let hidden = vec![("handover_id".to_owned(), handover.id.to_string()), ("back".to_owned(), back)];
            let withdraw = move || {
                let hidden = hidden.clone();
                view! { <PostButton action="/act/end-handover" label=text::WITHDRAW hidden /> }
            };
            let (title, next) = (text::waits(handover), text::waits_next(handover));
            view! { <Notice title text=next action=withdraw /> }.into_any()
        }
        (None, Some(obstacle)) => view! { <p>{text::obstacle(obstacle)}</p> }.into_any(),
        (None, None) => {
            let errors = handover_errors(&refused);
            let hidden = vec![("license_id".to_owned(), license.id.to_string())];
            view! {
                <Form
                    action="/act/propose-handover"
                    id="handover-form"
                    submit=text::STAFF_SUBMIT
                    emphasis=Emphasis::Plain
                    errors_title=portal::refused_answers(errors.len())
                    errors
                    hidden
                >
                    <Field
                        name="email"
                        label=text::EMAIL
                        control=Control::Email
                        value=refused.typed("email")
                        hint=text::EMAIL_HINT
                    />
                </Form>
            }
            .into_any()
        }
    };
    let card = view! { <Card title=text::STAFF_TITLE lead=text::staff_lead() id="handover">{content}</Card> };
    Some(card.into_any())
}
