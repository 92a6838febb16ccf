//! Whether an account buys: from the moment on at which an owner asks to close it, it does not.

use super::store;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, VendorId};

/// When an account closes, where an owner has asked for that: until then nothing is bought for it, and nothing that it pays
/// is made to renew. `None` for one that stays, which buys.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_closing(tx: &mut Tx, vendor_id: &VendorId, id: &AccountId) -> Result<Option<UnixMs>, DbError> {
    Ok(store::find_account(tx, vendor_id, id).await?.and_then(|account| account.closes_at))
}

/// The same, so that nobody asks to close it before the transaction ends. To be called before a license is locked, as
/// closing does it.
pub(crate) async fn lock_closing(tx: &mut Tx, vendor_id: &VendorId, id: &AccountId) -> Result<Option<UnixMs>, DbError> {
    Ok(store::lock_account(tx, vendor_id, id).await?.and_then(|account| account.closes_at))
}
