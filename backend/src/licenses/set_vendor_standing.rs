//! What the vendor decides about a license: suspending, reinstating, revoking it. Whatever billing says in
//! the meantime changes nothing of it. Its owners are told by mail.

use super::change_license::edit_locked;
use super::{License, VendorStanding, rules, store, tell};
use crate::accounts::{StaffAct, staff_may_act};
use crate::clock::{MINUTE_MS, SECOND_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::keys::MasterKey;
use crate::text::en::standing_mail as letters;

/// A lease that ends this much later than an ordinary one was borrowed; a node may note a contact a little
/// later than it was.
const NOTED_LATE_MS: i64 = MINUTE_MS;

/// What became of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VendorDecision {
    /// It is in force: no lease is issued, or again. Says until when instances can go on that hear of nothing.
    Done(EndOfLeases),
    /// It was so already.
    Unchanged,
    /// The license is revoked, by the vendor or after a refund, and stays so.
    Revoked,
    /// The vendor has no such license.
    NotFound,
    /// Whoever acts may not.
    NotAllowed,
}

/// Until when instances can go on under a license if it grants nothing from now on. Those that reach the
/// server hear of it at their next check; these dates are for those that do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndOfLeases {
    /// End of the last ordinary lease that is out; now where there is none.
    pub last_online: UnixMs,
    /// End of the last lease that was borrowed for offline use.
    pub last_borrowed: Option<UnixMs>,
}

/// Until when instances can go on under `license` if it grants nothing from `now` on: to be told before it is
/// suspended or revoked.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn end_of_leases(tx: &mut Tx, license: &License, now: UnixMs) -> Result<EndOfLeases, DbError> {
    let online_ms = license.terms.lease.lease_s.saturating_mul(SECOND_MS).saturating_add(NOTED_LATE_MS);
    let (online, last_borrowed) = store::find_lease_ends(tx, license, now, online_ms).await?;
    Ok(EndOfLeases { last_online: online.unwrap_or(now), last_borrowed })
}

/// Suspends a license: it grants nothing until it is reinstated, whatever is paid.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn suspend_license(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &LicenseId,
    reason: &str,
) -> Result<VendorDecision, DbError> {
    decide(tx, cx, master, id, VendorStanding::Suspended, reason).await
}

/// Takes a suspension back: from now on billing alone counts.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn reinstate_license(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &LicenseId,
) -> Result<VendorDecision, DbError> {
    decide(tx, cx, master, id, VendorStanding::None, "").await
}

/// Revokes a license for good.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn revoke_license(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &LicenseId,
    reason: &str,
) -> Result<VendorDecision, DbError> {
    decide(tx, cx, master, id, VendorStanding::Revoked, reason).await
}

async fn decide(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &LicenseId,
    standing: VendorStanding,
    reason: &str,
) -> Result<VendorDecision, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageLicenses).await? {
        return Ok(VendorDecision::NotAllowed);
    }
    let Some(view) = store::lock_license(tx, &cx.vendor_id, id).await? else { return Ok(VendorDecision::NotFound) };
    let license = view.license.clone();
    if license.vendor_standing == standing {
        return Ok(VendorDecision::Unchanged);
    }
    if rules::standing(&license, cx.now) == Err(rules::Inactive::Revoked) && standing != VendorStanding::Revoked {
        return Ok(VendorDecision::Revoked);
    }
    let end = end_of_leases(tx, &license, cx.now).await?;
    let (act, event) = match standing {
        VendorStanding::None => ("license.reinstate", "license.changed"),
        VendorStanding::Suspended => ("license.suspend", "license.suspended"),
        VendorStanding::Revoked => ("license.revoke", "license.revoked"),
    };
    let reason = rules::reason(reason);
    edit_locked(tx, cx, license, act, event, |license| {
        license.vendor_standing = standing;
        license.vendor_reason = reason;
        license.vendor_standing_at = (standing != VendorStanding::None).then_some(cx.now);
    })
    .await?;
    tell::owners(tx, cx, master, &view, |sender, page| letters::decided(sender, &view, standing, &end, cx.now, page))
        .await?;
    Ok(VendorDecision::Done(end))
}
