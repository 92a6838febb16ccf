//! Who holds the seats of a license, and giving one back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Identity, InvalidMember, Secret, validate_name};

/// `licenses/release`: gives the own seat back. May be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReleaseRequest {
    /// As answered by activate.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::name"))]
    pub instance_id: String,
    /// The secret of the last answer.
    pub secret: Secret,
}

impl ReleaseRequest {
    /// Checks what types alone do not say.
    ///
    /// # Errors
    /// Names the member that is not allowed.
    pub fn validate(&self) -> Result<(), InvalidMember> {
        validate_name("instance_id", &self.instance_id)
    }
}

/// The answer to release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReleaseResponse {
    /// Always true.
    pub released: bool,
    /// When another may have the seat: now, or where seats came back early too often, when it would have lapsed by itself.
    pub free_at: Timestamp,
}

/// `licenses/instances`: who holds seats. Either the key, or instance and secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::key_or_instance))]
pub struct InstancesRequest {
    /// The license key; user identities are then masked in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_key: Option<Secret>,
    /// As answered by activate; together with `secret`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// The secret of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// `next` of the page before; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What a request about a license's instances proves itself with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceCredential<'a> {
    /// The bare key.
    Key(&'a Secret),
    /// An instance of the license.
    Instance {
        /// Its id.
        instance_id: &'a str,
        /// Its secret.
        secret: &'a Secret,
    },
}

fn credential<'a>(
    license_key: Option<&'a Secret>,
    instance_id: Option<&'a str>,
    secret: Option<&'a Secret>,
) -> Result<InstanceCredential<'a>, InvalidMember> {
    match (license_key, instance_id, secret) {
        (Some(key), None, None) => Ok(InstanceCredential::Key(key)),
        (None, Some(instance_id), Some(secret)) => {
            validate_name("instance_id", instance_id)?;
            Ok(InstanceCredential::Instance { instance_id, secret })
        }
        (None, Some(_), None) => Err(InvalidMember::new("secret", "is required together with instance_id")),
        (None, None, Some(_)) => Err(InvalidMember::new("instance_id", "is required together with secret")),
        (None, None, None) => Err(InvalidMember::new("license_key", "or instance_id and secret are required")),
        (Some(_), _, _) => Err(InvalidMember::new("license_key", "excludes instance_id and secret")),
    }
}

impl InstancesRequest {
    /// Which of the two proofs was sent.
    ///
    /// # Errors
    /// When both, none or half of one was sent, or `instance_id` is no name.
    pub fn credential(&self) -> Result<InstanceCredential<'_>, InvalidMember> {
        credential(self.license_key.as_ref(), self.instance_id.as_deref(), self.secret.as_ref())
    }
}

/// The answer to instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InstancesResponse {
    /// Who holds a seat, oldest first; at most a hundred, the others are on the next pages.
    pub holders: Vec<Holder>,
    /// How many hold one in all.
    #[serde(default)]
    pub total: i64,
    /// `cursor` of the request for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One holder of a seat; also in the problem `seats_exhausted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Holder {
    /// Instance id; `target_instance_id` of deactivate.
    pub id: String,
    /// Who holds it; a user's id is masked for whoever shows only the key.
    pub identity: Identity,
    /// Version at last contact.
    pub version: String,
    /// First activation.
    pub first_contact_at: Timestamp,
    /// Last activate or check.
    pub last_contact_at: Timestamp,
    /// End of its present lease.
    pub lease_expires_at: Timestamp,
}

/// `licenses/deactivate`: frees another instance's seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeactivateRequest {
    /// The license key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_key: Option<Secret>,
    /// As answered by activate; together with `secret`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// The secret of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// Whose seat is freed.
    pub target_instance_id: String,
}

impl DeactivateRequest {
    /// Which of the two proofs was sent.
    ///
    /// # Errors
    /// When both, none or half of one was sent, or `instance_id` is no name.
    pub fn credential(&self) -> Result<InstanceCredential<'_>, InvalidMember> {
        credential(self.license_key.as_ref(), self.instance_id.as_deref(), self.secret.as_ref())
    }

    /// Checks what types alone do not say of the rest.
    ///
    /// # Errors
    /// Names the member that is not allowed.
    pub fn validate(&self) -> Result<(), InvalidMember> {
        validate_name("target_instance_id", &self.target_instance_id)
    }
}

/// The answer to deactivate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeactivateResponse {
    /// Always true.
    pub deactivated: bool,
    /// When another may have the seat.
    pub free_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_or_an_instance_with_its_secret_but_never_both_or_half() {
        let key = Secret::new("k");
        let secret = Secret::new("s");
        assert!(matches!(credential(Some(&key), None, None), Ok(InstanceCredential::Key(_))));
        assert!(matches!(credential(None, Some("i"), Some(&secret)), Ok(InstanceCredential::Instance { .. })));
        let member = |result: Result<_, InvalidMember>| result.err().map(|e| e.member).unwrap_or_default();
        assert_eq!(member(credential(None, Some("i"), None)), "secret");
        assert_eq!(member(credential(None, None, Some(&secret))), "instance_id");
        assert_eq!(member(credential(None, None, None)), "license_key");
        assert_eq!(member(credential(Some(&key), Some("i"), Some(&secret))), "license_key");
        assert_eq!(member(credential(None, Some("i\u{0}"), Some(&secret))), "instance_id");
    }
}
