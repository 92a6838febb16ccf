//! What could not be done: events of Stripe and other work.

use super::{EventStatus, InboxEvent, count_inbox, list_failed_events};
use crate::billing::handlers;
use crate::db::{DbError, Tx};
use crate::ids::VendorId;
use crate::jobs::{self, DeadJob};

/// What waits for somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// Events that could not be handled, newest first.
    pub events: Vec<InboxEvent>,
    /// How many there are in all.
    pub event_count: i64,
    /// Jobs that were given up, the latest first, without those of the events above.
    pub jobs: Vec<DeadJob>,
    /// Whether there may be more jobs than these.
    pub has_more_jobs: bool,
}

/// The vendor's failures, so many of each kind.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_failures(tx: &mut Tx, vendor_id: &VendorId, limit: i64) -> Result<Failures, DbError> {
    let events = list_failed_events(tx, vendor_id, limit).await?;
    let counts = count_inbox(tx, vendor_id).await?;
    let event_count = counts.iter().find(|(status, _)| *status == EventStatus::Failed).map_or(0, |(_, count)| *count);
    let mut jobs = jobs::list_dead(tx, vendor_id, limit).await?;
    let has_more_jobs = i64::try_from(jobs.len()).unwrap_or(i64::MAX) >= limit;
    // An event's job is given up with it; one line is enough.
    jobs.retain(|job| !events.iter().any(|event| handlers::is_of_event(job, &event.id)));
    Ok(Failures { events, event_count, jobs, has_more_jobs })
}
