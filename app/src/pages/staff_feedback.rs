//! `/staff/feedback`: what customers said when they were asked or when they cancelled, newest first. `?after=` goes on.

use backend::clock::UnixMs;
use backend::db::DbError;
use backend::feedback::{ListedFeedback, Place, list_feedback, summarize};
use backend::text::en::{changes, feedback as text, messages, moments};
use leptos::prelude::*;

use super::{NoPage, Page, render, staff_messages, staff_role};
use crate::components::{Column, EmptyState, LinkButton, Moment, PageHead, Pagination, Row, Table};
use crate::request::Visit;

/// The list's address.
const PATH: &str = "/staff/feedback";
/// Answers on a page.
const PAGE: usize = 30;

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let after = visit.query("after").and_then(|text| Place::parse(&text));
    let is_first = after.is_none();
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            // One more than is shown tells whether there is a page after this one.
            let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
            let found = list_feedback(tx, &vendor_id, after.as_ref(), limit).await?;
            Ok::<_, DbError>((found, summarize(tx, &vendor_id).await?))
        })
    });
    let (mut found, summary) = found.await?;
    let goes_on = found.len() > PAGE;
    found.truncate(PAGE);
    let pages = found.last().filter(|_| goes_on || !is_first).map(|last| {
        let previous = (!is_first).then(|| (messages::NEWEST.to_owned(), PATH.to_owned()));
        let after = Place::of(&last.feedback).to_text();
        let next = goes_on.then(|| (messages::OLDER.to_owned(), format!("{PATH}?after={after}")));
        view! { <Pagination label=text::PAGES position=text::shown(found.len()) previous next /> }
    });
    let has_any = !found.is_empty() || !is_first;
    let [customer, score, comment, allowed, given] = text::COLUMNS;
    let columns = vec![
        Column::text(customer),
        Column::number(score),
        Column::text(comment),
        Column::text(allowed),
        Column::text(given),
    ];
    let rows = found.iter().map(|listed| row(listed, now)).collect();
    let download = move || has_any.then(|| view! { <LinkButton href="/staff/feedback.csv" label=text::CSV /> });
    let body = view! {
        <PageHead title=text::STAFF_TITLE lead=has_any.then(|| text::summary(&summary)) actions=download />
        <Table
            caption=text::STAFF_TITLE
            caption_hidden=true
            columns
            rows
            empty=|| view! { <EmptyState text=text::NONE_YET /> }
        />
        {pages}
    };
    Ok(Page::new(text::STAFF_TITLE, body))
}

fn row(listed: &ListedFeedback, now: UnixMs) -> Row {
    let it = &listed.feedback;
    let score = it.score.map_or_else(|| text::NO_SCORE.to_owned(), |score| score.to_string());
    let reason = changes::reason(&it.reason);
    let comment = (!it.comment.is_empty()).then(|| view! { <span class="written">{it.comment.clone()}</span> });
    let conversation = it.conversation_id.as_ref().map(|id| {
        let href = format!("{}/{id}", staff_messages::PATH);
        view! { " " <a href=href>{text::TO_CONVERSATION}</a> }
    });
    let allowed: Vec<_> = [(it.may_contact, text::CONTACT_ALLOWED), (it.may_quote, text::QUOTE_ALLOWED)]
        .into_iter()
        .filter_map(|(is_allowed, word)| is_allowed.then_some(word))
        .collect();
    let allowed = if allowed.is_empty() { text::NOTHING_ALLOWED.to_owned() } else { allowed.join(", ") };
    Row::new()
        .cell(view! {
            {listed.company.clone()}
            " "
            <small>{messages::person(&listed.user_name, &listed.user_email)}</small>
        })
        .cell(score)
        .cell(view! { {reason.map(|reason| view! { {reason} " " })} {comment} {conversation} })
        .cell(allowed)
        .cell(view! {
            <Moment datetime=moments::rfc3339(it.given_at) absolute=moments::moment(it.given_at, now) />
            " "
            <small>{text::occasion(it.occasion)}</small>
        })
}
