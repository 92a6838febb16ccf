use super::{Activity, ActivityFilter};
use crate::accounts::customers::find_meant_customer;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, boxed, on};
use crate::ids::VendorId;
use crate::licenses::search::anywhere;
use crate::listing::{TimePlace, is_account_id};

/// The vendor's events that pass the filter, newest beginning first, at most `limit` of those after `after` in that order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn search_activity(
    tx: &mut Tx,
    vendor_id: &VendorId,
    filter: &ActivityFilter,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<Activity>, DbError> {
    let (from, until) = filter.days.window();
    let (at, id) = TimePlace::bound_before(after, until);
    let page = Page { vendor_id, from, at, id, limit };
    // Each question has an index that begins with what it asks for, so that no list goes through all events.
    match filter {
        ActivityFilter { about, .. } if !about.is_empty() => list_about(tx, &page, filter).await,
        ActivityFilter { customer, .. } if !customer.is_empty() => {
            match find_meant_customer(tx, vendor_id, customer).await? {
                None => Ok(Vec::new()),
                Some(id) if is_account_id(&id) => list_of_account(tx, &page, filter, &id).await,
                Some(_) => list_of_customer(tx, &page, filter).await,
            }
        }
        ActivityFilter { event_type, .. } if !event_type.is_empty() => list_of_type(tx, &page, event_type).await,
        _ => list_changes(tx, &page).await,
    }
}

/// What all of them ask for.
struct Page<'a> {
    vendor_id: &'a VendorId,
    from: UnixMs,
    at: UnixMs,
    id: &'a str,
    limit: i64,
}

/// Reads one page: the events for which `$which` holds, which is given its values as `$6` and on.
macro_rules! fetch_page { ($tx:expr, $page:expr, $which:literal $(, $arg:expr)* $(,)?) => {
    on!($tx, c => boxed(sqlx::query_as::<_, Activity>(concat!(
        "SELECT e.id, e.event_type, e.instance_id, e.data, e.occurrences, e.occurred_at, e.last_at, e.account_id, a.company,
                e.license_id, l.name AS license_name, r.name AS product_name, p.name AS plan_name
         FROM events e
         LEFT JOIN accounts a ON a.vendor_id = e.vendor_id AND a.id = e.account_id
         LEFT JOIN licenses l ON l.vendor_id = e.vendor_id AND l.id = e.license_id
         LEFT JOIN products r ON r.vendor_id = l.vendor_id AND r.id = l.product_id
         LEFT JOIN plans p ON p.vendor_id = l.vendor_id AND p.id = l.plan_id
         WHERE ", $which, "
           AND e.occurred_at >= $2 AND (e.occurred_at, e.id) < ($3, $4)
         ORDER BY e.occurred_at DESC, e.id DESC LIMIT $5"
    ))
    .bind($page.vendor_id)
    .bind($page.from)
    .bind($page.at)
    .bind($page.id)
    .bind($page.limit)
    $(.bind($arg))*
    .fetch_all(c)).await)
    .map_err(DbError::from)
} }

async fn list_about(tx: &mut Tx, page: &Page<'_>, filter: &ActivityFilter) -> Result<Vec<Activity>, DbError> {
    fetch_page!(
        tx,
        page,
        "e.vendor_id = $1 AND (e.license_id = $6 OR e.instance_id = $6)
           AND ($7 = '' OR e.account_id = $7 OR lower(a.company) LIKE lower($8) ESCAPE '!')
           AND (e.event_type = $9 OR ($9 = '' AND e.event_type NOT IN ('lease.renewed', 'feature.used')))",
        &filter.about,
        &filter.customer,
        anywhere(&filter.customer),
        &filter.event_type
    )
}

async fn list_of_account(
    tx: &mut Tx,
    page: &Page<'_>,
    filter: &ActivityFilter,
    account_id: &str,
) -> Result<Vec<Activity>, DbError> {
    // The index of accounts is to be taken, and no other that begins with the vendor.
    fetch_page!(
        tx,
        page,
        "e.account_id = $6 AND e.vendor_id || '' = $1
           AND (e.event_type = $7 OR ($7 = '' AND e.event_type NOT IN ('lease.renewed', 'feature.used')))",
        account_id,
        &filter.event_type
    )
}

async fn list_of_customer(tx: &mut Tx, page: &Page<'_>, filter: &ActivityFilter) -> Result<Vec<Activity>, DbError> {
    fetch_page!(
        tx,
        page,
        "e.vendor_id = $1
           AND e.account_id IN (SELECT c.id FROM accounts c
                                WHERE c.vendor_id = $1 AND (c.id = $6 OR lower(c.company) LIKE lower($7) ESCAPE '!'))
           AND (e.event_type = $8 OR ($8 = '' AND e.event_type NOT IN ('lease.renewed', 'feature.used')))",
        &filter.customer,
        anywhere(&filter.customer),
        &filter.event_type
    )
}

async fn list_of_type(tx: &mut Tx, page: &Page<'_>, event_type: &str) -> Result<Vec<Activity>, DbError> {
    fetch_page!(tx, page, "e.vendor_id = $1 AND e.event_type = $6", event_type)
}

async fn list_changes(tx: &mut Tx, page: &Page<'_>) -> Result<Vec<Activity>, DbError> {
    // The condition is that of an index, word by word.
    fetch_page!(tx, page, "e.vendor_id = $1 AND e.event_type NOT IN ('lease.renewed', 'feature.used')")
}
