//! Starting a job again that was given up, because somebody has mended the reason.

use super::{store, wake};
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::JobId;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobReplay {
    /// It waits for its turn.
    Begun,
    /// There is no such dead job, or another of the same dedup key waits.
    NothingToDo,
    /// Whoever acts may not replay.
    NotAllowed,
}

/// Starts a dead job again, from its first attempt.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn replay(tx: &mut Tx, cx: &Cx, id: &JobId) -> Result<JobReplay, DbError> {
    if !staff_may_act(tx, cx, StaffAct::Replay).await? {
        return Ok(JobReplay::NotAllowed);
    }
    if !store::revive(tx, &cx.vendor_id, id, cx.now).await? {
        return Ok(JobReplay::NothingToDo);
    }
    audit::record(tx, cx, None, "job.replay", id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    wake();
    Ok(JobReplay::Begun)
}
