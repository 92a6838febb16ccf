//! What a partner has earned and was not paid out.

use super::store;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, VendorId};
use crate::money::Money;

/// What the vendor owes a partner, or one that was it, an amount for each currency; empty where that is nothing.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn list_owed(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
) -> Result<Vec<Money>, DbError> {
    let totals = store::list_totals(tx, vendor_id, partner_id).await?;
    let owed = totals.iter().map(|row| Money::new(row.earned_minor - row.paid_out_minor, row.currency));
    Ok(owed.filter(|owed| owed.amount_minor > 0).collect())
}
