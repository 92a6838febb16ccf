//! Leases: activating, checking and releasing instances, and the seats they hold.
//!
//! A seat is held while `held_until` of its instance lies ahead; whatever is granted is decided under the
//! license's row lock by the pure functions of `rules.rs`, so seats are never oversold. `lineage.rs`
//! decides what a presented instance secret proves. Every grant and refusal of a known instance is an
//! event in the same transaction; refusals are outcomes, so their events are committed.

mod activate_instance;
mod check_instance;
mod free_seat;
mod grant;
mod lineage;
mod refusal;
mod release_instance;
pub mod rules;
mod store;

use sdk::wire::{Identity, IdentityKind};

use crate::clock::UnixMs;
use crate::db::{JsonText, text_enum};
use crate::ids::{InstanceId, LeaseId, LicenseId};
use crate::keys::MasterKey;
use crate::vendors::Vendor;

pub use activate_instance::activate_instance;
pub use check_instance::check_instance;
pub use free_seat::{Freed, free_seat};
pub use grant::Granted;
pub use refusal::Refusal;
pub use release_instance::release_instance;
pub use store::{count_seats, find_instance, list_holders, list_instances};

/// What the licensing use cases need besides their transaction: the vendor that signs, and the master key.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// The vendor whose origin is the issuer.
    pub vendor: Vendor,
    /// Opens signing and instance keys.
    pub master: MasterKey,
}

text_enum! {
    /// What the owner or the instance itself decided about an instance. Whether it holds a seat is told by
    /// its `held_until` alone.
    InstanceStatus {
        /// May check.
        Active = "active",
        /// Gave its seat back.
        Released = "released",
        /// Its seat was freed by somebody else.
        Deactivated = "deactivated",
        /// Must not run.
        Blocked = "blocked",
    }
}

/// One activated installation.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// The license it runs under.
    pub license_id: LicenseId,
    kind: String,
    identity: String,
    device: String,
    /// Its name for people; may be empty.
    pub name: String,
    /// What was decided about it.
    pub status: InstanceStatus,
    /// The version it last reported.
    pub version: String,
    instance_key_sealed: Vec<u8>,
    epoch: i64,
    shown_n: i64,
    shown_nonce: String,
    shown_at: UnixMs,
    activation_nonce: String,
    forks: i64,
    /// Since when it holds its seat without a gap.
    pub held_since: UnixMs,
    /// Until when its seat is held.
    pub held_until: UnixMs,
    /// The latest end of any lease ever handed out for it.
    pub lease_exp: UnixMs,
    lease_life_ms: i64,
    lease_id: LeaseId,
    deactivated_at: Option<UnixMs>,
    /// What it last reported of each limit.
    pub levels: JsonText<std::collections::BTreeMap<String, i64>>,
    /// First contact.
    pub first_contact_at: UnixMs,
    /// Last contact.
    pub last_contact_at: UnixMs,
}

impl Instance {
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

    fn as_holder(&self) -> sdk::wire::Holder {
        sdk::wire::Holder {
            id: self.id.to_string(),
            identity: self.identity(),
            version: self.version.clone(),
            first_contact_at: self.first_contact_at.timestamp(),
            last_contact_at: self.last_contact_at.timestamp(),
            lease_expires_at: self.lease_exp.timestamp(),
        }
    }
}

fn kind_from_word(word: &str) -> IdentityKind {
    match word {
        "machine" => IdentityKind::Machine,
        "user" => IdentityKind::User,
        _ => IdentityKind::Instance,
    }
}
