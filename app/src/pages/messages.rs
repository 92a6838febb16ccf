//! `/messages`: what the account and the vendor write to each other, the newest message first. `?after=` goes on.

use backend::clock::UnixMs;
use backend::messages::{ConversationStatus, ListedConversation, Place, list_conversations};
use backend::text::en::{messages as text, moments};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::api::messages::{MESSAGES, new_page};
use crate::components::{
    Badge, Column, Emphasis, EmptyState, LinkButton, Moment, PageHead, Pagination, Row, Table, Tone,
};
use crate::request::Visit;

/// Conversations on a page.
const PAGE: usize = 20;

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, _)) = visit.account() else { return Err(NoPage::NotFound) };
    let (cx, now) = (visit.viewer_cx(), visit.state.clock.now());
    let after = visit.query("after").and_then(|text| Place::parse(&text));
    let is_first = after.is_none();
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            // One more than is shown tells whether there is a page after this one.
            let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
            list_conversations(tx, &cx, &account.id, after.as_ref(), limit).await
        })
    });
    let mut found = found.await?;
    let goes_on = found.len() > PAGE;
    found.truncate(PAGE);
    let pages = found.last().filter(|_| goes_on || !is_first).map(|last| {
        let previous = (!is_first).then(|| (text::NEWEST.to_owned(), MESSAGES.to_owned()));
        let next = goes_on.then(|| (text::OLDER.to_owned(), format!("{MESSAGES}?after={}", last.place().to_text())));
        view! { <Pagination label=text::PAGES position=text::shown(found.len()) previous next /> }
    });
    let has_any = !found.is_empty();
    let [subject, about, status, opener, last] = text::COLUMNS;
    let columns = vec![
        Column::text(subject),
        Column::text(about),
        Column::text(status),
        Column::text(opener),
        Column::text(last),
    ];
    let rows = found.iter().map(|listed| row(listed, now)).collect();
    let begin = |emphasis: Emphasis| view! { <LinkButton href=new_page("") label=text::NEW emphasis /> };
    let body = view! {
        <PageHead
            title=text::TITLE
            lead=has_any.then_some(text::LEAD)
            actions=move || has_any.then(|| begin(Emphasis::Plain))
        />
        <Table
            caption=text::TITLE
            caption_hidden=true
            columns
            rows
            empty=move || view! { <EmptyState text=text::NONE_YET action=move || begin(Emphasis::Primary) /> }
        />
        {pages}
    };
    Ok(Page::new(text::TITLE, body))
}

fn row(listed: &ListedConversation, now: UnixMs) -> Row {
    let it = &listed.conversation;
    let (tone, word) = match (listed.is_unread, it.status) {
        (true, _) => (Tone::Warn, text::UNREAD),
        (false, ConversationStatus::Answered) => (Tone::Good, text::status(it.status)),
        (false, status) => (Tone::Neutral, text::status(status)),
    };
    let opener = if listed.opener_name.is_empty() { &listed.opener_email } else { &listed.opener_name };
    Row::new()
        .cell(view! { <a href=format!("{MESSAGES}/{}", it.id)>{it.subject.clone()}</a> })
        .cell(text::kind(it.about_kind))
        .cell(view! { <Badge tone word /> })
        .cell(opener.clone())
        .cell(view! { <Moment datetime=moments::rfc3339(it.last_at) absolute=moments::moment(it.last_at, now) /> })
}
