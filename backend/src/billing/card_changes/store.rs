//! The mark of a change by card, in the database.

use crate::clock::UnixMs;
use crate::db::{DbError, Tx, execute};
use crate::ids::{SubscriptionId, VendorId};

/// Sets the mark, or takes it off. The caller holds the row's lock.
pub(super) async fn set_mark(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &SubscriptionId,
    mark: Option<UnixMs>,
) -> Result<(), DbError> {
    execute!(tx, "UPDATE subscriptions SET changing_until = $3 WHERE vendor_id = $1 AND id = $2", vendor_id, id, mark)?;
    Ok(())
}

/// Moves a mark; `false` where another one has taken its place. The lock number rises, so that a projection of what was
/// before does not take it off.
pub(super) async fn move_mark(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &SubscriptionId,
    from: UnixMs,
    to: UnixMs,
) -> Result<bool, DbError> {
    let moved = execute!(
        tx,
        "UPDATE subscriptions SET changing_until = $4, lock_no = lock_no + 1
         WHERE vendor_id = $1 AND id = $2 AND changing_until = $3",
        vendor_id,
        id,
        from,
        to
    )?;
    Ok(moved > 0)
}
