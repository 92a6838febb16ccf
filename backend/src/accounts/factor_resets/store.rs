use super::rules::KEEP_MS;
use super::{PlannedReset, ResetStatus};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, boxed, execute, on};
use crate::ids::{FactorResetId, UserId, VendorId};

/// Reads the vendor's reset for which `$which` holds, which is given its values as `$2` and on.
macro_rules! fetch_reset { ($tx:expr, $vendor_id:expr, $which:literal $(, $arg:expr)* $(,)?) => {
    on!($tx, c => boxed(sqlx::query_as::<_, PlannedReset>(concat!(
        "SELECT id, vendor_id, user_id, asked_by, reason, passkeys_too, status, created_at, due_at, settled_at
         FROM factor_resets WHERE vendor_id = $1 AND ", $which
    ))
    .bind($vendor_id)
    $(.bind($arg))*
    .fetch_optional(c)).await)
    .map_err(DbError::from)
} }

/// Keeps a reset that waits; `false` where one of the same person waits already. Of two at once, one is kept.
pub(super) async fn insert(tx: &mut Tx, reset: &PlannedReset, refuse_hash: &[u8]) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO factor_resets (id, vendor_id, user_id, asked_by, reason, passkeys_too, status, refuse_hash, created_at,
                                    due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        &reset.id,
        &reset.vendor_id,
        &reset.user_id,
        &reset.asked_by,
        &reset.reason,
        reset.passkeys_too,
        reset.status,
        refuse_hash,
        reset.created_at,
        reset.due_at
    )?;
    Ok(inserted == 1)
}

pub(super) async fn find(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &FactorResetId,
) -> Result<Option<PlannedReset>, DbError> {
    fetch_reset!(tx, vendor_id, "id = $2", id)
}

/// The reset that waits and whose mail has this secret.
pub(super) async fn find_by_refuse_hash(tx: &mut Tx, cx: &Cx, hash: &[u8]) -> Result<Option<PlannedReset>, DbError> {
    fetch_reset!(tx, &cx.vendor_id, "refuse_hash = $2 AND status = 'waiting'", hash)
}

/// The reset of a person that waits.
pub(super) async fn find_waiting(
    tx: &mut Tx,
    vendor_id: &VendorId,
    user_id: &UserId,
) -> Result<Option<PlannedReset>, DbError> {
    fetch_reset!(tx, vendor_id, "user_id = $2 AND status = 'waiting'", user_id)
}

/// The reset of a person that was asked for last.
pub(super) async fn find_latest(
    tx: &mut Tx,
    vendor_id: &VendorId,
    user_id: &UserId,
) -> Result<Option<PlannedReset>, DbError> {
    fetch_reset!(tx, vendor_id, "user_id = $2 ORDER BY created_at DESC, id DESC LIMIT 1", user_id)
}

/// Says what became of a reset that waits; `false` where somebody has said so before. Of several at once, one does.
pub(super) async fn settle(tx: &mut Tx, cx: &Cx, id: &FactorResetId, becomes: ResetStatus) -> Result<bool, DbError> {
    let settled = execute!(
        tx,
        "UPDATE factor_resets SET status = $3, settled_at = $4 WHERE vendor_id = $1 AND id = $2 AND status = 'waiting'",
        &cx.vendor_id,
        id,
        becomes,
        cx.now
    )?;
    Ok(settled == 1)
}

/// The same for the reset of a person that waits, if there is one.
pub(in crate::accounts) async fn settle_waiting(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    becomes: ResetStatus,
) -> Result<bool, DbError> {
    let settled = execute!(
        tx,
        "UPDATE factor_resets SET status = $3, settled_at = $4
         WHERE vendor_id = $1 AND user_id = $2 AND status = 'waiting'",
        &cx.vendor_id,
        user_id,
        becomes,
        cx.now
    )?;
    Ok(settled == 1)
}

/// Deletes the resets of all vendors that were settled and asked for long ago; answers how many.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn delete_old_factor_resets(tx: &mut Tx, now: UnixMs) -> Result<u64, DbError> {
    execute!(tx, "DELETE FROM factor_resets WHERE created_at <= $1 AND status <> 'waiting'", now.plus(-KEEP_MS))
}
