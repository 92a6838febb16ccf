//! What is erased of a person, table by table.

use crate::accounts::{StaffRole, User};
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_optional};
use crate::ids::{UserId, VendorId};
use crate::text::en::deletion as words;

/// The role of somebody among the staff, with the row locked until the transaction ends; `None` for whoever is gone.
pub(super) async fn lock_person(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &UserId,
) -> Result<Option<Option<StaffRole>>, DbError> {
    let row = fetch_optional!(
        tx,
        (Option<StaffRole>,),
        "UPDATE users SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 AND deleted_at IS NULL
         RETURNING staff_role",
        vendor_id,
        id
    )?;
    Ok(row.map(|(role,)| role))
}

/// Empties somebody's row, which stays for those that point at it, and deletes what it logs in with. Nobody logs in as it
/// any more, and its address is free.
pub(super) async fn erase(tx: &mut Tx, cx: &Cx, user: &User, email_key: &str) -> Result<(), DbError> {
    let (vendor_id, id) = (&cx.vendor_id, &user.id);
    // The id is no address, and nobody else's.
    execute!(
        tx,
        "UPDATE users SET email = '', email_key = id, name = $3, password_hash = '', email_verified_at = NULL,
                          deleted_at = $4, lock_no = lock_no + 1
         WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        words::DELETED_PERSON,
        cx.now
    )?;
    execute!(tx, "DELETE FROM sessions WHERE vendor_id = $1 AND user_id = $2", vendor_id, id)?;
    execute!(tx, "DELETE FROM user_tokens WHERE vendor_id = $1 AND user_id = $2", vendor_id, id)?;
    execute!(tx, "DELETE FROM second_factors WHERE vendor_id = $1 AND user_id = $2", vendor_id, id)?;
    execute!(tx, "DELETE FROM recovery_codes WHERE vendor_id = $1 AND user_id = $2", vendor_id, id)?;
    execute!(tx, "DELETE FROM known_browsers WHERE vendor_id = $1 AND user_id = $2", vendor_id, id)?;
    execute!(tx, "DELETE FROM passkeys WHERE vendor_id = $1 AND user_id = $2", vendor_id, id)?;
    execute!(tx, "DELETE FROM email_changes WHERE vendor_id = $1 AND user_id = $2", vendor_id, id)?;
    execute!(tx, "DELETE FROM factor_resets WHERE vendor_id = $1 AND user_id = $2", vendor_id, id)?;
    // Whatever it was let into while this was decided.
    execute!(tx, "DELETE FROM memberships WHERE vendor_id = $1 AND user_id = $2", vendor_id, id)?;
    execute!(tx, "DELETE FROM conversation_readers WHERE vendor_id = $1 AND user_id = $2", vendor_id, id)?;
    execute!(tx, "DELETE FROM feedback_consents WHERE vendor_id = $1 AND user_id = $2", vendor_id, id)?;
    execute!(
        tx,
        "UPDATE feedback SET comment = '', may_contact = FALSE, may_quote = FALSE WHERE vendor_id = $1 AND user_id = $2",
        vendor_id,
        id
    )?;
    execute!(tx, "UPDATE orders SET session_hash = NULL WHERE vendor_id = $1 AND user_id = $2", vendor_id, id)?;
    execute!(tx, "UPDATE vouchers SET session_hash = NULL WHERE vendor_id = $1 AND redeemed_by = $2", vendor_id, id)?;
    erase_address(tx, cx, id, email_key).await
}

/// Takes the address out of what is over and named it. What waits for an answer belongs to whoever asked.
async fn erase_address(tx: &mut Tx, cx: &Cx, id: &UserId, email_key: &str) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE invitations SET email = '', email_key = ''
         WHERE vendor_id = $1 AND (accepted_by = $2 OR email_key = $3)
           AND (accepted_at IS NOT NULL OR withdrawn_at IS NOT NULL)",
        &cx.vendor_id,
        id,
        email_key
    )?;
    execute!(
        tx,
        "UPDATE handovers SET to_email = '', to_email_key = ''
         WHERE vendor_id = $1 AND to_email_key = $2 AND status <> 'asked'",
        &cx.vendor_id,
        email_key
    )?;
    execute!(
        tx,
        "UPDATE client_relations SET email = '', email_key = ''
         WHERE vendor_id = $1 AND (accepted_by = $2 OR email_key = $3) AND status <> 'invited'",
        &cx.vendor_id,
        id,
        email_key
    )?;
    Ok(())
}
