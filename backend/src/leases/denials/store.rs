use super::{Denial, DenialFilter};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all};
use crate::ids::VendorId;
use crate::listing::TimePlace;

/// The refusals that pass the filter at `now`, those that happened last first, at most `limit` of those after `after`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_denials(
    tx: &mut Tx,
    vendor_id: &VendorId,
    filter: &DenialFilter,
    now: UnixMs,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<Denial>, DbError> {
    let (at, id) = TimePlace::bound(after);
    fetch_all!(
        tx,
        Denial,
        "SELECT e.id, e.refusal AS code, e.license_id, l.name AS license_name, r.name AS product_name, p.name AS plan_name,
                a.id AS account_id, a.company, e.instance_id, e.data, e.occurrences, e.last_at
         FROM events e
         JOIN licenses l ON l.vendor_id = e.vendor_id AND l.id = e.license_id
         JOIN products r ON r.vendor_id = l.vendor_id AND r.id = l.product_id
         JOIN plans p ON p.vendor_id = l.vendor_id AND p.id = l.plan_id
         JOIN accounts a ON a.vendor_id = l.vendor_id AND a.id = l.account_id
         WHERE e.vendor_id = $1 AND e.event_type = 'instance.refused' AND ($2 = '' OR e.refusal = $2) AND e.last_at >= $3
           AND (e.last_at < $4 OR (e.last_at = $4 AND e.id < $5))
         ORDER BY e.last_at DESC, e.id DESC LIMIT $6",
        vendor_id,
        &filter.code,
        filter.within.map_or(UnixMs(i64::MIN), |within| within.since(now)),
        at,
        id,
        limit
    )
}

/// How often instances were refused for one reason.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DenialCount {
    /// Why: a code of the licensing API.
    pub code: String,
    /// How many entries the list has: one for each instance and hour.
    pub entries: i64,
    /// How often in all.
    pub times: i64,
}

/// The refusals of the vendor's since a moment by their reason, the most frequent first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_denials(tx: &mut Tx, vendor_id: &VendorId, since: UnixMs) -> Result<Vec<DenialCount>, DbError> {
    fetch_all!(
        tx,
        DenialCount,
        "SELECT refusal AS code, COUNT(*) AS entries, CAST(SUM(occurrences) AS BIGINT) AS times
         FROM events WHERE vendor_id = $1 AND event_type = 'instance.refused' AND last_at >= $2
         GROUP BY refusal ORDER BY COUNT(*) DESC, refusal",
        vendor_id,
        since
    )
}
