use super::{FedEvent, FeedFilter};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, boxed, on};
use crate::ids::{AccountId, EventId, LicenseId, VendorId};

/// What the statements are given, whichever of them it is.
struct Asked<'a> {
    vendor_id: &'a VendorId,
    account_id: &'a str,
    license_id: &'a str,
    type_prefix: &'a str,
    from: UnixMs,
    until: UnixMs,
    /// The place after which the page begins. No event has the one before the first page.
    place: (UnixMs, &'a str),
    limit: i64,
}

/// Reads one page. Whose events they are is said in the words of an index, and so is the order, so that a page costs what
/// it shows and what its filter passes over.
macro_rules! fetch_page { ($tx:expr, $asked:expr, $whose:literal, $ahead:literal, $order:literal) => {
    on!($tx, c => boxed(sqlx::query_as::<_, FedEvent>(concat!(
        "SELECT id, event_type, subject, account_id, license_id, instance_id, data, occurrences, occurred_at, last_at
         FROM events WHERE vendor_id = $1 AND ", $whose, "
           AND substr(event_type, 1, length($4)) = $4 AND occurred_at >= $5 AND occurred_at <= $6
           AND (occurred_at <> $7 OR ", $ahead, ")
         ORDER BY ", $order, " LIMIT $9"
    ))
    .bind($asked.vendor_id)
    .bind($asked.account_id)
    .bind($asked.license_id)
    .bind($asked.type_prefix)
    .bind($asked.from)
    .bind($asked.until)
    .bind($asked.place.0)
    .bind($asked.place.1)
    .bind($asked.limit)
    .fetch_all(c)).await)
    .map_err(DbError::from)
} }

pub(super) async fn list(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: Option<&AccountId>,
    filter: &FeedFilter,
    after: Option<&(UnixMs, EventId)>,
    limit: i64,
) -> Result<Vec<FedEvent>, DbError> {
    let since = filter.since.unwrap_or(UnixMs(i64::MIN));
    let before_all = UnixMs(if filter.oldest_first { i64::MIN } else { i64::MAX });
    let place = after.map_or((before_all, ""), |(at, id)| (*at, id.as_str()));
    let (from, until) = if filter.oldest_first { (since.max(place.0), UnixMs(i64::MAX)) } else { (since, place.0) };
    let asked = Asked {
        vendor_id,
        account_id: account_id.map_or("", AccountId::as_str),
        license_id: filter.license_id.as_ref().map_or("", LicenseId::as_str),
        type_prefix: &filter.type_prefix,
        from,
        until,
        place,
        limit,
    };
    match (account_id, &filter.license_id, filter.oldest_first) {
        (Some(_), _, true) => {
            fetch_page!(tx, asked, "account_id = $2 AND ($3 = '' OR license_id = $3)", "id > $8", "occurred_at, id")
        }
        (Some(_), _, false) => fetch_page!(
            tx,
            asked,
            "account_id = $2 AND ($3 = '' OR license_id = $3)",
            "id < $8",
            "occurred_at DESC, id DESC"
        ),
        (None, Some(_), true) => {
            fetch_page!(tx, asked, "$2 = '' AND license_id = $3", "id > $8", "occurred_at, id")
        }
        (None, Some(_), false) => {
            fetch_page!(tx, asked, "$2 = '' AND license_id = $3", "id < $8", "occurred_at DESC, id DESC")
        }
        (None, None, true) => fetch_page!(tx, asked, "$2 = '' AND $3 = ''", "id > $8", "occurred_at, id"),
        (None, None, false) => {
            fetch_page!(tx, asked, "$2 = '' AND $3 = ''", "id < $8", "occurred_at DESC, id DESC")
        }
    }
}
