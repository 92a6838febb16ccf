//! Who of the staff cares for a conversation.

use super::{person, store};
use crate::accounts::{self, StaffAct};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{ConversationId, UserId};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// It is that of the one who acts.
    Taken,
    /// It is nobody's.
    Freed,
    /// Somebody else has taken or freed it meanwhile; nothing is changed.
    Changed,
    /// There is no such conversation.
    NotFound,
    /// The one who acts may not.
    NotAllowed,
}

/// Takes a conversation, or frees it. `held_by` is whose it was when whoever acts decided that.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn assign_conversation(
    tx: &mut Tx,
    cx: &Cx,
    id: &ConversationId,
    held_by: Option<&UserId>,
    takes: bool,
) -> Result<Assignment, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::Answer).await? {
        return Ok(Assignment::NotAllowed);
    }
    let Some(me) = person(cx) else { return Ok(Assignment::NotAllowed) };
    let Some(conversation) = store::lock_conversation(tx, &cx.vendor_id, id).await? else {
        return Ok(Assignment::NotFound);
    };
    let (before, after) = (conversation.assigned_to.as_ref(), takes.then_some(me));
    let outcome = if takes { Assignment::Taken } else { Assignment::Freed };
    if before == after {
        return Ok(outcome);
    }
    if before != held_by {
        return Ok(Assignment::Changed);
    }
    store::set_assigned(tx, &cx.vendor_id, id, after).await?;
    let (was, is) = (serde_json::json!({ "assigned_to": before }), serde_json::json!({ "assigned_to": after }));
    // Who of the staff does what is none of the account's business.
    audit::record(tx, cx, None, "message.assign", id.as_str(), Some(&was), Some(&is)).await?;
    Ok(outcome)
}
