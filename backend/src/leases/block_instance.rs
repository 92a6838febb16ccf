//! Blocking an instance: it must not run until it is unblocked.

use serde_json::json;

use super::free_seat::{give_back, revoke_leases};
use super::opening::{Opened, about, find_for_owner};
use super::{Acted, InstanceStatus, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::InstanceId;
use crate::{audit, events};

/// Blocks an instance of an account: its checks and activations are refused, and it gives its seat back as if
/// released.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn block_instance(tx: &mut Tx, cx: &Cx, instance_id: &InstanceId) -> Result<Acted, DbError> {
    let opened = find_for_owner(tx, cx, instance_id).await?;
    let Some(Opened { view, mut instance }) = opened else { return Ok(Acted::NotFound) };
    if instance.status == InstanceStatus::Blocked {
        return Ok(Acted::Unchanged);
    }
    give_back(tx, cx, &view, &mut instance, "blocked").await?;
    revoke_leases(tx, cx, &instance).await?;
    let before = json!({ "status": instance.status });
    instance.status = InstanceStatus::Blocked;
    store::update_instance(tx, cx, &instance).await?;
    let data = json!({ "identity": instance.identity(), "free_at": instance.held_until.timestamp().to_string() });
    events::record(tx, cx, "instance.blocked", about(&view, Some(instance_id)), &data).await?;
    audit::record(
        tx,
        cx,
        Some(&view.license.account_id),
        "instance.block",
        instance_id.as_str(),
        Some(&before),
        Some(&data),
    )
    .await?;
    Ok(Acted::Done { free_at: instance.held_until.max(cx.now) })
}

/// Lets a blocked instance run again: it takes a free seat at its next check or activation.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn unblock_instance(tx: &mut Tx, cx: &Cx, instance_id: &InstanceId) -> Result<Acted, DbError> {
    let opened = find_for_owner(tx, cx, instance_id).await?;
    let Some(Opened { view, mut instance }) = opened else { return Ok(Acted::NotFound) };
    if instance.status != InstanceStatus::Blocked {
        return Ok(Acted::Unchanged);
    }
    instance.status = InstanceStatus::Active;
    instance.deactivated_at = None;
    store::update_instance(tx, cx, &instance).await?;
    let data = json!({ "identity": instance.identity() });
    events::record(tx, cx, "instance.unblocked", about(&view, Some(instance_id)), &data).await?;
    let id = instance_id.as_str();
    audit::record(tx, cx, Some(&view.license.account_id), "instance.unblock", id, audit::NOTHING, Some(&data)).await?;
    Ok(Acted::Done { free_at: cx.now })
}
