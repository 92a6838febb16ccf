//! `/messages/{id}`: a conversation with the vendor. `?before=` shows older messages.

use backend::db::DbError;
use backend::ids::ConversationId;
use backend::messages::{About, AboutKind, ConversationStatus, Message, Thread, mark_read, read_conversation};
use backend::text::en::{licenses as words, messages as text, portal};
use leptos::prelude::*;

use super::thread::{self, SHOWN};
use super::{NoPage, Page, render};
use crate::api::client_additions::client_license_page;
use crate::api::form::take_refused;
use crate::api::messages::{MESSAGES, REPLY, errors_of};
use crate::api::partners::client_page;
use crate::components::{Breadcrumb, Card, Control, Crumb, Emphasis, Fact, Facts, Field, Form, PageHead, PostButton};
use crate::request::Visit;

/// The conversation.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, _)) = visit.account() else { return Err(NoPage::NotFound) };
    let id = ConversationId::from_untrusted(visit.path.split('/').nth(2).unwrap_or_default());
    let (cx, asked, before) = (visit.viewer_cx(), id.clone(), thread::before(&visit));
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { read_conversation(tx, &cx, &asked, before, SHOWN).await }))
        .await?;
    let found = found.filter(|found| found.account.id == account.id).ok_or(NoPage::NotFound)?;
    note_read(&visit, &found).await?;
    let viewer = visit.viewer.as_ref().map(|viewer| viewer.user.id.clone());
    let vendor = visit.vendor.name.clone();
    let author = |message: &Message| match (message.is_staff, Some(&message.author_id) == viewer.as_ref()) {
        (true, _) => text::staff_author(&message.author_name, &vendor),
        (false, true) => text::YOU.to_owned(),
        (false, false) if message.author_name.is_empty() => message.author_email.clone(),
        (false, false) => message.author_name.clone(),
    };
    let path = format!("{MESSAGES}/{id}");
    let messages = thread::messages(&found, &path, visit.state.clock.now(), author, |_| None);
    let subject = found.conversation.subject.clone();
    let lead = text::lead(found.conversation.status, &visit.vendor.name);
    let crumbs = vec![Crumb::to(text::TITLE, MESSAGES), Crumb::here(subject.clone())];
    let (about, write, close) = (about(&found), write(&found).await, close(&found));
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=subject.clone() lead />
        {about}
        {messages}
        {write}
        {close}
    };
    Ok(Page::new(subject, body))
}

/// What is shown is read. Nothing is written where there was nothing new.
async fn note_read(visit: &Visit, found: &Thread) -> Result<(), DbError> {
    let shown = found.messages.last().map_or(0, |message| message.place);
    if !found.is_unread || shown < found.conversation.answered_place {
        return Ok(());
    }
    let (cx, id) = (visit.viewer_cx(), found.conversation.id.clone());
    visit.state.db.write(move |tx| Box::pin(async move { mark_read(tx, &cx, &id, shown).await })).await
}

/// What it is about, with the way there.
fn about(found: &Thread) -> Option<impl IntoView + use<>> {
    let name = thread::about(found)?;
    let value = match found.about.as_ref().and_then(href) {
        Some(href) => view! { <a href=href>{name}</a> }.into_any(),
        None => name.into_any(),
    };
    let mut facts = vec![Fact::new(text::ABOUT, value)];
    let client = found.about.as_ref().and_then(|about| about.client.as_ref());
    facts.extend(client.map(|client| {
        let company = client.company.clone();
        match &client.relation_id {
            Some(id) => Fact::new(text::CLIENT, view! { <a href=client_page(id)>{company}</a> }),
            None => Fact::new(text::CLIENT, company),
        }
    }));
    Some(view! { <Facts facts /> })
}

/// The page of what a conversation is about.
fn href(about: &About) -> Option<String> {
    let id = &about.id;
    match about.kind {
        AboutKind::Nothing => None,
        AboutKind::License => match &about.client {
            Some(client) => Some(client_license_page(client.relation_id.as_ref()?, about.license_id.as_ref()?)),
            None => Some(format!("/licenses/{id}")),
        },
        AboutKind::Instance => Some(format!("/licenses/{}/instances/{id}", about.license_id.as_ref()?)),
        AboutKind::Invoice => Some(format!("/invoices/{id}/invoice.pdf")),
        AboutKind::Order => Some(format!("/orders/{id}")),
    }
}

async fn write(found: &Thread) -> AnyView {
    let refused = take_refused(REPLY).await;
    let errors = errors_of(&refused);
    let conversation = &found.conversation;
    // Who has only older messages before them has not read the newest.
    let seen = found.messages.last().map_or(0, |message| message.place);
    let hidden =
        vec![("conversation_id".to_owned(), conversation.id.to_string()), ("seen".to_owned(), seen.to_string())];
    view! {
        <Card title=text::REPLY_TITLE id="write">
            <Form
                action="/act/reply-to-conversation"
                id="message"
                submit=text::SEND
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field
                    name="text"
                    label=text::TEXT
                    control=Control::Textarea { rows: 6 }
                    value=refused.typed("text")
                    hint=text::TEXT_HINT
                />
            </Form>
        </Card>
    }
    .into_any()
}

fn close(found: &Thread) -> Option<impl IntoView + use<>> {
    let conversation = &found.conversation;
    let hidden = vec![("conversation_id".to_owned(), conversation.id.to_string())];
    (conversation.status != ConversationStatus::Closed).then(|| {
        view! {
            <div class="stack">
                <p>{text::CLOSE_MEANS}</p>
                <div>
                    <PostButton
                        action="/act/close-conversation"
                        label=text::CLOSE
                        hidden
                        emphasis=Emphasis::Plain
                    />
                </div>
            </div>
        }
    })
}
