//! `/.well-known/keys.json`: the whole chain of signed key sets, for clients that were offline for longer than a key
//! lasts.

use std::sync::Arc;

use app::state::AppState;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use backend::keys::key_sets_after;
use backend::vendors::Vendor;
use sdk::key_set::KeyChain;

use super::cacheable;

/// The vendor's chain, oldest set first.
pub(crate) async fn serve(
    State(state): State<AppState>,
    Extension(vendor): Extension<Arc<Vendor>>,
    headers: HeaderMap,
) -> Response {
    let id = vendor.id.clone();
    match state.db.read(move |tx| Box::pin(async move { key_sets_after(tx, &id, 0).await })).await {
        Ok(keys) => {
            let chain = KeyChain { iss: vendor.origin.clone(), keys };
            cacheable::answer(&headers, "application/json", serde_json::to_vec(&chain).unwrap_or_default())
        }
        Err(error) => {
            tracing::error!(%error, "the chain of key sets could not be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
