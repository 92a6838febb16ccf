use super::Job;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{JobId, VendorId};
use crate::listing::TimePlace;

/// A job that this claim may run.
#[derive(Clone, sqlx::FromRow)]
pub(super) struct ClaimedRow {
    pub(super) id: JobId,
    pub(super) vendor_id: VendorId,
    pub(super) kind: String,
    pub(super) payload: Vec<u8>,
    pub(super) attempts: i64,
}

/// Queues a job; answers the id that waits: its own, or that of the one it would have repeated.
pub(super) async fn insert_job(tx: &mut Tx, cx: &Cx, id: &JobId, job: &Job, sealed: &[u8]) -> Result<JobId, DbError> {
    let of_vendor = |key: &str| format!("{}/{key}", cx.vendor_id);
    let queue_key = of_vendor(job.queue_key.as_deref().unwrap_or(id.as_str()));
    let dedup_key = job.dedup_key.as_deref().map(of_vendor);
    let (standing,): (JobId,) = fetch_one!(
        tx,
        (JobId,),
        "INSERT INTO jobs (id, vendor_id, kind, queue_key, dedup_key, payload, status, run_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8)
         ON CONFLICT (dedup_key) WHERE status = 'waiting' DO UPDATE
         SET run_at = CASE WHEN excluded.run_at < jobs.run_at THEN excluded.run_at ELSE jobs.run_at END
         RETURNING id",
        id,
        &cx.vendor_id,
        job.kind,
        &queue_key,
        dedup_key.as_deref(),
        sealed,
        job.run_at.unwrap_or(cx.now),
        cx.now
    )?;
    Ok(standing)
}

/// Claims the job that is due longest, of the kinds in `kinds` (`,a,b,`), where none of its queue runs. A
/// job whose claim has run out counts as due.
///
/// `Duplicate` means that another node was quicker with a job of the same queue, `None` that nothing is due
/// or another node was quicker with this job.
pub(super) async fn claim_job(
    tx: &mut Tx,
    kinds: &str,
    claimed_by: &str,
    now: UnixMs,
    claimed_until: UnixMs,
) -> Result<Option<ClaimedRow>, DbError> {
    fetch_optional!(
        tx,
        ClaimedRow,
        "UPDATE jobs SET status = 'running', claimed_by = $1, claimed_until = $2, attempts = attempts + 1
         WHERE id = (
            SELECT due.id FROM jobs due
            WHERE (due.status = 'waiting' AND due.run_at <= $3 OR due.status = 'running' AND due.claimed_until <= $3)
              AND $4 LIKE '%,' || due.kind || ',%'
              AND NOT EXISTS (SELECT 1 FROM jobs other WHERE other.queue_key = due.queue_key
                              AND other.status = 'running' AND other.id <> due.id)
            ORDER BY due.run_at, due.id LIMIT 1)
         AND (status = 'waiting' OR status = 'running' AND claimed_until <= $3)
         RETURNING id, vendor_id, kind, payload, attempts",
        claimed_by,
        claimed_until,
        now,
        kinds
    )
}

/// Notes the end of a job, while the claim stands. The payload goes: it is needed no more and may hold
/// links that grant access.
pub(super) async fn finish_job(tx: &mut Tx, id: &JobId, claimed_by: &str, now: UnixMs) -> Result<bool, DbError> {
    let noted = execute!(
        tx,
        "UPDATE jobs SET status = 'done', finished_at = $3, payload = $4, claimed_by = NULL, claimed_until = NULL
         WHERE id = $1 AND claimed_by = $2 AND status = 'running'",
        id,
        claimed_by,
        now,
        Vec::<u8>::new()
    )?;
    Ok(noted == 1)
}

/// Gives a job up, while the claim stands. The payload stays, for a replay.
pub(super) async fn bury_job(
    tx: &mut Tx,
    id: &JobId,
    claimed_by: &str,
    now: UnixMs,
    reason: &str,
) -> Result<bool, DbError> {
    let noted = execute!(
        tx,
        "UPDATE jobs SET status = 'dead', finished_at = $3, last_error = $4, claimed_by = NULL, claimed_until = NULL
         WHERE id = $1 AND claimed_by = $2 AND status = 'running'",
        id,
        claimed_by,
        now,
        reason
    )?;
    Ok(noted == 1)
}

/// Puts a job back until `run_at`, while the claim stands. Where another of the same dedup key waits
/// meanwhile, this one is done instead: that other one does its work.
pub(super) async fn postpone_job(
    tx: &mut Tx,
    id: &JobId,
    claimed_by: &str,
    now: UnixMs,
    run_at: UnixMs,
    reason: &str,
) -> Result<bool, DbError> {
    let noted = execute!(
        tx,
        "UPDATE jobs SET status = 'waiting', run_at = $3, last_error = $4, claimed_by = NULL, claimed_until = NULL
         WHERE id = $1 AND claimed_by = $2 AND status = 'running'
           AND NOT EXISTS (SELECT 1 FROM jobs other WHERE other.dedup_key = jobs.dedup_key AND other.status = 'waiting')",
        id,
        claimed_by,
        run_at,
        reason
    )?;
    if noted == 1 {
        return Ok(true);
    }
    finish_job(tx, id, claimed_by, now).await
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DeadJob {
    /// Its id.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was queued.
    pub created_at: UnixMs,
    /// When it was given up.
    pub finished_at: Option<UnixMs>,
    /// What made it one of its kind, with vendor and kind before it.
    dedup_key: Option<String>,
}

impl DeadJob {
    /// The id of what it is about, where jobs of its kind have one.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        let (_, key) = self.dedup_key.as_deref()?.split_once('/')?;
        key.strip_prefix(&self.kind)?.strip_prefix(':')
    }

    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.finished_at.unwrap_or(self.created_at), self.id.as_str())
    }
}

/// The vendor's jobs that were given up, the latest first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_dead(tx: &mut Tx, vendor_id: &VendorId, limit: i64) -> Result<Vec<DeadJob>, DbError> {
    fetch_all!(
        tx,
        DeadJob,
        "SELECT id, kind, attempts, last_error, created_at, finished_at, dedup_key FROM jobs
         WHERE vendor_id = $1 AND status = 'dead' AND dismissed_at IS NULL ORDER BY finished_at DESC, id DESC LIMIT $2",
        vendor_id,
        limit
    )
}

/// The vendor's jobs that were given up and wait for somebody, or those that were `dismissed`: the latest first, at most
/// `limit` of those after `after` in that order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_dead_jobs(
    tx: &mut Tx,
    vendor_id: &VendorId,
    dismissed: bool,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<DeadJob>, DbError> {
    let (at, id) = TimePlace::bound(after);
    fetch_all!(
        tx,
        DeadJob,
        "SELECT id, kind, attempts, last_error, created_at, finished_at, dedup_key FROM jobs
         WHERE vendor_id = $1 AND status = 'dead' AND (dismissed_at IS NOT NULL) = $2
           AND (finished_at < $3 OR (finished_at = $3 AND id < $4))
         ORDER BY finished_at DESC, id DESC LIMIT $5",
        vendor_id,
        dismissed,
        at,
        id,
        limit
    )
}

/// Takes a dead job off the list; `false` when there is none with this id on it.
pub(super) async fn set_dismissed(tx: &mut Tx, vendor_id: &VendorId, id: &JobId, now: UnixMs) -> Result<bool, DbError> {
    let dismissed = execute!(
        tx,
        "UPDATE jobs SET dismissed_at = $3
         WHERE vendor_id = $1 AND id = $2 AND status = 'dead' AND dismissed_at IS NULL",
        vendor_id,
        id,
        now
    )?;
    Ok(dismissed == 1)
}

/// Lets a dead job wait again, from its first attempt; `false` when there is none with this id, or one of the
/// same dedup key waits.
pub(super) async fn revive(tx: &mut Tx, vendor_id: &VendorId, id: &JobId, now: UnixMs) -> Result<bool, DbError> {
    let revived = execute!(
        tx,
        "UPDATE jobs SET status = 'waiting', run_at = $3, attempts = 0, finished_at = NULL, dismissed_at = NULL
         WHERE vendor_id = $1 AND id = $2 AND status = 'dead'
           AND NOT EXISTS (SELECT 1 FROM jobs other WHERE other.dedup_key = jobs.dedup_key AND other.status = 'waiting')",
        vendor_id,
        id,
        now
    )?;
    Ok(revived == 1)
}

/// Notes dead jobs of a dedup key as done: what they were for has been done in another way.
pub(crate) async fn settle(tx: &mut Tx, cx: &Cx, dedup_key: &str) -> Result<(), DbError> {
    let dedup_key = format!("{}/{dedup_key}", cx.vendor_id);
    execute!(
        tx,
        "UPDATE jobs SET status = 'done', finished_at = $3, payload = $4, dismissed_at = NULL
         WHERE vendor_id = $1 AND dedup_key = $2 AND status = 'dead'",
        &cx.vendor_id,
        &dedup_key,
        cx.now,
        Vec::<u8>::new()
    )?;
    Ok(())
}

/// Lets the job that waits with a dedup key, if any, be due now: what it waits for may have come.
pub(crate) async fn hasten(tx: &mut Tx, cx: &Cx, dedup_key: &str) -> Result<(), DbError> {
    let dedup_key = format!("{}/{dedup_key}", cx.vendor_id);
    execute!(
        tx,
        "UPDATE jobs SET run_at = $2 WHERE dedup_key = $1 AND status = 'waiting' AND run_at > $2",
        &dedup_key,
        cx.now
    )?;
    Ok(())
}

/// Takes back the job that waits with a dedup key, if any. One that runs already runs to its end.
pub(crate) async fn withdraw(tx: &mut Tx, cx: &Cx, dedup_key: &str) -> Result<(), DbError> {
    let dedup_key = format!("{}/{dedup_key}", cx.vendor_id);
    execute!(tx, "DELETE FROM jobs WHERE dedup_key = $1 AND status = 'waiting'", &dedup_key)?;
    Ok(())
}

/// How many jobs of all vendors stand where, without dismissed ones: for metrics.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_by_status(tx: &mut Tx) -> Result<Vec<(super::JobStatus, i64)>, DbError> {
    fetch_all!(
        tx,
        (super::JobStatus, i64),
        "SELECT status, CAST(COUNT(*) AS BIGINT) FROM jobs WHERE dismissed_at IS NULL GROUP BY status ORDER BY status"
    )
}

/// Deletes jobs of all vendors that were done before `before`; answers how many.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn delete_finished(tx: &mut Tx, before: UnixMs) -> Result<u64, DbError> {
    execute!(tx, "DELETE FROM jobs WHERE status = 'done' AND finished_at < $1", before)
}
