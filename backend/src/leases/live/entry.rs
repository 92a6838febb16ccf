//! What the table keeps of a license and of its instances.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::{Instance, hold};
use super::decide::{Examined, Renewal};
use super::store::Heartbeats;
use crate::clock::UnixMs;
use crate::ids::InstanceId;
use crate::keys::VendorSigningKey;
use crate::licenses::LicenseView;

/// A license and those of its instances that hold seats.
pub(super) struct LiveLicense {
    pub view: Arc<LicenseView>,
    pub origin: Arc<str>,
    pub signer: Arc<VendorSigningKey>,
    pub instances: HashMap<InstanceId, LiveInstance>,
    /// Instances of which memory knows more than the database.
    pub dirty: HashSet<InstanceId>,
    /// Whether the license waits to be written when the window ends.
    pub queued: bool,
    /// Whether it waits to be written with the next commit.
    pub is_urgent: bool,
    /// What each use case of the transaction under way has written, in their order: which instances, and what of them
    /// had been written before, which counts again if the use case is undone.
    in_hand: Vec<Vec<(InstanceId, Option<Written>)>>,
    /// How often the use cases of that transaction had it handed over: nothing is answered until they have ended.
    handed_over: usize,
    /// It is not in the table any more; whoever still has it at hand must look again.
    pub dropped: bool,
}

/// An instance with what was answered for it since it was last written.
pub(super) struct LiveInstance {
    pub instance: Instance,
    pub instance_key: Arc<[u8]>,
    pub examined: Examined,
    /// The `held_until` that is in the database.
    pub written_held_until: UnixMs,
    /// Counts the changes, so that what is written can be told from what came after.
    revision: u64,
    /// Leases signed since it was last written.
    renewals: i64,
    /// What the transaction under way has written.
    in_hand: Option<Written>,
}

/// How far a transaction has written an instance.
#[derive(Clone, Copy)]
struct Written {
    revision: u64,
    renewals: i64,
    held_until: UnixMs,
}

/// A row to be written.
pub(super) struct Heartbeat {
    pub instance: Instance,
    pub renewals: i64,
}

impl LiveInstance {
    pub(super) fn new(instance: Instance, instance_key: Arc<[u8]>, examined: Examined) -> Self {
        let written_held_until = instance.held_until;
        Self { instance, instance_key, examined, written_held_until, revision: 0, renewals: 0, in_hand: None }
    }

    /// Takes note of a lease that is being signed. Answers whether its seat has to be written first.
    pub(super) fn renew(&mut self, renewal: &Renewal, nonce: &str, now: UnixMs) -> bool {
        let instance = &mut self.instance;
        if let Some(shown) = renewal.shown {
            instance.epoch = shown.epoch;
            instance.shown_n = shown.n;
            nonce.clone_into(&mut instance.shown_nonce);
            instance.shown_at = now;
        }
        instance.last_contact_at = now;
        hold::note_lease(instance, &renewal.times);
        if instance.held_until < renewal.enough {
            instance.held_until = renewal.held_until;
        }
        self.revision += 1;
        self.renewals += 1;
        self.written_held_until < renewal.needed
    }

    /// The row to be written, and what of it the transaction had written before.
    fn heartbeat(&mut self) -> (Heartbeat, Option<Written>) {
        let (revision, renewals, held_until) = (self.revision, self.renewals, self.instance.held_until);
        let before = self.in_hand.replace(Written { revision, renewals, held_until });
        // A use case before this one in the same transaction may have written some of them already.
        let counted = before.map_or(0, |before| before.renewals);
        (Heartbeat { instance: self.instance.clone(), renewals: renewals - counted }, before)
    }

    /// What was in hand is durable. Answers whether nothing has come since.
    fn written(&mut self) -> bool {
        let Some(Written { revision, renewals, held_until }) = self.in_hand.take() else { return false };
        self.renewals -= renewals;
        self.written_held_until = held_until;
        self.revision == revision
    }
}

impl LiveLicense {
    pub(super) fn new(view: Arc<LicenseView>, origin: Arc<str>, signer: Arc<VendorSigningKey>) -> Self {
        Self {
            view,
            origin,
            signer,
            instances: HashMap::new(),
            dirty: HashSet::new(),
            queued: false,
            is_urgent: false,
            in_hand: Vec::new(),
            // It comes with a transaction that has it in hand, and resumes it when all of it is done.
            handed_over: 1,
            dropped: false,
        }
    }

    /// Whether a use case has it in hand.
    pub(super) fn is_suspended(&self) -> bool {
        self.handed_over > 0
    }

    /// Adds what a use case has to write.
    pub(super) fn take_in_hand(&mut self, heartbeats: &mut Heartbeats) {
        let mut taken = Vec::new();
        for id in &self.dirty {
            let Some(live) = self.instances.get_mut(id) else { continue };
            let (heartbeat, before) = live.heartbeat();
            taken.push((id.clone(), before));
            heartbeats.push((Arc::clone(&self.view), heartbeat));
        }
        self.in_hand.push(taken);
    }

    /// The same for a use case that is about to change it.
    pub(super) fn hand_over(&mut self, heartbeats: &mut Heartbeats) {
        self.handed_over += 1;
        self.take_in_hand(heartbeats);
    }

    /// The use case that had it handed over last was undone. What those before it in the same transaction have written
    /// stays written, and what was handed over to them stays with them.
    pub(super) fn put_back(&mut self) {
        for (id, before) in self.in_hand.pop().unwrap_or_default() {
            if let Some(live) = self.instances.get_mut(&id) {
                live.in_hand = before;
            }
        }
        self.handed_over = self.handed_over.saturating_sub(1);
    }

    /// What was in hand is durable.
    pub(super) fn written(&mut self) {
        for (id, _) in self.in_hand.drain(..).flatten() {
            if self.instances.get_mut(&id).is_none_or(LiveInstance::written) {
                self.dirty.remove(&id);
            }
        }
    }

    /// The same, and those that had it handed over have ended.
    pub(super) fn resume(&mut self) {
        self.written();
        self.handed_over = 0;
    }

    /// Lets go of instances that hold no seat any more.
    pub(super) fn let_go(&mut self, now: UnixMs) -> Vec<InstanceId> {
        let dirty = &self.dirty;
        let gone: Vec<InstanceId> = self
            .instances
            .iter()
            .filter(|(id, live)| !live.instance.holds_seat(now) && !dirty.contains(*id))
            .map(|(id, _)| id.clone())
            .collect();
        for id in &gone {
            self.instances.remove(id);
        }
        gone
    }
}
