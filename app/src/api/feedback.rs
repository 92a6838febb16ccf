//! The forms about feedback: agreeing to be asked, and answering.

use backend::feedback::{self, Answer, COMMENT_MAX_CHARS, ConsentChange, Giving, Problem};
use backend::text::en::feedback as text;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::messages::kept;
use super::refusal::{self, Refusal};
use crate::components::FieldError;
use crate::request::Visit;

/// The form that answers.
pub const GIVE: &str = "give-feedback";
const FEEDBACK: &str = "/feedback";

/// Notes whether whoever is signed in may be asked for feedback by mail.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in.
#[server(prefix = "/act", endpoint = "ask-me-for-feedback")]
pub async fn ask_me_for_feedback(
    /// Whether it is ticked.
    #[server(default)]
    agrees: Option<bool>,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, agrees) = (visit.viewer_cx(), agrees.unwrap_or(false));
    let changed =
        visit.state.db.write(move |tx| Box::pin(async move { feedback::change_consent(tx, &cx, agrees).await }));
    match changed.await? {
        ConsentChange::NotAllowed => return Err(FormFailure::not_allowed()),
        ConsentChange::Agreed => say_done("feedback_mails_on").await,
        ConsentChange::Withdrawn => say_done("feedback_mails_off").await,
        ConsentChange::Unchanged => say_done("nothing_changed").await,
    }
    redirect("/account#mails");
    Ok(())
}

/// Says how it is going.
///
/// # Errors
/// [`FormFailure`] for whoever acts for no account.
#[server(prefix = "/act", endpoint = "give-feedback")]
pub async fn give_feedback(
    /// A number from 0 to 10.
    #[server(default)]
    score: String,
    /// In their own words, or empty.
    #[server(default)]
    comment: String,
    /// Whether the vendor may write about it.
    #[server(default)]
    may_contact: Option<bool>,
    /// Whether the words may be quoted.
    #[server(default)]
    may_quote: Option<bool>,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let Some((account, _)) = visit.account() else { return Err(FormFailure::not_allowed()) };
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let (may_contact, may_quote) = (may_contact.unwrap_or(false), may_quote.unwrap_or(false));
    let refused = Refused::new(GIVE)
        .value("score", &kept(&score, 20))
        .value("comment", &kept(&comment, COMMENT_MAX_CHARS))
        .value("may_contact", if may_contact { "true" } else { "" })
        .value("may_quote", if may_quote { "true" } else { "" });
    let answer = Answer { score, comment, may_contact, may_quote };
    let given = visit.state.db.write(move |tx| {
        Box::pin(async move { feedback::give_feedback(tx, &cx, &master, &account.id, &answer).await })
    });
    match given.await? {
        Giving::NotAllowed => return Err(FormFailure::not_allowed()),
        Giving::Given => {
            say_done("feedback_given").await;
            redirect(FEEDBACK);
        }
        Giving::Refused(problems) => problems.into_iter().fold(refused, add).go_back(FEEDBACK).await,
        Giving::Limited { retry_after_s } => {
            Refusal::Limited { retry_after_s }.of(refused, "").go_back(FEEDBACK).await;
        }
    }
    Ok(())
}

fn add(refused: Refused, problem: Problem) -> Refused {
    let field = match problem {
        Problem::Score => "score",
        Problem::CommentTooLong => "comment",
    };
    refused.problem(field, problem.as_str())
}

/// The sentences of an answer that was refused.
#[must_use]
pub fn errors_of(refused: &Refused) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| {
        Problem::parse(code).map(|problem| FieldError::new(field.clone(), text::problem(problem)))
    };
    refused.problems.iter().filter_map(known).chain(refusal::errors_of(refused)).collect()
}
