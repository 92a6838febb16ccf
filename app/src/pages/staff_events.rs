//! `/staff/events`: Stripe's events as they came, newest first. `?status=` and `?find=` narrow the list.

use backend::billing::inbox::{EventStatus, InboxEvent, InboxFilter, InboxPlace, count_inbox, list_inbox};
use backend::clock::UnixMs;
use backend::db::DbError;
use backend::text::en::{console_inbox as text, events as happenings};
use leptos::prelude::*;

use super::{NoPage, Page, render, staff_failed, staff_role};
use crate::components::{
    Badge, Column, Emphasis, EmptyState, Field, Form, LinkButton, Method, Moment, PageHead, Pagination, Row, Segmented,
    Table, Tone,
};
use crate::layout::NavLink;
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/events";
/// Events on a page.
const PAGE: usize = 50;

/// The inbox.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let after = visit.query("after").and_then(|text| InboxPlace::parse(&text));
    let filter = InboxFilter {
        status: visit.query("status").and_then(|word| EventStatus::parse(&word)),
        text: visit.query("find").unwrap_or_default().trim().to_owned(),
    };
    let (is_first, wanted) = (after.is_none(), filter.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            // One more than is shown tells whether there is a page after this one.
            let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
            let events = list_inbox(tx, &vendor_id, &wanted, after.as_ref(), limit).await?;
            Ok::<_, DbError>((events, count_inbox(tx, &vendor_id).await?))
        })
    });
    let (mut events, counts) = found.await?;
    let has_more = events.len() > PAGE;
    events.truncate(PAGE);
    let previous = (!is_first).then(|| (text::NEWEST.to_owned(), address(&filter, None)));
    let next = events.last().filter(|_| has_more);
    let next = next.map(|last| (text::OLDER.to_owned(), address(&filter, Some(&last.place()))));
    let has_pages = previous.is_some() || next.is_some();
    let position = text::shown(events.len());
    let pages = has_pages.then(|| view! { <Pagination label=text::PAGES position previous next /> });
    let is_narrow = filter != InboxFilter::default();
    let [event, about, received, state, handled] = text::INBOX_COLUMNS;
    let columns = vec![
        Column::text(event),
        Column::text(about),
        Column::text(received),
        Column::text(state),
        Column::text(handled),
    ];
    let rows = events.iter().map(|event| row(event, now)).collect();
    let hidden = filter.status.map(|status| ("status".to_owned(), status.as_str().to_owned())).into_iter().collect();
    let has_failed = count_of(&counts, EventStatus::Failed) > 0;
    let failures = has_failed.then(|| {
        view! { <p><LinkButton href=staff_failed::PATH label=text::TO_FAILURES emphasis=Emphasis::Plain /></p> }
    });
    let body = view! {
        <PageHead title=text::INBOX lead=text::INBOX_LEAD />
        {failures}
        <Segmented label=text::VIEWS options=views(&filter, &counts) />
        <div class="across">
            <Form action=PATH method=Method::Get id="find" submit=text::FIND_SUBMIT emphasis=Emphasis::Plain hidden>
                <Field name="find" label=text::FIND value=filter.text.clone() hint=text::FIND_HINT may_be_empty=true />
            </Form>
        </div>
        <Table
            caption=text::INBOX
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
                    view! { <EmptyState text=text::NONE_YET /> }.into_any()
                }
            }
        />
        {pages}
    };
    Ok(Page::new(text::INBOX, body))
}

fn count_of(counts: &[(EventStatus, i64)], status: EventStatus) -> i64 {
    counts.iter().find(|(found, _)| *found == status).map_or(0, |(_, count)| *count)
}

/// The list with this filter, from a place on.
fn address(filter: &InboxFilter, after: Option<&InboxPlace>) -> String {
    let mut query = Vec::new();
    if let Some(status) = filter.status {
        query.push(("status", status.as_str().to_owned()));
    }
    if !filter.text.is_empty() {
        query.push(("find", filter.text.clone()));
    }
    query.extend(after.map(|place| ("after", place.to_text())));
    match serde_urlencoded::to_string(query).unwrap_or_default().as_str() {
        "" => PATH.to_owned(),
        query => format!("{PATH}?{query}"),
    }
}

fn views(filter: &InboxFilter, counts: &[(EventStatus, i64)]) -> Vec<NavLink> {
    let all = counts.iter().map(|(_, count)| count).sum();
    let to = |status: Option<EventStatus>, word: &str, count: i64| NavLink {
        label: text::view(word, count),
        href: address(&InboxFilter { status, text: filter.text.clone() }, None),
        current: filter.status == status,
    };
    let each = EventStatus::ALL.iter().map(|it| to(Some(*it), text::status(*it), count_of(counts, *it)));
    std::iter::once(to(None, text::ALL, all)).chain(each).collect()
}

/// The colour of what became of an event.
pub(super) fn tone(status: EventStatus) -> Tone {
    match status {
        EventStatus::Projected => Tone::Good,
        EventStatus::Received => Tone::Warn,
        EventStatus::Ignored => Tone::Neutral,
        EventStatus::Failed => Tone::Bad,
    }
}

fn row(event: &InboxEvent, now: UnixMs) -> Row {
    let href = format!("{PATH}/{}", event.id);
    let received = view! {
        <Moment
            datetime=event.received_at.timestamp().to_string()
            absolute=happenings::when(event.received_at, now)
        />
    };
    Row::new()
        .cell(view! { <a href=href>{event.event_type.clone()}</a> <small>{event.id.clone()}</small> })
        .cell(view! { <small>{event.object_id.clone()}</small> })
        .cell(received)
        .cell(view! { <Badge tone=tone(event.status) word=text::status(event.status) /> })
        .cell(text::times(event.attempts))
}
