use super::{CustomerFilter, CustomerPlace, LicenseCount, ListedCustomer, SignUpWithoutAccount};
use crate::accounts::AccountKind;
use crate::accounts::store::AccountRow;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all, fetch_one};
use crate::ids::{AccountId, VendorId};
use crate::licenses::search::anywhere;
use crate::listing::{TimePlace, is_account_id};

#[derive(sqlx::FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    account: AccountRow,
    owner_email: Option<String>,
    active: i64,
    total: i64,
}

/// What a list is to look for where `typed` is the id of a customer or part of its name: the id where only one is called so,
/// of which everything is found by an index; `None` where none is, for nothing has to be gone through then.
pub(crate) async fn find_meant_customer(
    tx: &mut Tx,
    vendor_id: &VendorId,
    typed: &str,
) -> Result<Option<String>, DbError> {
    if typed.is_empty() || is_account_id(typed) {
        return Ok(Some(typed.to_owned()));
    }
    let found = fetch_all!(
        tx,
        (AccountId,),
        "SELECT id FROM accounts WHERE vendor_id = $1 AND lower(company) LIKE lower($2) ESCAPE '!' LIMIT 2",
        vendor_id,
        anywhere(typed)
    )?;
    Ok(match found.as_slice() {
        [] => None,
        [(only,)] => Some(only.to_string()),
        _ => Some(typed.to_owned()),
    })
}

/// The vendor's customers that pass the filter, newest first, at most `limit` of those after `after` in that order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn search_customers(
    tx: &mut Tx,
    vendor_id: &VendorId,
    filter: &CustomerFilter,
    after: Option<&CustomerPlace>,
    now: UnixMs,
    limit: i64,
) -> Result<Vec<ListedCustomer>, DbError> {
    let after = after.map_or((UnixMs(i64::MAX), "~"), |place| (place.at, place.id.as_str()));
    let rows = fetch_all!(
        tx,
        ListedRow,
        "SELECT a.*,
                (SELECT u.email FROM memberships m JOIN users u ON u.id = m.user_id
                 WHERE m.account_id = a.id AND m.role = 'owner' ORDER BY m.created_at, u.id LIMIT 1) AS owner_email,
                (SELECT COUNT(*) FROM licenses l
                 WHERE l.account_id = a.id AND l.status = 'active' AND l.vendor_standing = 'none' AND l.starts_at <= $8
                   AND (l.ends_at IS NULL OR l.ends_at > $8)) AS active,
                (SELECT COUNT(*) FROM licenses l WHERE l.account_id = a.id) AS total
         FROM accounts a
         WHERE a.vendor_id = $1 AND (a.created_at < $6 OR (a.created_at = $6 AND a.id < $7))
           AND ($2 = '%%' OR lower(a.company) LIKE lower($2) ESCAPE '!' OR lower(a.billing_email) LIKE lower($2) ESCAPE '!'
                OR a.id = $3 OR a.stripe_customer_id = $3
                OR EXISTS (SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id
                           WHERE m.account_id = a.id AND u.email_key LIKE lower($2) ESCAPE '!'))
           AND ($4 = '' OR a.country = $4) AND ($5 = '' OR a.kind = $5)
         ORDER BY a.created_at DESC, a.id DESC LIMIT $9",
        vendor_id,
        anywhere(&filter.text),
        &filter.text,
        &filter.country,
        filter.kind.map_or("", AccountKind::as_str),
        after.0,
        after.1,
        now,
        limit
    )?;
    let listed = |row: ListedRow| ListedCustomer {
        account: row.account.into(),
        owner_email: row.owner_email,
        licenses: LicenseCount { active: row.active, total: row.total },
    };
    Ok(rows.into_iter().map(listed).collect())
}

/// The vendor's people without an account in whose name or address `text` stands, newest first, at most `limit` of those after
/// `after` in that order. Staff and deleted people are not among them.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn search_sign_ups(
    tx: &mut Tx,
    vendor_id: &VendorId,
    text: &str,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<SignUpWithoutAccount>, DbError> {
    let (at, id) = TimePlace::bound(after);
    fetch_all!(
        tx,
        SignUpWithoutAccount,
        "SELECT u.id, u.email, u.name, u.email_verified_at, u.created_at FROM users u
         WHERE u.vendor_id = $1 AND u.staff_role IS NULL AND u.email <> ''
           AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.vendor_id = u.vendor_id AND m.user_id = u.id)
           AND ($2 = '%%' OR u.email_key LIKE lower($2) ESCAPE '!' OR lower(u.name) LIKE lower($2) ESCAPE '!')
           AND (u.created_at < $3 OR (u.created_at = $3 AND u.id < $4))
         ORDER BY u.created_at DESC, u.id DESC LIMIT $5",
        vendor_id,
        anywhere(text),
        at,
        id,
        limit
    )
}

/// How many licenses an account has at `now`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_licenses(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    now: UnixMs,
) -> Result<LicenseCount, DbError> {
    let (active, total) = fetch_one!(
        tx,
        (i64, i64),
        "SELECT COUNT(CASE WHEN status = 'active' AND vendor_standing = 'none' AND starts_at <= $3
                            AND (ends_at IS NULL OR ends_at > $3) THEN 1 END), COUNT(*)
         FROM licenses WHERE vendor_id = $1 AND account_id = $2",
        vendor_id,
        account_id,
        now
    )?;
    Ok(LicenseCount { active, total })
}
