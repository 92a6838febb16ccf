//! `/.well-known/trust.json`: the trust bundle that a product builds in, as the SDK reads it.

use std::sync::Arc;

use app::state::AppState;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use backend::keys::trust_bundle;
use backend::vendors::Vendor;

use super::cacheable;

/// The vendor's bundle of today.
pub(crate) async fn serve(
    State(state): State<AppState>,
    Extension(vendor): Extension<Arc<Vendor>>,
    headers: HeaderMap,
) -> Response {
    match state.db.read(move |tx| Box::pin(async move { trust_bundle(tx, &vendor).await })).await {
        Ok(bundle) => cacheable::answer(&headers, "application/json", serde_json::to_vec(&bundle).unwrap_or_default()),
        Err(error) => {
            tracing::error!(%error, "the trust bundle could not be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
