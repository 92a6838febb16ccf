//! What has to be right about an answer (W3C Web Authentication §7.1 and §7.2), one [`Flaw`] for each.

use subtle::ConstantTimeEq as _;

use super::RelyingParty;
use super::answer::{Assertion, Attestation, ClientData};
use super::authenticator_data::AuthenticatorData;
use super::cbor::Item;
use super::public_key::PublicKey;
use crate::accounts::rules::Problem;
use crate::clock::MINUTE_MS;
use crate::keys::sha256;

/// For how long a challenge is good: time to find the key.
pub const CHALLENGE_MS: i64 = 5 * MINUTE_MS;
/// The longest name of a passkey.
pub const PASSKEY_NAME_MAX_CHARS: usize = 60;

/// What was wrong with an answer. No person makes these mistakes, so nobody is told which one it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is not what browsers answer.
    Malformed,
    /// It answers another question: one to make a passkey, where one was to be used, or the other way round.
    Kind,
    /// It answers another challenge.
    Challenge,
    /// It was given on another page.
    Origin,
    /// It was given in a frame of another site.
    Framed,
    /// The passkey belongs to another host name.
    RelyingParty,
    /// Nobody touched the authenticator.
    NotPresent,
    /// The authenticator did not make sure that it was its owner.
    NotVerified,
    /// It says that it is synchronised, and that it cannot be.
    BackedUp,
    /// The credential is called otherwise than the browser says.
    CredentialId,
    /// The public key is of an algorithm that we do not take, or damaged.
    PublicKey,
    /// Nobody here has this passkey.
    Unknown,
    /// The passkey belongs to somebody else than it says, or than who acts.
    User,
    /// The signature is not that of the passkey.
    Signature,
}

/// A passkey that was just made.
#[derive(Debug)]
pub(super) struct NewCredential {
    pub(super) id: Vec<u8>,
    pub(super) public_key: Vec<u8>,
    pub(super) sign_count: i64,
    pub(super) backed_up: bool,
}

/// What a right answer says about the authenticator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) sign_count: i64,
    pub(super) backed_up: bool,
}

/// Whether a credential was made for us, upon this challenge. What vouches for its make is passed over: we did not ask.
pub(super) fn check_attestation(
    relying_party: &RelyingParty,
    challenge: &str,
    answer: &Attestation,
) -> Result<NewCredential, Flaw> {
    check_client_data(relying_party, challenge, "webauthn.create", &answer.client_data)?;
    let object = Item::read_whole(&answer.attestation_object).ok_or(Flaw::Malformed)?;
    let data = object.named("authData").and_then(Item::bytes).ok_or(Flaw::Malformed)?;
    let data = AuthenticatorData::read(data).ok_or(Flaw::Malformed)?;
    let backed_up = check_authenticator(relying_party, &data)?;
    let credential = data.credential.ok_or(Flaw::Malformed)?;
    if credential.id != answer.credential_id {
        return Err(Flaw::CredentialId);
    }
    PublicKey::from_cose(credential.public_key).ok_or(Flaw::PublicKey)?;
    Ok(NewCredential {
        id: answer.credential_id.clone(),
        public_key: credential.public_key.to_vec(),
        sign_count: data.sign_count.into(),
        backed_up,
    })
}

/// Whether a credential with this public key, of the user with this handle, was used for us upon this challenge.
pub(super) fn check_assertion(
    relying_party: &RelyingParty,
    challenge: &str,
    public_key: &[u8],
    user_handle: &[u8],
    answer: &Assertion,
) -> Result<Signed, Flaw> {
    check_client_data(relying_party, challenge, "webauthn.get", &answer.client_data)?;
    if answer.user_handle.as_ref().is_some_and(|handle| handle != user_handle) {
        return Err(Flaw::User);
    }
    let data = AuthenticatorData::read(&answer.authenticator_data).ok_or(Flaw::Malformed)?;
    let backed_up = check_authenticator(relying_party, &data)?;
    let key = PublicKey::from_cose(public_key).ok_or(Flaw::PublicKey)?;
    let signed = [answer.authenticator_data.as_slice(), &sha256(&answer.client_data)].concat();
    if !key.verifies(&signed, &answer.signature) {
        return Err(Flaw::Signature);
    }
    Ok(Signed { sign_count: data.sign_count.into(), backed_up })
}

fn check_client_data(relying_party: &RelyingParty, challenge: &str, kind: &str, bytes: &[u8]) -> Result<(), Flaw> {
    let said: ClientData = serde_json::from_slice(bytes).map_err(|_| Flaw::Malformed)?;
    if said.kind != kind {
        return Err(Flaw::Kind);
    }
    if !bool::from(said.challenge.as_bytes().ct_eq(challenge.as_bytes())) {
        return Err(Flaw::Challenge);
    }
    if said.origin != relying_party.origin() {
        return Err(Flaw::Origin);
    }
    if said.cross_origin { Err(Flaw::Framed) } else { Ok(()) }
}

/// Answers whether the passkey is synchronised.
fn check_authenticator(relying_party: &RelyingParty, data: &AuthenticatorData<'_>) -> Result<bool, Flaw> {
    if data.rp_id_hash != sha256(relying_party.id().as_bytes()) {
        return Err(Flaw::RelyingParty);
    }
    if !data.user_present() {
        return Err(Flaw::NotPresent);
    }
    if !data.user_verified() {
        return Err(Flaw::NotVerified);
    }
    data.backed_up().ok_or(Flaw::BackedUp)
}

/// A name as it is kept.
///
/// # Errors
/// That it is missing or too long.
pub(super) fn check_name(typed: &str) -> Result<String, Problem> {
    // Control characters mean nothing in a name, and not every database takes them.
    let name = typed.replace(char::is_control, " ");
    let name = name.trim();
    match name.chars().count() {
        0 => Err(Problem::Missing),
        count if count > PASSKEY_NAME_MAX_CHARS => Err(Problem::TooLong { max: PASSKEY_NAME_MAX_CHARS }),
        _ => Ok(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line() {
        let longest = "日".repeat(PASSKEY_NAME_MAX_CHARS);
        for (typed, kept) in [(" My phone ", "My phone"), ("a\nb", "a b"), (longest.as_str(), longest.as_str())] {
            assert_eq!(check_name(typed), Ok(kept.to_owned()));
        }
        assert_eq!(check_name(" \t "), Err(Problem::Missing));
        let longer = format!("{longest}x");
        assert_eq!(check_name(&longer), Err(Problem::TooLong { max: PASSKEY_NAME_MAX_CHARS }));
    }
}
