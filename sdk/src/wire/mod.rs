//! What product instances and the server say to each other: the bodies of API version 1.
//!
//! Every body is one flat JSON object. Unknown members are ignored, optional ones are left out when they have no
//! value, so that either side may be the older one. Times are RFC 3339 in UTC, dates `YYYY-MM-DD`, durations whole
//! seconds in members that end in `_s`.
//!
//! | endpoint (`POST /api/v1/…`) | request | answer |
//! |---|---|---|
//! | `licenses/activate` | [`ActivateRequest`] | [`LeaseResponse`] |
//! | `licenses/check` | [`CheckRequest`] | [`LeaseResponse`] |
//! | `licenses/release` | [`ReleaseRequest`] | [`ReleaseResponse`] |
//! | `licenses/instances` | [`InstancesRequest`] | [`InstancesResponse`] |
//! | `licenses/deactivate` | [`DeactivateRequest`] | [`DeactivateResponse`] |
//! | `claims/start` | [`ClaimStartRequest`] | [`ClaimStartResponse`] |
//! | `claims/poll` | [`ClaimPollRequest`] | [`ClaimPollResponse`] |
//!
//! A failure is a [`Problem`](crate::error::Problem). Parsing refuses what is ill-typed; `validate()` refuses what
//! is well-typed but not allowed, and names the member, for `invalid_request`.

mod claims;
mod identity;
mod instances;
mod lease;
mod nonce;
#[cfg(feature = "schema")]
mod schema;
mod secret;

pub use claims::{ClaimPollRequest, ClaimPollResponse, ClaimStartRequest, ClaimStartResponse};
pub use identity::{Identity, IdentityKind};
pub use instances::{
    DeactivateRequest, DeactivateResponse, Holder, InstanceCredential, InstancesRequest, InstancesResponse,
    ReleaseRequest, ReleaseResponse,
};
pub use lease::{ActivateRequest, CheckRequest, LeaseResponse, Notice, OverLimit, PlanView};
pub use nonce::{Nonce, NonceError};
pub use secret::Secret;

/// Longest body that the server reads and the client accepts, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// How many limits `levels`, and how many features `counters`, may name in one check.
pub const MAX_REPORTED_NAMES: usize = 100;

/// Path under which all endpoints of version 1 live.
pub const API_PREFIX: &str = "/api/v1";

/// A member of a request that is well-typed but not allowed; becomes `invalid_request`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member} {reason}")]
pub struct InvalidMember {
    /// Path of the member, as in `identity.device`.
    pub member: String,
    /// What is wrong with it, to be read after the member's name: "must not be empty".
    pub reason: String,
}

impl InvalidMember {
    /// Names `member` and says what is wrong with it.
    pub fn new(member: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { member: member.into(), reason: reason.into() }
    }
}

/// The rule for every name and version on the wire: 1–255 bytes of UTF-8 without control characters.
///
/// # Errors
/// Says which of the two is broken.
pub fn validate_name(member: &str, value: &str) -> Result<(), InvalidMember> {
    if value.is_empty() {
        return Err(InvalidMember::new(member, "must not be empty"));
    }
    if value.len() > 255 {
        return Err(InvalidMember::new(member, format!("is {} bytes long; at most 255 are allowed", value.len())));
    }
    if value.chars().any(char::is_control) {
        return Err(InvalidMember::new(member, "must not contain control characters"));
    }
    Ok(())
}

/// Serde for `YYYY-MM-DD` and nothing else (jiff alone would also take a date with a time, and drop the time).
pub(crate) mod day {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(crate) fn serialize<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match date {
            Some(date) => serializer.collect_str(date),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| Error::custom(format!("`{text}` is not a date of the form YYYY-MM-DD")))
    }

    pub(crate) fn parse(text: &str) -> Option<Date> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
        if shaped { text.parse().ok() } else { None }
    }
}
