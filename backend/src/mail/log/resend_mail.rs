//! Trying a mail again that was given up.

use super::store;
use crate::accounts::{StaffAct, staff_may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::JobId;
use crate::jobs::{self, JobReplay};

/// Sends a mail again that was given up, as it was written then. What was sent, or is still tried, is left alone.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn resend_mail(tx: &mut Tx, cx: &Cx, id: &JobId) -> Result<JobReplay, DbError> {
    if !staff_may_act(tx, cx, StaffAct::Replay).await? {
        return Ok(JobReplay::NotAllowed);
    }
    // The job may be one that sends no mail.
    if store::find_mail(tx, &cx.vendor_id, id).await?.is_none() {
        return Ok(JobReplay::NothingToDo);
    }
    jobs::replay(tx, cx, id).await
}
