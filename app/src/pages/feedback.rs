//! `/feedback`: how it is going, where the mail of the first month leads to.

use backend::feedback::{Feedback, SCORE_MAX, find_given};
use backend::text::en::{feedback as text, portal};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::api::feedback::{GIVE, errors_of};
use crate::api::form::{Refused, take_refused};
use crate::components::{Card, Control, Field, Form, PageHead};
use crate::request::Visit;

/// The form.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, _)) = visit.account() else { return Err(NoPage::NotFound) };
    let Some(viewer) = visit.viewer.clone() else { return Err(NoPage::NotFound) };
    let (vendor_id, account_id) = (visit.vendor.id.clone(), account.id.clone());
    let given = visit
        .state
        .db
        .read(|tx| Box::pin(async move { find_given(tx, &vendor_id, &account_id, &viewer.user.id).await }))
        .await?;
    let refused = take_refused(GIVE).await;
    let errors = errors_of(&refused);
    let values = Values::of(&refused, given.as_ref());
    let (lead, submit) = match &given {
        Some(_) => (text::lead(&visit.vendor.name, &account.company, true), text::CHANGE),
        None => (text::lead(&visit.vendor.name, &account.company, false), text::SUBMIT),
    };
    let body = view! {
        <div class="column">
            <PageHead title=text::TITLE lead />
            <Card title=text::STAFF_TITLE id="feedback">
                <Form
                    action="/act/give-feedback"
                    id="answer"
                    submit
                    errors_title=portal::refused_answers(errors.len())
                    errors
                >
                    <Field
                        name="score"
                        label=text::SCORE
                        control=Control::Number { min: 0, max: SCORE_MAX }
                        value=values.score
                        hint=text::SCORE_HINT
                    />
                    <Field
                        name="comment"
                        label=text::COMMENT
                        control=Control::Textarea { rows: 6 }
                        value=values.comment
                        hint=text::COMMENT_HINT
                        optional=text::OPTIONAL
                    />
                    <Field
                        name="may_contact"
                        label=text::MAY_CONTACT
                        control=Control::Checkbox
                        value=values.may_contact
                        hint=text::MAY_CONTACT_HINT
                        may_be_empty=true
                    />
                    <Field
                        name="may_quote"
                        label=text::MAY_QUOTE
                        control=Control::Checkbox
                        value=values.may_quote
                        may_be_empty=true
                    />
                </Form>
            </Card>
        </div>
    };
    Ok(Page::new(text::TITLE, body))
}

/// What the form shows at first: what was typed and refused, else what was said before.
struct Values {
    score: String,
    comment: String,
    may_contact: String,
    may_quote: String,
}

impl Values {
    fn of(refused: &Refused, given: Option<&Feedback>) -> Self {
        let ticked = |it: bool| if it { "true".to_owned() } else { String::new() };
        if refused.values.is_empty() {
            return Self {
                score: given.and_then(|it| it.score).map_or_else(String::new, |score| score.to_string()),
                comment: given.map_or_else(String::new, |it| it.comment.clone()),
                may_contact: ticked(given.is_some_and(|it| it.may_contact)),
                may_quote: ticked(given.is_some_and(|it| it.may_quote)),
            };
        }
        Self {
            score: refused.typed("score"),
            comment: refused.typed("comment"),
            may_contact: refused.typed("may_contact"),
            may_quote: refused.typed("may_quote"),
        }
    }
}
