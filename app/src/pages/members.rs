//! `/account/members`: who acts for the account. Everybody in it sees the list; owners invite and change. `?after=` goes on
//! in a long list.

use backend::accounts::members::{Member, Position, list_invitations, list_page};
use backend::accounts::{Account, Act, ActsAs, Role, may};
use backend::db::DbError;
use backend::ids::UserId;
use backend::text::en::{members as text, moments, portal};
use leptos::prelude::*;

use super::invitations::{InviteForm, roles, waiting};
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::invitations::INVITE_MEMBER;
use crate::api::members::{CHANGE, MEMBERS, member_page};
use crate::components::{
    Column, Dialog, Emphasis, Form, LinkButton, Moment, Notice, PageHead, Pagination, Row, Table, Tone,
};
use crate::request::Visit;

/// Members on one page of the list.
const PAGE: usize = 50;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let (Some(viewer), Some((account, role))) = (visit.viewer.clone(), visit.account()) else {
        return Err(NoPage::NotFound);
    };
    let manages = may(role, Act::ManageMembers);
    let after = visit.query("after").map(|id| UserId::from_untrusted(&id));
    let (vendor_id, id, from) = (visit.vendor.id.clone(), account.id.clone(), after.clone());
    let (mut members, invitations) = visit
        .state
        .db
        .read(|tx| {
            Box::pin(async move {
                let limit = i64::try_from(PAGE).unwrap_or(i64::MAX) + 1;
                let members = list_page(tx, &vendor_id, &id, from.as_ref(), limit).await?;
                let invitations = if manages { list_invitations(tx, &vendor_id, Some(&id)).await? } else { Vec::new() };
                Ok::<_, DbError>((members, invitations))
            })
        })
        .await?;
    let has_more = members.len() > PAGE;
    members.truncate(PAGE);
    let pages = pages(MEMBERS, members.last().map(|last| &last.user.id), members.len(), after.is_some(), has_more);
    let positions = positions(&account);
    let invite = if manages { Some(invite_form(&account, &positions).await) } else { None };
    let waiting = if manages { Some(waiting(&invitations, "", visit.state.clock.now()).await) } else { None };
    let last_owner = (take_refused(CHANGE).await.code("") == Some("last_one"))
        .then(|| view! { <Notice tone=Tone::Bad title=text::LAST_OWNER /> });
    let lead = text::lead(&account.company, manages);
    let rows = members.iter().map(|member| row(member, &viewer.user.id, manages)).collect();
    let [name, role_column, since] = text::COLUMNS;
    let mut columns = vec![Column::text(name), Column::text(role_column), Column::text(since)];
    if manages {
        columns.push(Column::act(text::ACT));
    }
    let (leaving, is_member) = (account.clone(), role != ActsAs::Support);
    let body = view! {
        <PageHead title=text::MEMBERS lead=lead actions=move || is_member.then(|| leave(&leaving)) />
        {last_owner}
        <Table caption=text::MEMBERS caption_hidden=true columns rows />
        {pages}
        {waiting}
        <div class="row apart">{invite} {roles(&positions)}</div>
    };
    Ok(Page::new(text::MEMBERS, body))
}

/// What one can be in this account.
pub(super) fn positions(account: &Account) -> Vec<Position> {
    let position = |role: &Role| Position::Member { account_id: account.id.clone(), role: *role };
    Role::ALL.iter().map(position).collect()
}

async fn invite_form(account: &Account, positions: &[Position]) -> AnyView {
    let form = InviteForm {
        form: INVITE_MEMBER,
        role_field: "role",
        hidden: vec![("account_id".to_owned(), account.id.to_string())],
        positions: positions.to_vec(),
        usual: Role::Technical.as_str(),
    };
    form.view().await
}

fn row(member: &Member, me: &UserId, manages: bool) -> Row {
    let user = &member.user;
    let called = text::called(user);
    let email = (called != user.email).then(|| user.email.clone());
    let you = (user.id == *me).then(|| text::YOU.to_owned());
    let more: Vec<String> = email.into_iter().chain(you).collect();
    let more = (!more.is_empty()).then(|| view! { " " <small>{more.join(" · ")}</small> });
    let (datetime, absolute) = (moments::rfc3339(member.since), moments::day(member.since));
    let row = Row::new()
        .cell(view! { {called.clone()} {more} })
        .cell(portal::role_name(member.role))
        .cell(view! { <Moment datetime absolute /> });
    if !manages {
        return row;
    }
    let href = member_page(&user.id);
    row.cell(view! { <LinkButton href label=text::CHANGE about=called emphasis=Emphasis::Quiet /> })
}

/// Asks before one leaves.
fn leave(account: &Account) -> impl IntoView + use<> {
    let hidden = vec![("account_id".to_owned(), account.id.to_string())];
    let (company, title) = (account.company.clone(), text::leave_title(&account.company));
    view! {
        <Dialog
            id="leave"
            open=text::LEAVE_OPEN
            about=company
            title=title
            close=text::STAY
        >
            <p>{text::LEAVE_TEXT}</p>
            <Form action="/act/leave-account" submit=text::LEAVE_ACT emphasis=Emphasis::Danger hidden />
        </Dialog>
    }
}

/// The way through a list of people that does not fit one page.
pub(super) fn pages(
    path: &str,
    last: Option<&UserId>,
    count: usize,
    is_later: bool,
    has_more: bool,
) -> Option<AnyView> {
    if !is_later && !has_more {
        return None;
    }
    let previous = is_later.then(|| (text::FIRST.to_owned(), path.to_owned()));
    let next = last.filter(|_| has_more).map(|id| (text::NEXT.to_owned(), format!("{path}?after={id}")));
    Some(view! { <Pagination label=text::PAGES position=text::shown(count) previous next /> }.into_any())
}
