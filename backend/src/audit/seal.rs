//! Sealing: giving what has been committed its place in the vendor's chain.

use super::store;
use crate::db::{Db, DbError, Tx};
use crate::ids::VendorId;
use crate::vendors::list_vendors;

/// Rows sealed in one transaction: on SQLite every other write waits for it.
const BATCH: i64 = 200;
/// Transactions for one vendor in one round, so that no vendor keeps the others waiting.
const ROUNDS: usize = 50;

/// Seals what is waiting, of every vendor there is; answers how many rows. Workers do this every few seconds.
///
/// # Errors
/// [`DbError`] when the database fails. A chain that cannot go on, because somebody has put rows in, does not keep the other
/// vendors' from it.
pub async fn seal(db: &Db) -> Result<usize, DbError> {
    let (mut sealed, mut failure) = (0, None);
    for vendor in db.read(|tx| Box::pin(list_vendors(tx))).await? {
        match seal_vendor(db, &vendor.id).await {
            Ok(rows) => sealed += rows,
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(sealed), Err)
}

async fn seal_vendor(db: &Db, vendor_id: &VendorId) -> Result<usize, DbError> {
    let mut sealed = 0;
    for _ in 0..ROUNDS {
        let id = vendor_id.clone();
        // Asked first without a lock: most rounds find nothing.
        if !db.read(move |tx| Box::pin(async move { store::has_unsealed(tx, &id).await })).await? {
            break;
        }
        let id = vendor_id.clone();
        sealed += db.write(move |tx| Box::pin(async move { seal_rows(tx, &id, BATCH).await })).await?;
    }
    Ok(sealed)
}

/// Seals up to `limit` rows of a vendor in the order in which they happened; answers how many. A row that is committed
/// late gets the next place, whenever it happened.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn seal_rows(tx: &mut Tx, vendor_id: &VendorId, limit: i64) -> Result<usize, DbError> {
    // Two nodes that seal at once would give two rows the same place.
    let mut head = store::lock_head(tx, vendor_id).await?;
    let rows = store::list_unsealed(tx, vendor_id, limit).await?;
    for row in &rows {
        head = head.link(row);
        store::seal_row(tx, &row.id, &head).await?;
    }
    if !rows.is_empty() {
        store::update_head(tx, vendor_id, &head).await?;
    }
    Ok(rows.len())
}
