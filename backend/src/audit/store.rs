use super::entry::EntryRow;
use super::list_audit::{AuditFilter, AuditPlace};
use super::rules::{AuditRow, Head};
use crate::accounts::customers::find_meant_customer;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, boxed, execute, fetch_all, fetch_one, fetch_optional, on};
use crate::ids::{AccountId, AuditId, VendorId};
use crate::licenses::search::anywhere;
use crate::listing::is_account_id;

pub(super) async fn insert_row(
    tx: &mut Tx,
    cx: &Cx,
    account_id: Option<&AccountId>,
    act: &str,
    object_id: &str,
    before: Option<String>,
    after: Option<String>,
) -> Result<(), DbError> {
    let (actor_kind, actor_id) = cx.actor.as_columns();
    execute!(
        tx,
        "INSERT INTO audit (id, vendor_id, account_id, actor_kind, actor_id, act, object_id, before, after,
                            request_id, address, occurred_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        cx.id::<AuditId>(),
        &cx.vendor_id,
        account_id,
        actor_kind,
        &actor_id,
        act,
        object_id,
        before.as_deref(),
        after.as_deref(),
        cx.request_id.as_deref(),
        cx.address.map(|address| address.to_string()),
        cx.now
    )?;
    Ok(())
}

/// The end of the chain, locked until the transaction ends; begun where there is none.
pub(super) async fn lock_head(tx: &mut Tx, vendor_id: &VendorId) -> Result<Head, DbError> {
    let start = Head::start();
    execute!(
        tx,
        "INSERT INTO audit_chains (vendor_id, sealed_seq, head) VALUES ($1, $2, $3) ON CONFLICT (vendor_id) DO NOTHING",
        vendor_id,
        start.seq,
        start.hash
    )?;
    let (seq, hash) = fetch_one!(
        tx,
        (i64, Vec<u8>),
        "UPDATE audit_chains SET lock_no = lock_no + 1 WHERE vendor_id = $1 RETURNING sealed_seq, head",
        vendor_id
    )?;
    Ok(Head { seq, hash })
}

pub(super) async fn find_head(tx: &mut Tx, vendor_id: &VendorId) -> Result<Option<Head>, DbError> {
    let found = fetch_optional!(
        tx,
        (i64, Vec<u8>),
        "SELECT sealed_seq, head FROM audit_chains WHERE vendor_id = $1",
        vendor_id
    )?;
    Ok(found.map(|(seq, hash)| Head { seq, hash }))
}

pub(super) async fn update_head(tx: &mut Tx, vendor_id: &VendorId, head: &Head) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE audit_chains SET sealed_seq = $2, head = $3 WHERE vendor_id = $1",
        vendor_id,
        head.seq,
        &head.hash
    )?;
    Ok(())
}

pub(super) async fn has_unsealed(tx: &mut Tx, vendor_id: &VendorId) -> Result<bool, DbError> {
    let found =
        fetch_optional!(tx, (String,), "SELECT id FROM audit WHERE vendor_id = $1 AND seq IS NULL LIMIT 1", vendor_id)?;
    Ok(found.is_some())
}

pub(super) async fn list_unsealed(tx: &mut Tx, vendor_id: &VendorId, limit: i64) -> Result<Vec<AuditRow>, DbError> {
    fetch_all!(
        tx,
        AuditRow,
        "SELECT * FROM audit WHERE vendor_id = $1 AND seq IS NULL ORDER BY occurred_at, id LIMIT $2",
        vendor_id,
        limit
    )
}

/// Gives a row its place. The database refuses it where the row has one, or the place is taken.
pub(super) async fn seal_row(tx: &mut Tx, id: &str, head: &Head) -> Result<(), DbError> {
    execute!(tx, "UPDATE audit SET seq = $2, chain = $3 WHERE id = $1", id, head.seq, &head.hash)?;
    Ok(())
}

/// Sealed rows whose place is greater than the first of `between` and at most the second, in order.
pub(super) async fn list_sealed(
    tx: &mut Tx,
    vendor_id: &VendorId,
    between: (i64, i64),
    limit: i64,
) -> Result<Vec<AuditRow>, DbError> {
    fetch_all!(
        tx,
        AuditRow,
        "SELECT * FROM audit WHERE vendor_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4",
        vendor_id,
        between.0,
        between.1,
        limit
    )
}

/// A row with a place behind the end of the chain.
pub(super) async fn find_beyond_head(tx: &mut Tx, vendor_id: &VendorId) -> Result<Option<(String, i64)>, DbError> {
    fetch_optional!(
        tx,
        (String, i64),
        "SELECT id, seq FROM audit
         WHERE vendor_id = $1
           AND seq > COALESCE((SELECT c.sealed_seq FROM audit_chains c WHERE c.vendor_id = $1), 0)
         ORDER BY seq LIMIT 1",
        vendor_id
    )
}

/// How many rows are not sealed, and when the first and the last of them happened.
pub(super) async fn find_tail(
    tx: &mut Tx,
    vendor_id: &VendorId,
) -> Result<(i64, Option<UnixMs>, Option<UnixMs>), DbError> {
    fetch_one!(
        tx,
        (i64, Option<UnixMs>, Option<UnixMs>),
        "SELECT COUNT(*), MIN(occurred_at), MAX(occurred_at) FROM audit WHERE vendor_id = $1 AND seq IS NULL",
        vendor_id
    )
}

/// What concerns an account. A person who is the vendor's staff, and not a member, acted as staff, whatever the row says:
/// rows from before acts of staff were told apart say `user`.
pub(super) async fn list_of_account(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    filter: &AuditFilter,
    after: Option<&AuditPlace>,
    limit: i64,
) -> Result<Vec<EntryRow>, DbError> {
    let bound = Bound::of(filter, after);
    fetch_all!(
        tx,
        EntryRow,
        "WITH told AS (
             SELECT a.id, a.actor_id, a.act, a.object_id, a.before, a.after, a.request_id, a.address, a.occurred_at,
                    CASE WHEN a.actor_kind = 'user' AND (u.staff_role IS NOT NULL OR EXISTS (
                             SELECT 1 FROM audit s
                             WHERE s.vendor_id = a.vendor_id AND s.object_id = a.actor_id
                               AND s.act IN ('staff.create', 'staff.update', 'staff.join')))
                          AND NOT EXISTS (
                             SELECT 1 FROM memberships m
                             WHERE m.vendor_id = a.vendor_id AND m.account_id = a.account_id AND m.user_id = u.id)
                         THEN 'staff'
                         WHEN a.actor_kind = 'token' AND t.id IS NOT NULL AND t.account_id IS NULL THEN 'staff'
                         ELSE a.actor_kind END AS actor_kind,
                    COALESCE(u.name, t.name) AS person_name, u.email AS person_email
             FROM audit a
             LEFT JOIN users u ON u.vendor_id = a.vendor_id AND u.id = a.actor_id
             LEFT JOIN api_tokens t ON t.vendor_id = a.vendor_id AND t.id = a.actor_id
             WHERE a.vendor_id = $1 AND a.account_id = $2 AND a.act LIKE $3 ESCAPE '!'
               AND ($4 = '' OR u.email_key = $4) AND ($5 = '' OR a.object_id = $5)
               AND a.occurred_at >= $6 AND a.occurred_at < $7
               AND (a.occurred_at < $8 OR (a.occurred_at = $8 AND a.id < $9)))
         SELECT told.*, CAST(NULL AS TEXT) AS company, CAST(NULL AS TEXT) AS acting_reason FROM told
         WHERE ($4 = '' OR actor_kind = 'user')
         ORDER BY occurred_at DESC, id DESC LIMIT $10",
        vendor_id,
        account_id,
        &bound.act,
        &bound.person,
        &filter.object,
        bound.from,
        bound.until,
        bound.before_at,
        &bound.before_id,
        limit
    )
}

/// The vendor's list, with what is asked of vendor and customer.
macro_rules! listed {
    ($customer:literal) => {
        concat!(
            "SELECT a.id, a.actor_kind, a.actor_id, a.act, a.object_id, a.before, a.after, a.request_id, a.address,
                a.occurred_at, COALESCE(u.name, t.name) AS person_name, u.email AS person_email, c.company,
                g.reason AS acting_reason
         FROM audit a
         LEFT JOIN actings g ON g.vendor_id = a.vendor_id AND g.id = a.actor_id
         LEFT JOIN users u ON u.vendor_id = a.vendor_id AND u.id = COALESCE(g.staff_id, a.actor_id)
         LEFT JOIN api_tokens t ON t.vendor_id = a.vendor_id AND t.id = a.actor_id
         LEFT JOIN accounts c ON c.vendor_id = a.vendor_id AND c.id = a.account_id
         WHERE ",
            $customer,
            " AND a.act LIKE $2 ESCAPE '!'
           AND ($3 = '' OR u.email_key = $3) AND ($4 = '' OR a.object_id = $4 OR a.account_id = $4)
           AND a.occurred_at >= $5 AND a.occurred_at < $6
           AND (a.occurred_at < $7 OR (a.occurred_at = $7 AND a.id < $8))
         ORDER BY a.occurred_at DESC, a.id DESC LIMIT $9"
        )
    };
}

/// All of the vendor's.
pub(super) async fn list_of_vendor(
    tx: &mut Tx,
    vendor_id: &VendorId,
    filter: &AuditFilter,
    after: Option<&AuditPlace>,
    limit: i64,
) -> Result<Vec<EntryRow>, DbError> {
    let Some(customer) = find_meant_customer(tx, vendor_id, &filter.customer).await? else { return Ok(Vec::new()) };
    let bound = Bound::of(filter, after);
    let query: &'static str = if is_account_id(&customer) {
        // The index of accounts is to be taken, and no other that begins with the vendor.
        listed!("a.account_id = $10 AND a.vendor_id || '' = $1 AND $11 <> ''")
    } else {
        listed!("a.vendor_id = $1 AND ($10 = '' OR lower(c.company) LIKE lower($11) ESCAPE '!')")
    };
    on!(tx, c => boxed(
        sqlx::query_as::<_, EntryRow>(query)
            .bind(vendor_id)
            .bind(&bound.act)
            .bind(&bound.person)
            .bind(&filter.object)
            .bind(bound.from)
            .bind(bound.until)
            .bind(bound.before_at)
            .bind(&bound.before_id)
            .bind(limit)
            .bind(&customer)
            .bind(anywhere(&customer))
            .fetch_all(c)
    ).await)
    .map_err(DbError::from)
}

/// What was done to one thing of an account, and when, oldest first: without who did it, so that it tells no more than the
/// thing itself does to whoever sees that. `limit` at most. The order is that of the index by which they are found: with the
/// id in it another one would be read, of everything that happened to the account.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_acts_on(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    object_id: &str,
    limit: i64,
) -> Result<Vec<(String, UnixMs)>, DbError> {
    fetch_all!(
        tx,
        (String, UnixMs),
        "SELECT act, occurred_at FROM audit WHERE vendor_id = $1 AND account_id = $2 AND object_id = $3
         ORDER BY occurred_at LIMIT $4",
        vendor_id,
        account_id,
        object_id,
        limit
    )
}

/// A filter and a place, as the statements take them.
struct Bound {
    act: String,
    person: String,
    from: i64,
    until: i64,
    before_at: i64,
    before_id: String,
}

impl Bound {
    fn of(filter: &AuditFilter, after: Option<&AuditPlace>) -> Self {
        let area = filter.area.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        Self {
            act: if area.is_empty() { "%".to_owned() } else { format!("{area}.%") },
            person: filter.person.to_lowercase(),
            from: filter.from.map_or(i64::MIN, |at| at.0),
            until: filter.until.map_or(i64::MAX, |at| at.0),
            before_at: after.map_or(i64::MAX, |place| place.occurred_at.0),
            before_id: after.map(|place| place.id.clone()).unwrap_or_default(),
        }
    }
}
