//! Payouts in the database.

use super::Payout;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, PayoutId, VendorId};
use crate::listing::TimePlace;

/// What was paid out in a time, oldest first.
pub(super) async fn list_payouts_between(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    (from, until): (UnixMs, UnixMs),
    limit: i64,
) -> Result<Vec<Payout>, DbError> {
    fetch_all!(
        tx,
        Payout,
        "SELECT * FROM commission_payouts
         WHERE vendor_id = $1 AND partner_id = $2 AND created_at >= $3 AND created_at < $4
         ORDER BY created_at, id LIMIT $5",
        vendor_id,
        partner_id,
        from,
        until,
        limit
    )
}

/// What was paid out to a partner, newest first, at most `limit` of what comes after `after` in that order.
pub(super) async fn list_payouts(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<Payout>, DbError> {
    let (at, id) = TimePlace::bound(after);
    fetch_all!(
        tx,
        Payout,
        "SELECT * FROM commission_payouts
         WHERE vendor_id = $1 AND partner_id = $2 AND (created_at < $3 OR (created_at = $3 AND id < $4))
         ORDER BY created_at DESC, id DESC LIMIT $5",
        vendor_id,
        partner_id,
        at,
        id,
        limit
    )
}

/// How many payouts to a partner were recorded.
pub(super) async fn count_payouts(tx: &mut Tx, vendor_id: &VendorId, partner_id: &AccountId) -> Result<i64, DbError> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM commission_payouts WHERE vendor_id = $1 AND partner_id = $2",
        vendor_id,
        partner_id
    )?;
    Ok(count)
}

pub(super) async fn find_payout(tx: &mut Tx, vendor_id: &VendorId, id: &PayoutId) -> Result<Option<Payout>, DbError> {
    fetch_optional!(tx, Payout, "SELECT * FROM commission_payouts WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

/// Whether a payout was taken back. The caller holds the partner's lock.
pub(super) async fn is_reversed(tx: &mut Tx, vendor_id: &VendorId, id: &PayoutId) -> Result<bool, DbError> {
    let row = fetch_optional!(
        tx,
        (PayoutId,),
        "SELECT id FROM commission_payouts WHERE vendor_id = $1 AND reverses = $2",
        vendor_id,
        id
    )?;
    Ok(row.is_some())
}

/// The payouts to a partner that can be taken back, newest first, at most `limit`.
pub(super) async fn list_reversible(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    limit: i64,
) -> Result<Vec<Payout>, DbError> {
    fetch_all!(
        tx,
        Payout,
        "SELECT p.* FROM commission_payouts p
         WHERE p.vendor_id = $1 AND p.partner_id = $2 AND p.reverses IS NULL
           AND NOT EXISTS (SELECT 1 FROM commission_payouts back
                           WHERE back.vendor_id = p.vendor_id AND back.reverses = p.id)
         ORDER BY p.created_at DESC, p.id DESC LIMIT $3",
        vendor_id,
        partner_id,
        limit
    )
}

/// Notes a payout. The caller holds the partner's lock.
pub(super) async fn insert_payout(tx: &mut Tx, it: &Payout) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO commission_payouts (id, vendor_id, partner_id, currency, amount_minor, paid_at, reference,
                                         reverses, reason, recorded_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &it.id,
        &it.vendor_id,
        &it.partner_id,
        it.currency,
        it.amount_minor,
        it.paid_at,
        &it.reference,
        it.reverses.as_ref(),
        &it.reason,
        it.recorded_by.as_ref(),
        it.created_at
    )?;
    Ok(())
}
