//! `/.well-known/jwks.json`: the keys with which any JOSE library verifies a lease (RFC 7517).

use std::sync::Arc;

use app::state::AppState;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use backend::keys::published_keys;
use backend::vendors::Vendor;

use super::cacheable;

/// The vendor's published keys: the one that signs, the next one, and retired ones while anything that they signed may
/// be valid. A key is published long before it signs, so a kept answer is never too old to verify a new lease.
pub(crate) async fn serve(
    State(state): State<AppState>,
    Extension(vendor): Extension<Arc<Vendor>>,
    headers: HeaderMap,
) -> Response {
    let id = vendor.id.clone();
    match state.db.read(move |tx| Box::pin(async move { published_keys(tx, &id).await })).await {
        Ok(keys) => {
            let body = serde_json::to_vec(&sdk::jwk::JwkSet { keys }).unwrap_or_default();
            cacheable::answer(&headers, "application/jwk-set+json", body)
        }
        Err(error) => {
            tracing::error!(%error, "the published keys could not be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
