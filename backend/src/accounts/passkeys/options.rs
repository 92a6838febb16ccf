//! What browsers are asked: the options of the two ceremonies as JSON (W3C Web Authentication §5.4, §5.5), which
//! `PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` read.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::RelyingParty;
use super::public_key::ALGORITHMS;
use super::rules::CHALLENGE_MS;
use super::store::PasskeyRow;
use crate::accounts::User;

/// The user as authenticators keep it and give it back: the id, which is no secret and tells nobody a name.
pub(super) fn user_handle(user_id: &crate::ids::UserId) -> &[u8] {
    user_id.as_str().as_bytes()
}

/// Asks for a new passkey: one that is found without an address, and that its owner has to unlock. Devices that have one of
/// the `present` make no second.
pub(super) fn creation(relying_party: &RelyingParty, challenge: &str, user: &User, present: &[PasskeyRow]) -> Value {
    let called = if user.name.is_empty() { &user.email } else { &user.name };
    let algorithms = ALGORITHMS.map(|algorithm| json!({ "type": "public-key", "alg": algorithm }));
    json!({
        "rp": { "id": relying_party.id(), "name": relying_party.name() },
        "user": {
            "id": BASE64URL_NOPAD.encode(user_handle(&user.id)),
            "name": user.email,
            "displayName": called,
        },
        "challenge": challenge,
        "pubKeyCredParams": algorithms,
        "timeout": CHALLENGE_MS,
        "excludeCredentials": descriptors(present),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": true,
            "userVerification": "required",
        },
        "attestation": "none",
    })
}

/// Asks for one of the `allowed` passkeys, or, where there are none, for any that the device has for this portal.
pub(super) fn request(relying_party: &RelyingParty, challenge: &str, allowed: &[PasskeyRow]) -> Value {
    json!({
        "rpId": relying_party.id(),
        "challenge": challenge,
        "timeout": CHALLENGE_MS,
        "userVerification": "required",
        "allowCredentials": descriptors(allowed),
    })
}

fn descriptors(rows: &[PasskeyRow]) -> Vec<Value> {
    let id = |row: &PasskeyRow| BASE64URL_NOPAD.encode(&row.credential_id);
    rows.iter().map(|row| json!({ "type": "public-key", "id": id(row) })).collect()
}
