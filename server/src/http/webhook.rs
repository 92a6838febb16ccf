//! `POST /stripe/webhook/{vendor_id}`: believe the sender, keep the event, answer; the rest is a job's.

use app::state::AppState;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use backend::billing::receive_event;
use backend::cx::{Actor, Cx};
use backend::ids::VendorId;
use backend::stripe::verify_webhook;

/// Stores an authentic event and answers 200 in milliseconds; anything else is refused and not stored.
pub(crate) async fn receive(
    State(state): State<AppState>,
    Path(vendor_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let vendor_id = VendorId::from_untrusted(&vendor_id);
    let now = state.clock.now();
    let vendor = vendor_id.clone();
    let known = state.db.read(move |tx| {
        Box::pin(async move { backend::vendors::find_vendor(tx, &vendor).await })
    });
    let known = match known.await {
        Ok(found) => found.is_some(),
        Err(error) => {
            tracing::error!(%error, "a webhook's vendor could not be looked up");
            return (StatusCode::SERVICE_UNAVAILABLE, "try again\n");
        }
    };
    let Some(stripe) = state.stripe.of(&vendor_id).filter(|_| known) else {
        return (StatusCode::NOT_FOUND, "no such webhook\n");
    };
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let event = match verify_webhook(&body, signature, &stripe.config().webhook_secrets, now) {
        Ok(event) => event,
        Err(refusal) => {
            tracing::warn!(%refusal, "a webhook was refused");
            return (StatusCode::BAD_REQUEST, "refused: the signature does not match, or its time is too far off\n");
        }
    };
    let cx = Cx {
        vendor_id,
        actor: Actor::Stripe(event.id.clone()),
        now,
        entropy: state.entropy.clone(),
        request_id: None,
    };
    let master = state.master.clone();
    let stored = state.db.write(move |tx| Box::pin(async move { receive_event(tx, &cx, &master, &event).await }));
    match stored.await {
        Ok(_) => {
            backend::jobs::wake();
            (StatusCode::OK, "received\n")
        }
        Err(error) => {
            tracing::error!(%error, "a webhook could not be stored");
            (StatusCode::SERVICE_UNAVAILABLE, "try again\n")
        }
    }
}
