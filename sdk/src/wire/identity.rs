//! Who holds a seat.

use serde::{Deserialize, Serialize};

use super::{InvalidMember, validate_name};

/// What an identity names. Which kinds a license takes follows from its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// One installation of the product, such as a cluster node.
    Instance,
    /// One physical or virtual machine.
    Machine,
    /// One person, on any of their devices.
    User,
}

impl IdentityKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Machine => "machine",
            Self::User => "user",
        }
    }
}

/// How the application names the holder of a seat.
///
/// `id` and `device` are compared byte for byte: choose them once and keep them over restarts and updates. Whoever
/// presents the identity of a held seat gets that seat and never a second one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::device_for_users_only))]
pub struct Identity {
    /// What the identity names.
    pub kind: IdentityKind,
    /// Stable name of the instance, machine or user: 1–255 bytes, no control characters.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::name"))]
    pub id: String,
    /// Stable name of this installation: required for [`IdentityKind::User`], forbidden otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::optional_name"))]
    pub device: Option<String>,
    /// What people read in the portal; no part of the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::optional_name"))]
    pub name: Option<String>,
}

impl Identity {
    /// One installation of the product.
    pub fn instance(id: impl Into<String>) -> Self {
        Self { kind: IdentityKind::Instance, id: id.into(), device: None, name: None }
    }

    /// One machine.
    pub fn machine(id: impl Into<String>) -> Self {
        Self { kind: IdentityKind::Machine, id: id.into(), device: None, name: None }
    }

    /// One user on one device.
    pub fn user(id: impl Into<String>, device: impl Into<String>) -> Self {
        Self { kind: IdentityKind::User, id: id.into(), device: Some(device.into()), name: None }
    }

    /// The same identity with a name for people.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether both name the same holder: kind, id and device, byte for byte. The name for people does not count.
    pub fn is_same_holder(&self, other: &Self) -> bool {
        self.kind == other.kind && self.id == other.id && self.device == other.device
    }

    /// Checks lengths, characters and the rule about `device`.
    ///
    /// # Errors
    /// Names the member, as in `identity.device`.
    pub fn validate(&self) -> Result<(), InvalidMember> {
        validate_name("identity.id", &self.id)?;
        match (self.kind, &self.device) {
            (IdentityKind::User, None) => {
                return Err(InvalidMember::new("identity.device", "is required for identities of kind user"));
            }
            (IdentityKind::User, Some(device)) => validate_name("identity.device", device)?,
            (_, Some(_)) => {
                return Err(InvalidMember::new("identity.device", "is only allowed for identities of kind user"));
            }
            (_, None) => {}
        }
        self.name.as_deref().map_or(Ok(()), |name| validate_name("identity.name", name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_member(identity: &Identity) -> Option<String> {
        identity.validate().err().map(|e| e.member)
    }

    #[test]
    fn a_device_is_required_for_users_and_forbidden_for_others() {
        let mut user = Identity::user("ada", "laptop");
        assert_eq!(refused_member(&user), None);
        user.device = None;
        assert_eq!(refused_member(&user).as_deref(), Some("identity.device"));
        let mut machine = Identity::machine("m-1");
        assert_eq!(refused_member(&machine), None);
        machine.device = Some("x".into());
        assert_eq!(refused_member(&machine).as_deref(), Some("identity.device"));
    }

    #[test]
    fn ids_have_one_to_255_bytes_and_no_control_characters() {
        assert_eq!(refused_member(&Identity::instance("")).as_deref(), Some("identity.id"));
        assert_eq!(refused_member(&Identity::instance("é".repeat(128))).as_deref(), Some("identity.id"));
        assert_eq!(refused_member(&Identity::instance("x".repeat(255))), None);
        assert_eq!(refused_member(&Identity::instance("a\nb")).as_deref(), Some("identity.id"));
        assert_eq!(refused_member(&Identity::instance("a\u{85}b")).as_deref(), Some("identity.id"));
        assert_eq!(refused_member(&Identity::instance("a").named("")).as_deref(), Some("identity.name"));
    }

    #[test]
    fn the_name_for_people_is_no_part_of_the_identity() {
        assert!(Identity::instance("a").named("x").is_same_holder(&Identity::instance("a")));
        assert!(!Identity::instance("a").is_same_holder(&Identity::machine("a")));
        assert!(!Identity::user("a", "1").is_same_holder(&Identity::user("a", "2")));
        assert!(!Identity::instance("é").is_same_holder(&Identity::instance("e\u{301}")), "no normalisation");
    }
}
