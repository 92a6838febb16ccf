//! The owner's word when two copies run under one identity.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::opening::{Opened, about, find_for_owner};
use super::{Acted, store};
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx};
use crate::ids::InstanceId;
use crate::{audit, events};

/// What the owner decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The copy that runs stays: nobody else gets in until the day is over in which the conflict was opened.
    KeepRunning,
    /// The next copy that activates takes the seat.
    LetNextIn,
}

/// Decides a conflict of an account's instance.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn resolve_conflict(
    tx: &mut Tx,
    cx: &Cx,
    instance_id: &InstanceId,
    decision: Decision,
) -> Result<Acted, DbError> {
    let opened = find_for_owner(tx, cx, instance_id).await?;
    let Some(Opened { view, mut instance }) = opened else { return Ok(Acted::NotFound) };
    let Some(mut conflict) = instance.conflict(cx.now).copied() else { return Ok(Acted::Unchanged) };
    let before = conflict;
    instance.conflict = match decision {
        Decision::KeepRunning => {
            conflict.kept = true;
            Some(JsonText(conflict))
        }
        Decision::LetNextIn => None,
    };
    // What led to it is settled: only what is seen from now on can open another.
    instance.contests.0.clear();
    store::update_instance(tx, cx, &instance).await?;
    let data = json!({ "identity": instance.identity(), "decision": decision });
    events::record(tx, cx, "instance.conflict_decided", about(&view, Some(instance_id)), &data).await?;
    let id = instance_id.as_str();
    audit::record(tx, cx, Some(&view.license.account_id), "instance.resolve_conflict", id, Some(&before), Some(&data))
        .await?;
    Ok(Acted::Done { free_at: instance.held_until.max(cx.now) })
}
