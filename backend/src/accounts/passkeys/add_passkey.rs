//! Adding a passkey to one's own.

use serde_json::json;

use super::answer::Attestation;
use super::begin_passkey::{PasskeyPurpose, use_up};
use super::rules::{check_attestation, check_name};
use super::{Flaw, UsePasskey, store};
use crate::accounts::rules::Problem;
use crate::accounts::second_factor::{rests_on_passkeys, tell};
use crate::accounts::{sessions, store as people};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{PasskeyId, SessionId};
use crate::keys::MasterKey;
use crate::text::en::passkey_mail as text;

/// What is added.
#[derive(Clone)]
pub struct AddPasskey {
    /// What the browser answered.
    pub answer: UsePasskey,
    /// What its owner calls it.
    pub name: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasskeyAddition {
    /// It lets its owner in from now on, who was told by mail.
    Added(PasskeyId),
    /// The name cannot stay as it is.
    BadName(Problem),
    /// The challenge was used before, has run out, or was somebody else's.
    Late,
    /// The answer is wrong.
    Refused(Flaw),
    /// Somebody has this passkey already.
    Present,
    /// Nobody has shown yet that the user's address is the user's: the passkey may be a stranger's, who waits for its owner.
    Unproven,
    /// Nobody is signed in.
    NotAllowed,
}

/// Adds a passkey to those of whoever acts. Whoever calls it has made sure that the person showed a moment ago who it is. Where
/// it is the second factor that somebody's work has waited for, the sessions that began without one end, but for `keep`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn add_passkey(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &AddPasskey,
    keep: Option<&SessionId>,
) -> Result<PasskeyAddition, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(PasskeyAddition::NotAllowed) };
    let Some(user) = people::find_user(tx, &cx.vendor_id, user_id).await? else {
        return Ok(PasskeyAddition::NotAllowed);
    };
    if user.email_verified_at.is_none() {
        return Ok(PasskeyAddition::Unproven);
    }
    let UsePasskey { relying_party, challenge, answer } = &request.answer;
    // A wrong answer uses the challenge up as well.
    if !use_up(tx, cx, PasskeyPurpose::Add, Some(user_id), challenge).await? {
        return Ok(PasskeyAddition::Late);
    }
    let name = match check_name(&request.name) {
        Ok(name) => name,
        Err(problem) => return Ok(PasskeyAddition::BadName(problem)),
    };
    let checked = Attestation::parse(answer)
        .ok_or(Flaw::Malformed)
        .and_then(|it| check_attestation(relying_party, challenge, &it));
    let credential = match checked {
        Ok(credential) => credential,
        Err(flaw) => return Ok(PasskeyAddition::Refused(flaw)),
    };
    let is_awaited = !store::has_any(tx, &cx.vendor_id, user_id).await? && rests_on_passkeys(tx, &user).await?;
    let id: PasskeyId = cx.id();
    if !store::insert_passkey(tx, cx, &id, user_id, &name, &credential).await? {
        return Ok(PasskeyAddition::Present);
    }
    if is_awaited {
        sessions::end_other_sessions(tx, cx, user_id, keep).await?;
    }
    let after = json!({ "passkey": id, "name": name });
    audit::record(tx, cx, None, "user.add_passkey", user_id.as_str(), audit::NOTHING, Some(&after)).await?;
    tell(tx, cx, master, &user, |sender| text::passkey_added(sender, cx.now, &name)).await?;
    Ok(PasskeyAddition::Added(id))
}
