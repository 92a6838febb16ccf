//! The staff close a conversation.

use super::{ConversationStatus, store};
use crate::accounts::{self, StaffAct};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::ConversationId;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It is closed.
    Closed,
    /// It was already.
    Unchanged,
    /// A message has arrived that was not read; it stays open.
    Unread,
    /// There is no such conversation.
    NotFound,
    /// The one who acts may not.
    NotAllowed,
}

/// Closes a conversation of which everything up to `seen` was read. A new message of the customer's opens it again.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn resolve_conversation(tx: &mut Tx, cx: &Cx, id: &ConversationId, seen: i64) -> Result<Resolution, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::Answer).await? {
        return Ok(Resolution::NotAllowed);
    }
    let Some(conversation) = store::lock_conversation(tx, &cx.vendor_id, id).await? else {
        return Ok(Resolution::NotFound);
    };
    if conversation.status == ConversationStatus::Closed {
        return Ok(Resolution::Unchanged);
    }
    if seen != conversation.message_count {
        return Ok(Resolution::Unread);
    }
    store::set_status(tx, &cx.vendor_id, id, ConversationStatus::Closed).await?;
    let before = serde_json::json!({ "status": conversation.status });
    let after = serde_json::json!({ "status": ConversationStatus::Closed });
    let account_id = Some(&conversation.account_id);
    audit::record(tx, cx, account_id, "message.close", id.as_str(), Some(&before), Some(&after)).await?;
    Ok(Resolution::Closed)
}
