//! Trying everything that failed once more, because somebody of the vendor's staff has mended the reason.

use serde::Serialize;

use super::{EventStatus, InboxFilter, list_inbox};
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::billing::handlers;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::jobs::{self, JobReplay};
use crate::keys::MasterKey;

/// At most so many events and so many jobs at a time; what is left can be begun when these are done.
const AT_ONCE: i64 = 500;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReplay {
    /// It was begun; how it ends shows in the lists.
    Begun {
        /// Events that are handled again.
        events: usize,
        /// Jobs that were given up and run again.
        jobs: usize,
    },
    /// Whoever acts may not replay.
    NotAllowed,
}

#[derive(Serialize)]
struct Begun {
    events: usize,
    jobs: usize,
}

/// Queues every failed event and every job that was given up.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn replay_failures(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<FailureReplay, DbError> {
    if !staff_may_act(tx, cx, StaffAct::Replay).await? {
        return Ok(FailureReplay::NotAllowed);
    }
    let failed = InboxFilter { status: Some(EventStatus::Failed), ..InboxFilter::default() };
    let events = list_inbox(tx, &cx.vendor_id, &failed, None, AT_ONCE).await?;
    let mut begun = Begun { events: events.len(), jobs: 0 };
    for job in jobs::list_dead(tx, &cx.vendor_id, AT_ONCE).await? {
        // Those of the events are queued with them.
        if !events.iter().any(|event| handlers::is_of_event(&job, &event.id)) {
            begun.jobs += usize::from(jobs::replay(tx, cx, &job.id).await? == JobReplay::Begun);
        }
    }
    // Oldest first, as they came.
    for event in events.iter().rev() {
        handlers::enqueue_event(tx, cx, master, &event.id, &event.customer_id).await?;
    }
    if begun.events + begun.jobs > 0 {
        audit::record(tx, cx, None, "failures.replay", "all", audit::NOTHING, Some(&begun)).await?;
    }
    Ok(FailureReplay::Begun { events: begun.events, jobs: begun.jobs })
}
