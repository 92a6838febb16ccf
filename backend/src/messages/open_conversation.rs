//! Beginning to write to the vendor.

use super::{About, Conversation, ConversationStatus, Problem, find_about, person, rules, store, tell};
use crate::accounts::{self, Limit, User};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, ConversationId, MessageId};
use crate::keys::MasterKey;

/// What somebody wants to write about.
#[derive(Clone, Debug)]
pub struct NewConversation {
    /// For which account.
    pub account_id: AccountId,
    /// Id of a license, instance, invoice or order of the account, or of a license of its client; empty for nothing.
    pub about: String,
    /// As typed.
    pub subject: String,
    /// As typed.
    pub text: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It is begun, and the vendor is told.
    Opened(ConversationId),
    /// It cannot be sent like that.
    Refused(Vec<Problem>),
    /// Too many messages of this person.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// There is no such account or thing, or it is none of this person's business.
    NotFound,
}

/// What a new conversation of the one who acts would be about: the thing with this id, where the account or its client has
/// it and the person's role sees it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_subject_of_new(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    about: &str,
) -> Result<Option<About>, DbError> {
    let Some(user_id) = person(cx) else { return Ok(None) };
    let Some(role) = accounts::member_role(tx, &cx.vendor_id, account_id, user_id).await? else { return Ok(None) };
    let about = find_about(tx, &cx.vendor_id, account_id, about).await?;
    Ok(about.filter(|about| rules::may_read(about.kind, role, true)))
}

/// Begins a conversation, and tells the vendor by mail.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn open_conversation(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    new: &NewConversation,
) -> Result<Opening, DbError> {
    let Some(about) = find_subject_of_new(tx, cx, &new.account_id, &new.about).await? else {
        return Ok(Opening::NotFound);
    };
    let Some(user_id) = person(cx) else { return Ok(Opening::NotFound) };
    let Some(author) = accounts::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(Opening::NotFound) };
    let (subject, text) = match (rules::check_subject(&new.subject), rules::check_text(&new.text)) {
        (Ok(subject), Ok(text)) => (subject, text),
        (subject, text) => return Ok(Opening::Refused(subject.err().into_iter().chain(text.err()).collect())),
    };
    let verdict = accounts::hit(tx, cx, master, Limit::MessageUser, user_id.as_str()).await?;
    if let Some(retry_after_s) = verdict.retry_after_s() {
        return Ok(Opening::Limited { retry_after_s });
    }
    let words = (subject.as_str(), text.as_str());
    let id = open_for(tx, cx, master, &new.account_id, &author, &about, words).await?;
    // Not what was written: the log keeps it for ever.
    let after = serde_json::json!({ "about": about.id });
    audit::record(tx, cx, Some(&new.account_id), "message.open", id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(Opening::Opened(id))
}

/// Begins a conversation with words that were checked, by a member who may.
pub(crate) async fn open_for(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    author: &User,
    about: &About,
    (subject, text): (&str, &str),
) -> Result<ConversationId, DbError> {
    let conversation = Conversation {
        id: cx.id(),
        account_id: account_id.clone(),
        opened_by: author.id.clone(),
        subject: subject.to_owned(),
        about_kind: about.kind,
        about_id: about.id.clone(),
        status: ConversationStatus::Open,
        assigned_to: None,
        message_count: 1,
        answered_place: 0,
        created_at: cx.now,
        last_at: cx.now,
    };
    let id: MessageId = cx.id();
    let is_mailed = tell::tell_vendor(tx, cx, master, &conversation, about, (&id, author, text)).await?;
    store::insert_conversation(tx, &cx.vendor_id, &conversation).await?;
    let message = store::NewMessage {
        id: &id,
        conversation_id: &conversation.id,
        place: 1,
        author_id: &author.id,
        is_staff: false,
        text,
        mailed_to: is_mailed.then_some(tell::TO_VENDOR),
    };
    store::insert_message(tx, cx, &message).await?;
    store::set_seen(tx, &cx.vendor_id, &conversation.id, &author.id, 1).await?;
    Ok(conversation.id)
}
