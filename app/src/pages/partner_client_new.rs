//! `/partner/clients/new`: a partner makes an account for a client that has none.

use backend::accounts::{Account, Act, may};
use backend::db::DbError;
use backend::partners::find_partnership;
use backend::text::en::{licenses as words, new_clients as text, partners, portal};
use leptos::prelude::*;

use super::company::company_fields;
use super::{NoPage, Page, render};
use crate::api::accounts::CompanyForm;
use crate::api::form::take_refused;
use crate::api::new_clients::{CREATE, creation_errors};
use crate::api::partners::CLIENTS;
use crate::components::{Breadcrumb, Card, Control, Crumb, EmptyState, Field, Form, LinkButton, PageHead};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let (cx, id) = (visit.viewer_cx(), account.id.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move { Ok::<_, DbError>(find_partnership(tx, &cx, &id, Act::See).await?.is_some()) })
    });
    if !found.await? {
        return Err(NoPage::NotFound);
    }
    let content = if may(role, Act::ManageRelations) {
        form(&account).await
    } else {
        let back = || view! { <LinkButton href=CLIENTS label=partners::CLIENTS /> };
        view! { <EmptyState text=partners::OWNERS_INVITE action=back /> }.into_any()
    };
    let crumbs = vec![Crumb::to(partners::CLIENTS, CLIENTS), Crumb::here(text::TITLE)];
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::TITLE lead=text::LEAD />
        {content}
    };
    Ok(Page::new(text::TITLE, body))
}

async fn form(account: &Account) -> AnyView {
    let refused = take_refused(CREATE).await;
    let errors = creation_errors(&refused);
    let typed = CompanyForm::of_refused(&refused).unwrap_or_default();
    let hidden = vec![("account_id".to_owned(), account.id.to_string())];
    view! {
        <Card title=text::COMPANY>
            <Form
                action="/act/create-client"
                submit=text::SUBMIT
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field name="name" label=text::NAME value=refused.typed("name") autocomplete="off" />
                <Field
                    name="email"
                    label=text::EMAIL
                    control=Control::Email
                    value=refused.typed("email")
                    hint=text::EMAIL_HINT
                    autocomplete="off"
                />
                {company_fields(typed, text::BILLING_EMAIL_HINT)}
            </Form>
        </Card>
    }
    .into_any()
}
