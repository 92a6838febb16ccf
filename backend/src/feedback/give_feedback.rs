//! Answering the question how it is going, or changing the answer.

use super::{Feedback, Occasion, Problem, rules, store};
use crate::accounts::{self, Act, Limit};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;
use crate::messages::{self, About, person};
use crate::text::en::feedback as text;

/// An answer as typed.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// A number from 0 to 10.
    pub score: String,
    /// In their own words; may be empty.
    pub comment: String,
    /// Whether the vendor may write about it to the person.
    pub may_contact: bool,
    /// Whether the words may be quoted.
    pub may_quote: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Giving {
    /// It is kept.
    Given,
    /// It cannot be taken like that.
    Refused(Vec<Problem>),
    /// Too many messages of this person.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// The one who acts is no member of the account.
    NotAllowed,
}

/// Keeps what somebody says for an account, in place of what it said before. Where contact is allowed and something was
/// written, a conversation begins with it, once.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn give_feedback(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    answer: &Answer,
) -> Result<Giving, DbError> {
    if !accounts::may_act(tx, cx, account_id, Act::See).await? {
        return Ok(Giving::NotAllowed);
    }
    let author = match person(cx) {
        Some(id) => accounts::find_user(tx, &cx.vendor_id, id).await?,
        None => None,
    };
    let Some(author) = author else { return Ok(Giving::NotAllowed) };
    let (score, comment) = match (rules::check_score(&answer.score), rules::check_comment(&answer.comment)) {
        (Ok(score), Ok(comment)) => (score, comment),
        (score, comment) => return Ok(Giving::Refused(score.err().into_iter().chain(comment.err()).collect())),
    };
    let verdict = accounts::hit(tx, cx, master, Limit::MessageUser, author.id.as_str()).await?;
    if let Some(retry_after_s) = verdict.retry_after_s() {
        return Ok(Giving::Limited { retry_after_s });
    }
    let given = Feedback {
        id: cx.id(),
        account_id: account_id.clone(),
        user_id: author.id.clone(),
        occasion: Occasion::Month,
        license_id: None,
        score: Some(score),
        reason: String::new(),
        comment,
        may_contact: answer.may_contact,
        may_quote: answer.may_quote,
        conversation_id: None,
        given_at: cx.now,
    };
    let (before, given) = keep(tx, cx, given).await?;
    if given.may_contact && !given.comment.is_empty() && given.conversation_id.is_none() {
        let words = (text::GIVEN_SUBJECT, given.comment.as_str());
        let id = messages::open_for(tx, cx, master, account_id, &author, &About::nothing(), words).await?;
        store::set_conversation(tx, &cx.vendor_id, &given.id, &id).await?;
    }
    let before = before.as_ref().map(consents);
    let after = consents(&given);
    audit::record(tx, cx, Some(account_id), "feedback.give", given.id.as_str(), before.as_ref(), Some(&after)).await?;
    Ok(Giving::Given)
}

/// Writes the first answer, or changes the one that is there; answers what was there, and what is.
async fn keep(tx: &mut Tx, cx: &Cx, given: Feedback) -> Result<(Option<Feedback>, Feedback), DbError> {
    if store::insert_feedback(tx, &cx.vendor_id, &given).await? {
        return Ok((None, given));
    }
    let before = store::lock_given(tx, &cx.vendor_id, &given.account_id, &given.user_id).await?;
    let Some(before) = before else { return Ok((None, given)) };
    let given = Feedback { id: before.id.clone(), conversation_id: before.conversation_id.clone(), ..given };
    store::update_feedback(tx, &cx.vendor_id, &given).await?;
    Ok((Some(before), given))
}

/// What may be done with it, as the audit log keeps it. The words are not in there: they can be changed, it cannot.
fn consents(feedback: &Feedback) -> serde_json::Value {
    serde_json::json!({ "may_contact": feedback.may_contact, "may_quote": feedback.may_quote })
}
