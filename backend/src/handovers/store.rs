use super::{Handover, HandoverStatus};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_optional};
use crate::ids::{HandoverId, LicenseId, OrderId, VendorId};

pub(super) async fn find(tx: &mut Tx, vendor_id: &VendorId, id: &HandoverId) -> Result<Option<Handover>, DbError> {
    fetch_optional!(tx, Handover, "SELECT * FROM handovers WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

pub(super) async fn lock(tx: &mut Tx, vendor_id: &VendorId, id: &HandoverId) -> Result<Option<Handover>, DbError> {
    fetch_optional!(
        tx,
        Handover,
        "UPDATE handovers SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 RETURNING *",
        vendor_id,
        id
    )
}

/// The handover of a license that waits for agreements.
pub(super) async fn find_asked(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
) -> Result<Option<Handover>, DbError> {
    fetch_optional!(
        tx,
        Handover,
        "SELECT * FROM handovers WHERE vendor_id = $1 AND license_id = $2 AND status = 'asked'",
        vendor_id,
        license_id
    )
}

/// Inserts a request, unless another one of its license waits: then `false`.
pub(super) async fn insert(tx: &mut Tx, handover: &Handover) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO handovers (id, vendor_id, license_id, from_account_id, to_email, to_email_key, by_staff, status,
                                asked_by, given_by, given_at, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (license_id) WHERE status = 'asked' DO NOTHING",
        &handover.id,
        &handover.vendor_id,
        &handover.license_id,
        &handover.from_account_id,
        &handover.to_email,
        &handover.to_email_key,
        handover.by_staff,
        handover.status,
        handover.asked_by.as_ref(),
        handover.given_by.as_ref(),
        handover.given_at,
        handover.created_at,
        handover.expires_at
    )?;
    Ok(inserted == 1)
}

/// Writes back what may change in a handover's life. The caller holds its lock.
pub(super) async fn update(tx: &mut Tx, handover: &Handover) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE handovers SET status = $3, given_by = $4, given_at = $5, taken_by = $6, taken_at = $7,
                              to_account_id = $8, ended_at = $9
         WHERE vendor_id = $1 AND id = $2",
        &handover.vendor_id,
        &handover.id,
        handover.status,
        handover.given_by.as_ref(),
        handover.given_at,
        handover.taken_by.as_ref(),
        handover.taken_at,
        handover.to_account_id.as_ref(),
        handover.ended_at
    )?;
    Ok(())
}

/// Writes that a license's request is overdue, if it is, so that another can be made.
pub(super) async fn close_overdue(tx: &mut Tx, cx: &Cx, license_id: &LicenseId) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE handovers SET status = $4, ended_at = expires_at
         WHERE vendor_id = $1 AND license_id = $2 AND status = 'asked' AND expires_at <= $3",
        &cx.vendor_id,
        license_id,
        cx.now,
        HandoverStatus::Expired
    )?;
    Ok(())
}

/// Whether something is ordered for a license and may still be paid. What somebody else has ordered by transfer does not
/// count, for it may stay open for weeks: it is given up once the license has gone over.
pub(super) async fn has_open_order(tx: &mut Tx, vendor_id: &VendorId, license_id: &LicenseId) -> Result<bool, DbError> {
    let open: Option<(OrderId,)> = fetch_optional!(
        tx,
        (OrderId,),
        "SELECT o.id FROM orders o JOIN licenses l ON l.vendor_id = o.vendor_id AND l.id = o.license_id
         WHERE o.vendor_id = $1 AND o.license_id = $2 AND o.status = 'open'
           AND (o.payment <> 'transfer' OR o.account_id = l.account_id) LIMIT 1",
        vendor_id,
        license_id
    )?;
    Ok(open.is_some())
}

/// Whether a license's updates renew by themselves, or somebody has been asked to agree to that since `since`.
pub(super) async fn renews(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    since: UnixMs,
) -> Result<bool, DbError> {
    let found: Option<(LicenseId,)> = fetch_optional!(
        tx,
        (LicenseId,),
        "SELECT license_id FROM auto_renewals
         WHERE vendor_id = $1 AND license_id = $2 AND (status = 'on' OR (status = 'asked' AND created_at > $3)) LIMIT 1",
        vendor_id,
        license_id,
        since
    )?;
    Ok(found.is_some())
}
