//! Taking a job that was given up off the list, because somebody has seen that it need not be done any more.

use super::store;
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::JobId;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobDismissal {
    /// It waits for nobody any more. It stays among the dismissed ones, from where it can still be begun again.
    Dismissed,
    /// There is no such dead job, or it was dismissed before.
    NothingToDo,
    /// Whoever acts may not.
    NotAllowed,
}

/// Dismisses a dead job of the acting vendor.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn dismiss(tx: &mut Tx, cx: &Cx, id: &JobId) -> Result<JobDismissal, DbError> {
    if !staff_may_act(tx, cx, StaffAct::Replay).await? {
        return Ok(JobDismissal::NotAllowed);
    }
    if !store::set_dismissed(tx, &cx.vendor_id, id, cx.now).await? {
        return Ok(JobDismissal::NothingToDo);
    }
    audit::record(tx, cx, None, "job.dismiss", id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    Ok(JobDismissal::Dismissed)
}
