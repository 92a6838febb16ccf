//! `POST /stripe/webhook/{vendor}`: believe the sender, keep the event, answer; the rest is a job's.
//!
//! The vendor is named by its id, or by its code, which an operator knows before the vendor exists.

use app::state::AppState;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use backend::billing::receive_event;
use backend::cx::{Actor, Cx};
use backend::db::DbError;
use backend::ids::VendorId;
use backend::stripe::verify_webhook;
use backend::vendors::{find_vendor, find_vendor_by_code};

/// Stores an authentic event and answers 200 in milliseconds; anything else is refused and not stored.
pub(crate) async fn receive(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let now = state.clock.now();
    let found = state.db.read(move |tx| {
        Box::pin(async move {
            match find_vendor(tx, &VendorId::from_untrusted(&name)).await? {
                Some(vendor) => Ok::<_, DbError>(Some(vendor)),
                None => find_vendor_by_code(tx, &name).await,
            }
        })
    });
    let vendor = match found.await {
        Ok(vendor) => vendor,
        Err(error) => {
            tracing::error!(%error, "a webhook's vendor could not be looked up");
            return (StatusCode::SERVICE_UNAVAILABLE, "try again\n");
        }
    };
    let Some((vendor, stripe)) = vendor.and_then(|it| state.stripe.of(&it.id).map(|stripe| (it, stripe))) else {
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
    let cx = Cx::new(vendor.id, Actor::Stripe(event.id.clone()), now, state.entropy.clone());
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
