//! Deleting an instance: nobody finds it any more, and its identity is a new one's.

use serde_json::json;

use super::free_seat::{give_back, revoke_leases};
use super::opening::{Opened, about, find_for_owner};
use super::{Acted, InstanceStatus, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::InstanceId;
use crate::{audit, events};

/// Deletes an instance of an account. Its row stays: where its seat is not free at once, because a lease for it may
/// still be in use, it goes on counting until it is.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn delete_instance(tx: &mut Tx, cx: &Cx, instance_id: &InstanceId) -> Result<Acted, DbError> {
    let opened = find_for_owner(tx, cx, instance_id).await?;
    let Some(Opened { view, mut instance }) = opened else { return Ok(Acted::NotFound) };
    give_back(tx, cx, &view, &mut instance, "deleted").await?;
    revoke_leases(tx, cx, &instance).await?;
    let before = json!({ "identity": instance.identity(), "status": instance.status });
    instance.status = InstanceStatus::Deleted;
    store::update_instance(tx, cx, &instance).await?;
    store::bury_instance(tx, cx, instance_id).await?;
    let data = json!({ "identity": instance.identity(), "free_at": instance.held_until.timestamp().to_string() });
    events::record(tx, cx, "instance.deleted", about(&view, Some(instance_id)), &data).await?;
    let id = instance_id.as_str();
    audit::record(tx, cx, Some(&view.license.account_id), "instance.delete", id, Some(&before), audit::NOTHING).await?;
    Ok(Acted::Done { free_at: instance.held_until.max(cx.now) })
}
