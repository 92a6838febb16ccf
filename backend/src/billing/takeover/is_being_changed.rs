//! Whether what pays for a license is being changed at this moment.

use super::store;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;

/// Whether a card is being charged for a change of what pays for a license, or was and our rows do not say yet what came of it.
/// Locks the row, so that none begins before the transaction ends.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn is_being_changed(tx: &mut Tx, cx: &Cx, license_id: &LicenseId) -> Result<bool, DbError> {
    let row = store::lock_subscription_of_license(tx, &cx.vendor_id, license_id).await?;
    Ok(row.is_some_and(|row| row.changing_until.is_some()))
}
