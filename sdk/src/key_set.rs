//! Key sets: how clients that live longer than a key learn the next ones.
//!
//! A key set is a compact JWS of type `keys+jwt` over [`KeySetClaims`], signed by a key of the set before it. Sets form
//! a chain: a client that trusts one of them, or a built-in [`TrustBundle`](crate::trust::TrustBundle), can walk to the
//! newest without believing anybody else. [`TrustBundle::accept`](crate::trust::TrustBundle::accept) takes one step.
//!
//! The server lists the whole chain at `/.well-known/keys.json` ([`KeyChain`]), and answers activate and check with
//! the links that a client does not have yet.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    jwk::PublicJwk,
    jws::{self, JwsError, Unverified},
    trust::TrustBundle,
};

/// `typ` of a key set's header.
pub const KEY_SET_TYP: &str = "keys+jwt";

/// The claims of a key set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySetClaims {
    /// The vendor's origin.
    pub iss: String,
    /// Place in the chain, from 1; a client accepts only what is higher than what it has.
    pub seq: i64,
    /// Signed at, Unix seconds.
    pub iat: i64,
    /// Every key that may still have signed something valid: active, next and retired ones, never revoked ones.
    pub keys: Vec<PublicJwk>,
}

/// The body of `/.well-known/keys.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeyChain {
    /// The vendor's origin.
    pub iss: String,
    /// All key sets, oldest first.
    pub keys: Vec<String>,
}

/// Why a key set is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// No genuine token at all.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// Signed by a key that is not trusted.
    #[error("the key set is signed by a key that is not trusted: {0}")]
    UnknownKey(String),
    /// A claim is missing or ill-typed.
    #[error("the key set's claims are malformed: {0}")]
    Claims(String),
    /// Another vendor's.
    #[error("the key set was issued by {0}")]
    Issuer(String),
    /// No newer than what is known.
    #[error("the key set's sequence number {seq} is not higher than {known}")]
    NotNewer {
        /// Its own number.
        seq: i64,
        /// The highest that was accepted before.
        known: i64,
    },
    /// Whoever took it over could never verify anything again.
    #[error("the key set has no key that can verify")]
    NoKey,
}

/// Signs a key set. `kid` is the [thumbprint](crate::jwk::thumbprint) of `key`, which must be in the set before.
#[expect(clippy::expect_used, reason = "texts and integers always serialise")]
pub fn sign(claims: &KeySetClaims, key: &SigningKey, kid: &str) -> String {
    let payload = serde_json::to_vec(claims).expect("claims are plain JSON");
    jws::sign(KEY_SET_TYP, &payload, key, kid)
}

/// Verifies that a trusted key signed this set, whatever its sequence number.
///
/// # Errors
/// The first reason for which the set must not be acted on; never [`KeySetError::NotNewer`].
pub fn verify(token: &str, trust: &TrustBundle) -> Result<KeySetClaims, KeySetError> {
    let unverified = Unverified::parse(token, KEY_SET_TYP)?;
    let key = trust.find_key(unverified.kid()).ok_or_else(|| KeySetError::UnknownKey(unverified.kid().to_owned()))?;
    let payload = unverified.verify(&key)?;
    let claims: KeySetClaims =
        serde_json::from_value(Value::Object(payload)).map_err(|e| KeySetError::Claims(e.to_string()))?;
    if claims.seq < 1 {
        return Err(KeySetError::Claims("`seq` must be at least 1".into()));
    }
    if claims.iat < 0 {
        return Err(KeySetError::Claims("`iat` is a negative time".into()));
    }
    if claims.iss != trust.iss {
        return Err(KeySetError::Issuer(claims.iss));
    }
    if !claims.keys.iter().any(|jwk| jwk.verifying_key().is_ok()) {
        return Err(KeySetError::NoKey);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::jwk;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn public(seed: u8) -> PublicJwk {
        PublicJwk::of(&key(seed).verifying_key())
    }

    /// A set of the keys `seeds`, signed by the key `by`.
    fn set(seq: i64, seeds: &[u8], by: u8) -> String {
        let keys = seeds.iter().map(|seed| public(*seed)).collect();
        let claims = KeySetClaims { iss: "https://vendor.example".into(), seq, iat: 1_800_000_000, keys };
        sign(&claims, &key(by), &jwk::thumbprint(&key(by).verifying_key()))
    }

    fn trust() -> TrustBundle {
        TrustBundle { iss: "https://vendor.example".into(), keys: vec![public(1), public(2)], seq: 0 }
    }

    fn kid(seed: u8) -> String {
        public(seed).thumbprint()
    }

    #[test]
    fn a_chain_leads_from_the_built_in_keys_to_ones_that_they_never_knew() {
        let mut trust = trust();
        assert_eq!(trust.accept(&set(1, &[1, 2], 1)), Ok(()));
        assert_eq!(trust.accept(&set(2, &[1, 2, 3], 1)), Ok(()));
        assert_eq!(trust.accept(&set(3, &[2, 3, 4], 2)), Ok(()));
        assert_eq!(trust.seq, 3);
        assert!(trust.find_key(&kid(4)).is_some() && trust.find_key(&kid(1)).is_none(), "a revoked key is dropped");
        // Whoever holds the dropped key can neither go on nor go back.
        assert_eq!(trust.accept(&set(4, &[1], 1)), Err(KeySetError::UnknownKey(kid(1))));
    }

    #[test]
    fn a_lower_or_equal_number_is_refused_and_changes_nothing() {
        let mut trust = trust();
        trust.accept(&set(5, &[1, 3], 1)).unwrap();
        let before = trust.clone();
        for seq in [1, 4, 5] {
            assert_eq!(trust.accept(&set(seq, &[1], 1)), Err(KeySetError::NotNewer { seq, known: 5 }));
        }
        assert_eq!(trust, before);
    }

    #[test]
    fn a_set_of_a_stranger_another_vendor_or_without_a_usable_key_is_refused() {
        let mut trust = trust();
        assert_eq!(trust.accept(&set(1, &[9], 9)), Err(KeySetError::UnknownKey(kid(9))));
        let other = KeySetClaims { iss: "https://other.example".into(), seq: 1, iat: 0, keys: vec![public(1)] };
        assert_eq!(trust.accept(&sign(&other, &key(1), &kid(1))), Err(KeySetError::Issuer(other.iss)));
        assert_eq!(trust.accept(&set(1, &[], 1)), Err(KeySetError::NoKey));
        let weak = PublicJwk { x: "A".repeat(43), ..public(1) };
        let weak = KeySetClaims { iss: trust.iss.clone(), seq: 1, iat: 0, keys: vec![weak] };
        assert_eq!(trust.accept(&sign(&weak, &key(1), &kid(1))), Err(KeySetError::NoKey));
        assert!(matches!(trust.accept(&set(0, &[1], 1)), Err(KeySetError::Claims(_))));
    }

    #[test]
    fn a_token_of_another_type_is_no_key_set() {
        let payload = serde_json::json!({"iss": "https://vendor.example", "seq": 1, "iat": 0, "keys": [public(1)]});
        let token = jws::sign("lease+jwt", payload.to_string().as_bytes(), &key(1), &kid(1));
        assert_eq!(verify(&token, &trust()), Err(JwsError::Type(KEY_SET_TYP).into()));
    }
}
