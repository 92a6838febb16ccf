use sdk::license_key::LicenseKey;

use super::query::{anywhere, beginning};
use super::{COUNTED, Ending, FoundLicenses, LicenseFilter, LicenseOrder, LicenseView, ListedLicense, Place};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all, fetch_one};
use crate::ids::{AccountId, VendorId};
use crate::keys::MasterKey;
use crate::licenses::store::LicenseRow;

/// A row of a list.
///
/// `last_contact_at` looks at the hundred instances whose seats are held longest: the last contact is among
/// them unless more than a hundred leases are borrowed, and an account with a million instances costs no more
/// than one with ten.
#[derive(sqlx::FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    license: LicenseRow,
    place: i64,
    company: String,
    held: i64,
    last_contact_at: Option<UnixMs>,
    total: i64,
}

/// An account's licenses that pass the filter, in its order, `limit` at most from `after` on.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn search_account(
    tx: &mut Tx,
    vendor_id: &VendorId,
    master: &MasterKey,
    account_id: &AccountId,
    filter: &LicenseFilter,
    page: Page<'_>,
) -> Result<FoundLicenses, DbError> {
    let bound = Bound::of(filter, master, &page);
    let rows = fetch_all!(
        tx,
        ListedRow,
        "WITH found AS NOT MATERIALIZED (
             SELECT l.id, l.license_type, a.company,
                    CASE $12 WHEN 'ends' THEN COALESCE(l.ends_at, 9223372036854775807) ELSE -l.created_at END AS place,
                    (SELECT MAX(recent.last_contact_at)
                     FROM (SELECT i.last_contact_at FROM instances i WHERE i.license_id = l.id
                           ORDER BY i.held_until DESC LIMIT 100) recent) AS last_contact_at
             FROM licenses l
             JOIN products d ON d.id = l.product_id JOIN plans p ON p.id = l.plan_id
             JOIN accounts a ON a.id = l.account_id
             WHERE l.vendor_id = $1 AND l.account_id = $2 AND ($3 = '' OR d.code = $3)
               AND ($4 = '' OR $4 = CASE
                   WHEN l.vendor_standing = 'revoked' OR l.status = 'revoked' THEN 'revoked'
                   WHEN l.vendor_standing = 'suspended' OR l.status = 'suspended' THEN 'suspended'
                   WHEN l.status = 'pending' OR (l.status = 'active' AND l.starts_at > $5) THEN 'waiting'
                   WHEN l.status = 'ended' OR l.ends_at <= $5 THEN 'ended'
                   ELSE 'active' END)
               AND ($6 = '%%' OR lower(l.name) LIKE lower($6) ESCAPE '!' OR lower(l.key_hint) LIKE lower($6) ESCAPE '!'
                    OR lower(d.name || ', ' || p.name) LIKE lower($6) ESCAPE '!' OR l.id = $7 OR l.key_hash = $8
                    OR l.id IN (SELECT k.license_id FROM license_keys k WHERE k.vendor_id = $1 AND k.key_hash = $8))
               AND ($9 = '%' OR EXISTS (SELECT 1 FROM instances i WHERE i.license_id = l.id
                                        AND lower(i.version) LIKE lower($9) ESCAPE '!'))
               AND ($16 = '' OR p.code = $16) AND ($17 = '' OR l.kind = $17)
               AND ($18 = '' OR (NOT l.renews AND l.ends_at > $5 AND l.ends_at <= $19))
         ), heard AS NOT MATERIALIZED (
             SELECT * FROM found
             WHERE $10 = '' OR ($10 = 'within' AND last_contact_at >= $11)
                OR ($10 = 'silent' AND last_contact_at < $11) OR ($10 = 'never' AND last_contact_at IS NULL)
         )
         SELECT l.*, p.code AS plan_code, p.name AS plan_name, d.code AS product_code, d.name AS product_name,
                h.place, h.company, h.last_contact_at,
                (SELECT COUNT(DISTINCT CASE WHEN h.license_type = 'user' THEN i.identity ELSE i.id END)
                 FROM instances i WHERE i.license_id = h.id AND i.held_until > $5) AS held,
                (SELECT COUNT(*) FROM (SELECT 1 FROM heard LIMIT 1001) counted) AS total
         FROM heard h JOIN licenses l ON l.id = h.id JOIN plans p ON p.id = l.plan_id
         JOIN products d ON d.id = l.product_id
         WHERE h.place > $13 OR (h.place = $13 AND h.id > $14)
         ORDER BY h.place, h.id LIMIT $15",
        vendor_id,
        account_id,
        &filter.product,
        bound.status,
        page.now,
        &bound.text,
        &filter.text,
        &bound.key_hash,
        &bound.version,
        bound.contact.0,
        bound.contact.1,
        bound.order,
        bound.after.0,
        bound.after.1,
        page.limit.saturating_add(1),
        &filter.plan,
        bound.kind,
        bound.ends.0,
        bound.ends.1
    )?;
    Ok(found(rows, page.limit))
}

/// The vendor's licenses that pass the filter, newest first whatever its order, `limit` at most from `after`
/// on. The text also finds customers by their company, billing address or id.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn search_vendor(
    tx: &mut Tx,
    vendor_id: &VendorId,
    master: &MasterKey,
    filter: &LicenseFilter,
    page: Page<'_>,
) -> Result<FoundLicenses, DbError> {
    let bound = Bound::of(filter, master, &page);
    // The newest first is the order of an index, which the first place of all must lie before.
    let after = page.after.map_or((i64::MAX, "~"), |place| (-place.at(), place.id().as_str()));
    let rows = fetch_all!(
        tx,
        ListedRow,
        "WITH found AS NOT MATERIALIZED (
             SELECT l.id, l.license_type, a.company, l.created_at,
                    (SELECT MAX(recent.last_contact_at)
                     FROM (SELECT i.last_contact_at FROM instances i WHERE i.license_id = l.id
                           ORDER BY i.held_until DESC LIMIT 100) recent) AS last_contact_at
             FROM licenses l
             JOIN products d ON d.id = l.product_id JOIN plans p ON p.id = l.plan_id
             JOIN accounts a ON a.id = l.account_id
             WHERE l.vendor_id = $1 AND ($2 = '' OR d.code = $2)
               AND ($3 = '' OR $3 = CASE
                   WHEN l.vendor_standing = 'revoked' OR l.status = 'revoked' THEN 'revoked'
                   WHEN l.vendor_standing = 'suspended' OR l.status = 'suspended' THEN 'suspended'
                   WHEN l.status = 'pending' OR (l.status = 'active' AND l.starts_at > $4) THEN 'waiting'
                   WHEN l.status = 'ended' OR l.ends_at <= $4 THEN 'ended'
                   ELSE 'active' END)
               AND ($5 = '%%' OR lower(l.name) LIKE lower($5) ESCAPE '!' OR lower(l.key_hint) LIKE lower($5) ESCAPE '!'
                    OR lower(d.name || ', ' || p.name) LIKE lower($5) ESCAPE '!'
                    OR lower(a.company) LIKE lower($5) ESCAPE '!' OR lower(a.billing_email) LIKE lower($5) ESCAPE '!'
                    OR l.id = $6 OR a.id = $6 OR l.key_hash = $7 OR l.key_start = $18
                    OR l.id IN (SELECT k.license_id FROM license_keys k
                                WHERE k.vendor_id = $1 AND (k.key_hash = $7 OR k.key_start = $18)))
               AND ($8 = '%' OR EXISTS (SELECT 1 FROM instances i WHERE i.license_id = l.id
                                        AND lower(i.version) LIKE lower($8) ESCAPE '!'))
               AND ($14 = '' OR p.code = $14) AND ($15 = '' OR l.kind = $15)
               AND ($16 = '' OR (NOT l.renews AND l.ends_at > $4 AND l.ends_at <= $17))
         ), heard AS NOT MATERIALIZED (
             SELECT * FROM found
             WHERE $9 = '' OR ($9 = 'within' AND last_contact_at >= $10)
                OR ($9 = 'silent' AND last_contact_at < $10) OR ($9 = 'never' AND last_contact_at IS NULL)
         )
         SELECT l.*, p.code AS plan_code, p.name AS plan_name, d.code AS product_code, d.name AS product_name,
                -h.created_at AS place, h.company, h.last_contact_at,
                (SELECT COUNT(DISTINCT CASE WHEN h.license_type = 'user' THEN i.identity ELSE i.id END)
                 FROM instances i WHERE i.license_id = h.id AND i.held_until > $4) AS held,
                (SELECT COUNT(*) FROM (SELECT 1 FROM heard LIMIT 1001) counted) AS total
         FROM heard h JOIN licenses l ON l.id = h.id JOIN plans p ON p.id = l.plan_id
         JOIN products d ON d.id = l.product_id
         WHERE h.created_at < $11 OR (h.created_at = $11 AND h.id < $12)
         ORDER BY h.created_at DESC, h.id DESC LIMIT $13",
        vendor_id,
        &filter.product,
        bound.status,
        page.now,
        &bound.text,
        &filter.text,
        &bound.key_hash,
        &bound.version,
        bound.contact.0,
        bound.contact.1,
        after.0,
        after.1,
        page.limit.saturating_add(1),
        &filter.plan,
        bound.kind,
        bound.ends.0,
        bound.ends.1,
        &bound.key_start
    )?;
    Ok(found(rows, page.limit))
}

/// How many of the vendor's licenses grant leases at `now`, and how many of those end within the time without anything that
/// renews them: as many as [`search_vendor`] finds with [`ListedStatus::Active`](super::ListedStatus::Active), without and
/// with `ends`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_standing(
    tx: &mut Tx,
    vendor_id: &VendorId,
    now: UnixMs,
    ends: Ending,
) -> Result<(i64, i64), DbError> {
    fetch_one!(
        tx,
        (i64, i64),
        "SELECT (SELECT COUNT(*) FROM licenses WHERE vendor_id = $1 AND status = 'active' AND vendor_standing = 'none'
                    AND starts_at <= $2 AND (ends_at IS NULL OR ends_at > $2)),
                (SELECT COUNT(*) FROM licenses WHERE vendor_id = $1 AND status = 'active' AND vendor_standing = 'none'
                    AND starts_at <= $2 AND ends_at > $2 AND ends_at <= $3 AND NOT renews)",
        vendor_id,
        now,
        ends.until(now)
    )
}

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The moment for which standing and contact are told.
    pub now: UnixMs,
    /// Goes on from here; `None` from the beginning.
    pub after: Option<&'a Place>,
    /// Most rows.
    pub limit: i64,
}

/// The filter as the queries take it.
struct Bound<'a> {
    status: &'static str,
    kind: &'static str,
    ends: (&'static str, UnixMs),
    text: String,
    key_hash: Vec<u8>,
    key_start: Vec<u8>,
    version: String,
    contact: (&'static str, UnixMs),
    order: &'static str,
    after: (i64, &'a str),
}

impl<'a> Bound<'a> {
    fn of(filter: &LicenseFilter, master: &MasterKey, page: &Page<'a>) -> Self {
        let key = LicenseKey::parse(&filter.text).ok();
        // A whole key is found as a whole.
        let start = LicenseKey::parse_first_group(&filter.text).filter(|_| key.is_none());
        Self {
            status: filter.status.map_or("", |status| status.as_str()),
            kind: filter.kind.map_or("", |kind| kind.as_str()),
            ends: filter.ends.map_or(("", page.now), |ends| (ends.as_str(), ends.until(page.now))),
            text: anywhere(&filter.text),
            // No key has the empty hash.
            key_hash: key.map(|key| master.license_key_hash(&key)).unwrap_or_default(),
            key_start: start.map(|group| master.license_key_start_hash(&group)).unwrap_or_default(),
            version: beginning(&filter.version),
            contact: filter.contact.map_or(("", page.now), |contact| contact.bound(page.now)),
            order: filter.order.map_or("", LicenseOrder::as_str),
            after: page.after.map_or((i64::MIN, ""), |place| (place.at(), place.id().as_str())),
        }
    }
}

fn found(mut rows: Vec<ListedRow>, limit: i64) -> FoundLicenses {
    let limit = usize::try_from(limit).unwrap_or(0);
    // One more than is shown tells whether there is a page after this one.
    let goes_on = rows.len() > limit;
    rows.truncate(limit);
    let total = rows.first().map_or(0, |row| row.total.min(COUNTED + 1));
    let mut next = None;
    let mut licenses = Vec::with_capacity(rows.len());
    for row in rows {
        let view = LicenseView::from(row.license);
        next = goes_on.then(|| Place::new(row.place, view.license.id.clone()));
        licenses.push(ListedLicense {
            view,
            company: row.company,
            held: row.held,
            last_contact_at: row.last_contact_at,
        });
    }
    FoundLicenses { licenses, total, next }
}
