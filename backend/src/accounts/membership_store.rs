//! Who belongs to which account, and as what.

use super::store::{AccountRow, UserRow};
use super::{Membership, Role, User};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, UserId, VendorId};

#[derive(sqlx::FromRow)]
struct MembershipRow {
    #[sqlx(flatten)]
    account: AccountRow,
    role: Role,
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    #[sqlx(flatten)]
    user: UserRow,
    role: Role,
}

pub(super) async fn insert_membership(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    user_id: &UserId,
    role: Role,
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5)",
        &cx.vendor_id,
        account_id,
        user_id,
        role,
        cx.now
    )?;
    Ok(())
}

/// How many accounts were made since `since` and have belonged to a user from their first moment on, and when the first was.
pub(super) async fn count_new_accounts(
    tx: &mut Tx,
    vendor_id: &VendorId,
    user_id: &UserId,
    since: UnixMs,
) -> Result<(i64, Option<UnixMs>), DbError> {
    fetch_one!(
        tx,
        (i64, Option<UnixMs>),
        "SELECT COUNT(*), MIN(m.created_at) FROM memberships m
         JOIN accounts a ON a.vendor_id = m.vendor_id AND a.id = m.account_id AND a.created_at = m.created_at
         WHERE m.vendor_id = $1 AND m.user_id = $2 AND m.created_at > $3",
        vendor_id,
        user_id,
        since
    )
}

/// The accounts that a user belongs to, oldest membership first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_memberships(tx: &mut Tx, vendor_id: &VendorId, user_id: &UserId) -> Result<Vec<Membership>, DbError> {
    let rows = fetch_all!(
        tx,
        MembershipRow,
        "SELECT a.*, m.role FROM memberships m JOIN accounts a ON a.vendor_id = m.vendor_id AND a.id = m.account_id
         WHERE m.vendor_id = $1 AND m.user_id = $2 ORDER BY m.created_at, a.id",
        vendor_id,
        user_id
    )?;
    Ok(rows.into_iter().map(|row| Membership { account: row.account.into(), role: row.role }).collect())
}

/// The people of an account with their roles, oldest membership first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_members(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<(User, Role)>, DbError> {
    let rows = fetch_all!(
        tx,
        MemberRow,
        "SELECT u.*, m.role FROM memberships m JOIN users u ON u.vendor_id = m.vendor_id AND u.id = m.user_id
         WHERE m.vendor_id = $1 AND m.account_id = $2 ORDER BY m.created_at, u.id",
        vendor_id,
        account_id
    )?;
    Ok(rows.into_iter().map(|row| (row.user.into(), row.role)).collect())
}

/// The role of a user in an account; `None` for a stranger.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn member_role(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    user_id: &UserId,
) -> Result<Option<Role>, DbError> {
    let row = fetch_optional!(
        tx,
        (Role,),
        "SELECT role FROM memberships WHERE vendor_id = $1 AND account_id = $2 AND user_id = $3",
        vendor_id,
        account_id,
        user_id
    )?;
    Ok(row.map(|(role,)| role))
}
