//! What everybody in the race shares, and what is done to all of them: time passes, processes are killed, the vendor and
//! the owner act.

use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use anyhow::Result;
use backend::leases::{Acted, Decision};
use backend::licenses::LicenseStatus;
use tokio::runtime::Handle;

use crate::client::Record;
use crate::cluster::{Cluster, Engine};
use crate::history::{Answer, Call, Node, Seen};

/// What everybody shares.
pub(crate) struct World<'a> {
    pub cluster: &'a Cluster,
    pub records: &'a [Record],
    /// Held while a call is under way; whoever holds it alone may let time pass.
    pub calls: RwLock<()>,
    pub runtime: Handle,
    recorded: AtomicU64,
    forks: AtomicU32,
    crashes: AtomicU32,
}

impl<'a> World<'a> {
    pub(crate) fn new(cluster: &'a Cluster, records: &'a [Record], runtime: Handle) -> Self {
        let calls = RwLock::new(());
        let (recorded, forks, crashes) = (AtomicU64::new(0), AtomicU32::new(0), AtomicU32::new(0));
        Self { cluster, records, calls, runtime, recorded, forks, crashes }
    }

    /// A client has written down a call.
    pub(crate) fn count_recorded(&self) {
        self.recorded.fetch_add(1, Ordering::Relaxed);
    }

    /// How many calls clients have written down; those that reached no server are not among them.
    pub(crate) fn recorded(&self) -> u64 {
        self.recorded.load(Ordering::Relaxed)
    }

    /// Lets time pass while nobody is in the middle of a call.
    pub(crate) fn pass(&self, seconds: i64) -> Result<()> {
        match self.calls.write() {
            Ok(_nobody_calls) => self.cluster.pass(seconds),
            // Another client has failed, and says why.
            Err(_) => Ok(()),
        }
    }

    /// Kills a process and starts it again.
    pub(crate) fn crash(&self, which: usize) -> Result<()> {
        let from = self.cluster.now();
        self.cluster.crash(which % self.cluster.ports.len())?;
        self.note_lost_memory(from);
        self.crashes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// How many processes were killed.
    pub(crate) fn crashes(&self) -> u32 {
        self.crashes.load(Ordering::Relaxed)
    }

    /// A client has shown a used secret late, and was (probably) taken for a copy.
    pub(crate) fn count_fork(&self, is_fork: bool) {
        self.forks.fetch_add(u32::from(is_fork), Ordering::Relaxed);
    }

    /// How often clients were taken for copies, probably.
    pub(crate) fn forks(&self) -> u32 {
        self.forks.load(Ordering::Relaxed)
    }

    pub(crate) fn set_seats(&self, license: usize, seats: usize) {
        self.operate(license, Call::SetSeats(seats), || {
            self.runtime.block_on(self.cluster.set_seats(license, seats)).map(|()| Answer::Done)
        });
    }

    pub(crate) fn set_standing(&self, license: usize, status: LicenseStatus) {
        let call = match status {
            LicenseStatus::Suspended => Call::Suspend,
            LicenseStatus::Revoked => Call::Revoke,
            _ => Call::Reinstate,
        };
        self.operate(license, call, || {
            self.runtime.block_on(self.cluster.set_standing(license, status)).map(|()| Answer::Done)
        });
    }

    /// The owner decides about the conflict of a node, if there is one.
    pub(crate) fn decide(&self, license: usize, node: Node, instance_id: &str, keeps: bool) {
        let decision = if keeps { Decision::KeepRunning } else { Decision::LetNextIn };
        self.operate(license, Call::Decide { node, keeps }, || {
            let acted = self.runtime.block_on(self.cluster.decide(instance_id, decision))?;
            Ok(if acted == Acted::Unchanged { Answer::Nothing } else { Answer::Done })
        });
    }

    /// An act from outside the servers; one that failed may have happened or not.
    fn operate(&self, license: usize, call: Call, act: impl FnOnce() -> Result<Answer>) {
        let Ok(_under_way) = self.calls.read() else { return };
        let from = self.cluster.now();
        let answer = act().ok();
        self.records[license].note(Seen { call, from, to: self.cluster.now(), answer });
        self.note_lost_memory(from);
    }

    /// A process that answers from memory was killed since this moment, or others have written to its database.
    fn note_lost_memory(&self, from: i64) {
        if self.cluster.engine == Engine::Sqlite {
            let to = self.cluster.now();
            for record in self.records {
                record.note(Seen { call: Call::Forget, from, to, answer: Some(Answer::Done) });
            }
        }
    }
}
