//! Freeing a seat: by the owner in the portal, and what releasing shares with it.

use serde_json::json;

use super::activate_instance::about;
use super::check_instance::find_and_lock;
use super::rules::{self, Return};
use super::{Instance, InstanceStatus, store};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, InstanceId};
use crate::licenses::LicenseView;
use crate::{audit, events};

/// What freeing a seat did.
#[derive(Clone, Debug, PartialEq)]
pub enum Freed {
    /// The instance is deactivated; its seat is free at this moment.
    FreeAt(UnixMs),
    /// The instance held no seat any more.
    WasFree,
    /// The account has no such instance.
    NotFound,
}

/// Deactivates an instance of an account's license so that its seat becomes free. Its next check is
/// refused, and the same identity may come back after ten minutes.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn free_seat(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    instance_id: &InstanceId,
) -> Result<Freed, DbError> {
    let Some((view, mut instance)) = find_and_lock(tx, cx, instance_id).await? else { return Ok(Freed::NotFound) };
    if view.license.account_id != *account_id {
        return Ok(Freed::NotFound);
    }
    if !instance.holds_seat(cx.now) {
        return Ok(Freed::WasFree);
    }
    if instance.status == InstanceStatus::Active {
        give_back(tx, cx, &view, &mut instance, "deactivated").await?;
        instance.status = InstanceStatus::Deactivated;
        instance.deactivated_at = Some(cx.now);
        store::update_instance(tx, cx, &instance).await?;
        let data = json!({ "identity": instance.identity(), "free_at": instance.held_until.timestamp().to_string() });
        events::record(tx, cx, "instance.deactivated", about(&view, Some(&instance.id)), &data).await?;
        let id = instance.id.as_str();
        audit::record(tx, cx, Some(account_id), "instance.deactivate", id, audit::NOTHING, Some(&data)).await?;
    }
    Ok(Freed::FreeAt(instance.held_until.max(cx.now)))
}

/// Ends the holding of a seat in `instance`, which the caller stores: at once where the rules allow it,
/// else when the last lease for it can no longer be in use.
pub(super) async fn give_back(
    tx: &mut Tx,
    cx: &Cx,
    view: &LicenseView,
    instance: &mut Instance,
    reason: &str,
) -> Result<(), DbError> {
    if !instance.holds_seat(cx.now) {
        return store::close_lease(tx, &instance.id, cx.now, reason, false).await;
    }
    let since = cx.now.plus(-rules::early_return_window_ms(instance.lease_life_ms));
    let early_returns = store::count_early_returns(tx, &instance.license_id, since).await?;
    let counted = match rules::return_seat(cx.now, instance.lease_exp, view.license.seats, early_returns) {
        Return::AtOnce { counted } => {
            instance.held_until = cx.now;
            counted
        }
        Return::AtEndOfLease => {
            instance.held_until = instance.held_until.min(instance.lease_exp.plus(rules::SEAT_MARGIN_MS));
            false
        }
    };
    store::close_lease(tx, &instance.id, cx.now, reason, counted).await
}
