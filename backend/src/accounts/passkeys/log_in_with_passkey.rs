//! Logging in with a passkey, which shows both factors at once.

use serde_json::json;

use super::begin_passkey::PasskeyPurpose;
use super::check_use::{Use, check_use};
use super::{Flaw, UsePasskey};
use crate::accounts::User;
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasskeyLogIn {
    /// Begin a session.
    LoggedIn(User),
    /// The challenge was used before or has run out: begin anew.
    Late,
    /// The answer is wrong, or nobody has this passkey.
    Refused(Flaw),
    /// There is a copy of the passkey somewhere; its user was told.
    Copied,
}

/// Logs in whoever's passkey answered. No code is asked for: the device made sure of its owner.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn log_in_with_passkey(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &UsePasskey,
) -> Result<PasskeyLogIn, DbError> {
    let (user, passkey) = match check_use(tx, cx, master, PasskeyPurpose::LogIn, None, request).await? {
        Use::Shown { user, passkey } => (user, passkey),
        Use::Late => return Ok(PasskeyLogIn::Late),
        Use::Refused(flaw) => return Ok(PasskeyLogIn::Refused(flaw)),
        Use::Copied => return Ok(PasskeyLogIn::Copied),
    };
    let cx = Cx { actor: Actor::User(user.id.clone()), ..cx.clone() };
    let after = json!({ "passkey": passkey });
    audit::record(tx, &cx, None, "user.log_in", user.id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(PasskeyLogIn::LoggedIn(user))
}
