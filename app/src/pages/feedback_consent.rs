//! The part of the account page on which an owner agrees to be asked for feedback.

use backend::accounts::{ActsAs, Role};
use backend::feedback::find_consent;
use backend::text::en::feedback as text;
use leptos::prelude::*;

use super::NoPage;
use crate::components::{Card, Control, Emphasis, Field, Form};
use crate::request::Visit;

/// The card, for owners: only they are asked.
pub(super) async fn card(visit: &Visit) -> Result<Option<AnyView>, NoPage> {
    let is_owner = visit.account().is_some_and(|(_, role)| role == ActsAs::Member(Role::Owner));
    let Some(viewer) = visit.viewer.clone().filter(|_| is_owner) else { return Ok(None) };
    let vendor_id = visit.vendor.id.clone();
    let consent =
        visit.state.db.read(|tx| Box::pin(async move { find_consent(tx, &vendor_id, &viewer.user.id).await })).await?;
    let value = if consent.is_some() { "true" } else { "" };
    let card = view! {
        <Card title=text::MAILS lead=text::MAILS_LEAD id="mails">
            <Form action="/act/ask-me-for-feedback" id="mails-form" submit=text::SAVE emphasis=Emphasis::Plain>
                <Field
                    name="agrees"
                    label=text::ASK_ME
                    control=Control::Checkbox
                    value
                    hint=text::ASK_ME_HINT
                    may_be_empty=true
                />
            </Form>
        </Card>
    };
    Ok(Some(card.into_any()))
}
