//! The lease: a short-lived signed token that says this instance may run, with what, until when.
//!
//! A lease is a compact JWS of type `lease+jwt` (see [`crate::jws`]) over [`LeaseClaims`]. Any JOSE library can verify
//! one with the vendor's `/.well-known/jwks.json`; [`verify`] does so offline with a [`TrustBundle`].
//!
//! ```
//! # use sdk::{jwk, lease::{self, Expect}, trust::TrustBundle};
//! # fn demo(token: &str, bundle: &TrustBundle, nonce: &sdk::wire::Nonce) -> Result<(), lease::LeaseError> {
//! let lease = lease::verify(token, bundle, &Expect { nonce: Some(nonce), ..Expect::of("iot-platform", 0) })?;
//! println!("{} devices until {}", lease.limit("devices"), lease.claims().exp);
//! # Ok(()) }
//! ```

mod enforcement;
mod verify;

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

pub use enforcement::{EnforcementPolicy, EnforcementPolicyError, EnforcementStep, Stage, Standing};
pub use verify::{Expect, LEEWAY_S, LeaseError, verify};

use crate::{
    delegation::{DELEGATION_HEADER, Delegation, DelegationClaims},
    jws,
    wire::{Identity, Nonce},
};

/// `typ` of a lease's header.
pub const LEASE_TYP: &str = "lease+jwt";

/// Value of `ver` in this version of the protocol.
pub const LEASE_VERSION: i64 = 1;

/// What kind of holder a license seats, and how long a seat is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenseType {
    /// Held by a machine or instance until released, deactivated or long silent.
    Machine,
    /// One seat per user, on several devices.
    User,
    /// One seat per instance, held only while its lease lives.
    Floating,
}

impl LicenseType {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::User => "user",
            Self::Floating => "floating",
        }
    }
}

/// The claims of a lease, named as in the token. All times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseClaims {
    /// Version of the token, [`LEASE_VERSION`].
    pub ver: i64,
    /// The vendor's origin.
    pub iss: String,
    /// Product code.
    pub aud: String,
    /// Instance id.
    pub sub: String,
    /// Lease id.
    pub jti: String,
    /// Signed at.
    pub iat: i64,
    /// Valid from.
    pub nbf: i64,
    /// Valid until, exclusively.
    pub exp: i64,
    /// The nonce of the request that it answers; absent in files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
    /// License id.
    pub lic: String,
    /// License type.
    pub lty: LicenseType,
    /// Plan code.
    pub pln: String,
    /// Who holds the seat, without the name for people.
    pub idn: Identity,
    /// Limit name → amount; a missing name allows none, `-1` is unlimited.
    pub lim: BTreeMap<String, i64>,
    /// Feature name → its end, or none.
    pub fea: BTreeMap<String, Option<i64>>,
    /// Seats of the license.
    pub seats: i64,
    /// Perpetual only: releases dated on or before this time's day in UTC are covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upd: Option<i64>,
    /// What happens, and when, once checks fail.
    pub enf: EnforcementPolicy,
    /// Seconds to the next check.
    pub chk: i64,
    /// Whether the lease is borrowed for offline use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub brw: bool,
}

/// Signs a lease. `kid` is the [thumbprint](crate::jwk::thumbprint) of `key`.
#[expect(clippy::expect_used, reason = "maps with string keys and integers always serialise")]
pub fn sign(claims: &LeaseClaims, key: &SigningKey, kid: &str) -> String {
    let payload = serde_json::to_vec(claims).expect("claims are plain JSON");
    jws::sign(LEASE_TYP, &payload, key, kid)
}

/// Signs a lease as a local license server: `delegation` is the token that allows `key` to, and `kid` the thumbprint of
/// `key`.
#[expect(clippy::expect_used, reason = "maps with string keys and integers always serialise")]
pub fn sign_delegated(claims: &LeaseClaims, key: &SigningKey, kid: &str, delegation: &str) -> String {
    let payload = serde_json::to_vec(claims).expect("claims are plain JSON");
    jws::sign_with(LEASE_TYP, &[(DELEGATION_HEADER, delegation)], &payload, key, kid)
}

/// A lease whose signature and claims have been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    claims: LeaseClaims,
    kid: String,
    delegation: Option<Box<Delegation>>,
}

impl Lease {
    /// The verified claims. Features that had ended when the lease was verified are not among them.
    pub fn claims(&self) -> &LeaseClaims {
        &self.claims
    }

    /// Thumbprint of the key that signed it, the vendor's or a local license server's.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The delegation under which a local license server signed it, and the vendor's key that signed that.
    pub fn delegation(&self) -> Option<(&DelegationClaims, &str)> {
        self.delegation.as_ref().map(|delegation| (delegation.claims(), delegation.kid()))
    }

    /// What the lease allows of a limit: none where it does not name it.
    pub fn limit(&self, name: &str) -> Limit {
        match self.claims.lim.get(name) {
            None => Limit::AtMost(0),
            Some(-1) => Limit::Unlimited,
            Some(amount) => Limit::AtMost(*amount),
        }
    }

    /// Whether the lease has a feature at `now` (Unix seconds).
    pub fn has_feature(&self, name: &str, now: i64) -> bool {
        self.claims.fea.get(name).is_some_and(|end| end.is_none_or(|end| now < end))
    }

    /// Whether the lease is still valid at `now` (Unix seconds).
    pub fn is_valid_at(&self, now: i64) -> bool {
        now < self.claims.exp
    }
}

/// How much of something a lease allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Up to this amount; zero allows none.
    AtMost(i64),
    /// Any amount.
    Unlimited,
}

impl Limit {
    /// Whether having `amount` is within the limit.
    pub fn allows(self, amount: i64) -> bool {
        match self {
            Self::AtMost(limit) => amount <= limit,
            Self::Unlimited => true,
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(limit) => limit.fmt(f),
            Self::Unlimited => f.write_str("unlimited"),
        }
    }
}

#[cfg(test)]
mod tests;
