//! The vendor's list of what is valid no more although its lease says otherwise.
//!
//! A compact JWS of type `revocations+jwt` over [`RevocationsClaims`], at `/api/v1/revocations`. Leases are short, so
//! most products never need it; it matters where leases last longer than an hour, and where the licensing endpoints
//! cannot be reached but a cached copy of the list can. An entry rejects whatever it names that was signed at or before
//! its `before`: what was signed later, as after a reinstatement, is good.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    jws::{self, JwsError, MAX_LIST_BYTES, Unverified},
    lease::{LEEWAY_S, Lease, LeaseClaims},
    trust::TrustBundle,
};

/// `typ` of the list's header.
pub const REVOCATIONS_TYP: &str = "revocations+jwt";

/// The claims of the list. All times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationsClaims {
    /// The vendor's origin.
    pub iss: String,
    /// Rises with every change.
    pub seq: i64,
    /// Signed at.
    pub iat: i64,
    /// The list counts as news until then.
    pub exp: i64,
    /// The entries. Entries of kinds that only later versions know are left out when reading.
    #[serde(deserialize_with = "known_kinds")]
    pub rev: Vec<Revocation>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// What `id` names.
    pub kind: RevocationKind,
    /// License id, instance id, `jti` of a delegation, or `kid` of a key.
    pub id: String,
    /// Whatever was signed at or before this time is rejected, Unix seconds.
    pub before: i64,
}

/// What can be revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationKind {
    /// All leases of a license.
    License,
    /// All leases of an instance.
    Instance,
    /// A delegation, and with it every lease under it.
    Delegation,
    /// A signing key, and with it everything that it signed.
    Key,
}

impl RevocationKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::License => "license",
            Self::Instance => "instance",
            Self::Delegation => "delegation",
            Self::Key => "key",
        }
    }

    /// Finds a kind by its word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::License, Self::Instance, Self::Delegation, Self::Key].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Why a list is not acted on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevocationsError {
    /// No genuine token at all.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// Signed by a key that is not trusted.
    #[error("the revocations are signed by a key that is not trusted: {0}")]
    UnknownKey(String),
    /// A claim is missing or ill-typed.
    #[error("the claims of the revocations are malformed: {0}")]
    Claims(String),
    /// Another vendor's.
    #[error("the revocations were issued by {0}")]
    Issuer(String),
    /// Too old to be news.
    #[error("the revocations ended at {0} (Unix seconds)")]
    Expired(i64),
}

/// Signs a list. `kid` is the [thumbprint](crate::jwk::thumbprint) of `key`.
#[expect(clippy::expect_used, reason = "texts and integers always serialise")]
pub fn sign(claims: &RevocationsClaims, key: &SigningKey, kid: &str) -> String {
    let payload = serde_json::to_vec(claims).expect("claims are plain JSON");
    jws::sign(REVOCATIONS_TYP, &payload, key, kid)
}

/// Verifies a list at `now` (Unix seconds).
///
/// # Errors
/// The first reason for which the list must not be acted on.
pub fn verify(token: &str, trust: &TrustBundle, now: i64) -> Result<RevocationsClaims, RevocationsError> {
    let claims = verify_kept(token, trust)?;
    if now >= claims.exp.saturating_add(LEEWAY_S) {
        return Err(RevocationsError::Expired(claims.exp));
    }
    Ok(claims)
}

/// The same for a list that was news when it was accepted: it may miss new entries, but what it names stays revoked.
pub(crate) fn verify_kept(token: &str, trust: &TrustBundle) -> Result<RevocationsClaims, RevocationsError> {
    let unverified = Unverified::parse_up_to(MAX_LIST_BYTES, token, REVOCATIONS_TYP)?;
    let kid = unverified.kid().to_owned();
    let key = trust.find_key(&kid).ok_or(RevocationsError::UnknownKey(kid))?;
    let payload = unverified.verify(&key)?;
    let claims: RevocationsClaims =
        serde_json::from_value(Value::Object(payload)).map_err(|e| RevocationsError::Claims(e.to_string()))?;
    if claims.seq < 0 || claims.iat < 0 || claims.exp <= claims.iat {
        return Err(RevocationsError::Claims("`seq`, `iat` or `exp` is out of range".into()));
    }
    if claims.iss != trust.iss {
        return Err(RevocationsError::Issuer(claims.iss));
    }
    Ok(claims)
}

impl RevocationsClaims {
    /// The entry that revokes a lease by its claims: its license or its instance.
    pub fn matches(&self, lease: &LeaseClaims) -> Option<&Revocation> {
        self.find(RevocationKind::License, &lease.lic, lease.iat)
            .or_else(|| self.find(RevocationKind::Instance, &lease.sub, lease.iat))
    }

    /// The entry that revokes a verified lease: by its claims, the key that signed it, or its delegation.
    pub fn revokes(&self, lease: &Lease) -> Option<&Revocation> {
        self.matches(lease.claims()).or_else(|| self.revokes_signer(lease))
    }

    /// The entry that revokes who signed a lease: the key, or the delegation or the key that signed that.
    pub fn revokes_signer(&self, lease: &Lease) -> Option<&Revocation> {
        let Some((delegation, kid)) = lease.delegation() else {
            return self.find(RevocationKind::Key, lease.kid(), lease.claims().iat);
        };
        self.find(RevocationKind::Delegation, &delegation.jti, delegation.iat)
            .or_else(|| self.find(RevocationKind::Key, kid, delegation.iat))
    }

    fn find(&self, kind: RevocationKind, id: &str, iat: i64) -> Option<&Revocation> {
        self.rev.iter().find(|entry| entry.kind == kind && entry.id == id && iat <= entry.before)
    }
}

fn known_kinds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Revocation>, D::Error> {
    #[derive(Deserialize)]
    struct AnyKind {
        kind: String,
        id: String,
        before: i64,
    }
    let entries = Vec::<AnyKind>::deserialize(deserializer)?;
    let known = |entry: AnyKind| {
        let kind = RevocationKind::parse(&entry.kind)?;
        Some(Revocation { kind, id: entry.id, before: entry.before })
    };
    Ok(entries.into_iter().filter_map(known).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::jwk::{self, PublicJwk};

    const NOW: i64 = 1_800_000_000;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[1; 32])
    }

    fn kid() -> String {
        jwk::thumbprint(&key().verifying_key())
    }

    fn trust() -> TrustBundle {
        TrustBundle { iss: "https://vendor.example".into(), keys: vec![PublicJwk::of(&key().verifying_key())], seq: 0 }
    }

    fn list(rev: Vec<Revocation>) -> RevocationsClaims {
        RevocationsClaims { iss: "https://vendor.example".into(), seq: 4, iat: NOW, exp: NOW + 3600, rev }
    }

    #[test]
    fn a_list_reads_back_and_ends() {
        let claims = list(vec![Revocation { kind: RevocationKind::Instance, id: "ins_1".into(), before: NOW }]);
        let token = sign(&claims, &key(), &kid());
        assert_eq!(verify(&token, &trust(), NOW + 3600 + 59).as_ref(), Ok(&claims));
        assert_eq!(verify(&token, &trust(), NOW + 3600 + 60), Err(RevocationsError::Expired(NOW + 3600)));
        assert_eq!(verify_kept(&token, &trust()), Ok(claims));
    }

    #[test]
    fn kinds_of_later_versions_are_left_out_and_ill_typed_entries_refused() {
        let signed = |rev: Value| {
            let payload = json!({"iss": "https://vendor.example", "seq": 1, "iat": NOW, "exp": NOW + 1, "rev": rev});
            jws::sign(REVOCATIONS_TYP, payload.to_string().as_bytes(), &key(), &kid())
        };
        let known = json!({"kind": "key", "id": "k", "before": NOW});
        let token = signed(json!([{"kind": "release", "id": "r", "before": 1}, known]));
        assert_eq!(verify(&token, &trust(), NOW).unwrap().rev.len(), 1);
        for bad in [json!({}), json!([{"kind": "key", "id": "k"}]), json!([{"kind": "key", "id": "k", "before": 1.5}])]
        {
            assert!(matches!(verify(&signed(bad), &trust(), NOW), Err(RevocationsError::Claims(_))));
        }
    }

    #[test]
    fn another_vendors_list_or_one_of_a_stranger_is_refused() {
        let other = RevocationsClaims { iss: "https://other.example".into(), ..list(vec![]) };
        assert_eq!(verify(&sign(&other, &key(), &kid()), &trust(), NOW), Err(RevocationsError::Issuer(other.iss)));
        let stranger = SigningKey::from_bytes(&[2; 32]);
        let forged = sign(&list(vec![]), &stranger, &kid());
        assert_eq!(verify(&forged, &trust(), NOW), Err(JwsError::Signature.into()));
        let theirs = jwk::thumbprint(&stranger.verifying_key());
        let forged = sign(&list(vec![]), &stranger, &theirs);
        assert_eq!(verify(&forged, &trust(), NOW), Err(RevocationsError::UnknownKey(theirs)));
    }
}
