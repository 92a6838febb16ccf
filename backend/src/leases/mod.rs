//! Leases: activating, checking and releasing instances, and the seats they hold.
//!
//! A seat is held while `held_until` of its instance lies ahead. Whatever is granted is decided under the
//! license's row lock by pure functions, so seats are never oversold: `seats.rs` (who may hold one), `surge.rs`
//! (seats beyond the bought ones, for a while), `rules.rs` (times, returns, use). `lineage.rs` and `proof.rs`
//! decide what a presented instance secret proves, `conflict.rs` what follows when two copies show theirs.
//! Every call by secret or about somebody's instance begins in `opening.rs`. Every grant and refusal of a known
//! instance is an event in the same transaction; refusals are outcomes, so their events are committed. A seat that
//! runs out is told once, by whoever meets it first (`close_lapsed.rs`).

mod activate_instance;
mod answer;
mod block_instance;
mod check_instance;
mod close_lapsed;
mod conflict;
mod deactivate_instance;
mod delete_instance;
pub mod denials;
mod end_for_handover;
mod free_seat;
mod grant;
pub mod handlers;
mod hold;
mod holders;
pub mod instance_list;
mod lineage;
mod list_instances_for;
pub mod live;
mod notify;
mod opening;
pub mod outlook;
mod proof;
mod refusal;
mod release_instance;
mod resolve_conflict;
mod revoke_lease;
pub mod rules;
pub mod seats;
mod store;
pub mod surge;
mod usage;

use std::collections::BTreeMap;

use sdk::wire::{Identity, IdentityKind};

use crate::clock::UnixMs;
use crate::db::{JsonText, text_enum};
use crate::ids::{InstanceId, LeaseId, LicenseId};
use crate::keys::MasterKey;
use crate::vendors::Vendor;

pub use activate_instance::activate_instance;
pub use block_instance::{block_instance, unblock_instance};
pub use check_instance::check_instance;
pub use close_lapsed::close_lapsed;
pub use conflict::{Conflict, Contest};
pub use deactivate_instance::deactivate_instance;
pub use delete_instance::delete_instance;
pub(crate) use end_for_handover::end_for_handover;
pub use free_seat::{Freed, free_seat};
pub use grant::Granted;
pub use holders::{Holders, list_holders};
pub use list_instances_for::list_instances_for;
pub use refusal::Refusal;
pub use release_instance::release_instance;
pub use resolve_conflict::{Decision, resolve_conflict};
pub use revoke_lease::revoke_lease;
pub use store::{count_seats, feature_use, find_instance, list_instances};
pub use usage::license_usage;

/// What an act on an instance did, by its owner or the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It is done. Where the instance gave its seat back, the seat is free at this moment.
    Done {
        /// At once, or when it would have lapsed by itself.
        free_at: UnixMs,
    },
    /// There was nothing to do.
    Unchanged,
    /// There is no such instance, or whoever acts may not: it belongs to another account.
    NotFound,
}

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
        /// Forgotten: no call finds it, and its identity is a new one's. The row stays, because a seat that a
        /// lease is still out for is held to its end.
        Deleted = "deleted",
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
    /// Signs that two copies run under its identity, oldest first.
    pub contests: JsonText<Vec<Contest>>,
    conflict: Option<JsonText<Conflict>>,
    /// Since when it holds its seat without a gap.
    pub held_since: UnixMs,
    /// Until when its seat is held.
    pub held_until: UnixMs,
    /// The latest end of any lease ever handed out for it.
    pub lease_exp: UnixMs,
    lease_life_ms: i64,
    lease_id: LeaseId,
    surge: bool,
    interval_open: bool,
    deactivated_at: Option<UnixMs>,
    /// What it last reported of each limit.
    pub levels: JsonText<BTreeMap<String, i64>>,
    counters: JsonText<BTreeMap<String, i64>>,
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

    /// Whether a lease granted at `now` continues the interval in which it holds its seat. A seat that was given back
    /// and could not be free at once, or that was told as lapsed before the clock went back, is taken anew.
    fn goes_on(&self, now: UnixMs) -> bool {
        self.interval_open && self.holds_seat(now)
    }

    /// The conflict about its identity that stands at `now`.
    #[must_use]
    pub fn conflict(&self, now: UnixMs) -> Option<&Conflict> {
        self.conflict.as_ref().map(|conflict| &conflict.0).filter(|conflict| conflict.stands(now))
    }

    /// What people call it: its name, else its identity.
    #[must_use]
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() { &self.identity } else { &self.name }
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

#[cfg(test)]
impl Instance {
    /// An instance that has done nothing yet, for tests that only care for some of its members.
    pub(crate) fn example() -> Self {
        let entropy = crate::cx::Entropy::seeded(1);
        Self {
            id: entropy.id(),
            license_id: entropy.id(),
            kind: "instance".to_owned(),
            identity: "node-a".to_owned(),
            device: String::new(),
            name: String::new(),
            status: InstanceStatus::Active,
            version: "1".to_owned(),
            instance_key_sealed: Vec::new(),
            epoch: 1,
            shown_n: 0,
            shown_nonce: String::new(),
            shown_at: UnixMs(0),
            activation_nonce: String::new(),
            contests: JsonText::default(),
            conflict: None,
            held_since: UnixMs(0),
            held_until: UnixMs(0),
            lease_exp: UnixMs(0),
            lease_life_ms: 0,
            lease_id: entropy.id(),
            surge: false,
            interval_open: false,
            deactivated_at: None,
            levels: JsonText::default(),
            counters: JsonText::default(),
            first_contact_at: UnixMs(0),
            last_contact_at: UnixMs(0),
        }
    }
}
