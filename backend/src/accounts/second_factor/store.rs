use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_one, fetch_optional};
use crate::ids::{UserId, VendorId};

/// A second factor as it is stored.
#[derive(sqlx::FromRow)]
pub(super) struct FactorRow {
    pub(super) secret_sealed: Vec<u8>,
    pub(super) created_at: UnixMs,
}

pub(super) async fn find_factor(
    tx: &mut Tx,
    vendor_id: &VendorId,
    user_id: &UserId,
) -> Result<Option<FactorRow>, DbError> {
    fetch_optional!(
        tx,
        FactorRow,
        "SELECT secret_sealed, created_at FROM second_factors WHERE vendor_id = $1 AND user_id = $2",
        vendor_id,
        user_id
    )
}

/// Gives a user a second factor; `false` where there is one already.
pub(super) async fn insert_factor(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    secret_sealed: &[u8],
    last_step: i64,
) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO second_factors (user_id, vendor_id, secret_sealed, last_step, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO NOTHING",
        user_id,
        &cx.vendor_id,
        secret_sealed,
        last_step,
        cx.now
    )?;
    Ok(inserted == 1)
}

/// Uses up the codes of this step and of all before; `false` where they are used already, or the secret is another by
/// now. Of two at once, one gets it.
pub(super) async fn advance_step(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    secret_sealed: &[u8],
    step: i64,
) -> Result<bool, DbError> {
    let advanced = execute!(
        tx,
        "UPDATE second_factors SET last_step = $4
         WHERE vendor_id = $1 AND user_id = $2 AND secret_sealed = $3 AND last_step < $4",
        &cx.vendor_id,
        user_id,
        secret_sealed,
        step
    )?;
    Ok(advanced == 1)
}

/// Takes the second factor and its recovery codes away; `false` where there is none.
pub(in crate::accounts) async fn delete_factor(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<bool, DbError> {
    let deleted =
        execute!(tx, "DELETE FROM second_factors WHERE vendor_id = $1 AND user_id = $2", &cx.vendor_id, user_id)?;
    delete_codes(tx, cx, user_id).await?;
    Ok(deleted == 1)
}

/// Takes the second factor and its recovery codes away if it was set up at this moment or later; `false` where it was not, or
/// there is none.
pub(super) async fn delete_factor_since(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    since: UnixMs,
) -> Result<bool, DbError> {
    let deleted = execute!(
        tx,
        "DELETE FROM second_factors WHERE vendor_id = $1 AND user_id = $2 AND created_at >= $3",
        &cx.vendor_id,
        user_id,
        since
    )?;
    if deleted == 1 {
        delete_codes(tx, cx, user_id).await?;
    }
    Ok(deleted == 1)
}

/// The second factor, locked until the transaction ends; `false` where there is none.
pub(in crate::accounts) async fn lock_factor(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<bool, DbError> {
    let locked = execute!(
        tx,
        "UPDATE second_factors SET last_step = last_step WHERE vendor_id = $1 AND user_id = $2",
        &cx.vendor_id,
        user_id
    )?;
    Ok(locked == 1)
}

pub(super) async fn delete_codes(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<(), DbError> {
    execute!(tx, "DELETE FROM recovery_codes WHERE vendor_id = $1 AND user_id = $2", &cx.vendor_id, user_id)?;
    Ok(())
}

pub(super) async fn insert_code(tx: &mut Tx, cx: &Cx, user_id: &UserId, code_hash: &[u8]) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO recovery_codes (code_hash, vendor_id, user_id, created_at) VALUES ($1, $2, $3, $4)",
        code_hash,
        &cx.vendor_id,
        user_id,
        cx.now
    )?;
    Ok(())
}

/// Uses a recovery code up; `false` where there is none that could be used. Of two at once, one gets it.
pub(super) async fn use_code(tx: &mut Tx, cx: &Cx, user_id: &UserId, code_hash: &[u8]) -> Result<bool, DbError> {
    let used = execute!(
        tx,
        "UPDATE recovery_codes SET used_at = $4
         WHERE vendor_id = $1 AND user_id = $2 AND code_hash = $3 AND used_at IS NULL",
        &cx.vendor_id,
        user_id,
        code_hash,
        cx.now
    )?;
    Ok(used == 1)
}

pub(super) async fn count_codes_left(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<i64, DbError> {
    let (left,): (i64,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM recovery_codes WHERE vendor_id = $1 AND user_id = $2 AND used_at IS NULL",
        &cx.vendor_id,
        user_id
    )?;
    Ok(left)
}
