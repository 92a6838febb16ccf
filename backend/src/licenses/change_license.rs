//! Changing a license: plan and seats, end, standing, updates, name. Each change is one audit row and one
//! event in the transaction of the change, and a change to what is so already is none.

use serde::Serialize;
use serde_json::json;

use super::rules::LeasesOut;
use super::{License, LicenseStatus, rules, store};
use crate::accounts::{Act, may_act};
use crate::catalog::{Plan, PlanKind};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::revocations::{self, Revoked};
use crate::{audit, events};

/// What events and audit say about a license.
pub(super) fn summary(license: &License) -> serde_json::Value {
    json!({
        "plan_id": license.plan_id,
        "plan_version": license.plan_version,
        "kind": license.kind,
        "license_type": license.license_type,
        "seats": license.seats,
        "status": license.status,
        "reason": license.status_reason,
        "vendor_standing": license.vendor_standing,
        "vendor_reason": license.vendor_reason,
        "disputed_at": license.disputed_at.map(|at| at.timestamp().to_string()),
        "ends_at": license.ends_at.map(|at| at.timestamp().to_string()),
        "trial_until": license.trial_until.map(|at| at.timestamp().to_string()),
        "updates_until": license.updates_until.map(|at| at.timestamp().to_string()),
        "limits": license.terms.limits,
        "features": license.terms.features,
        "overrides": license.overrides,
        "name": license.name,
    })
}

/// A change of plan or seats.
#[derive(Clone, Debug)]
pub struct PlanChange<'a> {
    /// The plan from now on; its terms replace those of the one before. What the vendor granted on top stays.
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
        license.license_type = change.plan.license_type;
        license.plan_id = change.plan.id.clone();
        license.plan_version = change.plan.version;
        license.plan_terms = change.plan.terms.clone();
        license.seats = change.seats;
        license.ends_at = change.ends_at;
    })
    .await
}

/// Makes a license perpetual: without end, with a year of updates from now on, under a plan that is paid once. Key,
/// instances and what the vendor decided stay.
pub(crate) async fn make_perpetual(
    tx: &mut Tx,
    cx: &Cx,
    id: &LicenseId,
    plan: &Plan,
    seats: i64,
) -> Result<(), DbError> {
    edit(tx, cx, id, "license.make_perpetual", "license.changed", |license| {
        license.kind = PlanKind::Perpetual;
        license.license_type = plan.license_type;
        license.plan_id = plan.id.clone();
        license.plan_version = plan.version;
        license.plan_terms = plan.terms.clone();
        license.seats = seats;
        license.ends_at = None;
        license.trial_until = None;
        license.updates_until = Some(rules::add_years(cx.now, 1));
        if license.status != LicenseStatus::Revoked {
            license.status = LicenseStatus::Active;
            license.status_reason.clear();
        }
    })
    .await
}

/// Sets where a license stands as far as billing goes, and why. A revoked license stays revoked, and what the
/// vendor decided about it stays as it is.
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
    let Some(view) = store::lock_license(tx, &cx.vendor_id, id).await? else { return Ok(()) };
    let (act, event) = match status {
        LicenseStatus::Suspended => ("license.suspend", "license.suspended"),
        LicenseStatus::Revoked => ("license.revoke", "license.revoked"),
        // Its end may have been recorded when its window ran out.
        LicenseStatus::Ended if view.license.expired_at.is_some() => ("license.end", "license.changed"),
        LicenseStatus::Ended => ("license.end", "license.expired"),
        LicenseStatus::Active => ("license.activate", "license.changed"),
        LicenseStatus::Pending => ("license.await_payment", "license.changed"),
    };
    edit_locked(tx, cx, view.license, act, event, |license| {
        if license.status == LicenseStatus::Revoked {
            return;
        }
        if status == LicenseStatus::Ended && license.status != status {
            license.expired_at = license.expired_at.or(Some(cx.now));
        }
        license.status = status;
        reason.clone_into(&mut license.status_reason);
    })
    .await
}

/// Sets the end of a license's free trial; `None` where it has none.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn set_trial(tx: &mut Tx, cx: &Cx, id: &LicenseId, until: Option<UnixMs>) -> Result<(), DbError> {
    edit(tx, cx, id, "license.set_trial", "license.changed", |license| license.trial_until = until).await
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

/// Adds seats to a license for ever under `plan`, with what its add-ons give by the seat.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn add_seats(tx: &mut Tx, cx: &Cx, id: &LicenseId, plan: &Plan, more: i64) -> Result<(), DbError> {
    edit(tx, cx, id, "license.add_seats", "license.changed", |license| {
        license.seats = license.seats.saturating_add(more);
        plan.add_further_seats(&mut license.plan_terms, more);
    })
    .await
}

/// Sets the end of updates of a license for ever that was paid for just now.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn begin_updates(tx: &mut Tx, cx: &Cx, id: &LicenseId, until: UnixMs) -> Result<(), DbError> {
    edit(tx, cx, id, "license.begin_updates", "license.changed", |license| license.updates_until = Some(until)).await
}

/// Sets the end of a license, and that of its updates, as staff decided. A license that had run out goes on.
pub(crate) async fn set_term(
    tx: &mut Tx,
    cx: &Cx,
    license: License,
    term: rules::by_hand::Term,
) -> Result<(), DbError> {
    edit_locked(tx, cx, license, "license.set_term", "license.extended", |license| {
        license.ends_at = term.ends_at;
        license.updates_until = term.updates_until;
    })
    .await
}

/// Sets the owner's name for a license; `false` where there is no such license, or whoever acts may not name it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn rename_license(tx: &mut Tx, cx: &Cx, id: &LicenseId, name: &str) -> Result<bool, DbError> {
    let Some(view) = store::lock_license(tx, &cx.vendor_id, id).await? else { return Ok(false) };
    if !may_act(tx, cx, &view.license.account_id, Act::ManageInstances).await? {
        return Ok(false);
    }
    edit_locked(tx, cx, view.license, "license.rename", "license.changed", |license| {
        name.clone_into(&mut license.name);
    })
    .await?;
    Ok(true)
}

/// Changes a license under its lock; see [`edit_locked`].
async fn edit(
    tx: &mut Tx,
    cx: &Cx,
    id: &LicenseId,
    act: &str,
    event_type: &str,
    change: impl FnOnce(&mut License) + Send,
) -> Result<(), DbError> {
    let Some(view) = store::lock_license(tx, &cx.vendor_id, id).await? else { return Ok(()) };
    edit_locked(tx, cx, view.license, act, event_type, change).await
}

/// Changes a license whose lock the caller holds, and whatever follows: the terms in force, whether its end
/// counts as recorded, whether verifiers reject the leases that are out, one event and one audit row.
pub(super) async fn edit_locked(
    tx: &mut Tx,
    cx: &Cx,
    before: License,
    act: &str,
    event_type: &str,
    change: impl FnOnce(&mut License) + Send,
) -> Result<(), DbError> {
    let mut after = before.clone();
    change(&mut after);
    after.terms = after.overrides.apply(&after.plan_terms);
    if rules::standing(&after, cx.now).is_ok() {
        after.expired_at = None;
    }
    if after == before {
        return Ok(());
    }
    store::update_license(tx, &after).await?;
    tell_verifiers(tx, cx, &before, &after).await?;
    let data = Change { before: summary(&before), after: summary(&after) };
    let about = events::About { account_id: Some(&before.account_id), license_id: Some(&before.id), instance_id: None };
    events::record(tx, cx, event_type, about, &data).await?;
    let id = before.id.as_str();
    audit::record(tx, cx, Some(&before.account_id), act, id, Some(&data.before), Some(&data.after)).await
}

/// What is on the list of revocations about an instance stays there when a later end would let its lease run on, since the
/// entry may be that of an act about the instance. Its next check brings it a new lease.
async fn tell_verifiers(tx: &mut Tx, cx: &Cx, before: &License, after: &License) -> Result<(), DbError> {
    match rules::leases_out(before, after, cx.now) {
        LeasesOut::AsBefore => Ok(()),
        LeasesOut::Rejected => {
            let last_exp = store::find_last_exp(tx, after).await?;
            revocations::revoke(tx, cx, Revoked::License(&after.id), cx.now, last_exp).await
        }
        LeasesOut::RejectedBeyond(last) => reject_beyond(tx, cx, after, last).await,
        LeasesOut::RestoredUntil(last) => {
            revocations::withdraw(tx, cx, Revoked::License(&after.id)).await?;
            // The entry may have stood for instances that were deleted, when they were many.
            let deleted = store::list_deleted_in_use(tx, after, cx.now).await?;
            revocations::revoke_instances(tx, cx, &after.id, &deleted).await?;
            reject_beyond(tx, cx, after, last).await
        }
    }
}

async fn reject_beyond(tx: &mut Tx, cx: &Cx, license: &License, last: UnixMs) -> Result<(), DbError> {
    let instances = store::list_outlasting(tx, license, last).await?;
    revocations::revoke_instances(tx, cx, &license.id, &instances).await
}

#[derive(Serialize)]
struct Change {
    before: serde_json::Value,
    after: serde_json::Value,
}
