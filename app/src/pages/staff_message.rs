//! `/staff/messages/{id}`: a conversation with a customer as the vendor's staff see it. `?before=` shows older messages.

use backend::accounts::{StaffAct, staff_may};
use backend::ids::{ConversationId, UserId};
use backend::messages::{About, AboutKind, ConversationStatus, Message, Thread, read_as_staff};
use backend::text::en::{licenses as words, messages as text, portal};
use leptos::prelude::*;

use super::staff_messages::{PATH, tone};
use super::thread::{self, SHOWN};
use super::{NoPage, Page, render, staff_role};
use crate::api::form::take_refused;
use crate::api::messages::errors_of;
use crate::api::staff_messages::ANSWER;
use crate::components::{
    Badge, Breadcrumb, Card, Control, Crumb, Emphasis, Fact, Facts, Field, Form, PageHead, PostButton,
};
use crate::request::Visit;

/// The conversation.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let id = ConversationId::from_untrusted(visit.path.split('/').nth(3).unwrap_or_default());
    let (cx, asked, before) = (visit.viewer_cx(), id.clone(), thread::before(&visit));
    let found =
        visit.state.db.read(|tx| Box::pin(async move { read_as_staff(tx, &cx, &asked, before, SHOWN).await })).await?;
    let found = found.ok_or(NoPage::NotFound)?;
    let me = visit.viewer.as_ref().map(|viewer| viewer.user.id.clone());
    let author = |message: &Message| text::person(&message.author_name, &message.author_email);
    let note = |message: &Message| match (message.is_staff, message.mailed_to.is_some()) {
        (true, true) => Some(text::MAILED),
        (true, false) => Some(text::NOT_MAILED),
        (false, _) => None,
    };
    let messages = thread::messages(&found, &format!("{PATH}/{id}"), visit.state.clock.now(), author, note);
    let subject = found.conversation.subject.clone();
    let lead = text::staff_lead(found.conversation.status, &found.account.company);
    let crumbs = vec![Crumb::to(text::TITLE, PATH), Crumb::here(subject.clone())];
    let answers = staff_may(role, StaffAct::Answer);
    let acts = if answers {
        let (answer, resolve) = (answer(&found).await, resolve(&found));
        view! { {answer} {resolve} }.into_any()
    } else {
        view! { <p>{text::LOOK_ONLY}</p> }.into_any()
    };
    let (facts, assign) = (facts(&found), answers.then(|| assign(&found, me.as_ref())));
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=subject.clone() lead />
        <Card title=text::FACTS>{facts} {assign}</Card>
        {messages}
        {acts}
    };
    Ok(Page::new(subject, body))
}

fn facts(found: &Thread) -> impl IntoView + use<> {
    let conversation = &found.conversation;
    let status = conversation.status;
    let account = &found.account;
    let mail = (!account.billing_email.is_empty()).then(|| {
        let email = account.billing_email.clone();
        view! { " · " <a href=format!("mailto:{email}")>{email.clone()}</a> }
    });
    let page = format!("/staff/customers/{}", account.id);
    let mut facts = vec![
        Fact::new(text::STATUS, view! { <Badge tone=tone(status) word=text::staff_status(status) /> }),
        Fact::new(text::CUSTOMER, view! { <a href=page>{account.company.clone()}</a> {mail} }),
    ];
    facts.extend(found.opener.as_ref().map(|it| Fact::new(text::BEGUN_BY, text::person(&it.name, &it.email))));
    if let Some(name) = thread::about(found) {
        let value = match found.about.as_ref().and_then(href) {
            Some(href) => view! { <a href=href>{name}</a> }.into_any(),
            None => name.into_any(),
        };
        facts.push(Fact::new(text::ABOUT, value));
    }
    facts.extend(found.about.as_ref().and_then(|about| about.client.as_ref()).map(|client| {
        let (page, company) = (format!("/staff/customers/{}", client.account_id), client.company.clone());
        Fact::new(text::BELONGS_TO, view! { <a href=page>{company}</a> })
    }));
    let assignee = found.assignee.as_ref().map(|it| text::person(&it.name, &it.email));
    facts.push(Fact::new(text::ASSIGNED, assignee.unwrap_or_else(|| text::NOBODY.to_owned())));
    view! { <Facts facts /> }
}

/// The console's page of what a conversation is about. An order has none; its license has.
fn href(about: &About) -> Option<String> {
    match about.kind {
        AboutKind::Nothing => None,
        AboutKind::Invoice => Some(format!("/staff/invoices/{}", about.id)),
        AboutKind::License | AboutKind::Instance | AboutKind::Order => {
            Some(format!("/staff/licenses/{}", about.license_id.as_ref()?))
        }
    }
}

/// Taking it, taking it over, and handing it back.
fn assign(found: &Thread, me: Option<&UserId>) -> impl IntoView + use<> {
    let conversation = &found.conversation;
    let held_by = conversation.assigned_to.as_ref();
    let (label, to) = match (held_by, &found.assignee) {
        (Some(_), _) if held_by == me => (text::FREE.to_owned(), "nobody"),
        (Some(_), Some(it)) => (text::take_over(if it.name.is_empty() { &it.email } else { &it.name }), "me"),
        _ => (text::TAKE.to_owned(), "me"),
    };
    let hidden = vec![
        ("conversation_id".to_owned(), conversation.id.to_string()),
        ("held_by".to_owned(), held_by.map(UserId::to_string).unwrap_or_default()),
        ("to".to_owned(), to.to_owned()),
    ];
    view! { <div><PostButton action="/act/assign-conversation" label hidden /></div> }
}

/// The place of the newest message on the page.
fn seen(found: &Thread) -> (String, String) {
    ("seen".to_owned(), found.messages.last().map_or(0, |message| message.place).to_string())
}

async fn answer(found: &Thread) -> AnyView {
    let refused = take_refused(ANSWER).await;
    let errors = errors_of(&refused);
    let hidden = vec![("conversation_id".to_owned(), found.conversation.id.to_string()), seen(found)];
    let hint = text::answer_hint(found.opener.as_ref().map_or("", |it| it.email.as_str()));
    view! {
        <Card title=text::ANSWER_TITLE id="write">
            <Form
                action="/act/answer-conversation"
                id="message"
                submit=text::ANSWER
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field
                    name="text"
                    label=text::TEXT
                    control=Control::Textarea { rows: 8 }
                    value=refused.typed("text")
                    hint
                />
            </Form>
        </Card>
    }
    .into_any()
}

fn resolve(found: &Thread) -> Option<impl IntoView + use<>> {
    let conversation = &found.conversation;
    let hidden = vec![("conversation_id".to_owned(), conversation.id.to_string()), seen(found)];
    (conversation.status != ConversationStatus::Closed).then(|| {
        view! {
            <div class="stack">
                <p>{text::RESOLVE_MEANS}</p>
                <div>
                    <PostButton
                        action="/act/resolve-conversation"
                        label=text::RESOLVE
                        hidden
                        emphasis=Emphasis::Plain
                    />
                </div>
            </div>
        }
    })
}
