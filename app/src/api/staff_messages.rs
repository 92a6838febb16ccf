//! The forms with which the staff answer, close and share out what customers wrote.

use backend::ids::{ConversationId, UserId};
use backend::messages::{self, Answering, Assignment, Reply, Resolution, rules::TEXT_MAX_CHARS};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::messages::{add, kept};
use crate::request::Visit;

/// The form that answers.
pub const ANSWER: &str = "answer-conversation";

fn page_of(id: &ConversationId) -> String {
    format!("/staff/messages/{id}")
}

/// Answers a customer.
///
/// # Errors
/// [`FormFailure`] for whoever may not answer, and for conversations of other vendors.
#[server(prefix = "/act", endpoint = "answer-conversation")]
pub async fn answer_conversation(
    /// The conversation.
    conversation_id: String,
    /// The place of the newest message that was read.
    #[server(default)]
    seen: i64,
    /// The answer.
    #[server(default)]
    text: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = ConversationId::from_untrusted(&conversation_id);
    let refused = Refused::new(ANSWER).value("text", &kept(&text, TEXT_MAX_CHARS));
    let (cx, master, reply) =
        (visit.staff_cx(), visit.state.master.clone(), Reply { conversation_id: id.clone(), seen, text });
    let answered = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { messages::answer_conversation(tx, &cx, &master, &reply).await }));
    match answered.await? {
        Answering::NotAllowed | Answering::NotFound => return Err(FormFailure::not_allowed()),
        Answering::Sent { is_mailed } => {
            say_done(if is_mailed { "answer_sent" } else { "answer_sent_to_nobody" }).await;
            redirect(&page_of(&id));
        }
        Answering::Refused(problem) => add(refused, problem).go_back(&format!("{}#write", page_of(&id))).await,
    }
    Ok(())
}

/// Closes a conversation.
///
/// # Errors
/// [`FormFailure`] for whoever may not answer, and for conversations of other vendors.
#[server(prefix = "/act", endpoint = "resolve-conversation")]
pub async fn resolve_conversation(
    /// The conversation.
    conversation_id: String,
    /// The place of the newest message that was read.
    #[server(default)]
    seen: i64,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = ConversationId::from_untrusted(&conversation_id);
    let (cx, resolved) = (visit.staff_cx(), id.clone());
    let resolution = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { messages::resolve_conversation(tx, &cx, &resolved, seen).await }));
    match resolution.await? {
        Resolution::NotAllowed | Resolution::NotFound => return Err(FormFailure::not_allowed()),
        Resolution::Closed => say_done("conversation_closed").await,
        Resolution::Unchanged => say_done("nothing_changed").await,
        Resolution::Unread => say_done("conversation_not_closed").await,
    }
    redirect(&page_of(&id));
    Ok(())
}

/// Takes a conversation, or hands it back.
///
/// # Errors
/// [`FormFailure`] for whoever may not answer, for conversations of other vendors, and for values that no form of ours sends.
#[server(prefix = "/act", endpoint = "assign-conversation")]
pub async fn assign_conversation(
    /// The conversation.
    conversation_id: String,
    /// Whose it is, as the page shows it; empty for nobody's.
    #[server(default)]
    held_by: String,
    /// `me` or `nobody`.
    to: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let takes = match to.as_str() {
        "me" => true,
        "nobody" => false,
        _ => return Err(FormFailure::malformed()),
    };
    let id = ConversationId::from_untrusted(&conversation_id);
    let held_by = Some(UserId::from_untrusted(&held_by)).filter(|id| !id.as_str().is_empty());
    let (cx, assigned) = (visit.staff_cx(), id.clone());
    let assignment = visit.state.db.write(move |tx| {
        Box::pin(async move { messages::assign_conversation(tx, &cx, &assigned, held_by.as_ref(), takes).await })
    });
    match assignment.await? {
        Assignment::NotAllowed | Assignment::NotFound => return Err(FormFailure::not_allowed()),
        Assignment::Taken => say_done("conversation_taken").await,
        Assignment::Freed => say_done("conversation_freed").await,
        Assignment::Changed => say_done("conversation_taken_meanwhile").await,
    }
    redirect(&page_of(&id));
    Ok(())
}
