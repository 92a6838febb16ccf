//! Projecting a stored event once more because somebody of the vendor's staff asks for it.

use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::billing::{Commerce, CommerceError, Projected, project_event};
use crate::cx::Cx;
use crate::db::DbError;

/// What became of replaying an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventReplay {
    /// It was projected again, and this came of it.
    Projected(Projected),
    /// Whoever acts may not replay.
    NotAllowed,
}

/// Projects a stored event again and records who asked for it.
///
/// # Errors
/// [`CommerceError`]; the event is then still marked as failed, with the new reason.
pub async fn replay_event(commerce: &Commerce, cx: &Cx, event_id: &str) -> Result<EventReplay, CommerceError> {
    let (tx_cx, id) = (cx.clone(), event_id.to_owned());
    let allowed = commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                if !staff_may_act(tx, &tx_cx, StaffAct::Replay).await? {
                    return Ok(false);
                }
                audit::record(tx, &tx_cx, None, "stripe_event.replay", &id, audit::NOTHING, audit::NOTHING).await?;
                Ok::<_, DbError>(true)
            })
        })
        .await?;
    if !allowed {
        return Ok(EventReplay::NotAllowed);
    }
    Ok(EventReplay::Projected(project_event(commerce, cx, event_id).await?))
}
