//! Running what is due: claim, do, note.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::rules::{CLAIM_MS, MAX_ATTEMPTS, RUN_MS, pause_ms};
use super::store::{self, ClaimedRow};
use super::{Handlers, JobError, JobRun, Payload, claim_name};
use crate::clock::Clock;
use crate::cx::{Actor, Cx, Entropy};
use crate::db::{ClockWatch, Db, DbError};
use crate::keys::{MasterKey, MasterStanding, Purpose, master_standing};

/// Runs jobs of one process. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    db: Db,
    clock: Clock,
    entropy: Entropy,
    master: MasterKey,
    handlers: Handlers,
    clock_watch: ClockWatch,
    /// Whether the master key lacks something, so that the log tells it once.
    lacks_keys: Arc<AtomicBool>,
}

/// How runs ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Done.
    pub done: u64,
    /// To be tried again.
    pub postponed: u64,
    /// Given up.
    pub dead: u64,
}

impl Tally {
    /// All runs.
    #[must_use]
    pub fn total(self) -> u64 {
        self.done + self.postponed + self.dead
    }

    fn count(&mut self, ending: Ending) {
        match ending {
            Ending::Done => self.done += 1,
            Ending::Postponed => self.postponed += 1,
            Ending::Dead => self.dead += 1,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    Done,
    Postponed,
    Dead,
}

/// What looking for a job found.
pub(super) enum Claim {
    Claimed(Claimed),
    /// Another node was quicker; there may be more.
    Contended,
    NothingDue,
}

pub(super) struct Claimed {
    row: ClaimedRow,
    claimed_by: String,
}

impl Runner {
    /// A runner of these handlers' jobs.
    #[must_use]
    pub fn new(db: Db, clock: Clock, entropy: Entropy, master: MasterKey, handlers: Handlers) -> Self {
        Self { db, clock, entropy, master, handlers, clock_watch: ClockWatch::alone(), lacks_keys: Arc::default() }
    }

    /// A runner that does nothing while its clock is not the database's. Sweeps that expire licenses and close leases judge by
    /// it, and so does whoever takes over the jobs of a node that seems to have died; nodes whose clock is good do them.
    #[must_use]
    pub fn watched_by(self, clock_watch: ClockWatch) -> Self {
        Self { clock_watch, ..self }
    }

    /// Runs what is due, one after the other, until nothing is: also what those runs queue for at once.
    /// Jobs whose time has not come stay.
    ///
    /// # Errors
    /// [`DbError`] when the database fails; jobs' own failures are noted with the jobs.
    pub async fn run_until_idle(&self) -> Result<Tally, DbError> {
        let mut tally = Tally::default();
        loop {
            match self.claim().await? {
                Claim::Claimed(claimed) => tally.count(self.run(claimed).await?),
                // Whoever was quicker is at it now.
                Claim::Contended => tokio::task::yield_now().await,
                Claim::NothingDue => return Ok(tally),
            }
        }
    }

    /// Throws away what nobody needs any more.
    pub(super) async fn housekeep(&self) {
        if !self.clock_watch.is_ready() {
            return;
        }
        if let Err(error) = super::housekeep(&self.db, self.clock.now()).await {
            tracing::error!(%error, "housekeeping failed");
        }
    }

    /// Seals what acts have left in the audit log.
    pub(super) async fn seal_audit(&self) {
        if let Err(error) = crate::audit::seal(&self.db).await {
            tracing::error!(%error, "the audit log could not be sealed; it is tried again");
        }
    }

    pub(super) async fn claim(&self) -> Result<Claim, DbError> {
        if !self.clock_watch.is_ready() {
            return Ok(Claim::NothingDue);
        }
        if !self.has_keys().await? {
            return Ok(Claim::NothingDue);
        }
        let (kinds, claimed_by, now) = (self.handlers.kinds(), claim_name(&self.entropy), self.clock.now());
        let name = claimed_by.clone();
        let claimed = self.db.write(move |tx| {
            Box::pin(async move { store::claim_job(tx, &kinds, &name, now, now.plus(CLAIM_MS)).await })
        });
        match claimed.await {
            Ok(Some(row)) => Ok(Claim::Claimed(Claimed { row, claimed_by })),
            Ok(None) => Ok(Claim::NothingDue),
            Err(DbError::Duplicate(_)) => Ok(Claim::Contended),
            Err(error) => Err(error),
        }
    }

    /// Whether this node has every master key that seals. One that does not, while the key is changed, would fail at what
    /// the others do well; it leaves the jobs to them.
    async fn has_keys(&self) -> Result<bool, DbError> {
        let master = self.master.clone();
        let standing: Result<MasterStanding, DbError> =
            self.db.read(move |tx| Box::pin(async move { master_standing(tx, &master).await })).await;
        let standing = standing?;
        let lacks = standing != MasterStanding::Current;
        if self.lacks_keys.swap(lacks, Ordering::Relaxed) != lacks {
            if lacks {
                tracing::error!(?standing, "no job is done while the master keys are not those that seal");
            } else {
                tracing::info!("the master keys are those that seal again");
            }
        }
        Ok(!lacks)
    }

    /// Does a claimed job and notes how it ended.
    pub(super) async fn run(&self, Claimed { row, claimed_by }: Claimed) -> Result<Ending, DbError> {
        let outcome = self.handle(&row).await;
        let now = self.clock.now();
        let ClaimedRow { id, kind, attempts, .. } = row;
        let noted: (Ending, bool) = match outcome {
            Ok(()) => {
                let id = id.clone();
                let write = self
                    .db
                    .write(move |tx| Box::pin(async move { store::finish_job(tx, &id, &claimed_by, now).await }));
                (Ending::Done, write.await?)
            }
            Err(JobError::Retry { reason, after_ms }) if attempts < MAX_ATTEMPTS => {
                tracing::warn!(job = %id, kind, attempts, reason, "a job failed and will be tried again");
                let pause = after_ms.unwrap_or_else(|| pause_ms(attempts, u16::from_le_bytes(self.entropy.bytes())));
                let (id, run_at) = (id.clone(), now.plus(pause.max(0)));
                let write = self.db.write(move |tx| {
                    Box::pin(async move { store::postpone_job(tx, &id, &claimed_by, now, run_at, &reason).await })
                });
                (Ending::Postponed, write.await?)
            }
            Err(JobError::Retry { reason, .. } | JobError::Dead { reason }) => {
                tracing::error!(job = %id, kind, attempts, reason, "a job was given up");
                let id = id.clone();
                let write = self.db.write(move |tx| {
                    Box::pin(async move { store::bury_job(tx, &id, &claimed_by, now, &reason).await })
                });
                (Ending::Dead, write.await?)
            }
        };
        if !noted.1 {
            tracing::warn!(job = %id, kind, "a job's claim ran out before it ended; another run decides about it");
        }
        Ok(noted.0)
    }

    async fn handle(&self, row: &ClaimedRow) -> Result<(), JobError> {
        // A job that ends the process each time is claimed again and again and never noted.
        if row.attempts > MAX_ATTEMPTS {
            return Err(JobError::dead("the process ended in every attempt"));
        }
        let Some(handler) = self.handlers.find(&row.kind) else {
            return Err(JobError::retry("no handler for this kind"));
        };
        // Another node may have the key that sealed it.
        let payload =
            self.master.unseal(Purpose::JobPayload, row.id.as_str(), &row.payload).map_err(JobError::retry)?;
        let cx = Cx::new(row.vendor_id.clone(), Actor::Job(handler.kind()), self.clock.now(), self.entropy.clone());
        let run = JobRun { cx, id: row.id.clone(), attempt: row.attempts, payload: Payload(payload) };
        let limit = Duration::from_millis(RUN_MS.unsigned_abs());
        // In a task of its own: a handler that panics must not take the worker with it.
        let task = tokio::spawn(async move { tokio::time::timeout(limit, handler.run(run)).await });
        match task.await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(JobError::retry("took too long")),
            Err(_) => Err(JobError::retry("panicked")),
        }
    }
}
