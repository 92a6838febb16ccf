//! Revoking the lease of one instance: verifiers reject it, and its next check gets a new one.

use serde_json::json;

use super::Acted;
use super::free_seat::revoke_leases;
use super::opening::{Opened, about, find_for_staff};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::InstanceId;
use crate::{audit, events};

/// Revokes the leases of an instance that are out: an act of staff who manage licenses. The instance keeps its seat, and
/// where it may still run, it gets a new lease at its next check.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn revoke_lease(tx: &mut Tx, cx: &Cx, instance_id: &InstanceId) -> Result<Acted, DbError> {
    let opened = find_for_staff(tx, cx, instance_id).await?;
    let Some(Opened { view, instance }) = opened else { return Ok(Acted::NotFound) };
    if instance.lease_exp <= cx.now {
        return Ok(Acted::Unchanged);
    }
    revoke_leases(tx, cx, &instance).await?;
    let data = json!({
        "identity": instance.identity(),
        "before": cx.now.timestamp().to_string(),
        "lease_expires_at": instance.lease_exp.timestamp().to_string(),
    });
    events::record(tx, cx, "lease.revoked", about(&view, Some(instance_id)), &data).await?;
    let (owner, id) = (&view.license.account_id, instance_id.as_str());
    audit::record(tx, cx, Some(owner), "instance.revoke_lease", id, audit::NOTHING, Some(&data)).await?;
    Ok(Acted::Done { free_at: instance.held_until.max(cx.now) })
}
