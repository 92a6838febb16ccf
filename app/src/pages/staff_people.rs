//! `/staff/people`: the vendor's staff. All of them see the list; administrators invite and change. `?after=` goes on in a
//! long list.

use backend::accounts::members::{Position, list_colleagues, list_invitations};
use backend::accounts::{StaffAct, StaffRole, User, staff_may};
use backend::db::DbError;
use backend::ids::UserId;
use backend::text::en::{accounts, members as text, moments};
use leptos::prelude::*;

use super::invitations::{InviteForm, roles, waiting};
use super::members::pages;
use super::{NoPage, Page, render, staff_role};
use crate::api::invitations::INVITE_COLLEAGUE;
use crate::api::staff_people::{PEOPLE, colleague_page};
use crate::components::{Column, Emphasis, LinkButton, Moment, PageHead, Row, Table};
use crate::request::Visit;

/// Colleagues on one page of the list.
const PAGE: usize = 50;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let Some(viewer) = visit.viewer.clone() else { return Err(NoPage::NotFound) };
    let manages = staff_may(role, StaffAct::ManageStaff);
    let after = visit.query("after").map(|id| UserId::from_untrusted(&id));
    let (vendor_id, from) = (visit.vendor.id.clone(), after.clone());
    let (mut people, invitations) = visit
        .state
        .db
        .read(|tx| {
            Box::pin(async move {
                let limit = i64::try_from(PAGE).unwrap_or(i64::MAX) + 1;
                let people = list_colleagues(tx, &vendor_id, from.as_ref(), limit).await?;
                let invitations = if manages { list_invitations(tx, &vendor_id, None).await? } else { Vec::new() };
                Ok::<_, DbError>((people, invitations))
            })
        })
        .await?;
    let has_more = people.len() > PAGE;
    people.truncate(PAGE);
    let pages = pages(PEOPLE, people.last().map(|last| &last.id), people.len(), after.is_some(), has_more);
    let positions = positions();
    let invite = if manages { Some(invite_form(&positions).await) } else { None };
    let waiting = if manages { Some(waiting(&invitations, "staff", visit.state.clock.now()).await) } else { None };
    let lead = text::staff_lead(&visit.vendor.name, manages);
    let rows = people.iter().map(|user| row(user, &viewer.user.id, manages)).collect();
    let [name, role_column, since] = text::STAFF_COLUMNS;
    let mut columns = vec![Column::text(name), Column::text(role_column), Column::text(since)];
    if manages {
        columns.push(Column::act(text::ACT));
    }
    let body = view! {
        <PageHead title=text::STAFF lead=lead />
        <Table caption=text::STAFF caption_hidden=true columns rows />
        {pages}
        {waiting}
        <div class="row apart">{invite} {roles(&positions)}</div>
    };
    Ok(Page::new(text::STAFF, body))
}

/// What one can be among the staff.
pub(super) fn positions() -> Vec<Position> {
    StaffRole::ALL.iter().map(|role| Position::Staff(*role)).collect()
}

async fn invite_form(positions: &[Position]) -> AnyView {
    let form = InviteForm {
        form: INVITE_COLLEAGUE,
        role_field: "staff_role",
        hidden: Vec::new(),
        positions: positions.to_vec(),
        usual: StaffRole::Support.as_str(),
    };
    form.view().await
}

fn row(user: &User, me: &UserId, manages: bool) -> Row {
    let called = text::called(user);
    let email = (called != user.email).then(|| user.email.clone());
    let you = (user.id == *me).then(|| text::YOU.to_owned());
    let more: Vec<String> = email.into_iter().chain(you).collect();
    let more = (!more.is_empty()).then(|| view! { " " <small>{more.join(" · ")}</small> });
    let (datetime, absolute) = (moments::rfc3339(user.created_at), moments::day(user.created_at));
    let row = Row::new()
        .cell(view! { {called.clone()} {more} })
        .cell(user.staff_role.map_or("", accounts::staff_role))
        .cell(view! { <Moment datetime absolute /> });
    if !manages {
        return row;
    }
    let href = colleague_page(&user.id);
    row.cell(view! { <LinkButton href label=text::CHANGE about=called emphasis=Emphasis::Quiet /> })
}
