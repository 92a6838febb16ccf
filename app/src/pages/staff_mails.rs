//! `/staff/mails`: the mail log, newest first. `?state=` and `?find=` narrow the list.

use backend::accounts::{StaffAct, staff_may};
use backend::clock::UnixMs;
use backend::mail::log::{LoggedMail, MailFilter, MailPlace, MailState, list_mails};
use backend::text::en::{console_mails as text, events as happenings};
use leptos::prelude::*;

use super::{NoPage, Page, render, staff_role};
use crate::api::staff_mails::{MAILS, mail_page};
use crate::components::{
    Badge, Column, Emphasis, EmptyState, Field, Form, LinkButton, Method, Moment, PageHead, Pagination, Row, Segmented,
    Table, Tone,
};
use crate::layout::NavLink;
use crate::request::Visit;

/// Mails on a page.
const PAGE: usize = 50;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    if !staff_may(staff_role(&visit)?, StaffAct::SeeMails) {
        return Err(NoPage::NotFound);
    }
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let after = visit.query("after").and_then(|text| MailPlace::parse(&text));
    let state = visit.query("state").and_then(|word| MailState::parse(&word));
    let filter = MailFilter::new(state, &visit.query("find").unwrap_or_default());
    let (is_first, wanted) = (after.is_none(), filter.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            // One more than is shown tells whether there is a page after this one.
            let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
            list_mails(tx, &vendor_id, &wanted, after.as_ref(), limit).await
        })
    });
    let mut mails = found.await?;
    let has_more = mails.len() > PAGE;
    mails.truncate(PAGE);
    let previous = (!is_first).then(|| (text::NEWEST.to_owned(), address(&filter, None)));
    let next = mails.last().filter(|_| has_more);
    let next = next.map(|last| (text::OLDER.to_owned(), address(&filter, Some(&last.place()))));
    let has_pages = previous.is_some() || next.is_some();
    let position = text::shown(mails.len());
    let pages = has_pages.then(|| view! { <Pagination label=text::PAGES position previous next /> });
    let is_narrow = filter != MailFilter::default();
    let [subject, to, queued, state] = text::COLUMNS;
    let columns = vec![Column::text(subject), Column::text(to), Column::text(queued), Column::text(state)];
    let rows = mails.iter().map(|mail| row(mail, now)).collect();
    let hidden = filter.state.map(|state| ("state".to_owned(), state.as_str().to_owned())).into_iter().collect();
    let body = view! {
        <PageHead title=text::MAILS lead=text::MAILS_LEAD />
        <Segmented label=text::VIEWS options=views(&filter) />
        <div class="across">
            <Form action=MAILS method=Method::Get id="find" submit=text::FIND_SUBMIT emphasis=Emphasis::Plain hidden>
                <Field
                    name="find"
                    label=text::FIND
                    value=filter.recipient.clone()
                    hint=text::FIND_HINT
                    may_be_empty=true
                />
            </Form>
        </div>
        <Table
            caption=text::MAILS
            caption_hidden=true
            columns
            rows
            empty=move || {
                if is_narrow {
                    view! {
                        <EmptyState
                            text=text::NONE_FOUND
                            action=|| view! { <LinkButton href=MAILS label=text::CLEAR /> }
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
    Ok(Page::new(text::MAILS, body))
}

/// The list with this filter, from a place on.
fn address(filter: &MailFilter, after: Option<&MailPlace>) -> String {
    let mut query = Vec::new();
    query.extend(filter.state.map(|state| ("state", state.as_str().to_owned())));
    if !filter.recipient.is_empty() {
        query.push(("find", filter.recipient.clone()));
    }
    query.extend(after.map(|place| ("after", place.to_text())));
    match serde_urlencoded::to_string(query).unwrap_or_default().as_str() {
        "" => MAILS.to_owned(),
        query => format!("{MAILS}?{query}"),
    }
}

fn views(filter: &MailFilter) -> Vec<NavLink> {
    let to = |state: Option<MailState>, word: &str| NavLink {
        label: word.to_owned(),
        href: address(&MailFilter { state, recipient: filter.recipient.clone() }, None),
        current: filter.state == state,
    };
    let each = MailState::ALL.iter().map(|it| to(Some(*it), text::state(*it)));
    std::iter::once(to(None, text::ALL)).chain(each).collect()
}

/// The colour of what became of a mail.
pub(super) fn tone(state: MailState) -> Tone {
    match state {
        MailState::Sent => Tone::Good,
        MailState::Waiting => Tone::Neutral,
        MailState::Retrying => Tone::Warn,
        MailState::Failed => Tone::Bad,
    }
}

fn row(mail: &LoggedMail, now: UnixMs) -> Row {
    let href = mail_page(&mail.id);
    let queued = view! {
        <Moment datetime=mail.created_at.timestamp().to_string() absolute=happenings::when(mail.created_at, now) />
    };
    Row::new()
        .cell(view! { <a href=href>{mail.subject.clone()}</a> })
        .cell(mail.recipient.clone())
        .cell(queued)
        .cell(view! { <Badge tone=tone(mail.state) word=text::state(mail.state) /> })
}
