//! Using a passkey again, in place of password and code, for what a session that somebody else sat down at must not do.

use serde_json::json;

use super::begin_passkey::PasskeyPurpose;
use super::check_use::{Use, check_use};
use super::{Flaw, UsePasskey};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyConfirmation {
    /// It is the user's: the session counts as fresh.
    Confirmed,
    /// The challenge was used before, has run out, or was somebody else's: begin anew.
    Late,
    /// The answer is wrong, or the passkey is not the user's.
    Refused(Flaw),
    /// There is a copy of the passkey somewhere; its user was told.
    Copied,
    /// Nobody is signed in.
    NotAllowed,
}

/// Checks a passkey of whoever acts.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn confirm_with_passkey(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &UsePasskey,
) -> Result<PasskeyConfirmation, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(PasskeyConfirmation::NotAllowed) };
    let passkey = match check_use(tx, cx, master, PasskeyPurpose::Confirm, Some(user_id), request).await? {
        Use::Shown { passkey, .. } => passkey,
        Use::Late => return Ok(PasskeyConfirmation::Late),
        Use::Refused(flaw) => return Ok(PasskeyConfirmation::Refused(flaw)),
        Use::Copied => return Ok(PasskeyConfirmation::Copied),
    };
    let after = json!({ "passkey": passkey });
    audit::record(tx, cx, None, "user.confirm_passkey", user_id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(PasskeyConfirmation::Confirmed)
}
