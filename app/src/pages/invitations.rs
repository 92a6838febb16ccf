//! What the pages of an account's members and of the staff share: the roles, the form that invites, the invitations
//! without an answer, and the page of one person.

use backend::accounts::members::rules::{Standing, standing};
use backend::accounts::members::{Invitation, Position};
use backend::clock::UnixMs;
use backend::text::en::{members as text, moments, portal};
use leptos::prelude::*;

use crate::api::form::{Refused, take_refused};
use crate::api::invitations::RESEND;
use crate::api::refusal::errors_of;
use crate::components::{
    Card, ChoiceCard, ChoiceCards, Column, Control, Dialog, Emphasis, EmptyState, Field, FieldError, Form, Moment,
    Notice, PostButton, Row, Table, Tone,
};

/// The positions of a page, each with what it may do, as answers of a form; `chosen` is a role's word.
pub(super) fn role_choices(positions: &[Position], chosen: &str) -> Vec<ChoiceCard> {
    let choice = |position: &Position| ChoiceCard {
        value: position.role_word().to_owned(),
        name: text::position_name(position).to_owned(),
        price: None,
        detail: Some(text::position_may(position).to_owned()),
        chosen: position.role_word() == chosen,
    };
    positions.iter().map(choice).collect()
}

/// What each role may do.
pub(super) fn roles(positions: &[Position]) -> impl IntoView + use<> {
    let [role, may] = text::ROLE_COLUMNS;
    let row = |position: &Position| Row::new().cell(text::position_name(position)).cell(text::position_may(position));
    let rows = positions.iter().map(row).collect();
    view! {
        <Card title=text::ROLES>
            <Table caption=text::ROLES caption_hidden=true columns=vec![Column::text(role), Column::text(may)] rows />
        </Card>
    }
}

/// The form that invites.
pub(super) struct InviteForm {
    /// Its name: the last part of where it posts to.
    pub(super) form: &'static str,
    /// Name of the value that is the role.
    pub(super) role_field: &'static str,
    /// What is sent without being shown.
    pub(super) hidden: Vec<(String, String)>,
    /// What one can be invited to be.
    pub(super) positions: Vec<Position>,
    /// The role that is chosen at first.
    pub(super) usual: &'static str,
}

impl InviteForm {
    pub(super) async fn view(self) -> AnyView {
        let refused = take_refused(self.form).await;
        let errors = sentences(&refused);
        let typed = refused.typed(self.role_field);
        let chosen = if typed.is_empty() { self.usual } else { typed.as_str() };
        let options = role_choices(&self.positions, chosen);
        view! {
            <Card title=text::INVITE lead=text::INVITE_LEAD id="invite">
                <Form
                    action=format!("/act/{}", self.form)
                    id="invite-form"
                    submit=text::INVITE_ACT
                    errors_title=portal::refused_answers(errors.len())
                    errors
                    hidden=self.hidden
                >
                    <Field
                        name="email"
                        label=text::INVITE_EMAIL
                        control=Control::Email
                        value=refused.typed("email")
                        autocomplete="off"
                    />
                    <ChoiceCards name=self.role_field legend=text::INVITE_AS options />
                </Form>
            </Card>
        }
        .into_any()
    }
}

/// The sentences of a refused invitation.
fn sentences(refused: &Refused) -> Vec<FieldError> {
    let own = refused.problems.iter().filter_map(|(field, code)| {
        text::invite_refused(code).map(|sentence| FieldError::new(field.clone(), sentence))
    });
    errors_of(refused).into_iter().chain(own).collect()
}

/// The invitations that nobody has answered; `back` says to their buttons which page this is.
pub(super) async fn waiting(invitations: &[Invitation], back: &'static str, now: UnixMs) -> AnyView {
    let limited = sentences(&take_refused(RESEND).await).into_iter().next();
    let limited = limited.map(|error| view! { <Notice tone=Tone::Bad title=error.message /> });
    let [email, role, until] = text::INVITATION_COLUMNS;
    let columns = vec![Column::text(email), Column::text(role), Column::text(until), Column::act(text::ACT)];
    let rows = invitations.iter().map(|invitation| row(invitation, back, now)).collect();
    view! {
        <Card title=text::INVITATIONS id="invitations">
            {limited}
            <Table
                caption=text::INVITATIONS
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NO_INVITATIONS /> }
            />
        </Card>
    }
    .into_any()
}

fn row(invitation: &Invitation, back: &'static str, now: UnixMs) -> Row {
    let values = [("invitation_id", invitation.id.as_str()), ("back", back)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (email, hidden) = (invitation.email.clone(), values.to_vec());
    let (datetime, absolute) = (moments::rfc3339(invitation.expires_at), text::works_until(invitation.expires_at, now));
    let until = match standing(invitation, now) {
        Standing::Expired => view! { <strong>{absolute}</strong> }.into_any(),
        Standing::Open | Standing::Over => view! { <Moment datetime absolute /> }.into_any(),
    };
    Row::new().cell(email.clone()).cell(text::position_name(&invitation.position)).cell(until).cell(view! {
        <PostButton
            action="/act/resend-invitation"
            label=text::RESEND
            about=email.clone()
            hidden=hidden.clone()
            emphasis=Emphasis::Quiet
        />
        " "
        <PostButton
            action="/act/withdraw-invitation"
            label=text::WITHDRAW
            about=email
            hidden
            emphasis=Emphasis::Quiet
        />
    })
}

/// The card that gives a person another role: where it posts to, and the name of the value that is the role.
pub(super) fn change_role(
    action: &'static str,
    role_field: &'static str,
    options: Vec<ChoiceCard>,
    hidden: Vec<(String, String)>,
) -> impl IntoView {
    view! {
        <Card title=text::CHANGE_ROLE lead=text::CHANGE_ROLE_LEAD id="role">
            <Form action id="role-form" submit=text::CHANGE_ROLE_ACT hidden>
                <ChoiceCards name=role_field legend=text::CHANGE_ROLE_LEGEND options />
            </Form>
        </Card>
    }
}

/// The card that takes a person, called `who`, out of what `whom` names, after asking; `lead` says what that means.
pub(super) fn remove(
    action: &'static str,
    whom: &str,
    who: &str,
    lead: &'static str,
    hidden: Vec<(String, String)>,
) -> impl IntoView + use<> {
    let (heading, title) = (text::remove(whom), text::remove_title(who));
    view! {
        <Card title=heading lead id="remove">
            <div class="acts">
                <Dialog
                    id="remove-question"
                    open=text::REMOVE_OPEN
                    title=title
                    close=text::KEEP
                >
                    <p>{lead}</p>
                    <Form action submit=text::REMOVE_ACT emphasis=Emphasis::Danger hidden />
                </Dialog>
            </div>
        </Card>
    }
}
