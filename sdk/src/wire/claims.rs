//! Getting a key into a running product from a browser: the device flow of RFC 8628.

use serde::{Deserialize, Serialize};

use super::{Identity, InvalidMember, Secret, validate_name};

/// `claims/start`: the product asks for a code that a person confirms in the portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClaimStartRequest {
    /// Product code.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::name"))]
    pub product: String,
    /// Version of the running build.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::name"))]
    pub version: String,
    /// Who will take the seat.
    pub identity: Identity,
}

impl ClaimStartRequest {
    /// Checks what types alone do not say.
    ///
    /// # Errors
    /// Names the first member that is not allowed.
    pub fn validate(&self) -> Result<(), InvalidMember> {
        validate_name("product", &self.product)?;
        validate_name("version", &self.version)?;
        self.identity.validate()
    }
}

/// The answer to start, in the words of RFC 8628 §3.2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClaimStartResponse {
    /// Secret of the product, for polling.
    pub device_code: Secret,
    /// What the person types or compares.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[B-Z]{4}-[B-Z]{4}$")))]
    pub user_code: String,
    /// Where they type it.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "uri")))]
    pub verification_uri: String,
    /// The same with the code filled in, for a link or a QR code.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "uri")))]
    pub verification_uri_complete: String,
    /// Seconds between polls.
    pub interval: i64,
    /// Seconds until both codes end.
    pub expires_in: i64,
}

/// `claims/poll`: has it been confirmed?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClaimPollRequest {
    /// As answered by start.
    pub device_code: Secret,
}

/// The answer once it has been confirmed; repeatable for 10 minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClaimPollResponse {
    /// The key of the license that the person chose.
    pub license_key: Secret,
}
