//! Taking back a change of address that is not confirmed yet.

use super::store;
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailChangeWithdrawal {
    /// Its link is worth nothing now.
    Withdrawn,
    /// There was none that waited.
    Nothing,
    /// Nobody is signed in.
    NotAllowed,
}

/// Takes back the change that whoever acts has asked for.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn withdraw_email_change(tx: &mut Tx, cx: &Cx) -> Result<EmailChangeWithdrawal, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(EmailChangeWithdrawal::NotAllowed) };
    if !store::end_open(tx, cx, user_id).await? {
        return Ok(EmailChangeWithdrawal::Nothing);
    }
    let act = "user.withdraw_email_change";
    audit::record(tx, cx, None, act, user_id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    Ok(EmailChangeWithdrawal::Withdrawn)
}
