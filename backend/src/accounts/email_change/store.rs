use super::EmailChange;
use super::rules::KEEP_MS;
use crate::accounts::rules::email_key;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_optional};
use crate::ids::{EmailChangeId, UserId, VendorId};

/// The change that a user has asked for and not confirmed yet; it may be too old by now.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_open_email_change(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<Option<EmailChange>, DbError> {
    fetch_optional!(
        tx,
        EmailChange,
        "SELECT id, user_id, old_email, new_email, created_at, expires_at, confirmed_at, undo_until, ended_at
         FROM email_changes
         WHERE vendor_id = $1 AND user_id = $2 AND confirmed_at IS NULL AND ended_at IS NULL AND expires_at > $3",
        &cx.vendor_id,
        user_id,
        cx.now
    )
}

/// The change whose mail to the new address has this secret.
pub(super) async fn find_by_confirm_hash(tx: &mut Tx, cx: &Cx, hash: &[u8]) -> Result<Option<EmailChange>, DbError> {
    fetch_optional!(
        tx,
        EmailChange,
        "SELECT id, user_id, old_email, new_email, created_at, expires_at, confirmed_at, undo_until, ended_at
         FROM email_changes WHERE vendor_id = $1 AND confirm_hash = $2",
        &cx.vendor_id,
        hash
    )
}

/// The change one of whose mails to the old address has this secret.
pub(super) async fn find_by_not_me_hash(tx: &mut Tx, cx: &Cx, hash: &[u8]) -> Result<Option<EmailChange>, DbError> {
    fetch_optional!(
        tx,
        EmailChange,
        "SELECT id, user_id, old_email, new_email, created_at, expires_at, confirmed_at, undo_until, ended_at
         FROM email_changes WHERE vendor_id = $1 AND (not_me_hash = $2 OR undo_hash = $2)",
        &cx.vendor_id,
        hash
    )
}

/// Inserts a change that waits to be confirmed. Whoever calls it has locked the user and ended the one before.
pub(super) async fn insert(
    tx: &mut Tx,
    cx: &Cx,
    change: &EmailChange,
    confirm_hash: &[u8],
    not_me_hash: Option<&[u8]>,
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO email_changes (id, vendor_id, user_id, old_email, old_email_key, new_email, confirm_hash,
                                    not_me_hash, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &change.id,
        &cx.vendor_id,
        &change.user_id,
        &change.old_email,
        email_key(&change.old_email),
        &change.new_email,
        confirm_hash,
        not_me_hash,
        change.created_at,
        change.expires_at
    )?;
    Ok(())
}

/// Notes that a change has happened, and until when which secret undoes it.
pub(super) async fn confirm(
    tx: &mut Tx,
    cx: &Cx,
    id: &EmailChangeId,
    undo: Option<(&[u8], UnixMs)>,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE email_changes SET confirmed_at = $3, undo_hash = $4, undo_until = $5 WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        id,
        cx.now,
        undo.map(|(hash, _)| hash),
        undo.map(|(_, until)| until)
    )?;
    Ok(())
}

/// Ends the change that a user has asked for and not confirmed; `false` where there is none.
pub(in crate::accounts) async fn end_open(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<bool, DbError> {
    let ended = execute!(
        tx,
        "UPDATE email_changes SET ended_at = $3
         WHERE vendor_id = $1 AND user_id = $2 AND confirmed_at IS NULL AND ended_at IS NULL",
        &cx.vendor_id,
        user_id,
        cx.now
    )?;
    Ok(ended > 0)
}

/// Ends a user's changes that were asked for since a moment, whether they have happened or not.
pub(super) async fn end_since(tx: &mut Tx, cx: &Cx, user_id: &UserId, since: UnixMs) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE email_changes SET ended_at = $3
         WHERE vendor_id = $1 AND user_id = $2 AND created_at >= $4 AND ended_at IS NULL",
        &cx.vendor_id,
        user_id,
        cx.now,
        since
    )?;
    Ok(())
}

/// Until when an address is kept for somebody other than this user, who has changed it and may want it back.
pub(in crate::accounts) async fn held_until(
    tx: &mut Tx,
    vendor_id: &VendorId,
    email_key: &str,
    but: &UserId,
    now: UnixMs,
) -> Result<Option<UnixMs>, DbError> {
    let found = fetch_optional!(
        tx,
        (UnixMs,),
        "SELECT undo_until FROM email_changes
         WHERE vendor_id = $1 AND old_email_key = $2 AND user_id <> $3 AND ended_at IS NULL AND undo_until > $4
         ORDER BY undo_until DESC LIMIT 1",
        vendor_id,
        email_key,
        but,
        now
    )?;
    Ok(found.map(|(until,)| until))
}

/// Deletes the changes of all vendors that were asked for long ago; answers how many.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn delete_old_email_changes(tx: &mut Tx, now: UnixMs) -> Result<u64, DbError> {
    execute!(tx, "DELETE FROM email_changes WHERE created_at <= $1", now.plus(-KEEP_MS))
}
