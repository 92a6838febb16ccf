//! Whether a token is a lease that this product may act on.

use serde_json::{Map, Value};

use super::{LEASE_TYP, LEASE_VERSION, Lease, LeaseClaims};
use crate::{
    delegation::{self, DELEGATION_HEADER, DelegationError},
    jws::{JwsError, Unverified},
    revocations::RevocationKind,
    trust::TrustBundle,
    wire::{Identity, Nonce},
};

/// How far the system clock may be off where no nonce proves that a lease is fresh, in seconds.
pub const LEEWAY_S: i64 = 60;

/// What a lease must say to be meant for this product, at this time.
#[derive(Debug, Clone, Copy)]
pub struct Expect<'a> {
    /// Product code.
    pub aud: &'a str,
    /// The own request's nonce. With it the lease is fresh: its `iat` is the time, and `now` does not count.
    /// Without it (files, and leases kept from before) `now` counts, with [`LEEWAY_S`].
    pub nonce: Option<&'a Nonce>,
    /// The client's clock, Unix seconds.
    pub now: i64,
    /// The own identity, to refuse a lease of another holder.
    pub identity: Option<&'a Identity>,
    /// The own instance id, to refuse a lease of another instance.
    pub instance_id: Option<&'a str>,
}

impl<'a> Expect<'a> {
    /// Expects a lease for a product at a time, and nothing more.
    pub const fn of(aud: &'a str, now: i64) -> Self {
        Self { aud, nonce: None, now, identity: None, instance_id: None }
    }
}

/// Why a token is not a lease to act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// No genuine token at all.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// Signed by a key that is not in the trust bundle, or that cannot verify.
    #[error("the lease is signed by a key that is not trusted: {0}")]
    UnknownKey(String),
    /// Signed by a local license server that was not allowed to, or not this.
    #[error("the lease is signed by a local license server without the right to: {0}")]
    Delegation(#[from] DelegationError),
    /// A claim is missing or ill-typed.
    #[error("the lease's claims are malformed: {0}")]
    Claims(String),
    /// Another version of the token.
    #[error("the lease is of version {0}, not {LEASE_VERSION}")]
    Version(i64),
    /// Another vendor's.
    #[error("the lease was issued by {0}")]
    Issuer(String),
    /// For another product.
    #[error("the lease is for the product {0}")]
    Audience(String),
    /// Not the answer to this request.
    #[error("the lease does not answer this request")]
    Nonce,
    /// Another holder's.
    #[error("the lease names another holder")]
    Identity,
    /// Another instance's.
    #[error("the lease is for the instance {0}")]
    Instance(String),
    /// Its times contradict each other, as in an end before the start.
    #[error("the lease's times contradict each other")]
    Times,
    /// Not valid yet.
    #[error("the lease is not valid before {0} (Unix seconds)")]
    NotYetValid(i64),
    /// Not valid any more.
    #[error("the lease ended at {0} (Unix seconds)")]
    Expired(i64),
    /// Named by the vendor's [revocations](crate::revocations).
    #[error("the vendor has revoked this {}", .0.as_str())]
    Revoked(RevocationKind),
}

/// Verifies a lease offline: signature, issuer, audience, nonce, holder, times, and for the lease of a local license
/// server its [delegation](crate::delegation). Features that have ended are dropped.
///
/// # Errors
/// The first reason for which the token must not be acted on.
pub fn verify(token: &str, trust: &TrustBundle, expect: &Expect<'_>) -> Result<Lease, LeaseError> {
    let unverified = Unverified::parse(token, LEASE_TYP)?;
    let kid = unverified.kid().to_owned();
    let (key, delegation) = match unverified.header(DELEGATION_HEADER) {
        None => (trust.find_key(&kid).ok_or_else(|| LeaseError::UnknownKey(kid.clone()))?, None),
        Some(token) => {
            let token = token.as_str().ok_or(DelegationError::NotAToken)?;
            let delegation = delegation::verify(token, trust)?;
            let jwk = &delegation.claims().cnf.jwk;
            let key = jwk.verifying_key().ok().filter(|_| jwk.thumbprint() == kid).ok_or(DelegationError::Key)?;
            (key, Some(Box::new(delegation)))
        }
    };
    let mut claims = read_claims(unverified.verify(&key)?)?;
    if claims.iss != trust.iss {
        return Err(LeaseError::Issuer(claims.iss));
    }
    if claims.aud != expect.aud {
        return Err(LeaseError::Audience(claims.aud));
    }
    if let Some(delegation) = &delegation {
        delegation.claims().permits(&claims)?;
    }
    if expect.nonce.is_some() && claims.nonce.as_ref() != expect.nonce {
        return Err(LeaseError::Nonce);
    }
    if expect.identity.is_some_and(|identity| !identity.is_same_holder(&claims.idn)) {
        return Err(LeaseError::Identity);
    }
    if expect.instance_id.is_some_and(|id| id != claims.sub) {
        return Err(LeaseError::Instance(claims.sub));
    }
    let now = if expect.nonce.is_some() { claims.iat } else { expect.now };
    if now < claims.nbf.saturating_sub(LEEWAY_S) {
        return Err(LeaseError::NotYetValid(claims.nbf));
    }
    if now >= claims.exp.saturating_add(LEEWAY_S) {
        return Err(LeaseError::Expired(claims.exp));
    }
    claims.fea.retain(|_, end| end.is_none_or(|end| now < end));
    Ok(Lease { claims, kid, delegation })
}

fn read_claims(payload: Map<String, Value>) -> Result<LeaseClaims, LeaseError> {
    // Another version may have other claims: say so before complaining about their types.
    if let Some(version) = payload.get("ver").and_then(Value::as_i64).filter(|v| *v != LEASE_VERSION) {
        return Err(LeaseError::Version(version));
    }
    let claims: LeaseClaims =
        serde_json::from_value(Value::Object(payload)).map_err(|e| LeaseError::Claims(e.to_string()))?;
    let mut times = vec![("iat", claims.iat), ("nbf", claims.nbf), ("exp", claims.exp)];
    times.extend(claims.upd.map(|upd| ("upd", upd)));
    times.extend(claims.fea.values().flatten().map(|end| ("fea", *end)));
    if let Some((name, _)) = times.iter().find(|(_, time)| *time < 0) {
        return Err(LeaseError::Claims(format!("`{name}` is a negative time")));
    }
    if claims.chk < 1 {
        return Err(LeaseError::Claims("`chk` must be at least 1".into()));
    }
    if claims.lim.values().chain([&claims.seats]).any(|amount| *amount < -1) {
        return Err(LeaseError::Claims("an amount is less than -1".into()));
    }
    claims.idn.validate().map_err(|e| LeaseError::Claims(e.to_string()))?;
    if claims.exp <= claims.nbf || claims.exp <= claims.iat {
        return Err(LeaseError::Times);
    }
    Ok(claims)
}
