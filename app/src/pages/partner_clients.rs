//! `/partner/clients`: a partner's clients, and the form that invites one. `?after=` goes on in a long list.

use backend::accounts::{Account, Act, may};
use backend::partners::{ClientPlace, ListedClient, RelationStatus, list_clients};
use backend::text::en::{partners as text, portal};
use leptos::prelude::*;

use super::invoices::day;
use super::partner_tabs::partner_tabs;
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::partners::{CLIENTS, INVITE, RENEWALS, client_page, relation_errors};
use crate::components::{
    Card, Column, Control, Emphasis, EmptyState, Field, Form, LinkButton, PageHead, Pagination, PostButton, Row, Table,
};
use crate::request::Visit;

/// Clients on one page.
const PAGE: usize = 50;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let after = visit.query("after").and_then(|place| ClientPlace::parse(&place));
    let (cx, id, from) = (visit.viewer_cx(), account.id.clone(), after.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let limit = i64::try_from(PAGE).unwrap_or(i64::MAX) + 1;
            list_clients(tx, &cx, &id, from.as_ref(), limit).await
        })
    });
    let mut clients = found.await?.ok_or(NoPage::NotFound)?;
    let has_more = clients.len() > PAGE;
    clients.truncate(PAGE);
    let pages = pages(&clients, after.is_some(), has_more);
    let manages = may(role, Act::ManageRelations);
    let invite = if manages {
        invite_form(&account).await
    } else {
        view! { <p class="hint">{text::OWNERS_INVITE}</p> }.into_any()
    };
    let [client, standing, licenses, since] = text::CLIENT_COLUMNS;
    let mut columns = vec![Column::text(client), Column::text(standing), Column::number(licenses), Column::text(since)];
    if manages {
        columns.push(Column::act(text::ACT));
    }
    let rows = clients.iter().map(|client| row(client, manages)).collect();
    let renewals = || view! { <LinkButton href=RENEWALS label=text::TO_RENEWALS /> };
    let body = view! {
        {partner_tabs(&visit)}
        <PageHead title=text::CLIENTS lead=text::CLIENTS_LEAD actions=renewals />
        <Table
            caption=text::CLIENTS
            caption_hidden=true
            columns
            rows
            empty=|| view! { <EmptyState text=text::NO_CLIENTS /> }
        />
        {pages}
        {invite}
    };
    Ok(Page::new(text::CLIENTS, body))
}

fn row(client: &ListedClient, manages: bool) -> Row {
    let (company, email) = (client.company.clone(), client.email.clone());
    let is_active = client.status == RelationStatus::Active;
    let name = if is_active {
        let href = client_page(&client.id);
        view! { <a href=href>{company.clone()}</a> <small>{email}</small> }.into_any()
    } else {
        view! { {company.clone()} <small>{email}</small> }.into_any()
    };
    let row = Row::new().cell(name).cell(text::standing(client));
    let row = if is_active { row.cell(client.licenses.to_string()) } else { row.blank() };
    let row = row.cell(day(client.created_at));
    if !manages {
        return row;
    }
    if is_active {
        return row.blank();
    }
    let hidden = vec![("relation_id".to_owned(), client.id.to_string()), ("back".to_owned(), CLIENTS.to_owned())];
    row.cell(view! {
        <PostButton
            action="/act/end-relation"
            label=text::WITHDRAW
            about=company
            hidden
            emphasis=Emphasis::Quiet
        />
    })
}

fn pages(clients: &[ListedClient], is_later: bool, has_more: bool) -> Option<AnyView> {
    if !is_later && !has_more {
        return None;
    }
    let next = clients.last().filter(|_| has_more).map(|last| {
        let query = serde_urlencoded::to_string([("after", ClientPlace::of(last).to_string())]).unwrap_or_default();
        (text::OLDER.to_owned(), format!("{CLIENTS}?{query}"))
    });
    let previous = is_later.then(|| (text::NEWEST.to_owned(), CLIENTS.to_owned()));
    let position = text::shown(clients.len());
    Some(view! { <Pagination label=text::CLIENT_PAGES position previous next /> }.into_any())
}

async fn invite_form(account: &Account) -> AnyView {
    let refused = take_refused(INVITE).await;
    let errors = relation_errors(&refused);
    let hidden = vec![("account_id".to_owned(), account.id.to_string())];
    view! {
        <Card title=text::INVITE lead=text::invite_lead() id="invite">
            <Form
                action="/act/invite-client"
                id="invite-form"
                submit=text::INVITE_SUBMIT
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field
                    name="company"
                    label=text::COMPANY
                    value=refused.typed("company")
                    hint=text::COMPANY_HINT
                    autocomplete="off"
                />
                <Field
                    name="email"
                    label=text::EMAIL
                    control=Control::Email
                    value=refused.typed("email")
                    autocomplete="off"
                />
            </Form>
        </Card>
    }
    .into_any()
}
