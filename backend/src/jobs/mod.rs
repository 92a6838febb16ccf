//! Jobs: the outbox. Work that must follow a change, and must not happen inside its transaction, is
//! queued by [`enqueue`] in that transaction and done by a [`Worker`] after the commit: mails, calls of
//! Stripe, webhooks.
//!
//! A job is done at least once, never "exactly once": a process may die between the act and its note.
//! Handlers are therefore idempotent, with the job's id as idempotency key.
//!
//! - A claim is one conditional `UPDATE … RETURNING`; it is good until `claimed_until`, after which the job
//!   may be claimed again. The final write counts only while the claim stands (`claimed_by`), so that a
//!   worker that comes back from a long pause cannot overwrite what another has done since.
//! - At most one job per `queue_key` runs at a time, over all nodes: a unique index says so. Use one per
//!   Stripe customer, for example.
//! - At most one job per `dedup_key` waits. One more of the same is not queued; it only brings the waiting
//!   one forward. One that already runs does not count: it may have read too early.
//! - A failure is tried again after a growing, jittered pause; after [`rules::MAX_ATTEMPTS`] or a failure
//!   that trying again cannot mend, the job is `dead`: listed by [`list_dead`], started again by [`replay`],
//!   or taken off the list by [`dismiss`].
//!
//! To add a kind: implement [`Handler`] next to the use case that queues it and register it where the
//! process builds its [`Handlers`].

mod dismiss;
mod housekeep;
mod replay;
pub mod rules;
mod run;
mod store;
mod worker;

use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::clock::UnixMs;
use crate::cx::{Cx, Entropy};
use crate::db::{DbError, Tx, text_enum};
use crate::ids::JobId;
use crate::keys::{MasterKey, Purpose};

pub use dismiss::{JobDismissal, dismiss};
pub use housekeep::housekeep;
pub use replay::{JobReplay, replay};
pub use run::{Runner, Tally};
pub use store::{DeadJob, count_by_status, delete_finished, list_dead, list_dead_jobs};
pub(crate) use store::{hasten, settle, withdraw};
pub use worker::{Worker, wake};

text_enum! {
    /// Where a job stands.
    JobStatus {
        /// Waits for its time and its turn.
        Waiting = "waiting",
        /// Claimed by a worker.
        Running = "running",
        /// Done.
        Done = "done",
        /// Given up.
        Dead = "dead",
    }
}

/// A job to be queued.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which handler does it: `area.verb`.
    pub kind: &'static str,
    /// Jobs with the same key never run at the same time; `None` runs beside anything. Keys are per vendor.
    pub queue_key: Option<String>,
    /// At most one job with this key waits; `None` is never the same as another. Keys are per vendor.
    pub dedup_key: Option<String>,
    /// Not before this moment; `None` at once.
    pub run_at: Option<UnixMs>,
    payload: Payload,
}

/// JSON that may hold secrets: wiped when dropped, never printed.
#[derive(Clone)]
struct Payload(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Payload(…)")
    }
}

impl Job {
    /// A job to be done at once, beside any other. A payload that is not JSON (a map with keys that are no
    /// strings) becomes `null` and is refused by the handler.
    #[must_use]
    pub fn new(kind: &'static str, payload: &impl Serialize) -> Self {
        let payload = serde_json::to_vec(payload).unwrap_or_else(|_| b"null".to_vec());
        Self { kind, queue_key: None, dedup_key: None, run_at: None, payload: Payload(Zeroizing::new(payload)) }
    }

    /// Never at the same time as another with this key.
    #[must_use]
    pub fn queued_by(mut self, key: impl Into<String>) -> Self {
        self.queue_key = Some(key.into());
        self
    }

    /// Not where one with this key waits already.
    #[must_use]
    pub fn once(mut self, key: impl Into<String>) -> Self {
        self.dedup_key = Some(key.into());
        self
    }

    /// Not before `at`.
    #[must_use]
    pub fn not_before(mut self, at: UnixMs) -> Self {
        self.run_at = Some(at);
        self
    }
}

/// Whether a job was queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It waits, under this id.
    Queued(JobId),
    /// One of the same waits already; it was brought forward if it was due later.
    AlreadyWaiting(JobId),
}

/// Queues a job in the transaction of what it follows from; its payload is sealed, because mails carry links
/// that grant access.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn enqueue(tx: &mut Tx, cx: &Cx, master: &MasterKey, job: Job) -> Result<Enqueued, DbError> {
    let id: JobId = cx.id();
    let sealed = master.seal(Purpose::JobPayload, id.as_str(), &job.payload.0, &cx.entropy);
    let standing = store::insert_job(tx, cx, &id, &job, &sealed).await?;
    wake();
    Ok(if standing == id { Enqueued::Queued(id) } else { Enqueued::AlreadyWaiting(standing) })
}

/// One run of a job, as its handler sees it.
#[derive(Clone)]
pub struct JobRun {
    /// Vendor, actor (the job), time, randomness.
    pub cx: Cx,
    /// The job's id: the idempotency key of what it does.
    pub id: JobId,
    /// 1 at the first attempt.
    pub attempt: i64,
    payload: Payload,
}

impl JobRun {
    /// What was queued.
    ///
    /// # Errors
    /// [`JobError::Dead`] when it is of another shape: trying again would not change that.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        serde_json::from_slice(&self.payload.0).map_err(|error| JobError::dead(format!("malformed payload: {error}")))
    }
}

/// Why a run failed. The reason is stored and shown to staff: it must not contain a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Trying again may help.
    #[error("{reason}")]
    Retry {
        /// What happened.
        reason: String,
        /// Not before so many milliseconds; `None` leaves the pause to [`rules::pause_ms`].
        after_ms: Option<i64>,
    },
    /// Trying again cannot help.
    #[error("{reason}")]
    Dead {
        /// What happened.
        reason: String,
    },
}

impl JobError {
    /// A failure to be tried again.
    #[must_use]
    pub fn retry(reason: impl ToString) -> Self {
        Self::Retry { reason: reason.to_string(), after_ms: None }
    }

    /// A failure for good.
    #[must_use]
    pub fn dead(reason: impl ToString) -> Self {
        Self::Dead { reason: reason.to_string() }
    }
}

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Self::retry(error)
    }
}

/// What comes of doing one job.
pub type JobFuture = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;

/// Does the jobs of one kind.
pub trait Handler: Send + Sync + 'static {
    /// The kind: `area.verb`, without commas or `%`.
    fn kind(&self) -> &'static str;

    /// Does one job; may be called again for the same job.
    ///
    /// It borrows nothing. Of a future that borrows, as those of `async_trait` do, the compiler shows at each handler anew that
    /// everything it awaits is `Send`, and that was two thirds of the time of compiling this crate.
    ///
    /// # Errors
    /// [`JobError`]: try again, or never.
    fn run(self: Arc<Self>, run: JobRun) -> JobFuture;
}

/// All handlers of a process. Jobs of other kinds are left to processes that know them.
#[derive(Clone, Default)]
pub struct Handlers(Vec<Arc<dyn Handler>>);

impl Handlers {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, handler: impl Handler) -> Self {
        self.0.push(Arc::new(handler));
        self
    }

    fn find(&self, kind: &str) -> Option<Arc<dyn Handler>> {
        self.0.iter().find(|handler| handler.kind() == kind).cloned()
    }

    /// `,a,b,`: the kinds as the claiming statement searches them.
    fn kinds(&self) -> String {
        self.0.iter().fold(",".to_owned(), |kinds, handler| kinds + handler.kind() + ",")
    }
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|handler| handler.kind())).finish()
    }
}

/// A fresh name for one claim.
fn claim_name(entropy: &Entropy) -> String {
    crate::ids::base32(entropy.bytes())
}
