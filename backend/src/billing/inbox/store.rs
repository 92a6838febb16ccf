//! Stripe's events in the database.

use super::{EventStatus, InboxEvent, InboxFilter, InboxPlace};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::VendorId;
use crate::stripe::EventEnvelope;

/// Stores an event unless it is there: `true` when it is new.
pub(crate) async fn insert_event(tx: &mut Tx, cx: &Cx, event: &EventEnvelope) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO stripe_events (vendor_id, id, event_type, object_id, customer_id, raw, status, received_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'received', $7)
         ON CONFLICT (vendor_id, id) DO NOTHING",
        &cx.vendor_id,
        &event.id,
        &event.event_type,
        &event.object_id,
        &event.customer_id,
        &event.raw,
        cx.now
    )?;
    Ok(inserted == 1)
}

#[derive(sqlx::FromRow)]
pub(crate) struct EventRow {
    pub(crate) event_type: String,
    pub(crate) object_id: String,
    pub(crate) raw: String,
    pub(crate) status: EventStatus,
}

pub(crate) async fn find_event(tx: &mut Tx, vendor_id: &VendorId, id: &str) -> Result<Option<EventRow>, DbError> {
    fetch_optional!(
        tx,
        EventRow,
        "SELECT event_type, object_id, raw, status FROM stripe_events WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id
    )
}

/// Notes how handling an event ended.
pub(crate) async fn set_event_status(
    tx: &mut Tx,
    cx: &Cx,
    id: &str,
    status: EventStatus,
    error: Option<&str>,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE stripe_events SET status = $3, error = $4, projected_at = $5, attempts = attempts + 1
         WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        id,
        status,
        error,
        cx.now
    )?;
    Ok(())
}

/// Up to when all of Stripe's events have been listed; `None` where they never were.
pub(crate) async fn find_listed_until(tx: &mut Tx, vendor_id: &VendorId) -> Result<Option<UnixMs>, DbError> {
    let row =
        fetch_optional!(tx, (Option<UnixMs>,), "SELECT stripe_listed_until FROM vendors WHERE id = $1", vendor_id)?;
    Ok(row.and_then(|(at,)| at))
}

/// Notes that all of Stripe's events up to `at` have been listed. What is noted is never taken back, unless the clock was: then
/// it lies ahead, and says nothing about the time until then.
pub(crate) async fn set_listed_until(tx: &mut Tx, cx: &Cx, at: UnixMs) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE vendors SET stripe_listed_until = $2
         WHERE id = $1 AND (stripe_listed_until IS NULL OR stripe_listed_until < $2 OR stripe_listed_until > $3)",
        &cx.vendor_id,
        at,
        cx.now
    )?;
    Ok(())
}

/// Events older than `until` whose work is done are forgotten; failed ones stay.
pub(crate) async fn delete_old_events(tx: &mut Tx, vendor_id: &VendorId, until: UnixMs) -> Result<u64, DbError> {
    execute!(
        tx,
        "DELETE FROM stripe_events WHERE vendor_id = $1 AND received_at < $2 AND status IN ('projected', 'ignored')",
        vendor_id,
        until
    )
}

/// The events that are looked for, newest first, from a place on.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_inbox(
    tx: &mut Tx,
    vendor_id: &VendorId,
    filter: &InboxFilter,
    after: Option<&InboxPlace>,
    limit: i64,
) -> Result<Vec<InboxEvent>, DbError> {
    let (before_at, before_id) = after.map_or((UnixMs(i64::MAX), ""), |place| (place.received_at, place.id.as_str()));
    fetch_all!(
        tx,
        InboxEvent,
        "SELECT id, event_type, object_id, customer_id, status, error, attempts, received_at, projected_at
         FROM stripe_events
         WHERE vendor_id = $1 AND ($2 = '' OR status = $2)
           AND ($3 = '' OR id = $3 OR object_id = $3 OR customer_id = $3 OR substr(event_type, 1, length($3)) = $3)
           AND (received_at < $4 OR received_at = $4 AND id < $5)
         ORDER BY received_at DESC, id DESC LIMIT $6",
        vendor_id,
        filter.status.map_or("", EventStatus::as_str),
        filter.text.trim(),
        before_at,
        before_id,
        limit
    )
}

/// The newest events that could not be handled, newest first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_failed_events(tx: &mut Tx, vendor_id: &VendorId, limit: i64) -> Result<Vec<InboxEvent>, DbError> {
    // The status is written out, so that its index is used: failed ones are few among many.
    fetch_all!(
        tx,
        InboxEvent,
        "SELECT id, event_type, object_id, customer_id, status, error, attempts, received_at, projected_at
         FROM stripe_events WHERE vendor_id = $1 AND status = 'failed' ORDER BY received_at DESC, id DESC LIMIT $2",
        vendor_id,
        limit
    )
}

/// An event with its body.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_inbox_event(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &str,
) -> Result<Option<(InboxEvent, String)>, DbError> {
    let found = fetch_optional!(
        tx,
        InboxEvent,
        "SELECT id, event_type, object_id, customer_id, status, error, attempts, received_at, projected_at
         FROM stripe_events WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id
    )?;
    let Some(event) = found else { return Ok(None) };
    Ok(find_event(tx, vendor_id, id).await?.map(|row| (event, row.raw)))
}

/// How many events became what.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_inbox(tx: &mut Tx, vendor_id: &VendorId) -> Result<Vec<(EventStatus, i64)>, DbError> {
    fetch_all!(
        tx,
        (EventStatus, i64),
        "SELECT status, CAST(COUNT(*) AS BIGINT) FROM stripe_events WHERE vendor_id = $1 GROUP BY status",
        vendor_id
    )
}
