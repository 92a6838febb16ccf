//! Delegations: how a license server in a customer's network may sign leases.
//!
//! A delegation is a compact JWS of type `delegation+jwt` over [`DelegationClaims`], signed by the vendor, that names
//! the local server's key. A lease that the local server signs carries it in its header `dlg`, and
//! [`lease::verify`](crate::lease::verify) then verifies both:
//!
//! 1. the delegation, with the trust bundle, like any token: it must have no `dlg` of its own, so that a chain has
//!    exactly one link;
//! 2. the lease, with the key in `cnf.jwk`, whose thumbprint must be the lease's `kid`;
//! 3. that the lease stays within the delegation, by the rules of [`DelegationClaims::permits`].

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    jwk::PublicJwk,
    jws::{self, JwsError, Unverified},
    lease::{EnforcementPolicy, LeaseClaims, LicenseType},
    trust::TrustBundle,
};

/// `typ` of a delegation's header.
pub const DELEGATION_TYP: &str = "delegation+jwt";

/// Header of a lease that carries the delegation under which it was signed.
pub const DELEGATION_HEADER: &str = "dlg";

/// The claims of a delegation. All times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationClaims {
    /// The vendor's origin.
    pub iss: String,
    /// Local server id.
    pub sub: String,
    /// Delegation id.
    pub jti: String,
    /// Place among the delegations of this local server.
    pub seq: i64,
    /// The key that may sign.
    pub cnf: Confirmation,
    /// License id.
    pub lic: String,
    /// License type.
    pub lty: LicenseType,
    /// Plan code.
    pub pln: String,
    /// Product code.
    pub aud: String,
    /// Seats set aside; `-1` is unlimited.
    pub seats: i64,
    /// Limit name → greatest amount, `-1` for any.
    pub lim: BTreeMap<String, i64>,
    /// Feature name → its latest end, or none.
    pub fea: BTreeMap<String, Option<i64>>,
    /// Perpetual only: end of the covered releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upd: Option<i64>,
    /// What happens once checks fail.
    pub enf: EnforcementPolicy,
    /// Longest life of a lease, in seconds.
    pub max_lease_s: i64,
    /// Longest life of a borrowed lease, in seconds.
    pub max_borrow_s: i64,
    /// Signed at.
    pub iat: i64,
    /// Valid from.
    pub nbf: i64,
    /// Valid until, exclusively.
    pub exp: i64,
}

/// The claim `cnf` (RFC 7800).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The local server's public key.
    pub jwk: PublicJwk,
}

/// Why a delegation allows nothing, or not this lease.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DelegationError {
    /// No genuine token at all.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// The lease's header `dlg` is no text.
    #[error("the delegation is not a token")]
    NotAToken,
    /// A delegation under a delegation.
    #[error("the delegation is itself delegated")]
    Chain,
    /// Signed by a key that is not trusted.
    #[error("the delegation is signed by a key that is not trusted: {0}")]
    UnknownKey(String),
    /// A claim is missing or ill-typed.
    #[error("the delegation's claims are malformed: {0}")]
    Claims(String),
    /// Another vendor's.
    #[error("the delegation was issued by {0}")]
    Issuer(String),
    /// The lease is signed by another key than the one that the delegation names.
    #[error("the delegation is for another key")]
    Key,
    /// The lease goes beyond it in this claim.
    #[error("the lease's `{0}` goes beyond its delegation")]
    Exceeded(&'static str),
}

/// Signs a delegation. `kid` is the [thumbprint](crate::jwk::thumbprint) of `key`, the vendor's.
#[expect(clippy::expect_used, reason = "maps with string keys and integers always serialise")]
pub fn sign(claims: &DelegationClaims, key: &SigningKey, kid: &str) -> String {
    let payload = serde_json::to_vec(claims).expect("claims are plain JSON");
    jws::sign(DELEGATION_TYP, &payload, key, kid)
}

/// A delegation whose signature has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    claims: DelegationClaims,
    kid: String,
}

impl Delegation {
    /// The verified claims.
    pub fn claims(&self) -> &DelegationClaims {
        &self.claims
    }

    /// The vendor's key that signed it.
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

/// Verifies that the vendor signed a delegation. Its times bound the leases under it, see
/// [`DelegationClaims::permits`], and are not compared with any clock here.
///
/// # Errors
/// The first reason for which nothing may be derived from it.
pub fn verify(token: &str, trust: &TrustBundle) -> Result<Delegation, DelegationError> {
    let unverified = Unverified::parse(token, DELEGATION_TYP)?;
    if unverified.header(DELEGATION_HEADER).is_some() {
        return Err(DelegationError::Chain);
    }
    let kid = unverified.kid().to_owned();
    let key = trust.find_key(&kid).ok_or_else(|| DelegationError::UnknownKey(kid.clone()))?;
    let payload = unverified.verify(&key)?;
    let claims: DelegationClaims =
        serde_json::from_value(Value::Object(payload)).map_err(|e| DelegationError::Claims(e.to_string()))?;
    claims.validate()?;
    if claims.iss != trust.iss {
        return Err(DelegationError::Issuer(claims.iss));
    }
    Ok(Delegation { claims, kid })
}

impl DelegationClaims {
    fn validate(&self) -> Result<(), DelegationError> {
        let refuse = |why: &str| Err(DelegationError::Claims(why.into()));
        let mut times =
            [self.iat, self.nbf, self.exp].into_iter().chain(self.upd).chain(self.fea.values().flatten().copied());
        if times.any(|time| time < 0) {
            return refuse("a time is negative");
        }
        if self.exp <= self.nbf || self.seq < 0 || self.max_lease_s < 0 || self.max_borrow_s < 0 {
            return refuse("`exp`, `seq`, `max_lease_s` or `max_borrow_s` is out of range");
        }
        if self.lim.values().chain([&self.seats]).any(|amount| *amount < -1) {
            return refuse("an amount is less than -1");
        }
        Ok(())
    }

    /// Whether a lease that the local server signed stays within what was delegated: equal `iss`, `aud`, `lic`, `pln`,
    /// `lty`, `upd` and `enf`; no more `seats`; each limit present here and no greater (`-1` is greatest); each feature
    /// present here and no later; not valid before; not living longer than `max_lease_s`, or `max_borrow_s` when
    /// borrowed; not ending later.
    ///
    /// # Errors
    /// [`DelegationError::Exceeded`] names the first claim that goes beyond.
    pub fn permits(&self, lease: &LeaseClaims) -> Result<(), DelegationError> {
        let life = lease.exp.saturating_sub(lease.iat);
        let longest = if lease.brw { self.max_borrow_s } else { self.max_lease_s };
        let limits_fit = |(name, amount): (&String, &i64)| self.lim.get(name).is_some_and(|most| fits(*amount, *most));
        let features_fit = |(name, end): (&String, &Option<i64>)| match (self.fea.get(name), end) {
            (None, _) | (Some(Some(_)), None) => false,
            (Some(None), _) => true,
            (Some(Some(latest)), Some(end)) => end <= latest,
        };
        for (claim, holds) in [
            ("iss", lease.iss == self.iss),
            ("aud", lease.aud == self.aud),
            ("lic", lease.lic == self.lic),
            ("pln", lease.pln == self.pln),
            ("lty", lease.lty == self.lty),
            ("upd", lease.upd == self.upd),
            ("enf", lease.enf == self.enf),
            ("seats", fits(lease.seats, self.seats)),
            ("lim", lease.lim.iter().all(limits_fit)),
            ("fea", lease.fea.iter().all(features_fit)),
            ("nbf", lease.nbf >= self.nbf),
            ("iat", life <= longest),
            ("exp", lease.exp <= self.exp),
        ] {
            if !holds {
                return Err(DelegationError::Exceeded(claim));
            }
        }
        Ok(())
    }
}

/// Whether an amount is no greater than another, `-1` being greatest.
fn fits(amount: i64, most: i64) -> bool {
    most == -1 || (amount != -1 && amount <= most)
}
