//! The staff answer.

use super::{Problem, Reply, person, rules, store, tell};
use crate::accounts::{self, StaffAct};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::MessageId;
use crate::keys::MasterKey;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answering {
    /// It is there.
    Sent {
        /// Whether somebody was told by mail; `false` where everybody who wrote has left the account.
        is_mailed: bool,
    },
    /// It cannot be sent like that, or something has arrived that was not read.
    Refused(Problem),
    /// There is no such conversation.
    NotFound,
    /// The one who acts may not.
    NotAllowed,
}

/// Adds the staff's message, and mails it to the member who is answered, and to nobody else.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn answer_conversation(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    reply: &Reply,
) -> Result<Answering, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::Answer).await? {
        return Ok(Answering::NotAllowed);
    }
    let author = match person(cx) {
        Some(id) => accounts::find_user(tx, &cx.vendor_id, id).await?,
        None => None,
    };
    // The operator has no name to answer under.
    let Some(author) = author else { return Ok(Answering::NotAllowed) };
    let Some(conversation) = store::lock_conversation(tx, &cx.vendor_id, &reply.conversation_id).await? else {
        return Ok(Answering::NotFound);
    };
    let text = match rules::check_text(&reply.text) {
        Ok(text) => text,
        Err(problem) => return Ok(Answering::Refused(problem)),
    };
    if reply.seen != conversation.message_count {
        return Ok(Answering::Refused(Problem::Unread));
    }
    let (id, place): (MessageId, _) = (cx.id(), conversation.message_count + 1);
    let member = tell::find_answered(tx, cx, &conversation).await?;
    if let Some(member) = &member {
        tell::tell_member(tx, cx, master, &conversation, member, (&id, &author, text.as_str())).await?;
    }
    let message = store::NewMessage {
        id: &id,
        conversation_id: &conversation.id,
        place,
        author_id: &author.id,
        is_staff: true,
        text: &text,
        mailed_to: member.as_ref().map(|member| member.id.as_str()),
    };
    store::insert_message(tx, cx, &message).await?;
    store::set_written(tx, cx, &conversation.id, place, true).await?;
    // What was written is in the conversation; the log says that and when somebody wrote.
    let before = serde_json::json!({ "status": conversation.status });
    let after = serde_json::json!({ "status": rules::status_after(true), "message_id": id });
    let account_id = Some(&conversation.account_id);
    audit::record(tx, cx, account_id, "message.answer", conversation.id.as_str(), Some(&before), Some(&after)).await?;
    Ok(Answering::Sent { is_mailed: member.is_some() })
}
