//! Agreeing to be asked for feedback, and taking that back.

use super::store;
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::messages::person;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentChange {
    /// The person may be asked from now on.
    Agreed,
    /// The person is not asked any more.
    Withdrawn,
    /// It was so already.
    Unchanged,
    /// Nobody is signed in.
    NotAllowed,
}

/// Notes whether the one who acts may be asked for feedback by mail. Everybody decides that for themselves.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn change_consent(tx: &mut Tx, cx: &Cx, agrees: bool) -> Result<ConsentChange, DbError> {
    let Some(user_id) = person(cx) else { return Ok(ConsentChange::NotAllowed) };
    let is_changed = if agrees {
        store::insert_consent(tx, cx, user_id).await?
    } else {
        store::delete_consent(tx, &cx.vendor_id, user_id).await?
    };
    if !is_changed {
        return Ok(ConsentChange::Unchanged);
    }
    let before = serde_json::json!({ "ask_for_feedback": !agrees });
    let after = serde_json::json!({ "ask_for_feedback": agrees });
    audit::record(tx, cx, None, "feedback.consent", user_id.as_str(), Some(&before), Some(&after)).await?;
    Ok(if agrees { ConsentChange::Agreed } else { ConsentChange::Withdrawn })
}
