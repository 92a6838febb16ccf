//! Projecting a stored event once more because somebody of the vendor's staff asks for it.

use crate::audit;
use crate::billing::{Commerce, CommerceError, Projected, project_event};
use crate::cx::Cx;

/// Projects a stored event again and records who asked for it. Whether they may is the caller's question.
///
/// # Errors
/// [`CommerceError`]; the event is then still marked as failed, with the new reason.
pub async fn replay_event(commerce: &Commerce, cx: &Cx, event_id: &str) -> Result<Projected, CommerceError> {
    let (tx_cx, id) = (cx.clone(), event_id.to_owned());
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                audit::record(tx, &tx_cx, None, "stripe_event.replay", &id, audit::NOTHING, audit::NOTHING).await
            })
        })
        .await?;
    project_event(commerce, cx, event_id).await
}
