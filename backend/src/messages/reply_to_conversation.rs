//! A member writes on.

use super::read_conversation::find_for_member;
use super::{Problem, find_about_for_staff, rules, store, tell};
use crate::accounts::{self, Limit};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{ConversationId, MessageId};
use crate::keys::MasterKey;

/// A further message, of either side.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Where.
    pub conversation_id: ConversationId,
    /// The place of the newest message that whoever writes has read.
    pub seen: i64,
    /// As typed.
    pub text: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replying {
    /// It is sent, and the vendor is told.
    Sent,
    /// It cannot be sent like that, or something has arrived that was not read.
    Refused(Problem),
    /// Too many messages of this person.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// There is no such conversation, or it is none of this person's business.
    NotFound,
}

/// Adds a member's message. A conversation that was closed is open again.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn reply_to_conversation(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    reply: &Reply,
) -> Result<Replying, DbError> {
    let Some((author_id, _)) = find_for_member(tx, cx, &reply.conversation_id).await? else {
        return Ok(Replying::NotFound);
    };
    let Some(mut conversation) = store::lock_conversation(tx, &cx.vendor_id, &reply.conversation_id).await? else {
        return Ok(Replying::NotFound);
    };
    let text = match rules::check_text(&reply.text) {
        Ok(text) => text,
        Err(problem) => return Ok(Replying::Refused(problem)),
    };
    if reply.seen != conversation.message_count {
        return Ok(Replying::Refused(Problem::Unread));
    }
    let verdict = accounts::hit(tx, cx, master, Limit::MessageUser, author_id.as_str()).await?;
    if let Some(retry_after_s) = verdict.retry_after_s() {
        return Ok(Replying::Limited { retry_after_s });
    }
    let Some(author) = accounts::find_user(tx, &cx.vendor_id, &author_id).await? else { return Ok(Replying::NotFound) };
    // Only the vendor reads this in its mail.
    let about = find_about_for_staff(tx, &cx.vendor_id, &conversation.account_id, &conversation.about_id).await?;
    conversation.message_count += 1;
    let (id, about): (MessageId, _) = (cx.id(), about.unwrap_or_else(super::About::nothing));
    let is_mailed = tell::tell_vendor(tx, cx, master, &conversation, &about, (&id, &author, text.as_str())).await?;
    let message = store::NewMessage {
        id: &id,
        conversation_id: &conversation.id,
        place: conversation.message_count,
        author_id: &author_id,
        is_staff: false,
        text: &text,
        mailed_to: is_mailed.then_some(tell::TO_VENDOR),
    };
    store::insert_message(tx, cx, &message).await?;
    store::set_written(tx, cx, &conversation.id, message.place, false).await?;
    store::set_seen(tx, &cx.vendor_id, &conversation.id, &author_id, message.place).await?;
    let before = serde_json::json!({ "status": conversation.status });
    let after = serde_json::json!({ "status": rules::status_after(false), "message_id": id });
    let account_id = Some(&conversation.account_id);
    audit::record(tx, cx, account_id, "message.reply", conversation.id.as_str(), Some(&before), Some(&after)).await?;
    Ok(Replying::Sent)
}
