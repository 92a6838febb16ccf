//! The forms that write to the vendor.

use backend::db::DbError;
use backend::ids::ConversationId;
use backend::messages::{
    self, Closing, NewConversation, Opening, Problem, Reply, Replying, rules::SUBJECT_MAX_CHARS, rules::TEXT_MAX_CHARS,
};
use backend::text::en::messages as text;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::refusal::{self, Refusal};
use crate::components::FieldError;
use crate::request::Visit;

/// The form that begins a conversation.
pub const OPEN: &str = "open-conversation";
/// The form that writes on.
pub const REPLY: &str = "reply-to-conversation";
/// What is wrong with a message that was written for another account than the one that is acted for.
const OTHER_ACCOUNT: &str = "other_account";
/// The list of the account's conversations.
pub const MESSAGES: &str = "/messages";

/// The address of the page that begins a conversation about something; nothing in particular where `about` is empty.
#[must_use]
pub fn new_page(about: &str) -> String {
    match about {
        "" => "/messages/new".to_owned(),
        about => format!("/messages/new?{}", serde_urlencoded::to_string([("about", about)]).unwrap_or_default()),
    }
}

/// Begins a conversation.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for things of other accounts.
#[server(prefix = "/act", endpoint = "open-conversation")]
pub async fn open_conversation(
    /// Id of what it is about, or empty.
    #[server(default)]
    about: String,
    /// The account that the page was shown for, or empty.
    #[server(default)]
    for_account: String,
    /// The subject.
    #[server(default)]
    subject: String,
    /// The message.
    #[server(default)]
    text: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let Some((account, _)) = visit.account() else { return Err(FormFailure::not_allowed()) };
    let page = new_page(&about);
    let refused = Refused::new(OPEN)
        .value("subject", &kept(&subject, SUBJECT_MAX_CHARS))
        .value("text", &kept(&text, TEXT_MAX_CHARS));
    if !for_account.is_empty() && account.id.as_str() != for_account {
        // Another one was chosen in another window: nothing is sent for it unseen, and nothing typed is lost.
        refused.problem("", OTHER_ACCOUNT).go_back(&page).await;
        return Ok(());
    }
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let new = NewConversation { account_id: account.id, about, subject, text };
    let opened = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { messages::open_conversation(tx, &cx, &master, &new).await }));
    match opened.await? {
        Opening::Opened(id) => {
            say_done("message_sent").await;
            redirect(&format!("{MESSAGES}/{id}"));
        }
        Opening::Refused(problems) => problems.into_iter().fold(refused, add).go_back(&page).await,
        Opening::Limited { retry_after_s } => {
            Refusal::Limited { retry_after_s }.of(refused, "").go_back(&page).await;
        }
        Opening::NotFound => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

/// Writes on.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for conversations of other accounts.
#[server(prefix = "/act", endpoint = "reply-to-conversation")]
pub async fn reply_to_conversation(
    /// The conversation.
    conversation_id: String,
    /// The place of the newest message that was read.
    #[server(default)]
    seen: i64,
    /// The message.
    #[server(default)]
    text: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = ConversationId::from_untrusted(&conversation_id);
    let refused = Refused::new(REPLY).value("text", &kept(&text, TEXT_MAX_CHARS));
    let (cx, master, reply) =
        (visit.viewer_cx(), visit.state.master.clone(), Reply { conversation_id: id.clone(), seen, text });
    let sent = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { messages::reply_to_conversation(tx, &cx, &master, &reply).await }));
    match sent.await? {
        Replying::NotFound => return Err(FormFailure::not_allowed()),
        Replying::Sent => {
            say_done("message_sent").await;
            redirect(&format!("{MESSAGES}/{id}"));
        }
        Replying::Refused(problem) => add(refused, problem).go_back(&format!("{MESSAGES}/{id}#write")).await,
        Replying::Limited { retry_after_s } => {
            Refusal::Limited { retry_after_s }.of(refused, "").go_back(&format!("{MESSAGES}/{id}#write")).await;
        }
    }
    Ok(())
}

/// Closes a conversation.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for conversations of other accounts.
#[server(prefix = "/act", endpoint = "close-conversation")]
pub async fn close_conversation(
    /// The conversation.
    conversation_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = ConversationId::from_untrusted(&conversation_id);
    let (cx, closed) = (visit.viewer_cx(), id.clone());
    let closed: Result<_, DbError> = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { messages::close_conversation(tx, &cx, &closed).await }))
        .await;
    match closed? {
        Closing::NotFound => return Err(FormFailure::not_allowed()),
        Closing::Closed => say_done("conversation_closed").await,
        Closing::Unchanged => say_done("nothing_changed").await,
    }
    redirect(&format!("{MESSAGES}/{id}"));
    Ok(())
}

/// Adds what is wrong with a message to the field that it is about.
#[must_use]
pub fn add(refused: Refused, problem: Problem) -> Refused {
    let field = match problem {
        Problem::SubjectMissing | Problem::SubjectTooLong | Problem::SubjectLines => "subject",
        Problem::TextMissing | Problem::TextTooLong | Problem::Unread => "text",
    };
    refused.problem(field, problem.as_str())
}

/// The sentences of a message that was refused.
#[must_use]
pub fn errors_of(refused: &Refused) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| {
        if code == OTHER_ACCOUNT {
            return Some(FieldError::general(text::OTHER_ACCOUNT));
        }
        Problem::parse(code).map(|problem| FieldError::new(field.clone(), text::problem(problem)))
    };
    refused.problems.iter().filter_map(known).chain(refusal::errors_of(refused)).collect()
}

/// What was typed, as it waits for its page: somebody who is told that it is too long gets all of it back, and nobody
/// fills a session.
#[must_use]
pub fn kept(typed: &str, max_chars: usize) -> String {
    typed.chars().take(max_chars * 3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_id_cannot_break_out_of_the_address() {
        assert_eq!(new_page("lic_1"), "/messages/new?about=lic_1");
        assert_eq!(new_page("lic_1&x=#"), "/messages/new?about=lic_1%26x%3D%23");
        assert_eq!(new_page(""), "/messages/new");
    }

    #[test]
    fn every_problem_comes_back_as_its_sentence_at_its_field() {
        for problem in Problem::ALL {
            let errors = errors_of(&add(Refused::new(OPEN), *problem));
            assert_eq!(errors.len(), 1, "{problem:?}");
            assert!(matches!(errors[0].field.as_str(), "subject" | "text"), "{problem:?}");
        }
        let errors = errors_of(&Refused::new(OPEN).problem("", OTHER_ACCOUNT));
        assert!(errors.len() == 1 && errors[0].field.is_empty(), "{errors:?}");
        assert_eq!(errors_of(&Refused::new(OPEN).problem("text", "<b>forged</b>")), []);
    }
}
