//! Reading what the console shows of the catalog.

use std::collections::BTreeMap;

use super::{LicensesOfPlan, ListedVersion, ReleasePage};
use crate::catalog::{Plan, PlanVersion, Release, find_plan_version};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all};
use crate::ids::{PlanId, ProductId, ReleaseId, VendorId};

#[derive(sqlx::FromRow)]
struct CountRow {
    plan_id: PlanId,
    plan_version: i64,
    licenses: i64,
}

/// How many licenses are under each of the vendor's plans, by the version that they have. What has ended by `now` or is
/// revoked does not count.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_licenses(
    tx: &mut Tx,
    vendor_id: &VendorId,
    now: UnixMs,
) -> Result<BTreeMap<PlanId, LicensesOfPlan>, DbError> {
    let rows = fetch_all!(
        tx,
        CountRow,
        "SELECT plan_id, plan_version, CAST(COUNT(*) AS BIGINT) AS licenses FROM licenses
         WHERE vendor_id = $1 AND status IN ('pending', 'active', 'suspended') AND vendor_standing <> 'revoked'
           AND (ends_at IS NULL OR ends_at > $2)
         GROUP BY plan_id, plan_version",
        vendor_id,
        now
    )?;
    let mut counted: BTreeMap<PlanId, LicensesOfPlan> = BTreeMap::new();
    for row in rows {
        counted.entry(row.plan_id).or_default().by_version.insert(row.plan_version, row.licenses);
    }
    Ok(counted)
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    version: i64,
    created_at: UnixMs,
}

/// The versions of a plan, newest first; `limit` at most.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_versions(
    tx: &mut Tx,
    vendor_id: &VendorId,
    plan: &Plan,
    limit: i64,
) -> Result<Vec<ListedVersion>, DbError> {
    let rows = fetch_all!(
        tx,
        VersionRow,
        "SELECT version, created_at FROM plan_versions
         WHERE vendor_id = $1 AND plan_id = $2 ORDER BY version DESC LIMIT $3",
        vendor_id,
        &plan.id,
        limit
    )?;
    let mut versions = Vec::with_capacity(rows.len());
    for row in rows {
        let version = PlanVersion { plan_id: plan.id.clone(), version: row.version };
        if let Some(plan) = find_plan_version(tx, vendor_id, &version).await? {
            versions.push(ListedVersion { plan, created_at: row.created_at });
        }
    }
    Ok(versions)
}

/// A place in the list of a product's releases: behind this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasePlace {
    released_on: String,
    created_at: UnixMs,
    id: ReleaseId,
}

impl ReleasePlace {
    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (released_on, rest) = text.split_once('.')?;
        let (created_at, id) = rest.split_once('.')?;
        let released_on: jiff::civil::Date = released_on.parse().ok()?;
        Some(Self {
            released_on: released_on.to_string(),
            created_at: UnixMs(created_at.parse().ok()?),
            id: ReleaseId::from_untrusted(id),
        })
    }
}

impl std::fmt::Display for ReleasePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.released_on, self.created_at.0, self.id)
    }
}

/// No release is dated later.
const LAST_DAY: &str = "9999-12-31";

#[derive(sqlx::FromRow)]
struct ReleaseRow {
    id: ReleaseId,
    version: String,
    released_on: String,
    channel: String,
    created_at: UnixMs,
}

/// Releases of a product, newest first, `limit` at most from `after` on; those planned for later are included.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_releases_page(
    tx: &mut Tx,
    vendor_id: &VendorId,
    product_id: &ProductId,
    after: Option<&ReleasePlace>,
    limit: usize,
) -> Result<ReleasePage, DbError> {
    // Days are compared as text, which dates of four-digit years allow; the first place lies after all of them.
    let (day, at, id) = after
        .map_or((LAST_DAY, i64::MAX, ""), |place| (place.released_on.as_str(), place.created_at.0, place.id.as_str()));
    let mut rows = fetch_all!(
        tx,
        ReleaseRow,
        "SELECT id, version, released_on, channel, created_at FROM releases
         WHERE vendor_id = $1 AND product_id = $2
           AND (released_on < $3 OR (released_on = $3 AND (created_at < $4 OR (created_at = $4 AND id < $5))))
         ORDER BY released_on DESC, created_at DESC, id DESC LIMIT $6",
        vendor_id,
        product_id,
        day,
        at,
        id,
        i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX)
    )?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|last| ReleasePlace {
        released_on: last.released_on.clone(),
        created_at: last.created_at,
        id: last.id.clone(),
    });
    let mut releases = Vec::with_capacity(rows.len());
    for row in rows {
        let released_on: jiff::civil::Date =
            row.released_on.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        releases.push(Release { id: row.id, version: row.version, released_on, channel: row.channel });
    }
    Ok(ReleasePage { releases, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_from_its_address_and_nothing_else_is_one() {
        let place = ReleasePlace::parse("2026-10-05.1795255200000.rel_x").expect("a place");
        assert_eq!(ReleasePlace::parse(&place.to_string()), Some(place));
        for text in ["", "2026-10-05", "2026-10-05.1", "tomorrow.1.rel_x", "2026-10-05.x.rel_x"] {
            assert_eq!(ReleasePlace::parse(text), None, "{text}");
        }
    }
}
