//! The instances of a license as people look at them: filtered, and paged by key.

mod export_instances;
mod of_vendor;
mod store;

use std::collections::BTreeMap;

use sdk::wire::Identity;

use super::{Conflict, Contest, InstanceStatus, kind_from_word};
use crate::clock::UnixMs;
use crate::db::JsonText;
use crate::ids::{InstanceId, LicenseId};

pub use export_instances::export_instances;
pub use of_vendor::{InstanceFilter, LeaseState, VendorInstance, VendorInstancePlace};
pub use store::{
    count_instances, count_live, find_listed, list_in_conflict, list_of_all_licenses, search_instances,
    search_vendor_instances,
};

/// An instance as people see it: who it is, what it does, and until when.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct ListedInstance {
    /// Its id.
    pub id: InstanceId,
    kind: String,
    identity: String,
    device: String,
    name: String,
    /// What was decided about it.
    pub status: InstanceStatus,
    /// The version it last reported.
    pub version: String,
    /// Since when it holds its seat without a gap.
    pub held_since: UnixMs,
    /// Until when its seat is held.
    pub held_until: UnixMs,
    /// The latest end of any lease ever handed out for it.
    pub lease_exp: UnixMs,
    /// Whether its seat is one of a surge.
    pub surge: bool,
    /// Signs that two copies run under its identity, oldest first.
    pub contests: JsonText<Vec<Contest>>,
    conflict: Option<JsonText<Conflict>>,
    /// What it last reported of each limit.
    pub levels: JsonText<BTreeMap<String, i64>>,
    /// First contact.
    pub first_contact_at: UnixMs,
    /// Last contact.
    pub last_contact_at: UnixMs,
}

/// An instance in a list of several licenses' instances.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct LicensedInstance {
    /// The license it runs under.
    pub license_id: LicenseId,
    /// The instance.
    #[sqlx(flatten)]
    pub instance: ListedInstance,
}

impl ListedInstance {
    /// Who it is, as the application named it.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity {
            kind: kind_from_word(&self.kind),
            id: self.identity.clone(),
            device: (!self.device.is_empty()).then(|| self.device.clone()),
            name: (!self.name.is_empty()).then(|| self.name.clone()),
        }
    }

    /// Whether it holds a seat at `now`.
    #[must_use]
    pub fn holds_seat(&self, now: UnixMs) -> bool {
        self.held_until > now
    }

    /// Since when a conflict about its identity waits for the owner's decision.
    #[must_use]
    pub fn conflict_since(&self, now: UnixMs) -> Option<UnixMs> {
        let conflict = self.conflict.as_ref().map(|conflict| &conflict.0)?;
        (conflict.stands(now) && !conflict.kept).then_some(conflict.since)
    }

    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> InstancePlace {
        InstancePlace { held_until: self.held_until, id: self.id.clone() }
    }
}

/// The key of an instance in its list, from which the next page goes on. A place moves while the instance
/// checks in, so whoever pages slowly may meet an instance twice, but never misses one that has fallen silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstancePlace {
    held_until: UnixMs,
    id: InstanceId,
}

impl InstancePlace {
    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self { held_until: UnixMs(at.parse().ok()?), id: InstanceId::from_untrusted(id) })
    }
}

impl std::fmt::Display for InstancePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.held_until.0, self.id)
    }
}

#[cfg(test)]
impl ListedInstance {
    /// An instance that holds a seat until `held_until`, for tests that only care for some of its members.
    pub(crate) fn example(identity: &str, name: &str, held_until: UnixMs, last_contact_at: UnixMs) -> Self {
        Self {
            id: InstanceId::from_untrusted("ins_a"),
            kind: "instance".to_owned(),
            identity: identity.to_owned(),
            device: String::new(),
            name: name.to_owned(),
            status: InstanceStatus::Active,
            version: "1".to_owned(),
            held_since: UnixMs(0),
            held_until,
            lease_exp: held_until,
            surge: false,
            contests: JsonText::default(),
            conflict: None,
            levels: JsonText::default(),
            first_contact_at: UnixMs(0),
            last_contact_at,
        }
    }

    /// The same on a device, or in a conflict that was opened then.
    pub(crate) fn with(mut self, device: &str, conflict_since: Option<UnixMs>) -> Self {
        device.clone_into(&mut self.device);
        self.conflict =
            conflict_since.map(|since| JsonText(Conflict { since, origin: None, admitted: false, kept: false }));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY_MS;

    #[test]
    fn a_conflict_waits_for_a_decision_until_it_is_made_or_a_day_has_passed() {
        let since = UnixMs(5);
        let mut instance = ListedInstance::example("a", "", UnixMs(9), UnixMs(0)).with("", Some(since));
        assert_eq!(instance.conflict_since(since), Some(since));
        assert_eq!(instance.conflict_since(since.plus(DAY_MS)), None);
        if let Some(conflict) = &mut instance.conflict {
            conflict.0.kept = true;
        }
        assert_eq!(instance.conflict_since(since), None);
    }

    #[test]
    fn a_place_survives_its_address() {
        let place = InstancePlace { held_until: UnixMs(5), id: InstanceId::from_untrusted("ins_a") };
        assert_eq!(InstancePlace::parse(&place.to_string()), Some(place));
        assert_eq!(InstancePlace::parse("ins_a"), None);
    }
}
