//! `/account/delete`: what deleting oneself means, what keeps one from it, and the form.

use backend::accounts::Account;
use backend::deletion::{DeletionOutlook, look_at_deletion};
use backend::text::en::{deletion as text, licenses as words, portal, portal_accounts, takeout};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::account_close::points;
use super::{NoPage, Page, account_export, render};
use crate::api::deletion::{DELETE, DELETE_FORM};
use crate::api::form::take_refused;
use crate::api::step_up::{confirm_first, fresh_authentication};
use crate::components::{
    Breadcrumb, Card, Control, Crumb, Emphasis, Field, FieldError, Form, LinkButton, Notice, PageHead, Tone,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let fresh = fresh_authentication(&visit).await.map_err(|_| NoPage::Failed("no session".to_owned()))?;
    if fresh.is_none() {
        redirect(&confirm_first(DELETE));
        return Ok(Page::new(text::DELETE, ()));
    }
    let cx = visit.viewer_cx();
    let found = visit.state.db.read(move |tx| Box::pin(async move { look_at_deletion(tx, &cx).await })).await?;
    let Some(outlook) = found else { return Err(NoPage::NotFound) };
    let act = match obstacle(&outlook) {
        Some(obstacle) => obstacle,
        None => form(&outlook.leaves).await,
    };
    let crumbs = vec![Crumb::to(portal_accounts::ACCOUNT, "/account"), Crumb::here(text::DELETE)];
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::DELETE lead=text::DELETE_LEAD />
        <Card title=text::WHAT_STAYS id="stays">{points(&text::PERSON_STAYS)}</Card>
        <Card title=text::FIRST id="first">
            <p class="acts"><LinkButton href=account_export::PATH label=takeout::OPEN /></p>
        </Card>
        {act}
    };
    Ok(Page::new(text::DELETE, body))
}

/// What keeps the person, and what to do about it.
fn obstacle(outlook: &DeletionOutlook) -> Option<AnyView> {
    if outlook.is_staff {
        return Some(view! { <Notice tone=Tone::Warn title=text::IS_STAFF text=text::IS_STAFF_LEAD /> }.into_any());
    }
    if outlook.owned_alone.is_empty() {
        return None;
    }
    let companies = companies(&outlook.owned_alone);
    let obstacle = view! {
        <Notice tone=Tone::Warn title=text::OWNED_ALONE text=text::OWNED_ALONE_LEAD />
        {companies}
    };
    Some(obstacle.into_any())
}

/// Companies, a line each.
fn companies(accounts: &[Account]) -> impl IntoView + use<> {
    let lines = accounts.iter().map(|account| view! { <li>{account.company.clone()}</li> }).collect_view();
    view! { <ul class="points">{lines}</ul> }
}

async fn form(leaves: &[Account]) -> AnyView {
    let refused = take_refused(DELETE_FORM).await;
    let errors: Vec<FieldError> =
        refused.code("email").map(|_| FieldError::new("email", text::OTHER_ADDRESS)).into_iter().collect();
    let left = (!leaves.is_empty()).then(|| {
        let companies = companies(leaves);
        view! { <Card title=text::LEAVES id="leaves">{companies}</Card> }
    });
    view! {
        {left}
        <Card title=text::DELETE_ACT id="delete">
            <Form
                action="/act/delete-myself"
                submit=text::DELETE_ACT
                emphasis=Emphasis::Danger
                errors_title=portal::refused_answers(errors.len())
                errors
                beside=|| view! { <LinkButton href="/account" label=portal::CANCEL /> }
            >
                <Field
                    name="email"
                    label=text::EMAIL
                    control=Control::Email
                    value=refused.typed("email")
                    autocomplete="email"
                />
            </Form>
        </Card>
    }
    .into_any()
}
