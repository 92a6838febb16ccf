//! `/staff/second-factors/{id}`: what an administrator does for somebody who has lost the second factor. For all others there
//! is no such page.

use backend::accounts::factor_resets::rules::Held;
use backend::accounts::factor_resets::{PlannedReset, ResetGround, ResetStatus, find_reset_ground};
use backend::accounts::{Field as Person, User};
use backend::ids::UserId;
use backend::text::en::{
    accounts as fields, console_customers, factor_resets as text, licenses as words, members, portal,
};
use leptos::prelude::*;

use super::{NoPage, Page, render, staff_customers, staff_role};
use crate::api::factor_resets::{ASK, ask_errors};
use crate::api::form::take_refused;
use crate::api::staff_people::PEOPLE;
use crate::components::{
    Breadcrumb, Card, Control, Crumb, Emphasis, EmptyState, Fact, Facts, Field, Form, Notice, PageHead, PostButton,
    Tone,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let Some(viewer) = visit.viewer.clone() else { return Err(NoPage::NotFound) };
    let id = UserId::from_untrusted(visit.path.rsplit('/').next().unwrap_or_default());
    let cx = visit.staff_cx();
    let found = visit.state.db.read(|tx| Box::pin(async move { find_reset_ground(tx, &cx, &id).await })).await?;
    let Some(ResetGround { user, held, latest, asked_by }) = found else { return Err(NoPage::NotFound) };
    let (waiting, settled) = match latest {
        Some(reset) if reset.status == ResetStatus::Waiting => (Some(reset), None),
        other => (None, other),
    };
    let what = if let Some(reset) = &waiting {
        waits(reset, asked_by.as_ref())
    } else if user.id == viewer.user.id {
        view! { <Notice tone=Tone::Neutral title=text::OWN text=text::OWN_TEXT /> }.into_any()
    } else if held == Held::default() {
        view! { <EmptyState text=text::NOTHING_HELD /> }.into_any()
    } else {
        form(&user, &held).await
    };
    let before = settled.as_ref().and_then(text::became).map(|said| view! { <p class="hint">{said}</p> });
    let who = members::called(&user);
    let [app, keys] = text::held(&held);
    let up = if user.staff_role.is_some() {
        Crumb::to(members::STAFF, PEOPLE)
    } else {
        Crumb::to(console_customers::TITLE, staff_customers::PATH)
    };
    let crumbs = vec![up, Crumb::here(who.clone())];
    let title = text::title(&who);
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=title.clone() lead=text::LEAD />
        <Facts facts=vec![
            Fact::new(fields::field(Person::Email), user.email.clone()),
            Fact::new(text::APP, app),
            Fact::new(text::PASSKEYS, keys),
        ] />
        {before}
        {what}
    };
    Ok(Page::new(title, body))
}

/// One that waits, and the way to take it back.
fn waits(reset: &PlannedReset, asked_by: Option<&User>) -> AnyView {
    let hidden = vec![("user_id".to_owned(), reset.user_id.to_string())];
    let withdraw = move || {
        view! { <PostButton action="/act/withdraw-factor-reset" label=text::WITHDRAW hidden=hidden.clone() /> }
    };
    let because = text::waits_because(reset, asked_by);
    view! { <Notice tone=Tone::Warn title=text::waits(reset) text=because action=withdraw /> }.into_any()
}

async fn form(user: &User, held: &Held) -> AnyView {
    let refused = take_refused(ASK).await;
    let errors = ask_errors(&refused);
    let hidden = vec![("user_id".to_owned(), user.id.to_string())];
    let (reason, ticked, has_passkeys) =
        (refused.typed("reason"), refused.typed("passkeys_too"), !held.passkeys_at.is_empty());
    view! {
        <Card title=text::ASK_TITLE lead=text::ASK_LEAD id="reset">
            <Form
                action="/act/ask-factor-reset"
                id="reset-form"
                submit=text::ASK
                emphasis=Emphasis::Danger
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field
                    name="reason"
                    label=text::REASON
                    control=Control::Textarea { rows: 2 }
                    value=reason
                    hint=text::REASON_HINT
                />
                {has_passkeys.then(move || passkeys_too(ticked))}
            </Form>
            <p class="hint">{text::AFTERWARDS}</p>
        </Card>
    }
    .into_any()
}

/// Made within the form, which tells its fields what was refused.
fn passkeys_too(ticked: String) -> impl IntoView {
    view! {
        <Field
            name="passkeys_too"
            label=text::PASSKEYS_TOO
            control=Control::Checkbox
            value=ticked
            hint=text::PASSKEYS_TOO_HINT
            may_be_empty=true
        />
    }
}
