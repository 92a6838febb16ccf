use super::rules::LIST_ENDED_MS;
use super::{ApiToken, Holder, ListedToken, authority, rules};
use crate::accounts::StaffRole;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, ApiTokenId, VendorId};

/// More than one holder can have: all live ones, and those that ended lately.
const LIST_MAX: i64 = 200;

/// A holder's tokens, newest first: all that are live, before those that ended in the last 30 days. `None` for whoever
/// may not see them.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_tokens(tx: &mut Tx, cx: &Cx, holder: &Holder) -> Result<Option<Vec<ListedToken>>, DbError> {
    if !authority::may_manage(tx, cx, holder).await? {
        return Ok(None);
    }
    let listed = fetch_all!(
        tx,
        ListedToken,
        "SELECT t.*, u.name AS maker_name, u.email AS maker_email, u.staff_role AS maker_staff_role,
                (SELECT COUNT(*) FROM memberships m
                 WHERE m.vendor_id = t.vendor_id AND m.account_id = t.account_id AND m.user_id = t.created_by)
                    AS maker_memberships
         FROM api_tokens t LEFT JOIN users u ON u.vendor_id = t.vendor_id AND u.id = t.created_by
         WHERE t.vendor_id = $1 AND (t.account_id = $2 OR ($2 = '' AND t.account_id IS NULL))
           AND t.expires_at > $3 AND (t.revoked_at IS NULL OR t.revoked_at > $3)
         ORDER BY CASE WHEN t.revoked_at IS NULL AND t.expires_at > $4 THEN 0 ELSE 1 END, t.created_at DESC, t.id
         LIMIT $5",
        &cx.vendor_id,
        column(holder),
        cx.now.plus(-LIST_ENDED_MS),
        cx.now,
        LIST_MAX
    )?;
    Ok(Some(listed))
}

/// The holder as the column says it; the vendor is the empty text.
fn column(holder: &Holder) -> &str {
    holder.account_id().map_or("", AccountId::as_str)
}

pub(super) async fn find_token(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ApiTokenId,
) -> Result<Option<ApiToken>, DbError> {
    fetch_optional!(tx, ApiToken, "SELECT * FROM api_tokens WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

pub(super) async fn find_by_hash(tx: &mut Tx, vendor_id: &VendorId, hash: &[u8]) -> Result<Option<ApiToken>, DbError> {
    fetch_optional!(tx, ApiToken, "SELECT * FROM api_tokens WHERE vendor_id = $1 AND token_hash = $2", vendor_id, hash)
}

/// How many tokens of a holder are live at `now`. Under the holder's lock.
pub(super) async fn count_live(
    tx: &mut Tx,
    vendor_id: &VendorId,
    holder: &Holder,
    now: UnixMs,
) -> Result<i64, DbError> {
    let (live,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM api_tokens
         WHERE vendor_id = $1 AND (account_id = $2 OR ($2 = '' AND account_id IS NULL))
           AND revoked_at IS NULL AND expires_at > $3",
        vendor_id,
        column(holder),
        now
    )?;
    Ok(live)
}

pub(super) async fn insert_token(tx: &mut Tx, token: &ApiToken, hash: &[u8]) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO api_tokens (id, vendor_id, account_id, name, token_hash, hint, scopes, created_by, created_at,
                                 expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &token.id,
        &token.vendor_id,
        token.account_id.as_ref(),
        &token.name,
        hash,
        &token.hint,
        JsonText(token.scopes.0.clone()),
        token.created_by.as_ref(),
        token.created_at,
        token.expires_at
    )?;
    Ok(())
}

/// Revokes a token; of two at once, one does.
pub(super) async fn set_revoked(tx: &mut Tx, cx: &Cx, id: &ApiTokenId) -> Result<bool, DbError> {
    let revoked = execute!(
        tx,
        "UPDATE api_tokens SET revoked_at = $3 WHERE vendor_id = $1 AND id = $2 AND revoked_at IS NULL",
        &cx.vendor_id,
        id,
        cx.now
    )?;
    Ok(revoked == 1)
}

/// Notes the minute of a use; `false` where another call has noted it.
pub(super) async fn set_used(tx: &mut Tx, token: &ApiToken, minute: UnixMs, address: &str) -> Result<bool, DbError> {
    let noted = execute!(
        tx,
        "UPDATE api_tokens SET last_used_at = $3, last_used_address = $4
         WHERE vendor_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)",
        &token.vendor_id,
        &token.id,
        minute,
        address
    )?;
    Ok(noted == 1)
}

/// Live tokens that end by `until` and whose end was not announced. Those that never live longer than the warning is
/// ahead are left out: whoever made them knows.
pub(super) async fn list_ending(
    tx: &mut Tx,
    vendor_id: &VendorId,
    now: UnixMs,
    until: UnixMs,
    limit: i64,
) -> Result<Vec<ApiToken>, DbError> {
    fetch_all!(
        tx,
        ApiToken,
        "SELECT * FROM api_tokens
         WHERE vendor_id = $1 AND revoked_at IS NULL AND warned_at IS NULL AND expires_at > $2 AND expires_at <= $3
           AND expires_at - created_at > $4
         ORDER BY expires_at, id LIMIT $5",
        vendor_id,
        now,
        until,
        rules::WARN_MS,
        limit
    )
}

/// Notes that the end of a token is announced; `false` where it was before.
pub(super) async fn set_warned(tx: &mut Tx, cx: &Cx, id: &ApiTokenId) -> Result<bool, DbError> {
    let noted = execute!(
        tx,
        "UPDATE api_tokens SET warned_at = $3 WHERE vendor_id = $1 AND id = $2 AND warned_at IS NULL",
        &cx.vendor_id,
        id,
        cx.now
    )?;
    Ok(noted == 1)
}

/// Address, name and role of the vendor's staff.
pub(super) async fn list_staff(tx: &mut Tx, vendor_id: &VendorId) -> Result<Vec<(String, String, StaffRole)>, DbError> {
    fetch_all!(
        tx,
        (String, String, StaffRole),
        "SELECT email, name, staff_role FROM users WHERE vendor_id = $1 AND staff_role IS NOT NULL ORDER BY created_at, id",
        vendor_id
    )
}
