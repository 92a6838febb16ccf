//! `/partner/clients`: a partner's clients, and the form that invites one. `?search=` looks for some, `?after=` goes on in a
//! long list.

use backend::accounts::{Account, Act, may};
use backend::clock::UnixMs;
use backend::partners::{ClientPlace, ListedClient, RelationStatus, search_clients};
use backend::text::en::{new_clients, partners as text, portal};
use leptos::prelude::*;

use super::invoices::day;
use super::partner_tabs::partner_tabs;
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::new_clients::NEW_CLIENT;
use crate::api::partners::{CLIENTS, CLIENTS_CSV, INVITE, RENEWALS, client_page, relation_errors};
use crate::components::{
    Card, Column, Control, Emphasis, EmptyState, Field, Form, LinkButton, Method, PageHead, Pagination, PostButton,
    Row, Table,
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
    let search = visit.query("search").map(|typed| typed.trim().to_owned()).unwrap_or_default();
    let (cx, id, from, wanted) = (visit.viewer_cx(), account.id.clone(), after.clone(), search.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let limit = i64::try_from(PAGE).unwrap_or(i64::MAX) + 1;
            search_clients(tx, &cx, &id, &wanted, from.as_ref(), limit).await
        })
    });
    let mut clients = found.await?.ok_or(NoPage::NotFound)?;
    let has_more = clients.len() > PAGE;
    clients.truncate(PAGE);
    let now = visit.state.clock.now();
    let pages = pages(&clients, &search, after.is_some(), has_more);
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
    let rows = clients.iter().map(|client| row(client, manages, now)).collect();
    let actions = move || {
        let new = manages.then(|| view! { <LinkButton href=NEW_CLIENT label=new_clients::TITLE /> });
        view! { {new} <LinkButton href=RENEWALS label=text::TO_RENEWALS /> }
    };
    let is_narrow = !search.is_empty();
    let nothing = move || {
        let sentence = if is_narrow { text::NONE_FOUND } else { text::NO_CLIENTS };
        view! { <EmptyState text=sentence /> }
    };
    let search = (is_narrow || after.is_some() || !clients.is_empty()).then(|| search_form(&search));
    let body = view! {
        {partner_tabs(&visit)}
        <PageHead title=text::CLIENTS lead=text::CLIENTS_LEAD actions=actions />
        {search}
        <Table
            caption=text::CLIENTS
            caption_hidden=true
            columns
            rows
            empty=nothing
        />
        {pages}
        {invite}
    };
    Ok(Page::new(text::CLIENTS, body))
}

/// Looks for clients, and takes along those that are found.
fn search_form(search: &str) -> AnyView {
    let query = serde_urlencoded::to_string([("search", search)]).unwrap_or_default();
    let table = if search.is_empty() { CLIENTS_CSV.to_owned() } else { format!("{CLIENTS_CSV}?{query}") };
    let value = search.to_owned();
    let beside = move || view! { <LinkButton href=table.clone() label=text::AS_CSV /> };
    view! {
        <div class="across">
            <Form
                action=CLIENTS
                method=Method::Get
                id="search"
                submit=text::SEARCH
                emphasis=Emphasis::Plain
                beside=beside
            >
                <Field name="search" label=text::SEARCH_LABEL value=value may_be_empty=true autocomplete="off" />
            </Form>
        </div>
    }
    .into_any()
}

fn row(client: &ListedClient, manages: bool, now: UnixMs) -> Row {
    let (company, email) = (client.company.clone(), client.email.clone());
    let is_active = client.status == RelationStatus::Active;
    let name = if is_active {
        let href = client_page(&client.id);
        view! { <a href=href>{company.clone()}</a> <small>{email}</small> }.into_any()
    } else {
        view! { {company.clone()} <small>{email}</small> }.into_any()
    };
    let row = Row::new().cell(name).cell(text::standing(client, now));
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

fn pages(clients: &[ListedClient], search: &str, is_later: bool, has_more: bool) -> Option<AnyView> {
    if !is_later && !has_more {
        return None;
    }
    let next = clients.last().filter(|_| has_more).map(|last| {
        let query = [("search", search.to_owned()), ("after", ClientPlace::of(last).to_string())];
        let query = serde_urlencoded::to_string(query).unwrap_or_default();
        (text::OLDER.to_owned(), format!("{CLIENTS}?{query}"))
    });
    let previous = is_later.then(|| {
        let query = serde_urlencoded::to_string([("search", search)]).unwrap_or_default();
        (text::NEWEST.to_owned(), format!("{CLIENTS}?{query}"))
    });
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
