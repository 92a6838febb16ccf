//! `/staff/messages`: what customers wrote, those that wait for an answer first. `?status=`, `?mine=` and `?about=` narrow
//! the list, `?after=` goes on.

use backend::clock::UnixMs;
use backend::db::DbError;
use backend::ids::UserId;
use backend::messages::{
    AboutKind, ConversationStatus, ListedConversation, Place, StaffFilter, count_by_status, list_for_staff,
};
use backend::text::en::{console_inbox, messages as text, moments};
use leptos::prelude::*;

use super::{NoPage, Page, render, staff_role};
use crate::components::{
    Badge, Choice, Column, Control, Emphasis, EmptyState, Field, Form, LinkButton, Method, Moment, PageHead,
    Pagination, Row, Segmented, Table, Tone,
};
use crate::layout::NavLink;
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/messages";
/// Conversations on a page.
const PAGE: usize = 30;

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// What the address asks for.
#[derive(Clone, Default, PartialEq, Eq)]
struct Asked {
    status: Option<ConversationStatus>,
    mine: bool,
    about: Option<AboutKind>,
}

impl Asked {
    fn of(visit: &Visit) -> Self {
        Self {
            status: visit.query("status").and_then(|word| ConversationStatus::parse(&word)),
            mine: visit.query("mine").as_deref() == Some("true"),
            about: visit.query("about").and_then(|word| AboutKind::parse(&word)),
        }
    }

    fn filter(&self, me: Option<UserId>) -> StaffFilter {
        StaffFilter { status: self.status, assigned_to: me.filter(|_| self.mine), about: self.about }
    }

    /// The list with this filter, from a place on.
    fn address(&self, after: Option<&Place>) -> String {
        let mut query = Vec::new();
        query.extend(self.status.map(|status| ("status", status.as_str().to_owned())));
        query.extend(self.mine.then(|| ("mine", "true".to_owned())));
        query.extend(self.about.map(|about| ("about", about.as_str().to_owned())));
        query.extend(after.map(|place| ("after", place.to_text())));
        match serde_urlencoded::to_string(query).unwrap_or_default().as_str() {
            "" => PATH.to_owned(),
            query => format!("{PATH}?{query}"),
        }
    }
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let asked = Asked::of(&visit);
    let after = visit.query("after").and_then(|text| Place::parse(&text));
    let filter = asked.filter(visit.viewer.as_ref().map(|viewer| viewer.user.id.clone()));
    let is_first = after.is_none();
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            // One more than is shown tells whether there is a page after this one.
            let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
            let found = list_for_staff(tx, &vendor_id, &filter, after.as_ref(), limit).await?;
            Ok::<_, DbError>((found, count_by_status(tx, &vendor_id).await?))
        })
    });
    let (mut found, counts) = found.await?;
    let goes_on = found.len() > PAGE;
    found.truncate(PAGE);
    let pages = found.last().filter(|_| goes_on || !is_first).map(|last| {
        let previous = (!is_first).then(|| (text::NEWEST.to_owned(), asked.address(None)));
        let next = goes_on.then(|| (text::OLDER.to_owned(), asked.address(Some(&last.place()))));
        view! { <Pagination label=text::PAGES position=text::shown(found.len()) previous next /> }
    });
    let is_narrow = asked != Asked::default();
    let [subject, customer, about, status, assigned, last] = text::STAFF_COLUMNS;
    let columns = vec![
        Column::text(subject),
        Column::text(customer),
        Column::text(about),
        Column::text(status),
        Column::text(assigned),
        Column::text(last),
    ];
    let rows = found.iter().map(|listed| row(listed, now)).collect();
    let body = view! {
        <PageHead title=text::TITLE lead=text::STAFF_LEAD />
        <Segmented label=text::VIEWS options=views(&asked, &counts) />
        {filter_form(&asked)}
        <Table
            caption=text::TITLE
            caption_hidden=true
            columns
            rows
            empty=move || {
                if is_narrow {
                    view! {
                        <EmptyState
                            text=text::NONE_FOUND
                            action=|| view! { <LinkButton href=PATH label=text::CLEAR /> }
                        />
                    }
                        .into_any()
                } else {
                    view! { <EmptyState text=text::NOBODY_YET /> }.into_any()
                }
            }
        />
        {pages}
    };
    Ok(Page::new(text::TITLE, body))
}

fn views(asked: &Asked, counts: &[(ConversationStatus, i64)]) -> Vec<NavLink> {
    let count_of = |status| counts.iter().find(|(found, _)| *found == status).map_or(0, |(_, count)| *count);
    let to = |status: Option<ConversationStatus>, label: String| NavLink {
        label,
        href: Asked { status, ..asked.clone() }.address(None),
        current: asked.status == status,
    };
    let all = to(None, text::ALL.to_owned());
    let each = ConversationStatus::ALL
        .iter()
        .map(|it| to(Some(*it), console_inbox::view(text::staff_status(*it), count_of(*it))));
    std::iter::once(all).chain(each).collect()
}

fn filter_form(asked: &Asked) -> impl IntoView + use<> {
    let hidden = asked.status.map(|status| ("status".to_owned(), status.as_str().to_owned())).into_iter().collect();
    let any = std::iter::once(Choice::new("", text::ANY));
    let kinds = any.chain(AboutKind::ALL.iter().map(|it| Choice::new(it.as_str(), text::kind(*it)))).collect();
    let (about, mine) = (asked.about.map_or("", AboutKind::as_str), if asked.mine { "true" } else { "" });
    view! {
        <div class="across">
            <Form
                action=PATH
                method=Method::Get
                id="filter"
                submit=text::FILTER_SUBMIT
                emphasis=Emphasis::Plain
                hidden
            >
                <Field
                    name="about"
                    label=text::FILTER_ABOUT
                    control=Control::Select(kinds)
                    value=about
                    may_be_empty=true
                />
                <Field name="mine" label=text::MINE control=Control::Checkbox value=mine may_be_empty=true />
            </Form>
        </div>
    }
}

/// The colour of whose turn it is.
pub(super) fn tone(status: ConversationStatus) -> Tone {
    match status {
        ConversationStatus::Open => Tone::Warn,
        ConversationStatus::Answered => Tone::Good,
        ConversationStatus::Closed => Tone::Neutral,
    }
}

fn row(listed: &ListedConversation, now: UnixMs) -> Row {
    let it = &listed.conversation;
    Row::new()
        .cell(view! { <a href=format!("{PATH}/{}", it.id)>{it.subject.clone()}</a> })
        .cell(view! {
            {listed.company.clone()}
            " "
            <small>{text::person(&listed.opener_name, &listed.opener_email)}</small>
        })
        .cell(text::kind(it.about_kind))
        .cell(view! { <Badge tone=tone(it.status) word=text::staff_status(it.status) /> })
        .cell(listed.assignee.clone().unwrap_or_else(|| text::NOBODY.to_owned()))
        .cell(view! { <Moment datetime=moments::rfc3339(it.last_at) absolute=moments::moment(it.last_at, now) /> })
}
