use super::Acting;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{AccountId, ActingId, UserId, VendorId};

pub(super) async fn insert_acting(tx: &mut Tx, acting: &Acting) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO actings (id, vendor_id, staff_id, account_id, reason, started_at, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &acting.id,
        &acting.vendor_id,
        &acting.staff_id,
        &acting.account_id,
        &acting.reason,
        acting.started_at,
        acting.ends_at
    )?;
    Ok(())
}

pub(super) async fn find_acting(tx: &mut Tx, vendor_id: &VendorId, id: &ActingId) -> Result<Option<Acting>, DbError> {
    fetch_optional!(tx, Acting, "SELECT * FROM actings WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

/// What nobody has ended and time has not, of one of the staff.
pub(super) async fn list_open_of_staff(
    tx: &mut Tx,
    vendor_id: &VendorId,
    staff_id: &UserId,
    now: UnixMs,
) -> Result<Vec<Acting>, DbError> {
    fetch_all!(
        tx,
        Acting,
        "SELECT * FROM actings WHERE vendor_id = $1 AND staff_id = $2 AND ended_at IS NULL AND ends_at > $3
         ORDER BY started_at, id",
        vendor_id,
        staff_id,
        now
    )
}

/// The same for one account.
pub(super) async fn list_open_for_account(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    now: UnixMs,
) -> Result<Vec<Acting>, DbError> {
    fetch_all!(
        tx,
        Acting,
        "SELECT * FROM actings WHERE vendor_id = $1 AND account_id = $2 AND ended_at IS NULL AND ends_at > $3
         ORDER BY started_at, id",
        vendor_id,
        account_id,
        now
    )
}

/// Ends it; of several who do at once, one does. What time has ended already is not ended again.
pub(super) async fn set_ended(tx: &mut Tx, vendor_id: &VendorId, id: &ActingId, now: UnixMs) -> Result<bool, DbError> {
    let ended = execute!(
        tx,
        "UPDATE actings SET ended_at = $3 WHERE vendor_id = $1 AND id = $2 AND ended_at IS NULL AND ends_at > $3",
        vendor_id,
        id,
        now
    )?;
    Ok(ended == 1)
}
