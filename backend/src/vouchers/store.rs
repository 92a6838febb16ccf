//! Vouchers in the database.

use super::{Batch, ListedVoucher, VoidReason, Voucher};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, LicenseId, OrderId, UserId, VendorId, VoucherId};
use crate::licenses::rules::{REASON_DISPUTE_LOST, REASON_REFUNDED};
use crate::listing::TimePlace;

/// Writes a new voucher with the keyed hash of its code and the code sealed.
pub(super) async fn insert_voucher(
    tx: &mut Tx,
    voucher: &Voucher,
    code_hash: &[u8],
    code_sealed: &[u8],
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO vouchers (id, vendor_id, order_id, partner_id, place, plan_id, plan_version, term, code_hash,
                               code_sealed, code_hint, status, note, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        &voucher.id,
        &voucher.vendor_id,
        &voucher.order_id,
        &voucher.partner_id,
        voucher.place,
        &voucher.plan_id,
        voucher.plan_version,
        voucher.term,
        code_hash,
        code_sealed,
        &voucher.code_hint,
        voucher.status,
        &voucher.note,
        voucher.created_at
    )?;
    Ok(())
}

pub(super) async fn find_voucher(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &VoucherId,
) -> Result<Option<Voucher>, DbError> {
    fetch_optional!(tx, Voucher, "SELECT * FROM vouchers WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

/// The voucher whose code has this keyed hash.
pub(super) async fn find_by_code(
    tx: &mut Tx,
    vendor_id: &VendorId,
    code_hash: &[u8],
) -> Result<Option<Voucher>, DbError> {
    fetch_optional!(tx, Voucher, "SELECT * FROM vouchers WHERE vendor_id = $1 AND code_hash = $2", vendor_id, code_hash)
}

pub(super) async fn find_sealed_code(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &VoucherId,
) -> Result<Option<Vec<u8>>, DbError> {
    let row = fetch_optional!(
        tx,
        (Vec<u8>,),
        "SELECT code_sealed FROM vouchers WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id
    )?;
    Ok(row.map(|(sealed,)| sealed))
}

/// Who redeems a voucher.
pub(super) struct Redeemer<'a> {
    pub(super) account_id: &'a AccountId,
    pub(super) user_id: &'a UserId,
    pub(super) session_hash: Option<&'a [u8]>,
}

/// Redeems a voucher that is open; `None` where it is not, because somebody else was first. Of many at once one gets it.
pub(super) async fn take_open(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &VoucherId,
    by: &Redeemer<'_>,
    now: UnixMs,
) -> Result<Option<Voucher>, DbError> {
    fetch_optional!(
        tx,
        Voucher,
        "UPDATE vouchers SET status = 'redeemed', redeemed_at = $3, redeemed_by = $4, account_id = $5, session_hash = $6
         WHERE vendor_id = $1 AND id = $2 AND status = 'open' RETURNING *",
        vendor_id,
        id,
        now,
        by.user_id,
        by.account_id,
        by.session_hash
    )
}

pub(super) async fn set_license(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &VoucherId,
    license_id: &LicenseId,
) -> Result<(), DbError> {
    execute!(tx, "UPDATE vouchers SET license_id = $3 WHERE vendor_id = $1 AND id = $2", vendor_id, id, license_id)?;
    Ok(())
}

pub(super) async fn set_note(tx: &mut Tx, vendor_id: &VendorId, id: &VoucherId, note: &str) -> Result<(), DbError> {
    execute!(tx, "UPDATE vouchers SET note = $3 WHERE vendor_id = $1 AND id = $2", vendor_id, id, note)?;
    Ok(())
}

/// Makes open vouchers of an order void, at most `limit`: those without a note first, from the end of the batch. Answers how
/// many there were. The caller holds the order's lock.
pub(super) async fn void_open(
    tx: &mut Tx,
    vendor_id: &VendorId,
    order_id: &OrderId,
    why: VoidReason,
    limit: i64,
    now: UnixMs,
) -> Result<u64, DbError> {
    execute!(
        tx,
        "UPDATE vouchers SET status = 'void', voided_at = $5, void_reason = $3
         WHERE vendor_id = $1 AND id IN (
           SELECT v.id FROM vouchers v WHERE v.vendor_id = $1 AND v.order_id = $2 AND v.status = 'open'
           ORDER BY CASE WHEN v.note = '' THEN 0 ELSE 1 END, v.place DESC LIMIT $4)",
        vendor_id,
        order_id,
        why,
        limit,
        now
    )
}

/// Opens the vouchers of an order again that are void for this reason; answers how many there were. The caller holds the
/// order's lock.
pub(super) async fn open_void(
    tx: &mut Tx,
    vendor_id: &VendorId,
    order_id: &OrderId,
    why: VoidReason,
) -> Result<u64, DbError> {
    execute!(
        tx,
        "UPDATE vouchers SET status = 'open', voided_at = NULL, void_reason = NULL
         WHERE vendor_id = $1 AND order_id = $2 AND status = 'void' AND void_reason = $3",
        vendor_id,
        order_id,
        why
    )
}

/// The licenses that came of an order's vouchers and do not stand as its payment says: revoked where it was given back,
/// frozen where it is disputed.
pub(crate) async fn list_unsettled(
    tx: &mut Tx,
    vendor_id: &VendorId,
    order_id: &OrderId,
    is_reversed: bool,
    is_disputed: bool,
) -> Result<Vec<LicenseId>, DbError> {
    let rows = fetch_all!(
        tx,
        (LicenseId,),
        "SELECT l.id FROM vouchers v JOIN licenses l ON l.vendor_id = v.vendor_id AND l.id = v.license_id
         WHERE v.vendor_id = $1 AND v.order_id = $2
           AND ((l.status = 'revoked' AND l.status_reason IN ($3, $4)) <> $5 OR (l.disputed_at IS NOT NULL) <> $6)
         ORDER BY v.place",
        vendor_id,
        order_id,
        REASON_REFUNDED,
        REASON_DISPUTE_LOST,
        is_reversed,
        is_disputed
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A partner's batches, newest first, at most `limit` of those after `after`.
pub(super) async fn list_batches(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<Batch>, DbError> {
    let (at, id) = TimePlace::bound(after);
    fetch_all!(
        tx,
        Batch,
        "SELECT o.id AS order_id, o.account_id AS partner_id, r.name AS product_name, p.name AS plan_name,
                o.billing_interval AS term, o.created_at,
                (SELECT COUNT(*) FROM vouchers v WHERE v.order_id = o.id AND v.status = 'open') AS open,
                (SELECT COUNT(*) FROM vouchers v WHERE v.order_id = o.id AND v.status = 'redeemed') AS redeemed,
                (SELECT COUNT(*) FROM vouchers v WHERE v.order_id = o.id AND v.status = 'void') AS void
         FROM orders o
         JOIN plans p ON p.vendor_id = o.vendor_id AND p.id = o.plan_id
         JOIN products r ON r.vendor_id = p.vendor_id AND r.id = p.product_id
         WHERE o.vendor_id = $1 AND o.account_id = $2 AND o.kind = 'vouchers' AND o.status = 'paid'
           AND (o.created_at < $3 OR (o.created_at = $3 AND o.id < $4))
         ORDER BY o.created_at DESC, o.id DESC LIMIT $5",
        vendor_id,
        partner_id,
        at,
        id,
        limit
    )
}

pub(super) async fn find_batch(
    tx: &mut Tx,
    vendor_id: &VendorId,
    order_id: &OrderId,
) -> Result<Option<Batch>, DbError> {
    fetch_optional!(
        tx,
        Batch,
        "SELECT o.id AS order_id, o.account_id AS partner_id, r.name AS product_name, p.name AS plan_name,
                o.billing_interval AS term, o.created_at,
                (SELECT COUNT(*) FROM vouchers v WHERE v.order_id = o.id AND v.status = 'open') AS open,
                (SELECT COUNT(*) FROM vouchers v WHERE v.order_id = o.id AND v.status = 'redeemed') AS redeemed,
                (SELECT COUNT(*) FROM vouchers v WHERE v.order_id = o.id AND v.status = 'void') AS void
         FROM orders o
         JOIN plans p ON p.vendor_id = o.vendor_id AND p.id = o.plan_id
         JOIN products r ON r.vendor_id = p.vendor_id AND r.id = p.product_id
         WHERE o.vendor_id = $1 AND o.id = $2 AND o.kind = 'vouchers' AND o.status = 'paid'",
        vendor_id,
        order_id
    )
}

/// The vouchers of a batch in their order, at most `limit` of those behind the place `after`.
pub(super) async fn list_of_batch(
    tx: &mut Tx,
    vendor_id: &VendorId,
    order_id: &OrderId,
    after: i64,
    limit: i64,
) -> Result<Vec<ListedVoucher>, DbError> {
    fetch_all!(
        tx,
        ListedVoucher,
        "SELECT v.*, a.company AS client, c.id AS relation_id
         FROM vouchers v
         LEFT JOIN client_relations c ON c.vendor_id = v.vendor_id AND c.partner_id = v.partner_id
              AND c.client_id = v.account_id AND c.status = 'active'
         LEFT JOIN accounts a ON a.vendor_id = c.vendor_id AND a.id = c.client_id
         WHERE v.vendor_id = $1 AND v.order_id = $2 AND v.place > $3 ORDER BY v.place LIMIT $4",
        vendor_id,
        order_id,
        after,
        limit
    )
}

/// A voucher as its batch lists it.
pub(super) async fn find_listed(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &VoucherId,
) -> Result<Option<ListedVoucher>, DbError> {
    fetch_optional!(
        tx,
        ListedVoucher,
        "SELECT v.*, a.company AS client, c.id AS relation_id
         FROM vouchers v
         LEFT JOIN client_relations c ON c.vendor_id = v.vendor_id AND c.partner_id = v.partner_id
              AND c.client_id = v.account_id AND c.status = 'active'
         LEFT JOIN accounts a ON a.vendor_id = c.vendor_id AND a.id = c.client_id
         WHERE v.vendor_id = $1 AND v.id = $2",
        vendor_id,
        id
    )
}

/// The partner from whose voucher a license came, by name; `None` for licenses that came otherwise.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_origin(tx: &mut Tx, vendor_id: &VendorId, license_id: &LicenseId) -> Result<Option<String>, DbError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "SELECT a.company FROM vouchers v JOIN accounts a ON a.vendor_id = v.vendor_id AND a.id = v.partner_id
         WHERE v.vendor_id = $1 AND v.license_id = $2",
        vendor_id,
        license_id
    )?;
    Ok(row.map(|(company,)| company))
}

/// How many vouchers of a partner's can still be redeemed.
pub(crate) async fn count_open(tx: &mut Tx, vendor_id: &VendorId, partner_id: &AccountId) -> Result<i64, DbError> {
    let (open,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM vouchers WHERE vendor_id = $1 AND partner_id = $2 AND status = 'open'",
        vendor_id,
        partner_id
    )?;
    Ok(open)
}
