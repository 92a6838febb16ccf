//! Events: the append-only history of licensing and commerce, in CloudEvents' words.
//!
//! An event is written in the transaction of what it tells. Renewals that change nothing and repeated
//! refusals of a known instance are coalesced into one row per bucket (instance, code and hour) with a
//! count, so that a crash loop does not fill the table.

pub mod activity;
pub mod feed;
mod renewals;
mod store;

use serde::Serialize;

use crate::clock::{HOUR_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, EventId, InstanceId, LicenseId};

pub(crate) use renewals::{Renewals, record_renewals};
pub use store::{Event, Timeline, list_by_account, list_timeline, list_timeline_of};

/// What an event is about.
#[derive(Clone, Copy, Default)]
pub struct About<'a> {
    /// The account whose history shows it.
    pub account_id: Option<&'a AccountId>,
    /// The license.
    pub license_id: Option<&'a LicenseId>,
    /// The instance.
    pub instance_id: Option<&'a InstanceId>,
}

impl About<'_> {
    fn subject(&self) -> &str {
        (self.instance_id.map(InstanceId::as_str))
            .or(self.license_id.map(LicenseId::as_str))
            .or(self.account_id.map(AccountId::as_str))
            .unwrap_or_default()
    }
}

/// Records one event. `event_type` is the CloudEvents type, for example `instance.activated`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn record(
    tx: &mut Tx,
    cx: &Cx,
    event_type: &str,
    about: About<'_>,
    data: &(impl Serialize + Sync),
) -> Result<(), DbError> {
    store::insert_event(tx, cx, event_type, about, &to_json(data), None).await
}

/// Records an event that repeats: one row per `key` and hour, with a count.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn record_hourly(
    tx: &mut Tx,
    cx: &Cx,
    event_type: &str,
    about: About<'_>,
    key: &str,
    data: &(impl Serialize + Sync),
) -> Result<(), DbError> {
    let bucket = format!("{event_type}/{}/{key}/{}", about.subject(), hour(cx.now));
    store::insert_event(tx, cx, event_type, about, &to_json(data), Some(&bucket)).await
}

impl Event {
    /// The key of an event in a timeline, from which the next page goes on.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}.{}", self.occurred_at.0, self.id)
    }

    /// Reads such a key from an address; `None` for any other text.
    #[must_use]
    pub fn parse_place(text: &str) -> Option<(UnixMs, EventId)> {
        let (at, id) = text.split_once('.')?;
        Some((UnixMs(at.parse().ok()?), EventId::from_untrusted(id)))
    }
}

/// Records an event that is told once for each `key`; answers whether this was the first time.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn record_once(
    tx: &mut Tx,
    cx: &Cx,
    event_type: &str,
    about: About<'_>,
    key: &str,
    data: &(impl Serialize + Sync),
) -> Result<bool, DbError> {
    let bucket = format!("{event_type}/{}/{key}", about.subject());
    store::insert_event_once(tx, cx, event_type, about, &to_json(data), &bucket).await
}

fn hour(at: UnixMs) -> i64 {
    at.0.div_euclid(HOUR_MS)
}

fn to_json(data: &impl Serialize) -> String {
    serde_json::to_string(data).unwrap_or_else(|_| "{}".to_owned())
}
