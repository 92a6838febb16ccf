use super::About;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx, execute, fetch_all, later};
use crate::ids::{AccountId, EventId, InstanceId, LicenseId, VendorId};

/// One event of the history.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// CloudEvents type.
    pub event_type: String,
    /// The instance it is about, if any.
    pub instance_id: Option<InstanceId>,
    /// What it says.
    pub data: JsonText<serde_json::Value>,
    /// How often it happened within its hour.
    pub occurrences: i64,
    /// First time.
    pub occurred_at: UnixMs,
    /// Last time.
    pub last_at: UnixMs,
}

pub(super) async fn insert_event(
    tx: &mut Tx,
    cx: &Cx,
    event_type: &str,
    about: About<'_>,
    data: &str,
    bucket: Option<&str>,
) -> Result<(), DbError> {
    later!(
        tx,
        "INSERT INTO events (id, vendor_id, event_type, subject, account_id, license_id, instance_id, data, bucket,
                             occurred_at, last_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
         ON CONFLICT (vendor_id, bucket) DO UPDATE
         SET occurrences = events.occurrences + 1, last_at = excluded.last_at, data = excluded.data",
        cx.id::<EventId>(),
        &cx.vendor_id,
        event_type,
        about.subject(),
        about.account_id,
        about.license_id,
        about.instance_id,
        data,
        bucket,
        cx.now
    )
}

/// Inserts an event unless there is one of this bucket; answers whether it did.
pub(super) async fn insert_event_once(
    tx: &mut Tx,
    cx: &Cx,
    event_type: &str,
    about: About<'_>,
    data: &str,
    bucket: &str,
) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO events (id, vendor_id, event_type, subject, account_id, license_id, instance_id, data, bucket,
                             occurred_at, last_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
         ON CONFLICT (vendor_id, bucket) DO NOTHING",
        cx.id::<EventId>(),
        &cx.vendor_id,
        event_type,
        about.subject(),
        about.account_id,
        about.license_id,
        about.instance_id,
        data,
        bucket,
        cx.now
    )?;
    Ok(inserted > 0)
}

/// Which of a license's events a timeline shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeline<'a> {
    /// What changed: without the hourly rows of instances that go on as before.
    Changes,
    /// Everything.
    Everything,
    /// Everything about one instance.
    Instance(&'a InstanceId),
}

/// A page of a license's events, newest beginning first, those after `before` in that order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_timeline(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    timeline: Timeline<'_>,
    before: Option<(UnixMs, &EventId)>,
    limit: i64,
) -> Result<Vec<Event>, DbError> {
    list_timeline_of(tx, vendor_id, license_id, None, timeline, (before, limit)).await
}

/// The same of what happened while the license was this account's, or about this account; everything where it is `None`.
/// Who owned a license before has a history of its own.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_timeline_of(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    account_id: Option<&AccountId>,
    timeline: Timeline<'_>,
    (before, limit): (Option<(UnixMs, &EventId)>, i64),
) -> Result<Vec<Event>, DbError> {
    let account_id = account_id.map_or("", AccountId::as_str);
    let (at, id) = before.map_or((UnixMs(i64::MAX), "~"), |(at, id)| (at, id.as_str()));
    match timeline {
        // The condition is that of an index, word by word.
        Timeline::Changes => fetch_all!(
            tx,
            Event,
            "SELECT id, event_type, instance_id, data, occurrences, occurred_at, last_at FROM events
             WHERE vendor_id = $1 AND license_id = $2 AND event_type NOT IN ('lease.renewed', 'feature.used')
               AND (occurred_at < $3 OR (occurred_at = $3 AND id < $4)) AND ($6 = '' OR account_id = $6)
             ORDER BY occurred_at DESC, id DESC LIMIT $5",
            vendor_id,
            license_id,
            at,
            id,
            limit,
            account_id
        ),
        Timeline::Everything => fetch_all!(
            tx,
            Event,
            "SELECT id, event_type, instance_id, data, occurrences, occurred_at, last_at FROM events
             WHERE vendor_id = $1 AND license_id = $2 AND (occurred_at < $3 OR (occurred_at = $3 AND id < $4))
               AND ($6 = '' OR account_id = $6)
             ORDER BY occurred_at DESC, id DESC LIMIT $5",
            vendor_id,
            license_id,
            at,
            id,
            limit,
            account_id
        ),
        Timeline::Instance(instance_id) => fetch_all!(
            tx,
            Event,
            "SELECT id, event_type, instance_id, data, occurrences, occurred_at, last_at FROM events
             WHERE vendor_id = $1 AND license_id = $2 AND instance_id = $7
               AND (occurred_at < $3 OR (occurred_at = $3 AND id < $4)) AND ($6 = '' OR account_id = $6)
             ORDER BY occurred_at DESC, id DESC LIMIT $5",
            vendor_id,
            license_id,
            at,
            id,
            limit,
            account_id,
            instance_id
        ),
    }
}

/// The newest events of an account and its licenses, newest first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_by_account(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    limit: i64,
) -> Result<Vec<Event>, DbError> {
    fetch_all!(
        tx,
        Event,
        "SELECT id, event_type, instance_id, data, occurrences, occurred_at, last_at FROM events
         WHERE vendor_id = $1 AND account_id = $2 ORDER BY last_at DESC, id DESC LIMIT $3",
        vendor_id,
        account_id,
        limit
    )
}
