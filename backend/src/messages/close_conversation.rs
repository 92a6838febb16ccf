//! A member needs no answer any more.

use super::read_conversation::find_for_member;
use super::{ConversationStatus, store};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::ConversationId;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// It is closed.
    Closed,
    /// It was already.
    Unchanged,
    /// There is no such conversation, or it is none of this person's business.
    NotFound,
}

/// Closes a conversation for both sides. A new message opens it again.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn close_conversation(tx: &mut Tx, cx: &Cx, id: &ConversationId) -> Result<Closing, DbError> {
    if find_for_member(tx, cx, id).await?.is_none() {
        return Ok(Closing::NotFound);
    }
    Ok(match store::lock_conversation(tx, &cx.vendor_id, id).await? {
        None => Closing::NotFound,
        Some(conversation) if conversation.status == ConversationStatus::Closed => Closing::Unchanged,
        Some(conversation) => {
            store::set_status(tx, &cx.vendor_id, id, ConversationStatus::Closed).await?;
            let before = serde_json::json!({ "status": conversation.status });
            let after = serde_json::json!({ "status": ConversationStatus::Closed });
            let account_id = Some(&conversation.account_id);
            audit::record(tx, cx, account_id, "message.close", id.as_str(), Some(&before), Some(&after)).await?;
            Closing::Closed
        }
    })
}
