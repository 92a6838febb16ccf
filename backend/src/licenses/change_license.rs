//! Changing a license: plan and seats, end, standing, updates, name. Each change is one audit row and one
//! event in the transaction of the change, and a change to what is so already is none.

use serde::Serialize;
use serde_json::json;

use super::{License, LicenseStatus, rules, store};
use crate::catalog::Plan;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::{audit, events};

/// What events and audit say about a license.
pub(super) fn summary(license: &License) -> serde_json::Value {
    json!({
        "plan_id": license.plan_id,
        "seats": license.seats,
        "status": license.status,
        "reason": license.status_reason,
        "ends_at": license.ends_at.map(|at| at.timestamp().to_string()),
        "updates_until": license.updates_until.map(|at| at.timestamp().to_string()),
        "limits": license.terms.limits,
        "name": license.name,
    })
}

/// A change of plan or seats.
#[derive(Clone, Debug)]
pub struct PlanChange<'a> {
    /// The plan from now on; its terms replace the license's.
    pub plan: &'a Plan,
    /// Seats from now on.
    pub seats: i64,
    /// The new end.
    pub ends_at: Option<UnixMs>,
}

/// Puts a license under a plan with so many seats until `ends_at`. Running instances hear of it at their
/// next check.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn apply_plan(tx: &mut Tx, cx: &Cx, id: &LicenseId, change: &PlanChange<'_>) -> Result<(), DbError> {
    edit(tx, cx, id, "license.change", "license.changed", |license| {
        license.plan_id = change.plan.id.clone();
        license.terms = change.plan.terms.clone();
        license.seats = change.seats;
        license.ends_at = change.ends_at;
    })
    .await
}

/// Sets where a license stands, and why. A revoked license stays revoked.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn set_standing(
    tx: &mut Tx,
    cx: &Cx,
    id: &LicenseId,
    status: LicenseStatus,
    reason: &str,
) -> Result<(), DbError> {
    let (act, event) = match status {
        LicenseStatus::Suspended => ("license.suspend", "license.suspended"),
        LicenseStatus::Revoked => ("license.revoke", "license.revoked"),
        LicenseStatus::Ended => ("license.end", "license.expired"),
        LicenseStatus::Active => ("license.activate", "license.changed"),
        LicenseStatus::Pending => ("license.await_payment", "license.changed"),
    };
    edit(tx, cx, id, act, event, |license| {
        if license.status != LicenseStatus::Revoked {
            license.status = status;
            reason.clone_into(&mut license.status_reason);
        }
    })
    .await
}

/// Adds years of updates to a perpetual license, counted from the old date however late.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn extend_updates(tx: &mut Tx, cx: &Cx, id: &LicenseId, years: i16) -> Result<(), DbError> {
    edit(tx, cx, id, "license.renew_updates", "license.renewed", |license| {
        license.updates_until = license.updates_until.map(|old| rules::updates_after_renewal(old, years));
    })
    .await
}

/// Sets the owner's name for a license.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn rename_license(tx: &mut Tx, cx: &Cx, id: &LicenseId, name: &str) -> Result<(), DbError> {
    edit(tx, cx, id, "license.rename", "license.changed", |license| name.clone_into(&mut license.name)).await
}

async fn edit(
    tx: &mut Tx,
    cx: &Cx,
    id: &LicenseId,
    act: &str,
    event_type: &str,
    change: impl FnOnce(&mut License) + Send,
) -> Result<(), DbError> {
    let Some(view) = store::lock_license(tx, &cx.vendor_id, id).await? else { return Ok(()) };
    let before = view.license;
    let mut after = before.clone();
    change(&mut after);
    if after == before {
        return Ok(());
    }
    store::update_license(tx, &after).await?;
    let data = Change { before: summary(&before), after: summary(&after) };
    let about = events::About { account_id: Some(&before.account_id), license_id: Some(id), instance_id: None };
    events::record(tx, cx, event_type, about, &data).await?;
    audit::record(tx, cx, Some(&before.account_id), act, id.as_str(), Some(&data.before), Some(&data.after)).await
}

#[derive(Serialize)]
struct Change {
    before: serde_json::Value,
    after: serde_json::Value,
}
