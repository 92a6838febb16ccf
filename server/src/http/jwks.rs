//! `/.well-known/jwks.json`: the keys with which any JOSE library verifies a lease (RFC 7517).

use std::sync::Arc;

use app::state::AppState;
use axum::extract::{Extension, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use backend::keys::published_keys;
use backend::vendors::Vendor;

/// Short, so that a revoked key is soon dropped; long enough to spare the server.
const MAX_AGE: &str = "public, max-age=300";

/// The vendor's published keys.
pub(crate) async fn serve(State(state): State<AppState>, Extension(vendor): Extension<Arc<Vendor>>) -> Response {
    let id = vendor.id.clone();
    match state.db.read(move |tx| Box::pin(async move { published_keys(tx, &id).await })).await {
        Ok(keys) => {
            let body = serde_json::to_vec(&sdk::jwk::JwkSet { keys }).unwrap_or_default();
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json")),
                (header::CACHE_CONTROL, HeaderValue::from_static(MAX_AGE)),
                (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
            ];
            (headers, body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the key set could not be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
