//! Events as a table, part by part: there may be more of them than fit into memory.

use super::{Activity, ActivityFilter, search_activity};
use crate::accounts::{self, StaffAct};
use crate::csv;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::listing::{TablePart, TimePlace};
use crate::text::en::moments;

/// Events of one part.
const PART: i64 = 1_000;

const HEAD: [&str; 11] = [
    "event",
    "first_at",
    "last_at",
    "times",
    "type",
    "customer",
    "account",
    "license",
    "license_name",
    "instance",
    "data",
];

/// The part of the table from `after` on, newest first; `None` for whoever may not see it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_activity(
    tx: &mut Tx,
    cx: &Cx,
    filter: &ActivityFilter,
    after: Option<&TimePlace>,
) -> Result<Option<TablePart<TimePlace>>, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(None);
    }
    let rows = search_activity(tx, &cx.vendor_id, filter, after, PART).await?;
    let is_last = i64::try_from(rows.len()).unwrap_or(PART) < PART;
    let next = rows.last().filter(|_| !is_last).map(Activity::place);
    let head = if after.is_none() { csv::row(HEAD) } else { String::new() };
    Ok(Some(TablePart { text: rows.iter().fold(head, |text, it| text + &line(it)), next }))
}

fn line(it: &Activity) -> String {
    let event = &it.event;
    csv::row([
        event.id.to_string(),
        moments::rfc3339(event.occurred_at),
        moments::rfc3339(event.last_at),
        event.occurrences.to_string(),
        event.event_type.clone(),
        it.company.clone().unwrap_or_default(),
        it.account_id.as_ref().map_or_else(String::new, ToString::to_string),
        it.license_id.as_ref().map_or_else(String::new, ToString::to_string),
        it.license_name.clone().unwrap_or_default(),
        event.instance_id.as_ref().map_or_else(String::new, ToString::to_string),
        event.data.0.to_string(),
    ])
}
