//! Whether somebody has used one of the passkeys, and noting it.

use serde_json::json;

use super::answer::Assertion;
use super::begin_passkey::{PasskeyPurpose, use_up};
use super::options::user_handle;
use super::rules::check_assertion;
use super::{Flaw, UsePasskey, store};
use crate::accounts::factor_resets::note_shown;
use crate::accounts::factor_resets::rules::Shown;
use crate::accounts::second_factor::tell;
use crate::accounts::{User, store as people};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::{PasskeyId, UserId};
use crate::keys::MasterKey;
use crate::text::en::passkey_mail as text;

/// What an answer was good for.
pub(super) enum Use {
    /// The user has shown who it is, with this passkey.
    Shown { user: User, passkey: PasskeyId },
    /// The challenge was used before, has run out, or was somebody else's.
    Late,
    /// The answer is wrong.
    Refused(Flaw),
    /// The answer is right, but its counter has been seen before: there is a copy of the passkey somewhere. The user was told
    /// by mail.
    Copied,
}

/// Checks the use of a passkey: of this person's, or of whoever's it says to be where there is none.
pub(super) async fn check_use(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    purpose: PasskeyPurpose,
    person: Option<&UserId>,
    request: &UsePasskey,
) -> Result<Use, DbError> {
    let UsePasskey { relying_party, challenge, answer } = request;
    // A wrong answer uses the challenge up as well.
    if !use_up(tx, cx, purpose, person, challenge).await? {
        return Ok(Use::Late);
    }
    let Some(answer) = Assertion::parse(answer) else { return Ok(Use::Refused(Flaw::Malformed)) };
    let Some(passkey) = store::find_by_credential(tx, cx, &answer.credential_id).await? else {
        return Ok(Use::Refused(Flaw::Unknown));
    };
    // Who is not known from before is known by what the passkey says alone (§7.2, step 6).
    let is_named = person.is_some() || answer.user_handle.is_some();
    if !is_named || person.is_some_and(|person| *person != passkey.user_id) {
        return Ok(Use::Refused(Flaw::User));
    }
    let handle = user_handle(&passkey.user_id);
    let signed = match check_assertion(relying_party, challenge, &passkey.public_key, handle, &answer) {
        Ok(signed) => signed,
        Err(flaw) => return Ok(Use::Refused(flaw)),
    };
    let Some(user) = people::find_user(tx, &cx.vendor_id, &passkey.user_id).await? else {
        return Ok(Use::Refused(Flaw::Unknown));
    };
    if store::update_use(tx, cx, &passkey.id, signed).await? {
        note_shown(tx, cx, master, &user.id, Shown::Passkey).await?;
        return Ok(Use::Shown { user, passkey: passkey.id });
    }
    // Taken away at this moment, which says nothing about a copy.
    if store::find_by_credential(tx, cx, &answer.credential_id).await?.is_none() {
        return Ok(Use::Refused(Flaw::Unknown));
    }
    let cx = &Cx { actor: Actor::User(user.id.clone()), ..cx.clone() };
    let after = json!({ "passkey": passkey.id, "name": passkey.name });
    audit::record(tx, cx, None, "user.refuse_copied_passkey", user.id.as_str(), audit::NOTHING, Some(&after)).await?;
    tell(tx, cx, master, &user, |sender| text::passkey_copied(sender, cx.now, &passkey.name)).await?;
    Ok(Use::Copied)
}
