//! Freeing a seat: by the owner in the portal, and what every way of giving one back shares.

use serde_json::json;

use super::opening::{Opened, about, find_for_owner};
use super::rules::{self, Return};
use super::{Instance, InstanceStatus, close_lapsed, store};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::InstanceId;
use crate::licenses::LicenseView;
use crate::revocations::{self, Revoked};
use crate::{audit, events};

/// What freeing a seat did.
#[derive(Clone, Debug, PartialEq)]
pub enum Freed {
    /// The instance is deactivated; its seat is free at this moment.
    FreeAt(UnixMs),
    /// The instance held no seat any more.
    WasFree,
    /// There is no such instance, or whoever acts may not.
    NotFound,
}

/// Deactivates an instance of a license whose account the one who acts manages, so that its seat becomes free. Its next check is
/// refused, and the same identity may come back after ten minutes.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn free_seat(tx: &mut Tx, cx: &Cx, instance_id: &InstanceId) -> Result<Freed, DbError> {
    let opened = find_for_owner(tx, cx, instance_id).await?;
    let Some(Opened { view, mut instance }) = opened else { return Ok(Freed::NotFound) };
    if !instance.holds_seat(cx.now) {
        return Ok(Freed::WasFree);
    }
    if instance.status == InstanceStatus::Active {
        deactivate(tx, cx, &view, &mut instance, "owner").await?;
        let data = json!({ "identity": instance.identity(), "free_at": instance.held_until.timestamp().to_string() });
        let id = instance.id.as_str();
        audit::record(tx, cx, Some(&view.license.account_id), "instance.deactivate", id, audit::NOTHING, Some(&data))
            .await?;
    }
    Ok(Freed::FreeAt(instance.held_until.max(cx.now)))
}

/// Takes an active instance's seat and stores it as deactivated; `by` says who did it.
pub(super) async fn deactivate(
    tx: &mut Tx,
    cx: &Cx,
    view: &LicenseView,
    instance: &mut Instance,
    by: &str,
) -> Result<(), DbError> {
    give_back(tx, cx, view, instance, "deactivated").await?;
    revoke_leases(tx, cx, instance).await?;
    instance.status = InstanceStatus::Deactivated;
    instance.deactivated_at = Some(cx.now);
    store::update_instance(tx, cx, instance).await?;
    let free_at = instance.held_until.timestamp().to_string();
    let data = json!({ "identity": instance.identity(), "free_at": free_at, "by": by });
    events::record(tx, cx, "instance.deactivated", about(view, Some(&instance.id)), &data).await
}

/// Tells verifiers to reject the leases of an instance that are still out.
pub(super) async fn revoke_leases(tx: &mut Tx, cx: &Cx, instance: &Instance) -> Result<(), DbError> {
    if instance.lease_exp > cx.now {
        let what = Revoked::Instance(&instance.license_id, &instance.id);
        revocations::revoke(tx, cx, what, cx.now, instance.lease_exp).await?;
    }
    Ok(())
}

/// Ends the holding of a seat in `instance`, which the caller stores: at once where the rules allow it,
/// else the seat stays held until it lapses.
pub(super) async fn give_back(
    tx: &mut Tx,
    cx: &Cx,
    view: &LicenseView,
    instance: &mut Instance,
    reason: &str,
) -> Result<(), DbError> {
    close_lapsed::close_if_lapsed(tx, cx, view, instance).await?;
    if !instance.interval_open {
        return Ok(());
    }
    let since = cx.now.plus(-rules::early_return_window_ms(instance.lease_life_ms));
    let early_returns = store::count_early_returns(tx, &instance.license_id, since).await?;
    let counted = match rules::return_seat(cx.now, instance.lease_exp, view.license.seats, early_returns) {
        Return::AtOnce { counted } => {
            instance.held_until = cx.now;
            counted
        }
        Return::WhenItLapses => false,
    };
    instance.interval_open = false;
    store::close_lease(tx, &instance.id, cx.now, reason, counted).await?;
    Ok(())
}
