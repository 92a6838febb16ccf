//! The messages of a conversation, as both sides see them.

use backend::clock::UnixMs;
use backend::messages::{AboutKind, Message, Thread};
use backend::text::en::{messages as text, moments};
use leptos::prelude::*;

use crate::components::{Card, Emphasis, LinkButton, Moment};
use crate::request::Visit;

/// Messages on a page.
pub(super) const SHOWN: i64 = 50;

/// The place before which messages are asked for: `?before=`.
pub(super) fn before(visit: &Visit) -> Option<i64> {
    visit.query("before")?.parse().ok()
}

/// The messages, oldest first. `author` says who wrote one, `note` what stands beside its moment.
pub(super) fn messages(
    thread: &Thread,
    path: &str,
    now: UnixMs,
    author: impl Fn(&Message) -> String,
    note: impl Fn(&Message) -> Option<&'static str>,
) -> AnyView {
    let oldest = thread.messages.first().map_or(0, |message| message.place);
    let newest = thread.messages.last().map_or(0, |message| message.place);
    let link = |href: String, label: &'static str| {
        view! { <p><LinkButton href label emphasis=Emphasis::Quiet /></p> }
    };
    let older = thread.has_older.then(|| link(format!("{path}?before={oldest}"), text::OLDER_MESSAGES));
    let newer = (newest < thread.conversation.message_count).then(|| link(path.to_owned(), text::NEWEST_MESSAGES));
    let cards = thread.messages.iter().map(|message| {
        let (at, note) = (message.created_at, note(message));
        let (title, written) = (author(message), message.text.clone());
        let aside = move || {
            let (datetime, absolute) = (moments::rfc3339(at), moments::moment(at, now));
            view! {
                <small>
                    <Moment datetime absolute />
                    {note.map(|note| format!(" · {note}"))}
                </small>
            }
        };
        view! {
            <Card title aside>
                <p class="written">{written}</p>
            </Card>
        }
    });
    let cards = cards.collect_view();
    view! { {older} {cards} {newer} }.into_any()
}

/// What the conversation is about, in words; `None` for nothing in particular.
pub(super) fn about(thread: &Thread) -> Option<String> {
    match (&thread.about, thread.conversation.about_kind) {
        (_, AboutKind::Nothing) => None,
        (Some(about), kind) => Some(text::about(kind, &about.name)),
        (None, _) => Some(text::ABOUT_GONE.to_owned()),
    }
}
